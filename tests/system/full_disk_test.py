"""A full disk: writes are refused and say so, reads go on and are audited, nothing acknowledged is lost, and writes work
again by themselves as soon as there is room."""
import os
import subprocess

from cloister_test import SystemTest, customer, main, poll

# The audit journal keeps two segments of 32 MiB ready, so that reads can still be audited when the disk is full.
SIZE = "192m"
BLOCK = 1 << 20
REFUSED = (507, 503)


class FullDiskTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.disk = self.directory / "vault"
        self.disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", self.disk],
                              capture_output=True)
        if done.returncode != 0:
            self.skipTest(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=True)
        self.vault = self.new_vault("elsewhere")
        self.vault.data = self.disk / "data"

    def fill(self):
        """Takes every byte that is left."""
        with open(self.disk / "filler", "ab", buffering=0) as filler:
            size = BLOCK
            while size:
                try:
                    if filler.write(b"x" * size) < size:
                        size //= 2
                except OSError:
                    size //= 2
        self.assertLess(os.statvfs(self.disk).f_bavail, 2)

    def create(self, number):
        return self.vault.request("POST", "/customers", role="data-steward", body=customer(number))

    def test_reads_go_on_and_writes_come_back(self):
        vault = self.vault.init().serve()
        written = {}
        for number in range(50):
            answer = self.create(number)
            self.assertEqual(answer.status, 201, answer)
            written[answer.json["id"]] = number
        vault.request("GET", "/audit/log/checkpoint", role="auditor")
        self.fill()

        refused = None
        for number in range(50, 2000):  # the databases still have some room of their own
            answer = self.create(number)
            if answer.status != 201:
                refused = answer
                break
            written[answer.json["id"]] = number
        self.assertIsNotNone(refused, "the disk did not become full")
        self.assertIn(refused.status, REFUSED, refused)
        self.assertIn(refused.problem, ("storage-full", "unavailable"))
        self.assertTrue(refused.headers.get("Retry-After"))

        # Every customer can be read, and each read is in the log.
        reads = []
        for id_, number in written.items():
            answer = vault.request("GET", f"/customers/{id_}?fields=contact.email", role="data-steward")
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json["contact"]["email"], f"customer{number}@example.org")
            reads.append(answer.request)
        logged = {e["entry"].get("request") for e in vault.entries(action="customer.read")}
        self.assertEqual(set(reads) - logged, set())
        for path, role, method, body in (("/customers:batch-write", "data-steward", "POST",
                                          {"customers": [customer(5000), customer(5001)]}),
                                         ("/tokens", "security-admin", "POST",
                                          {"name": "x", "kind": "service", "roles": ["auditor"]})):
            answer = vault.request(method, path, role=role, body=body)
            self.assertIn(answer.status, (*REFUSED, 201), answer)
        self.assertEqual(vault.health("/healthz")[0], 200)
        self.assertEqual(vault.health("/readyz")[0], 200)

        (self.disk / "filler").unlink()
        answer = poll(lambda: (lambda a: a if a.status == 201 else None)(self.create(9000)), 30, "a write to succeed")
        written[answer.json["id"]] = 9000
        for id_, number in written.items():
            answer = vault.request("GET", f"/customers/{id_}?fields=contact.email", role="data-steward")
            self.assertEqual(answer.json["contact"]["email"], f"customer{number}@example.org")
        vault.stop()
        report = self.assert_clean(vault)
        self.assertGreaterEqual(report["customers"], len(written))

    def test_a_vault_on_a_full_disk_starts_and_is_read(self):
        vault = self.vault.init().serve()
        id_ = self.create(1).json["id"]
        self.vault.token("data-steward")
        vault.kill9()
        self.fill()
        vault.serve()
        answer = vault.request("GET", f"/customers/{id_}", role="data-steward")
        self.assertEqual(answer.status, 200, answer)
        vault.kill9()
        (self.disk / "filler").unlink()
        self.assert_clean(vault)


if __name__ == "__main__":
    main()
