"""Whatever somebody with the files changes behind the program's back, `cloister verify` finds: it names kind, customer and
place. Single flipped bytes never crash it, and never pass where they change something."""
import hashlib
import os
import random
import sqlite3

from cloister_test import FULL, SystemTest, customer, find_customer, import_samples, main

CUSTOMERS = 12
FLIPS = 60 if FULL else 5  # at random places, per file
CELL_FLIPS = 40 if FULL else 3  # in known cells, per table
TABLES = ("customers", "records", "history", "blind_index", "documents")


class Files:
    """The content of a directory, to put it back after each change. Files end in zeros that need no copy."""

    def __init__(self, directory):
        self.directory = directory
        self.saved = {f: self.content(f) for f in self.below()}

    def below(self):
        return [f for f in sorted(self.directory.rglob("*")) if f.is_file()]

    @staticmethod
    def content(file):
        return file.read_bytes().rstrip(b"\0"), file.stat().st_size

    def restore(self):
        for file in self.below():
            if file not in self.saved:
                file.unlink()
        for file, (content, size) in self.saved.items():
            if not file.exists() or self.content(file) != (content, size):
                with open(file, "wb") as out:
                    out.write(content)
                    out.truncate(size)


class TamperTest(SystemTest):
    def setUp(self):
        super().setUp()
        # The same places each time, so that a failure comes back; others with CLOISTER_TEST_FULL or a seed of one's own.
        usual = random.randrange(2**32) if os.environ.get("CLOISTER_TEST_FULL") else 2026
        seed = int(os.environ.get("CLOISTER_TEST_SEED", usual))
        print(f"CLOISTER_TEST_SEED={seed}", flush=True)
        self.random = random.Random(seed)
        self.vault = vault = self.new_vault().init()
        import_samples(vault, CUSTOMERS)
        vault.serve()
        ids = [find_customer(vault, "basic.customer_no", f"C{i + 1:06d}")[0] for i in range(CUSTOMERS)]
        self.one, self.two, self.erased = ids[0], ids[1], ids[2]
        for number in range(3):
            self.ok("PATCH", f"/customers/{self.one}", headers={"If-Match": "*"},
                    body={"contact": {"email": f"email{number}@example.org"}})
        added = self.ok("POST", f"/customers/{self.one}/feedback", body={"comment": "to be deleted"})
        self.deleted = added.json["record"]
        self.ok("DELETE", f"/customers/{self.one}/feedback/{self.deleted}")
        vault.stop()
        self.before_erasure = Files(vault.data)
        with vault.database("keys.db") as keys:
            self.old_keys = keys.execute("SELECT packed FROM customer_keys WHERE customer = ?",
                                         [self.bytes(self.erased)]).fetchone()[0]
        vault.serve()
        self.ok("DELETE", f"/customers/{self.erased}", purpose="erasure-request")
        vault.stop()
        self.assert_clean(vault)
        self.files = Files(vault.data)

    def ok(self, method, path, **more):
        answer = self.vault.request(method, path, role="data-steward", **more)
        self.assertIn(answer.status, (200, 201), answer)
        return answer

    @staticmethod
    def bytes(id_):
        return bytes.fromhex(id_.replace("-", ""))

    def findings(self):
        code, report = self.vault.verify()
        self.assertEqual(code, 1, report)
        self.assertIs(report["good"], False)
        return report["findings"]

    def test_every_change_of_a_row_is_found_and_named(self):
        one, two, erased = map(self.bytes, (self.one, self.two, self.erased))
        basic, contact, transaction, feedback = 1, 2, 4, 6
        row = "customer = ? AND collection = ?"

        def execute(*statement, file="data.db"):
            def change():
                with self.vault.database(file) as database:
                    for sql, *values in statement:
                        self.assertGreater(database.execute(sql, values).rowcount, 0, sql)
            return change

        def edit_sealed():
            with self.vault.database() as database:
                sealed, = database.execute(f"SELECT sealed FROM records WHERE {row}", [one, contact]).fetchone()
                place = self.random.randrange(len(sealed))
                bent = sealed[:place] + bytes([sealed[place] ^ 1 << self.random.randrange(8)]) + sealed[place + 1:]
                database.execute(f"UPDATE records SET sealed = ? WHERE {row}", [bent, one, contact])

        def swap():
            with self.vault.database() as database:
                sealed = [database.execute(f"SELECT sealed FROM records WHERE {row}", [c, basic]).fetchone()[0]
                          for c in (one, two)]
                for c, s in zip((two, one), sealed):
                    database.execute(f"UPDATE records SET sealed = ? WHERE {row}", [s, c, basic])

        cases = [
            ("a sealed value edited", edit_sealed, {("changed", self.one, "contact"),
                                                    ("does-not-open", self.one, "contact")}),
            ("two customers swapped", swap, {("changed", self.one, "basic"), ("changed", self.two, "basic"),
                                             ("does-not-open", self.one, "basic"),
                                             ("does-not-open", self.two, "basic")}),
            ("a record rolled back", execute(
                [f"UPDATE records SET (version, sealed) = (SELECT version, sealed FROM history WHERE customer = ? AND "
                 f"collection = ? AND version = 2) WHERE {row}", one, contact, one, contact]),
             {("rolled-back", self.one, "contact")}),
            ("a record deleted", execute([f"DELETE FROM records WHERE {row}", one, contact]),
             {("deleted", self.one, "contact")}),
            ("a record copied under a new id", execute(
                ["INSERT INTO records SELECT customer, collection, randomblob(16), version, created, updated, sealed, "
                 f"tokens FROM records WHERE {row} LIMIT 1", one, transaction]),
             {("inserted", self.one, "transaction/"), ("does-not-open", self.one, "transaction/")}),
            ("a deleted record brought back", execute(
                ["INSERT INTO records SELECT customer, collection, record, version, created, replaced, sealed, x'' "
                 f"FROM history WHERE {row}", one, feedback]),
             {("inserted", self.one, f"feedback/{self.deleted}")}),
            ("an earlier version deleted", execute([f"DELETE FROM history WHERE {row} AND version = 2", one, contact]),
             {("deleted", self.one, "history contact version 2")}),
            ("an earlier version edited", execute(
                [f"UPDATE history SET sealed = randomblob(length(sealed)) WHERE {row} AND version = 1", one, contact]),
             {("changed", self.one, "history contact version 1")}),
            ("an index row deleted", execute(
                ["DELETE FROM blind_index WHERE customer = ? AND slot = 1", one]), {("index-deleted", self.one, "basic")}),
            ("an index row inserted", execute(
                ["INSERT INTO blind_index SELECT slot, token, ?, record FROM blind_index WHERE customer = ? AND slot = 1",
                 two, one]), {("orphan", self.two, "index row")}),
            ("an index row moved to another customer", execute(
                ["UPDATE blind_index SET customer = ? WHERE customer = ? AND slot = 1", two, one]),
             {("orphan", self.two, "index row"), ("index-deleted", self.one, "basic")}),
            ("index row and tokens edited together", execute(
                ["DELETE FROM blind_index WHERE customer = ? AND slot = 6", one],
                [f"UPDATE records SET tokens = x'' WHERE {row}", one, contact]),
             {("index-changed", self.one, "contact")}),
            ("the policy edited", execute(
                ["UPDATE documents SET body = replace(body, 'effects:', 'effects :') WHERE kind = 'policy'"]),
             {("changed", "", "policy 1")}),
            ("a policy version inserted", execute(
                ["INSERT INTO documents SELECT kind, version + 1, body, actor, created FROM documents WHERE kind = "
                 "'policy'"]), {("inserted", "", "policy 2")}),
            ("a customer deleted", execute(
                ["DELETE FROM records WHERE customer = ?", two], ["DELETE FROM blind_index WHERE customer = ?", two],
                ["DELETE FROM customers WHERE customer = ?", two]), {("deleted", self.two, "customer")}),
            ("a customer renamed", execute(
                ["UPDATE customers SET customer = ? WHERE customer = ?", b"\x01" * 16, two]),
             {("deleted", self.two, "customer"), ("inserted", "01010101-0101-0101-0101-010101010101", "customer"),
              ("orphan", self.two, "basic"), ("index-changed", "", "blind_index")}),
            ("an erased customer marked active", execute(
                ["UPDATE customers SET state = 1 WHERE customer = ?", erased]), {("changed", self.erased, "customer")}),
            ("a customer marked erased", execute(
                ["UPDATE customers SET state = 2 WHERE customer = ?", two]), {("changed", self.two, "customer")}),
            ("the keys of an erased customer put back", execute(
                ["INSERT INTO customer_keys (customer, packed) VALUES (?, ?)", erased, self.old_keys], file="keys.db"),
             {("inserted", self.erased, "keys")}),
            ("another's keys given to a customer", execute(
                ["UPDATE customer_keys SET packed = (SELECT packed FROM customer_keys WHERE customer = ?) WHERE "
                 "customer = ?", one, two], file="keys.db"), {("key-damaged", self.two, "keys")}),
            ("a token given more roles", execute(
                ["UPDATE access_tokens SET roles = 'data-steward auditor' WHERE name = 'security-admin'"]),
             {("changed", "", "")}),
            ("a token inserted", execute(
                ["INSERT INTO access_tokens SELECT randomblob(16), randomblob(32), kind, name, roles, created, expires, "
                 "revoked, created_by FROM access_tokens LIMIT 1"]), {("inserted", "", "")}),
            ("the keys of a customer deleted", execute(
                ["DELETE FROM customer_keys WHERE customer = ?", two], file="keys.db"), {("no-key", self.two, "keys")}),
        ]
        for name, change, wanted in cases:
            with self.subTest(name):
                change()
                found = {(f["kind"], f["customer"], f["place"]) for f in self.findings()}
                for kind, id_, place in wanted:
                    self.assertTrue(any(f[0] == kind and f[1] == id_ and f[2].startswith(place) for f in found),
                                    f"{(kind, id_, place)} is not in {found}")
                self.assertLessEqual({f[1] for f in found}, {w[1] for w in wanted}, "names others too")
            self.files.restore()
        self.assert_clean(self.vault)

    def test_the_data_of_before_an_erasure_is_found(self):
        for name in ("data.db", "data.db-wal"):
            (self.vault.data / name).unlink(missing_ok=True)
        content, size = self.before_erasure.saved[self.vault.data / "data.db"]
        with open(self.vault.data / "data.db", "wb") as out:
            out.write(content)
            out.truncate(size)
        self.assertIn(("changed", self.erased), {(f["kind"], f["customer"]) for f in self.findings()})

    # ---- single bytes

    def dump(self):
        """What the tables that the log vouches for hold, or None when SQLite cannot say."""
        try:
            with self.vault.database() as database:
                parts = [database.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall() for table in TABLES]
                return hashlib.sha256(repr(parts).encode()).hexdigest()
        except sqlite3.Error:
            return None

    def flip(self, file, offset):
        """Verifies with one byte changed. True: it was reported, or the command said why it could not begin."""
        with open(file, "r+b") as f:
            f.seek(offset)
            byte = f.read(1)[0] ^ self.random.randrange(1, 256)
            f.seek(offset)
            f.write(bytes([byte]))
        done = self.vault.command("verify", "--data", self.vault.data, "--json", check=False)
        where = f"{file.relative_to(self.vault.data)} at {offset}"
        self.assertIn(done.returncode, (0, 1, 2, 3), f"{where}: {done.stderr.decode()[-500:]}")
        self.assertNotIn(b"a bug in Cloister", done.stderr, where)
        self.assertNotIn(b"unexpectedly", done.stderr, where)
        if done.returncode > 1:
            self.assertTrue(done.stderr.strip(), f"{where}: no word about why")
        return done.returncode != 0

    def cells(self, database, table, columns, count):
        """Places of bytes of this table's cells in the file."""
        content = (self.vault.data / database).read_bytes()
        with self.vault.database(database) as opened:
            rows = opened.execute(f"SELECT {columns} FROM {table}").fetchall()
        cells = [c if isinstance(c, bytes) else c.encode() for row in rows for c in row if len(c) > 8]
        cells = [c[:40] for c in cells if content.count(c[:40]) == 1]  # not those with an old copy in a free page
        self.assertTrue(cells, table)
        chosen = self.random.sample(cells, min(count, len(cells)))
        return [content.find(c) + self.random.randrange(len(c)) for c in chosen]

    def test_a_flipped_byte_in_a_cell_is_found(self):
        wanted = [("data.db", "records", "sealed"), ("data.db", "records", "tokens"), ("data.db", "history", "sealed"),
                  ("data.db", "documents", "body"),
                  ("keys.db", "customer_keys", "packed"), ("keys.db", "vault_keys", "packed"),
                  ("keys.db", "kek_bytes", "wrapped"), ("keys.db", "key_store", "salt, check_value")]
        for database, table, columns in wanted:
            for place in self.cells(database, table, columns, CELL_FLIPS):
                with self.subTest(f"{table} at {place}"):
                    self.assertTrue(self.flip(self.vault.data / database, place))
                self.files.restore()

    def test_a_flipped_byte_of_the_audit_log_is_found(self):
        audit = self.vault.data / "audit"
        for file in self.files.below():
            content, size = self.files.saved[file]
            if not content or file.suffix == ".spare" or audit not in file.parents or file.name.startswith("index.db"):
                continue  # the search index is derived from the rest, and vouches for nothing
            for place in {0, len(content) - 1, *(self.random.randrange(len(content)) for _ in range(FLIPS))}:
                with self.subTest(f"{file.name} at {place}"):
                    self.assertTrue(self.flip(file, place))
                self.files.restore()

    def test_a_flipped_byte_anywhere_never_crashes_and_never_passes_when_it_changed_something(self):
        original = self.dump()
        self.assertIsNotNone(original)
        silent = flips = 0
        for file in self.files.below():
            content, size = self.files.saved[file]
            if size == 0 or "journal" in file.parts or file.suffix in (".spare", ".pem"):
                continue
            for _ in range(FLIPS):
                place = self.random.randrange(size)
                flips += 1
                with self.subTest(f"{file.name} at {place}"):
                    if not self.flip(file, place):
                        silent += 1
                        # Free space in a page, columns that say when and not what, or derived files.
                        if file.name == "data.db":
                            self.assert_only_times_differ(original)
                self.files.restore()
        print(f"{flips} bytes flipped at random, {silent} of them where nothing is kept")

    def assert_only_times_differ(self, original):
        changed = self.dump()
        if changed == original:
            return
        after = self.vouched_rows()
        self.files.restore()
        self.assertEqual(after, self.vouched_rows())

    def vouched_rows(self):
        with self.vault.database() as database:
            return {table: sorted(database.execute(self.vouched(table)).fetchall()) for table in TABLES}

    @staticmethod
    def vouched(table):
        columns = {"customers": "customer, state", "records": "customer, collection, record, version, sealed, tokens",
                   "history": "customer, collection, record, version, sealed",
                   "blind_index": "slot, token, customer, record", "documents": "kind, version, body"}[table]
        return f"SELECT {columns} FROM {table}"


if __name__ == "__main__":
    main()
