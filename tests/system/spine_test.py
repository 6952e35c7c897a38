"""The story of the README, told to a real server: import, find, read masked and clear, be refused, see who looked,
change, erase and prove it."""
import base64
import shutil

from cloister_test import (Note, SystemTest, consistent, customer, ed25519_verifies, find_customer,
                           import_samples, leaf_hash, main, root_by_inclusion, sample_rows)

CUSTOMERS = 200
FIRST_MOBILE = "13812345678"


class SpineTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.vault = self.new_vault().init()
        self.reports = import_samples(self.vault, CUSTOMERS)
        self.vault.serve()

    def first(self):
        ids = find_customer(self.vault, "contact.mobile", FIRST_MOBILE)
        self.assertEqual(len(ids), 1)
        return ids[0]

    def request(self, *arguments, **more):
        return self.vault.request(*arguments, **more)

    def test_imported_rows_are_there_and_read_back_as_they_were(self):
        self.assertEqual(self.reports["customers"]["created"], CUSTOMERS)
        for name, report in self.reports.items():
            self.assertEqual(report["rejected"], 0, name)
            self.assertEqual(report["rows"], len(sample_rows(name, CUSTOMERS)), name)
        for row in sample_rows("customers", 20):
            body = {"where": [{"field": "basic.customer_no", "op": "equals", "value": row["customer_key"]}]}
            page = self.request("POST", "/customers:search", role="data-steward", body=body)
            self.assertEqual(page.status, 200, page)
            (found,) = page.json["customers"]
            for path, column in (("basic.name", "name"), ("basic.id_number", "id_number"),
                                 ("contact.address", "address"), ("payment.bank_card", "bank_card"),
                                 ("basic.birth_date", "birth_date"), ("contact.email", "email")):
                collection, field = path.split(".")
                value = found.get(collection, {}).get(field, "")
                self.assertEqual(value.replace(" ", ""), row[column].replace(" ", ""), path)
        first = self.first()
        lines = sample_rows("transactions", 1)
        answer = self.request("GET", f"/customers/{first}/transaction?limit=200", role="data-steward")
        self.assertEqual(sorted(r["item"] for r in answer.json["records"]), sorted(t["description"] for t in lines))

    def test_an_agent_sees_masked_what_a_steward_sees_clear_and_both_are_in_the_log(self):
        first = self.first()
        masked = self.request("GET", f"/customers/{first}?fields=basic.name,contact.mobile", role="support-agent",
                              reason="客户来电")
        self.assertEqual(masked.status, 200, masked)
        shown = masked.json["contact"]["mobile"]
        self.assertNotEqual(shown, FIRST_MOBILE)
        self.assertNotIn("1234", shown)
        self.assertIn("*", shown)
        self.assertEqual(masked.json["effects"]["contact.mobile"], "masked")
        self.assertEqual(masked.json["basic"]["name"], sample_rows("customers", 1)[0]["name"])
        clear = self.request("GET", f"/customers/{first}?fields=contact.mobile", role="data-steward")
        self.assertEqual(clear.json["contact"]["mobile"], "+86" + FIRST_MOBILE)

        looked = self.vault.entries(customer=first)
        by_request = {e["entry"].get("request"): e["entry"] for e in looked}
        entry = by_request[masked.request]
        self.assertEqual(entry["actor"], "staff:support-agent")
        self.assertEqual(entry["purpose"], "customer-service")
        self.assertEqual(entry["reason"], "客户来电")
        self.assertEqual(entry["decision"], "permit")
        self.assertIn("masked", str(entry["fields"]))
        self.assertIn("clear", str(by_request[clear.request]["fields"]))
        self.assertNotIn(FIRST_MOBILE, str(looked))
        self.assert_finds_actor(first)

    def assert_finds_actor(self, first):
        only = self.vault.entries(customer=first, actor="staff:support-agent")
        self.assertTrue(only)
        self.assertEqual({e["entry"]["actor"] for e in only}, {"staff:support-agent"})

    def test_each_refusal_says_why_and_is_in_the_log(self):
        first = self.first()
        read = f"/customers/{first}"
        cases = [
            ("unauthenticated", 401, dict(token="clst_" + "A" * 43)),
            ("action-not-granted", 403, dict(role="auditor", purpose="customer-service")),
            ("purpose-missing", 403, dict(role="support-agent", purpose="")),
            ("purpose-unknown", 403, dict(role="support-agent", purpose="curiosity")),
            ("purpose-not-granted", 403, dict(role="support-agent", purpose="billing")),
            ("reason-missing", 403, dict(role="support-agent", reason="")),
            ("field-not-needed", 403, dict(role="order-clerk", path="?fields=preference.interests")),
            ("collection-not-granted", 403, dict(role="support-agent", path="?fields=payment.bank_card")),
        ]
        for name, status, asked in cases:
            with self.subTest(name):
                answer = self.request("GET", read + asked.pop("path", ""), **asked)
                self.assert_problem(answer, status, name)
                entry = self.vault.entry_of(answer)
                self.assertEqual((entry["decision"], entry["action"]), ("deny", "customer.read"))
                self.assertEqual(entry["problem"].replace("_", "-"), name)

    def test_a_rate_limit_holds_for_caller_and_purpose(self):
        policy = self.request("GET", "/policy", role="security-admin")
        text = policy.text.replace("rate_limit: {count: 3600, per: hour}", "rate_limit: {count: 3, per: day}")
        self.assertNotEqual(text, policy.text)
        self.put_policy(text, policy.headers["ETag"])
        first = self.first()
        statuses = [self.request("GET", f"/customers/{first}?fields=basic.name", role="support-agent").status
                    for _ in range(5)]
        self.assertEqual(statuses, [200, 200, 200, 429, 429])
        answer = self.request("GET", f"/customers/{first}?fields=basic.name", role="support-agent")
        self.assert_problem(answer, 429, "rate-exceeded")
        self.assertEqual(self.vault.entry_of(answer)["decision"], "deny")

    def put_policy(self, text, etag, status=200):
        answer = self.request("PUT", "/policy", role="security-admin", body=text,
                              headers={"If-Match": etag, "Content-Type": "application/yaml"})
        self.assertEqual(answer.status, status, answer)
        return answer

    def test_a_new_policy_holds_at_once_and_only_over_the_version_it_replaces(self):
        first = self.first()
        path = f"/customers/{first}?fields=contact.mobile"
        self.assertEqual(self.request("GET", path, role="support-agent").json["effects"]["contact.mobile"], "masked")
        policy = self.request("GET", "/policy", role="security-admin")
        text = policy.text.replace("collections: [basic, contact, transaction, preference, feedback]",
                                   "collections: [basic]", 1)
        self.put_policy(text, policy.headers["ETag"])
        self.put_policy(text, policy.headers["ETag"], status=412)
        self.assert_problem(self.request("GET", path, role="support-agent"), 403, "collection-not-granted")
        wrong = self.put_policy(text.replace("title:", "titel:", 1),
                                self.request("GET", "/policy", role="security-admin").headers["ETag"], status=400)
        self.assertTrue(wrong.json.get("errors") or wrong.json.get("detail"), wrong)
        explained = self.request("POST", "/policy:explain", role="auditor",
                                 body={"subject": "staff:x", "roles": ["support-agent"], "action": "customer.read",
                                       "purpose": "customer-service", "reason": "ticket 4711",
                                       "fields": ["contact.mobile"]})
        self.assertEqual((explained.status, explained.json["permit"]), (200, False), explained)

    def test_a_new_field_of_the_schema_can_be_used_at_once(self):
        schema = self.request("GET", "/schema", role="data-protection-officer")
        document = schema.json
        document.pop("version", None)
        basic = next(c for c in document["collections"] if c["name"] == "basic")
        basic["fields"].append({"name": "nickname", "type": "text.short", "grade": 2})
        put = dict(role="data-protection-officer", body=document)
        answer = self.request("PUT", "/schema", headers={"If-Match": schema.headers["ETag"]}, **put)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.request("PUT", "/schema", headers={"If-Match": schema.headers["ETag"]}, **put).status, 412)
        first = self.first()
        changed = self.request("PATCH", f"/customers/{first}", role="data-steward", headers={"If-Match": "*"},
                               body={"basic": {"nickname": "小梁"}})
        self.assertEqual(changed.status, 200, changed)
        read = self.request("GET", f"/customers/{first}?fields=basic.nickname", role="data-steward")
        self.assertEqual(read.json["basic"]["nickname"], "小梁")

    def test_changes_need_the_version_that_was_read(self):
        first = self.first()
        read = self.request("GET", f"/customers/{first}", role="data-steward")
        etag = read.headers["ETag"]
        patch = {"contact": {"email": "new@example.org", "postal_code": None}}
        change = dict(role="data-steward", body=patch)
        self.assert_problem(self.request("PATCH", f"/customers/{first}", **change), 428, "precondition-required")
        done = self.request("PATCH", f"/customers/{first}", headers={"If-Match": etag}, **change)
        self.assertEqual(done.status, 200, done)
        self.assert_problem(self.request("PATCH", f"/customers/{first}", headers={"If-Match": etag}, **change), 412,
                            "precondition-failed")
        after = self.request("GET", f"/customers/{first}", role="data-steward")
        self.assertEqual(after.headers["ETag"], done.headers["ETag"])
        self.assertEqual(after.json["contact"]["email"], "new@example.org")
        self.assertNotIn("postal_code", after.json["contact"])
        self.assertEqual(after.json["contact"]["mobile"], "+86" + FIRST_MOBILE)
        self.assertEqual(find_customer(self.vault, "contact.email", "new@example.org"), [first])
        self.assertEqual(find_customer(self.vault, "contact.email", read.json["contact"]["email"]), [])

    def test_records_are_added_changed_deleted_and_keep_their_history(self):
        first = self.first()
        place = f"/customers/{first}/feedback"
        before = self.request("GET", place, role="data-steward").json["records"]
        added = self.request("POST", place, role="data-steward", body={"rating": 4, "comment": "第一次"})
        self.assertEqual(added.status, 201, added)
        one = f"{place}/{added.json['record']}"
        changed = self.request("PATCH", one, role="data-steward", headers={"If-Match": added.headers["ETag"]},
                               body={"comment": "第二次"})
        self.assertEqual(changed.status, 200, changed)
        listed = self.request("GET", place, role="data-steward").json["records"]
        self.assertEqual([r["record"] for r in listed],
                         [added.json["record"]] + [r["record"] for r in before])
        self.assertEqual(listed[0]["comment"], "第二次")
        versions = self.request("GET", one + "/history", role="data-steward")
        self.assertEqual([(r["version"], r["comment"]) for r in versions.json["records"]], [(2, "第二次"), (1, "第一次")])
        stale = self.request("DELETE", one, role="data-steward", headers={"If-Match": added.headers["ETag"]})
        self.assertEqual(stale.status, 412, stale)
        gone = self.request("DELETE", one, role="data-steward", headers={"If-Match": changed.headers["ETag"]})
        self.assertEqual(gone.status, 200, gone)
        self.assertEqual(self.request("GET", one, role="data-steward").status, 404)
        versions = self.request("GET", one + "/history", role="data-steward")
        self.assertEqual([r["comment"] for r in versions.json["records"]], ["第二次", "第一次"])
        self.assertEqual(self.request("GET", place, role="data-steward").json["records"], before)

    def test_batches_are_all_or_nothing(self):
        batch = {"customers": [customer(1), customer(2), customer(3)]}
        written = self.request("POST", "/customers:batch-write", role="data-steward", body=batch)
        self.assertEqual(written.status, 200, written)
        ids = [c["id"] for c in written.json["customers"]]
        read = self.request("POST", "/customers:batch-read", role="data-steward",
                            body={"ids": ids, "fields": ["contact.mobile"]})
        self.assertEqual([(c["id"], c["contact"]["mobile"]) for c in read.json["customers"]],
                         list(zip(ids, ["+86" + customer(i)["contact"]["mobile"] for i in (1, 2, 3)])))
        self.assertEqual(self.vault.entry_of(read)["customers"], ids)
        bad = {"customers": [customer(4), customer(5, contact={"email": "not an address"})]}
        refused = self.request("POST", "/customers:batch-write", role="data-steward", body=bad)
        self.assertEqual(refused.status, 400, refused)
        self.assertEqual(refused.json["errors"][0]["path"], "customers[1].contact.email")
        self.assertEqual(find_customer(self.vault, "contact.mobile", customer(4)["contact"]["mobile"]), [])

    def test_a_write_that_is_sent_twice_happens_once(self):
        send = dict(role="application", headers={"Idempotency-Key": "order-1"})
        body = {"basic": customer(7)["basic"], "contact": customer(7)["contact"]}
        one = self.request("POST", "/customers", body=body, **send)
        two = self.request("POST", "/customers", body=body, **send)
        self.assertEqual((one.status, two.status), (201, 201), (one, two))
        self.assertEqual(one.json, two.json)
        self.assertEqual(two.headers.get("Idempotent-Replayed"), "true")
        self.assertEqual(find_customer(self.vault, "contact.mobile", body["contact"]["mobile"]), [one.json["id"]])
        other = self.request("POST", "/customers", body=customer(8), **send)
        self.assertEqual(other.status, 409, other)

    def test_tokens_work_at_once_and_stop_working_at_once(self):
        first = self.first()
        path = f"/customers/{first}?fields=basic.name"
        made = self.vault.new_token("support-agent", kind="staff", name="lin")
        ask = dict(token=made["token"], purpose="customer-service", reason="ticket 4711")
        answer = self.request("GET", path, **ask)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.vault.entry_of(answer)["actor"], "staff:lin")
        listed = self.request("GET", "/tokens", role="security-admin")
        self.assertIn(made["id"], [t["id"] for t in listed.json["tokens"]])
        self.assertNotIn(made["token"], listed.text)
        self.assertEqual(self.request("DELETE", f"/tokens/{made['id']}", role="security-admin").status, 204)
        self.assert_problem(self.request("GET", path, **ask), 401, "unauthenticated")

    def test_an_erased_customer_is_gone_for_good_and_the_certificate_proves_it(self):
        first = self.first()
        row = sample_rows("customers", 1)[0]
        remembered = Note(self.vault.checkpoint())
        self.vault.stop()
        shutil.copytree(self.vault.data, self.directory / "before")
        self.vault.serve()

        erased = self.request("DELETE", f"/customers/{first}", role="data-steward", purpose="erasure-request",
                              reason="asked for in writing")
        self.assertEqual(erased.status, 200, erased)
        self.check_certificate(erased.json["certificate"], first, remembered)
        again = self.request("DELETE", f"/customers/{first}", role="data-steward", purpose="erasure-request",
                             reason="asked for in writing")
        self.assertEqual(again.json["certificate"], erased.json["certificate"])

        self.assert_nothing_opens(first, row)
        self.vault.stop()
        self.assert_clean(self.vault)

        # A copy of the data from before the erasure, put back beside the keys of now, does not open the customer.
        for name in ("data.db", "data.db-wal", "data.db-shm"):
            (self.vault.data / name).unlink(missing_ok=True)
            if (self.directory / "before" / name).exists():
                shutil.copy(self.directory / "before" / name, self.vault.data / name)
        code, report = self.vault.verify()
        self.assertEqual(code, 1, report)
        self.assertIn(first, [f["customer"] for f in report["findings"]])
        self.vault.serve()
        self.assert_nothing_opens(first, row)

    def assert_nothing_opens(self, first, row):
        reads = [("GET", f"/customers/{first}", None), ("GET", f"/customers/{first}/transaction", None),
                 ("GET", f"/customers/{first}/basic/-", None), ("GET", f"/customers/{first}/basic/-/history", None),
                 ("POST", "/customers:batch-read", {"ids": [first]}),
                 ("POST", "/customers:search", {"where": [{"field": "contact.mobile", "op": "equals",
                                                           "value": FIRST_MOBILE}]}),
                 ("PATCH", f"/customers/{first}", {"basic": {"sex": "F"}})]
        for method, path, body in reads:
            answer = self.request(method, path, role="data-steward", body=body,
                                  headers={"If-Match": "*"} if method == "PATCH" else None)
            with self.subTest(f"{method} {path}"):
                if answer.status == 200:
                    self.assertEqual(answer.json.get("customers"), [], answer)
                else:
                    self.assertIn(answer.status, (404, 500), answer)
                for column in ("name", "id_number", "mobile", "email", "address", "bank_card"):
                    if row[column]:
                        self.assertNotIn(row[column], answer.text)

    def check_certificate(self, certificate, customer_id, remembered):
        key = self.request("GET", "/audit/log/key", role="auditor").text
        self.assertEqual(certificate["verifier_key"], key.strip())
        public = base64.b64decode(key.strip().split("+", 2)[2])[1:]
        statement = certificate["statement"].encode()
        signature = base64.b64decode(certificate["signature"])
        self.assertIn(f"\ncustomer {customer_id}\n", certificate["statement"])
        self.assertTrue(ed25519_verifies(public, statement, signature))
        self.assertFalse(ed25519_verifies(public, statement.replace(b"erased 2", b"erased 3"), signature))

        log = certificate["log"]
        note = Note(log["checkpoint"])
        note.check(key)
        entry = base64.b64decode(log["entry"])
        self.assertIn(b'"action":"customer.keys-destroyed"', entry)
        self.assertIn(customer_id.encode(), entry)
        self.assertIn(f"\nlog-index {log['index']}\n", certificate["statement"])
        self.assertEqual(note.size, log["tree_size"])
        proof = [base64.b64decode(h) for h in log["inclusion_proof"]]
        self.assertEqual(root_by_inclusion(log["index"], note.size, leaf_hash(entry), proof), note.root)
        self.assertNotEqual(root_by_inclusion(log["index"], note.size, leaf_hash(entry + b" "), proof), note.root)

        # The log that proves it is the log that was known before, gone on.
        answer = self.request("GET", f"/audit/log/consistency?from={remembered.size}&to={note.size}", role="auditor")
        hashes = [base64.b64decode(h) for h in answer.json["proof"]]
        self.assertTrue(consistent(remembered.size, remembered.root, note.size, note.root, hashes))

    def test_stopping_loses_nothing_and_all_is_as_recorded(self):
        made = self.request("POST", "/customers", role="data-steward", body=customer(9))
        note = self.vault.checkpoint()
        self.vault.stop()
        remembered = self.directory / "checkpoint"
        remembered.write_text(note, encoding="utf-8")
        self.assert_clean(self.vault, "--checkpoint", remembered)
        self.vault.serve()
        read = self.request("GET", f"/customers/{made.json['id']}", role="data-steward")
        self.assertEqual(read.json["contact"]["email"], customer(9)["contact"]["email"])


if __name__ == "__main__":
    main()
