"""Imports as an operator and as a program do them: killed in the middle and gone on with, in another encoding, with rows that
are rejected, and in pieces over the API."""
import csv
import json
import random
import subprocess

from cloister_test import BINARY, FULL, SAMPLES, SystemTest, find_customer, main, poll, sample_rows, write_csv

COPIES = 40 if FULL else 8  # of the samples, so that a kill comes in the middle
KILLS = 20 if FULL else 5


class ImportTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.vault = self.new_vault().init()

    def numbers(self, rows):
        """Customer number -> ids of customers that have it, by search."""
        return {row["customer_key"]: find_customer(self.vault, "basic.customer_no", row["customer_key"]) for row in rows}

    def size(self):
        return sum(f.stat().st_size for f in self.vault.data.glob("data.db*"))

    def count(self):
        with self.vault.database() as data:
            return data.execute("SELECT count(*) FROM customers").fetchone()[0]

    def test_a_killed_import_goes_on_without_doubling_or_missing_anything(self):
        rows = [{**row, "customer_key": f"K{copy}{row['customer_key']}"}
                for copy in range(COPIES) for row in sample_rows("customers")]
        file = write_csv(self.directory / "customers.csv", rows)
        command = [BINARY, "import", "--data", self.vault.data, file, "--mapping", SAMPLES / "mapping-customers.json",
                   "--json", "--quiet"]
        kills, chance = 0, random.Random(4711)
        for _ in range(KILLS):
            # Killed once the data base has grown by so much, wherever the import is then.
            target = self.size() + chance.randrange(100_000, 12_000_000)
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            poll(lambda: process.poll() is not None or self.size() > target, 120, "the import to go on")
            if process.poll() is not None:
                self.assertEqual(process.returncode, 0)
                break
            process.kill()
            process.wait()
            kills += 1
        self.assertGreater(kills, 1)
        print(f"killed {kills} times, {self.count()} of {len(rows)} rows were in")
        done = self.vault.command(*command[1:], check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(json.loads(done.stdout)["state"], "finished")
        self.assertEqual(self.count(), len(rows))
        self.assert_clean(self.vault)
        self.vault.serve()
        for number, ids in self.numbers(chance.sample(rows, 100)).items():
            self.assertEqual(len(ids), 1, number)

    def test_a_file_in_gb18030_is_read_as_what_it_says(self):
        rows = sample_rows("customers", 60)
        report = self.vault.import_file(write_csv(self.directory / "customers.csv", rows, encoding="gb18030"),
                                        SAMPLES / "mapping-customers.json")
        self.assertEqual((report["created"], report["rejected"]), (60, 0))
        self.vault.serve()
        for row in rows[:20]:
            (id_,) = find_customer(self.vault, "basic.customer_no", row["customer_key"])
            answer = self.vault.request("GET", f"/customers/{id_}?fields=basic.name,contact.city", role="data-steward")
            self.assertEqual(answer.json["basic"]["name"], row["name"])
            self.assertEqual(answer.json["contact"]["city"], row["city"])

    def test_rejected_rows_are_named_by_line_and_field_without_the_value(self):
        rows = sample_rows("customers", 10)
        rows[2]["mobile"] = "SECRET-NO-PHONE"
        rows[5]["id_number"] = rows[5]["id_number"][:-1] + "#SECRET"
        rows[7]["birth_date"] = "31.02.SECRET"
        file = write_csv(self.directory / "customers.csv", rows)
        rejects = self.directory / "rejects.csv"
        report = self.vault.import_file(file, SAMPLES / "mapping-customers.json", "--rejects", rejects)
        self.assertEqual((report["rows"], report["created"], report["rejected"]), (10, 7, 3))
        text = rejects.read_text(encoding="utf-8")
        self.assertNotIn("SECRET", text)
        with open(rejects, encoding="utf-8", newline="") as lines:
            named = [(int(r["row"]), int(r["line"])) for r in csv.DictReader(lines)]
        self.assertEqual(sorted(set(named)), [(3, 4), (6, 7), (8, 9)])
        self.assertEqual(self.count(), 7)
        self.assert_clean(self.vault)

    def test_a_file_comes_in_pieces_over_the_api_and_goes_on_after_a_kill(self):
        rows = sample_rows("customers", 400)
        content = write_csv(self.directory / "customers.csv", rows).read_bytes()
        options = json.loads((SAMPLES / "mapping-customers.json").read_text())
        self.vault.serve()
        started = self.request("POST", "/imports", body={**options, "label": "pieces"})
        self.assertEqual(started.status, 201, started)
        place = f"/imports/{started.json['id']}"
        wrong = self.request("PUT", f"{place}/content?offset=5", body=content[5:])
        self.assertEqual(wrong.status, 409, wrong)
        offset, size, killed = 0, 30_000, False
        while offset < len(content):
            last = offset + size >= len(content)
            fed = self.request("PUT", f"{place}/content?offset={offset}&last={'true' if last else 'false'}",
                               body=content[offset:offset + size])
            self.assertEqual(fed.status, 200, fed)
            offset += size
            if offset > len(content) // 2 and not killed:
                killed = True
                self.vault.kill9()
                self.vault.serve()
                offset = self.request("GET", place).json["received"]  # what was committed; the rest is sent again
        finished = poll(lambda: self.request("GET", place).json, 10, "progress")
        self.assertEqual((finished["state"], finished["created"], finished["rejected"]), ("finished", 400, 0), finished)
        for number, ids in self.numbers(rows[::20]).items():
            self.assertEqual(len(ids), 1, number)
        again = self.request("PUT", f"{place}/content?offset={len(content)}&last=true", body=b"")
        self.assertEqual(again.status, 409, again)
        self.vault.stop()
        self.assertEqual(self.count(), 400)
        self.assert_clean(self.vault)

    def test_records_find_their_customer_and_those_without_one_are_rejected(self):
        self.vault.import_file(write_csv(self.directory / "customers.csv", sample_rows("customers", 20)),
                               SAMPLES / "mapping-customers.json")
        lines = sample_rows("transactions", 25)
        strangers = [line for line in lines if int(line["customer_key"][1:]) > 20]
        self.assertTrue(strangers)
        report = self.vault.import_file(write_csv(self.directory / "transactions.csv", lines),
                                        SAMPLES / "mapping-transactions.json")
        self.assertEqual((report["created"], report["rejected"]), (len(lines) - len(strangers), len(strangers)))
        self.assert_clean(self.vault)

    def request(self, method, path, **more):
        return self.vault.request(method, path, role="data-steward", **more)


if __name__ == "__main__":
    main()
