"""The key-encryption key is replaced: everything stays readable, the old one is destroyed, and no copy of it is left."""
import json
import subprocess

from cloister_test import BINARY, SystemTest, find_customer, import_samples, main, sample_rows

CUSTOMERS = 300


class RotateTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.vault = self.new_vault().init()
        import_samples(self.vault, CUSTOMERS)

    def keks(self):
        return {k["number"]: k for k in json.loads(self.vault.command("key", "list", "--data", self.vault.data,
                                                                      "--json").stdout)}

    def wrapped(self):
        with self.vault.database("keys.db") as keys:
            return dict(keys.execute("SELECT number, wrapped FROM kek_bytes").fetchall())

    def assert_all_readable(self):
        self.vault.serve()
        for row in sample_rows("customers", CUSTOMERS)[::20]:
            self.assertEqual(len(find_customer(self.vault, "basic.customer_no", row["customer_key"])), 1)
        self.vault.stop()

    def test_everything_stays_readable_and_the_old_key_is_destroyed(self):
        (old, before), = self.keks().items()
        (_, old_bytes), = self.wrapped().items()
        self.vault.command("key", "rotate", "--data", self.vault.data, "--quiet")
        after = self.keks()
        self.assertEqual(after[old]["state"], "destroyed")
        self.assertEqual(after[old]["wraps"], 0)
        new, = [n for n, k in after.items() if k["state"] == "active"]
        self.assertEqual(after[new]["wraps"], before["wraps"])
        self.assertEqual(before["wraps"], CUSTOMERS)
        self.assertEqual(self.wrapped()[old].strip(b"\0"), b"")
        for file in self.vault.data.glob("keys.db*"):
            self.assertNotIn(old_bytes, file.read_bytes(), "the old key's wrapped bytes are still there")
        self.assert_clean(self.vault)
        self.assert_all_readable()
        self.vault.serve()
        self.assertEqual([e["entry"]["actor"] for e in self.vault.entries(action="key.rotate")], ["operator"])
        self.vault.stop()
        for _ in range(2):
            self.vault.command("key", "rotate", "--data", self.vault.data, "--quiet")
        self.assertEqual([k["state"] for k in self.keks().values()].count("active"), 1)
        self.assert_clean(self.vault)

    def test_a_rotation_that_is_killed_is_finished_by_the_next(self):
        for pause in (0.02, 0.06, 0.1, 0.15):
            process = subprocess.Popen([BINARY, "key", "rotate", "--data", self.vault.data, "--quiet"],
                                       stdout=subprocess.DEVNULL)
            try:
                process.wait(pause)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.assert_clean(self.vault)
        self.vault.command("key", "rotate", "--data", self.vault.data, "--quiet")
        states = [k["state"] for k in self.keks().values()]
        self.assertEqual(states.count("active"), 1)
        self.assertEqual(states.count("destroyed"), len(states) - 1)
        self.assert_clean(self.vault)
        self.assert_all_readable()


if __name__ == "__main__":
    main()
