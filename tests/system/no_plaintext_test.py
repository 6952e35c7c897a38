"""Nothing personal lies on the disk in the clear: the data directory and the server's log are searched for every personal
value that went in, in the encodings that something might have left it in."""
import base64
import json
import os
import re
import subprocess
import tempfile

from cloister_test import (SAMPLES, SystemTest, customer, find_customer, import_samples, main, sample_rows,
                           write_csv)

CUSTOMERS = 3000 if os.environ.get("CLOISTER_TEST_FULL") == "1" else 400

# Columns of grade 3 and 4 whose values are long enough to be nobody else's. Left out, because what is found of them would
# say nothing: cities, districts and item names are public words (grade 2 and less), a birth date has few digits.
COLUMNS = ("name", "name_latin", "id_number", "mobile", "phone_home", "email", "im_account", "address", "bank_card")
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
MIN_CHARACTERS = 6
MIN_BYTES = 6  # of an encoded form: ciphertext holds every shorter one by chance
MIN_HAN = 2
MIN_LETTERS = 8  # of a name: shorter ones are ordinary words


def is_telling(column, value):
    if HAN.search(value):
        return len(HAN.findall(value)) >= MIN_HAN
    return len(value) >= (MIN_LETTERS if column.startswith("name") else MIN_CHARACTERS)


def spellings(value):
    """The value as it might be stored: as given, and without blanks."""
    return {value, value.replace(" ", ""), value.replace("-", "")}


def encodings(value):
    plain = value.encode("utf-8")
    forms = [plain, value.encode("utf-16-le"), value.encode("utf-16-be"), plain.hex().encode(),
             plain.hex().upper().encode(), json.dumps(value)[1:-1].encode()]
    if value.isascii() is False:
        forms.append(value.encode("gb18030"))
    for alignment in range(3):
        # Whole groups in the middle do not depend on what stands before and after.
        padded = base64.b64encode(b"\0" * alignment + plain)
        start = 0 if alignment == 0 else 4
        end = (alignment + len(plain)) // 3 * 4
        if end - start >= 8:
            forms += [padded[start:end], padded[start:end].replace(b"+", b"-").replace(b"/", b"_")]
    return {form for form in forms if len(form) >= MIN_BYTES}


def personal_values(rows):
    values = set()
    for row in rows:
        for column in COLUMNS:
            if row[column] and is_telling(column, row[column]):
                values |= {(column, s) for s in spellings(row[column])}
    return values


def find_any(needles, files):
    """Place and column of each needle found. grep looks for thousands of byte strings in one pass."""
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"\n".join(n for n in needles if b"\n" not in n))  # grep's patterns are lines
        patterns.flush()
        done = subprocess.run(["grep", "--fixed-strings", "--text", "--only-matching", "--byte-offset", "--with-filename",
                               "-f", patterns.name, *map(str, files)], capture_output=True,
                              env={**os.environ, "LC_ALL": "C"})
    if done.returncode not in (0, 1):
        raise AssertionError(done.stderr)
    found = []
    for line in done.stdout.splitlines():
        file, offset, form = line.split(b":", 2)
        found.append((os.path.basename(file.decode()), int(offset), needles[form]))
    return found


def everything_below(directory):
    return [file for file in sorted(directory.rglob("*")) if file.is_file()]


class NoPlaintextTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.rows = sample_rows("customers", CUSTOMERS)
        self.needles = {}
        for column, value in personal_values(self.rows):
            self.needles.update((form, column) for form in encodings(value))

    def test_no_personal_value_is_on_the_disk_or_in_the_log(self):
        vault = self.new_vault().init()
        import_samples(vault, CUSTOMERS)
        vault.serve()
        self.use(vault)
        # While the server runs: write-ahead logs and the audit outbox are there too.
        self.assert_nothing_found(vault)
        vault.kill9()
        self.assert_nothing_found(vault)
        vault.serve()
        vault.stop()
        self.assert_nothing_found(vault)
        self.assert_clean(vault)

    def use(self, vault):
        row = self.rows[0]
        (id_,) = find_customer(vault, "contact.mobile", row["mobile"])
        ids = [find_customer(vault, "basic.customer_no", r["customer_key"])[0] for r in self.rows[:20]]
        answers = [
            vault.request("GET", f"/customers/{id_}", role="data-steward"),
            vault.request("GET", f"/customers/{id_}", role="support-agent"),
            vault.request("POST", "/customers:batch-read", role="data-steward", body={"ids": ids}),
            vault.request("PATCH", f"/customers/{id_}", role="data-steward", headers={"If-Match": "*"},
                          body={"contact": {"email": self.rows[1]["email"] or "other@example.org"}}),
            vault.request("POST", "/customers", role="data-steward", headers={"Idempotency-Key": "one"},
                          body=customer(1, basic={"name": self.rows[2]["name"], "id_number": row["id_number"]},
                                        contact={"mobile": row["mobile"]})),
        ]
        for answer in answers:
            self.assertIn(answer.status, (200, 201), answer)
        # What is refused must not leave the value behind either.
        refused = [
            vault.request("POST", "/customers", role="data-steward",
                          body={"basic": {"name": row["name"], "birth_date": row["id_number"]},
                                "contact": {"mobile": row["email"] or row["address"]}}),
            vault.request("POST", "/customers", role="data-steward",
                          body={"basic": {row["id_number"]: "x"}, row["mobile"]: {}}),
            vault.request("GET", f"/customers/{id_}?fields={row['mobile']}", role="data-steward"),
            vault.request("GET", f"/customers/{row['id_number']}", role="data-steward"),
            vault.request("GET", f"/customers/{id_}/{row['mobile']}", role="data-steward"),
            vault.request("GET", f"/{row['id_number']}", role="data-steward"),
            vault.request("GET", f"/v1/vaults/{row['id_number']}/customers/{id_}", role="data-steward", raw=True),
            vault.request("GET", f"/audit/entries?customer={row['id_number']}", role="auditor"),
            vault.request("POST", "/customers:search", role="data-steward",
                          body={"where": [{"field": row["id_number"], "op": "equals", "value": row["name"]}]}),
            vault.request("PUT", "/schema", role="data-protection-officer", headers={"If-Match": '"1"'},
                          body={"format": row["id_number"]}),
            vault.request("PUT", "/policy", role="security-admin", headers={"If-Match": '"1"'},
                          body=f"purposes: {row['id_number']}"),
            vault.request("POST", "/customers", token="clst_" + row["id_number"], body={}),
        ]
        for answer in refused:
            self.assertGreaterEqual(answer.status, 400, answer)
            self.assertLess(answer.status, 500, answer)
        rejects = vault.directory / "rejects.csv"
        vault.stop()
        bad = write_csv(vault.directory / "bad.csv", [{**row, "mobile": row["id_number"], "birth_date": row["name"]}])
        report = vault.import_file(bad, SAMPLES / "mapping-customers.json", "--rejects", rejects)
        self.assertEqual(report["rejected"], 1)
        self.assertNotIn(row["id_number"], rejects.read_text(encoding="utf-8"))
        rejects.unlink()
        vault.serve()
        self.assertEqual(vault.request("GET", f"/customers/{id_}", role="data-steward").status, 200)

    def assert_nothing_found(self, vault):
        files = everything_below(vault.data) + [vault.log]
        self.assertGreater(len(files), 5)
        self.assertEqual(find_any(self.needles, files)[:20], [])

    def test_the_search_would_find_a_value_in_every_encoding(self):
        value = self.rows[0]["email"]
        for form in encodings(value) | encodings(self.rows[0]["name"] * 2):
            needles = {**self.needles, form: "name"}
            file = self.directory / "file"
            file.write_bytes(b"\0some\xffbytes" * 50 + form + b"more\0bytes")
            self.assertTrue(find_any(needles, [file]), form)
        self.assertGreater(len(self.needles), CUSTOMERS * 20)


if __name__ == "__main__":
    main()
