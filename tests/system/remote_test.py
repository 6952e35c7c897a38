"""What auditors and security officers do from outside while the vault is in use: prove that the log was not altered, and
replace the key-encryption key."""
import json

from cloister_test import SystemTest, customer, main, poll


class RemoteTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.vault = self.new_vault().init()
        self.vault.serve()
        for number in range(3):
            made = self.vault.request("POST", "/customers", role="data-steward", body=customer(number))
            self.assertEqual(made.status, 201, made)
        self.id = made.json["id"]
        self.remembered = self.vault.directory / "checkpoint"
        self.token_file = self.vault.directory / "token"
        self.token_file.write_text(self.vault.token("auditor") + "\n")
        self.certificate = self.vault.data / "tls" / "certificate.pem"

    def audit_verify(self, *more, host="127.0.0.1", token=None):
        return self.vault.command("audit", "verify", "--url", f"https://{host}:{self.vault.port}", "--ca",
                                  self.certificate, "--token-file", token or self.token_file, "--json", *more,
                                  check=False)

    def report(self, done, code=0):
        self.assertEqual(done.returncode, code, done)
        return json.loads(done.stdout)

    def grown(self):
        """The checkpoint covers everything that was answered a second later at most."""
        size = int(self.vault.checkpoint().split("\n")[1])
        self.assertEqual(self.vault.request("GET", f"/customers/{self.id}", role="data-steward").status, 200)
        poll(lambda: int(self.vault.checkpoint().split("\n")[1]) > size, 30, "the checkpoint to follow")

    def test_a_remembered_checkpoint_proves_that_the_log_has_only_grown(self):  # R32
        self.grown()
        first = self.report(self.audit_verify("--save", self.remembered))
        self.assertTrue(first["good"])
        self.assertIn("--save", first["proven"])
        self.grown()
        second = self.report(self.audit_verify("--checkpoint", self.remembered, "--save", self.remembered))
        self.assertEqual(second["remembered_size"], first["checkpoint_size"])
        self.assertGreater(second["checkpoint_size"], first["checkpoint_size"])
        self.assertIn("only grown", second["proven"])
        self.assertIn(str(second["checkpoint_size"]), self.remembered.read_text())
        self.report(self.audit_verify("--checkpoint", self.remembered, host="localhost"))

    def test_the_log_of_another_vault_is_not_taken_for_this_one(self):  # R32
        self.grown()
        other = self.new_vault("other").init()
        other.serve()
        self.report(self.audit_verify("--save", self.remembered))
        before = self.remembered.read_text()
        self.token_file.write_text(other.token("auditor"))
        self.certificate = other.data / "tls" / "certificate.pem"
        self.vault, mine = other, self.vault
        found = self.report(self.audit_verify("--checkpoint", self.remembered, "--save", self.remembered), code=1)
        self.vault = mine
        self.assertIn("another key", found["problems"][0])
        self.assertEqual(self.remembered.read_text(), before)

    def test_the_local_command_remembers_too(self):
        self.grown()
        self.vault.stop()
        self.vault.command("audit", "verify", "--data", self.vault.data, "--save", self.remembered)
        self.assertEqual(self.remembered.read_text(), (self.vault.data / "audit" / "checkpoint").read_text())

    def test_a_server_that_is_not_who_it_should_be_is_not_believed(self):
        other = self.new_vault("other").init()
        self.certificate = other.data / "tls" / "certificate.pem"
        done = self.audit_verify()
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("certificate does not hold", done.stderr.decode())

    def test_a_token_without_the_right_is_told_so(self):
        wrong = self.vault.directory / "wrong"
        wrong.write_text(self.vault.token("data-steward"))
        done = self.audit_verify(token=wrong)
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("403", done.stderr.decode())
        self.assertNotIn(self.vault.token("data-steward"), done.stderr.decode())

    def test_the_key_encryption_key_is_replaced_while_the_vault_is_in_use(self):  # R13
        started = self.vault.request("POST", "/keys:rotate", role="security-admin")
        self.assertEqual(started.status, 202, started)
        self.assertEqual(started.json["state"], "running")
        self.assertEqual(self.vault.request("GET", f"/customers/{self.id}", role="data-steward").status, 200)

        def keys():
            answer = self.vault.request("GET", "/keys", role="security-admin")
            self.assertEqual(answer.status, 200, answer)
            return answer.json

        poll(lambda: keys()["rotation"]["state"] == "idle", 60, "the rotation to end")
        self.assertEqual([k["state"] for k in keys()["keks"]], ["destroyed", "active"])
        ends = [e["entry"] for e in self.vault.entries(action="key.rotate")]
        self.assertEqual(len(ends), 2, ends)
        self.assertEqual(self.vault.request("POST", "/keys:rotate", role="data-steward").status, 403)
        self.vault.stop()
        self.assertEqual(self.vault.verify()[0], 0)
        self.vault.serve()
        self.assertEqual(self.vault.request("GET", f"/customers/{self.id}", role="data-steward").status, 200)


if __name__ == "__main__":
    main()
