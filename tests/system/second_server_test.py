"""What an operator can do wrong with a data directory: use it twice, lose its key store or give it another one, type a wrong
pass phrase. Each is refused with a plain message, and nothing is made or changed."""
import hashlib
import shutil

from cloister_test import SystemTest, customer, main

NOT_POSSIBLE = 3
WRONG_INPUT = 2


class SecondServerTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.vault = self.new_vault().init()
        self.vault.serve()
        made = self.vault.request("POST", "/customers", role="data-steward", body=customer(1))
        self.assertEqual(made.status, 201, made)
        self.id = made.json["id"]

    def refused(self, *arguments):
        done = self.vault.command(*arguments, check=False)
        message = done.stderr.decode().strip()
        self.assertIn(done.returncode, (WRONG_INPUT, NOT_POSSIBLE), message)
        self.assertTrue(message.startswith("cloister: "), message)
        self.assertEqual(len(message.splitlines()), 1, message)
        return message

    def every_command(self):
        data = ["--data", self.vault.data]
        yield "serve", *data, "--listen", "127.0.0.1:0", "--metrics", "off"
        yield "verify", *data
        yield "key", "rotate", *data
        yield "token", "list", *data
        yield "audit", "rebuild", *data
        yield "import", *data, self.vault.data / "cloister.toml"

    def state(self):
        """Name and content of each file but the lock; of the audit journal only what is used."""
        return {f: hashlib.sha256(f.read_bytes().rstrip(b"\0")).hexdigest() for f in sorted(self.vault.data.rglob("*"))
                if f.is_file() and f.name != "lock"}

    def reads(self):
        answer = self.vault.request("GET", f"/customers/{self.id}", role="data-steward")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["contact"]["email"], "customer1@example.org")

    def test_a_second_server_is_refused_and_the_first_goes_on(self):
        for command in self.every_command():
            with self.subTest(command[0]):
                self.assertIn("in use by another cloister process", self.refused(*command))
        self.reads()
        self.vault.stop()
        self.assert_clean(self.vault)

    def test_a_killed_server_leaves_no_lock_behind(self):
        self.vault.kill9()
        self.vault.serve()
        self.reads()

    def refused_without_a_trace(self, word, besides=("import",)):
        before = self.state()
        self.assertGreater(len(before), 8)
        for command in self.every_command():
            if command[0] in besides:
                continue
            with self.subTest(command[0]):
                self.assertIn(word, self.refused(*command))
        self.assertEqual(self.state(), before, "something was made or changed")

    def test_without_its_key_store_nothing_starts_and_no_new_one_is_made(self):
        self.vault.stop()
        keys = self.vault.data / "keys.db"
        kept = self.directory / "keys.db"
        shutil.move(keys, kept)
        self.refused_without_a_trace("keys.db")
        self.assertFalse(keys.exists())
        shutil.move(kept, keys)
        self.vault.serve()
        self.reads()

    def test_the_key_store_of_another_vault_is_refused(self):
        self.vault.stop()
        other = self.new_vault("other").init()
        keys = self.vault.data / "keys.db"
        shutil.move(keys, self.directory / "keys.db")
        shutil.copy(other.data / "keys.db", keys)
        self.refused_without_a_trace("vault")
        # Not with that vault's pass phrase either.
        shutil.copy(self.vault.data / "passphrase", self.directory / "passphrase")
        shutil.copy(other.data / "passphrase", self.vault.data / "passphrase")
        self.refused_without_a_trace("vault")
        shutil.copy(self.directory / "passphrase", self.vault.data / "passphrase")
        shutil.move(self.directory / "keys.db", keys)
        self.vault.serve()
        self.reads()

    def test_a_damaged_key_store_is_refused(self):
        self.vault.stop()
        keys = self.vault.data / "keys.db"
        whole = keys.read_bytes()
        for name, content in (("empty", b""), ("cut", whole[:len(whole) // 2]), ("no database", b"no database " * 500)):
            with self.subTest(name):
                keys.write_bytes(content)
                self.refused_without_a_trace("keys.db")
        keys.write_bytes(whole)
        self.vault.serve()
        self.reads()

    def test_an_empty_or_missing_data_base_is_refused(self):
        self.vault.stop()
        data = self.vault.data / "data.db"
        whole = data.read_bytes()
        data.write_bytes(b"")
        besides = ("import", "audit")  # the audit log can be rebuilt without it
        self.refused_without_a_trace("data.db", besides)
        data.unlink()
        self.refused_without_a_trace("data", besides)
        data.write_bytes(whole)
        self.vault.serve()
        self.reads()

    def test_a_wrong_pass_phrase_is_refused(self):
        self.vault.stop()
        file = self.vault.data / "passphrase"
        right = file.read_text()
        file.write_text("not the pass phrase\n")
        self.refused_without_a_trace("pass phrase")
        file.unlink()
        self.refused_without_a_trace("passphrase")
        file.write_text(right)
        file.chmod(0o600)
        self.vault.serve()
        self.reads()

    def test_a_vault_is_never_made_over_another(self):
        self.vault.stop()
        before = self.state()
        self.assertIn("holds a vault already", self.refused("init", "--data", self.vault.data))
        (self.vault.data / "cloister.toml").rename(self.directory / "cloister.toml")
        self.assertIn("holds a vault already", self.refused("init", "--data", self.vault.data))
        (self.directory / "cloister.toml").rename(self.vault.data / "cloister.toml")
        self.assertEqual(self.state(), before)


if __name__ == "__main__":
    main()
