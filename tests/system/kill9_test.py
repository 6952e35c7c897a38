"""The server is killed again and again under load. Whatever it had acknowledged must be there, and whatever it had
answered must be in the audit log, which must go on from every checkpoint that a client saw."""
import base64
import http.client
import json
import os
import random
import subprocess
import threading

from cloister_test import FULL, Note, SystemTest, consistent, customer, main

ROUNDS = 200 if FULL else 20
WRITERS = 3
READERS = 3


class Load:
    """What clients know: acknowledged writes, answered requests, the last checkpoint."""

    def __init__(self, vault, seed):
        self.vault = vault
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.emails = {}  # customer -> the values that it may have: the acknowledged one, and one under way
        self.records = {}  # customer -> record -> comments it may have; None: deleted
        self.numbers = {}  # customer -> its customer number
        self.creations = {}  # number -> customer, None while under way
        self.answered = []  # request ids since the last check
        self.note = None
        self.count = 0
        self.failures = []

    def note_answer(self, answer, *expected):
        with self.lock:
            self.count += 1
            if answer.status not in expected:
                self.failures.append(repr(answer))
            self.answered.append(answer.request)

    def known(self):
        with self.lock:
            return list(self.emails)

    # ---- one step of a writer; it alone changes its customers

    def write(self, who, chance, mine):
        kind = chance.random()
        if not mine or kind < 0.2:
            number = 1_000 * (self.vault._generation + 1) + 100_000 * who + chance.randrange(1_000)
            if number in self.creations:
                return
            self.creations[number] = None
            body = customer(number)
            answer = self.vault.request("POST", "/customers", role="data-steward", body=body)
            self.note_answer(answer, 201)
            id_ = answer.json["id"]
            with self.lock:
                self.creations[number] = id_
                self.numbers[id_] = body["basic"]["customer_no"]
                self.emails[id_] = [body["contact"]["email"]]
                self.records[id_] = {}
            mine.append(id_)
            return
        id_ = chance.choice(mine)
        if kind < 0.6:
            email = f"change{chance.randrange(10**12)}@example.org"
            self.emails[id_] = [self.emails[id_][0], email]
            answer = self.vault.request("PATCH", f"/customers/{id_}", role="data-steward", headers={"If-Match": "*"},
                                        body={"contact": {"email": email}})
            self.note_answer(answer, 200)
            self.emails[id_] = [email]
        elif kind < 0.85 or not self.records[id_]:
            comment = f"remark {chance.randrange(10**12)}"
            answer = self.vault.request("POST", f"/customers/{id_}/feedback", role="data-steward",
                                        body={"rating": 3, "comment": comment})
            self.note_answer(answer, 201)
            self.records[id_][answer.json["record"]] = [comment]
        else:
            record = chance.choice(list(self.records[id_]))
            if self.records[id_][record] == [None]:
                return
            self.records[id_][record].append(None)
            answer = self.vault.request("DELETE", f"/customers/{id_}/feedback/{record}", role="data-steward")
            self.note_answer(answer, 200)
            self.records[id_][record] = [None]

    def read(self, chance):
        known = self.known()
        kind = chance.random()
        if kind < 0.05:
            answer = self.vault.request("GET", "/audit/log/checkpoint", role="auditor")
            with self.lock:
                self.count += 1
                note = Note(answer.text)
                if self.note is None or note.size > self.note[0].size:
                    self.note = (note, answer.text)
        elif kind < 0.1:
            answer = self.vault.request("GET", f"/customers/{chance.choice(known)}", role="support-agent",
                                        purpose="billing")
            self.note_answer(answer, 403)
        elif kind < 0.3:
            number = chance.choice(list(self.numbers.values()))
            answer = self.vault.request("POST", "/customers:search", role="support-agent",
                                        body={"where": [{"field": "basic.customer_no", "op": "equals",
                                                         "value": number}]})
            self.note_answer(answer, 200, 429)
        else:
            answer = self.vault.request("GET", f"/customers/{chance.choice(known)}", role="data-steward")
            self.note_answer(answer, 200)


class Kill9Test(SystemTest):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("CLOISTER_TEST_SEED", random.randrange(2**32)))
        print(f"CLOISTER_TEST_SEED={self.seed}", flush=True)
        self.vault = self.new_vault().init()
        self.load = Load(self.vault, self.seed)
        self.mine = [[] for _ in range(WRITERS)]
        self.checked_entries = -1

    def test_nothing_acknowledged_is_lost_and_nothing_answered_is_unlogged(self):
        load = self.load
        self.vault.serve()
        for role in ("data-steward", "support-agent", "auditor"):
            self.vault.token(role)
        for who in range(WRITERS):
            load.write(who, load.random, self.mine[who])
        total = 0
        for _ in range(ROUNDS):
            self.run_until_killed(load.random.randrange(20, 400))
            total += load.count
            if load.random.random() < 0.3:
                self.kill_while_starting()
            if load.random.random() < 0.3:
                self.check_offline()
            self.vault.serve()
            self.check()
        print(f"{ROUNDS} kills, {total} answered requests, {len(load.emails)} customers, "
              f"{self.checked_entries} audit entries")
        self.vault.stop()
        self.check_offline()

    def run_until_killed(self, target):
        load, reached, stop = self.load, threading.Event(), threading.Event()
        load.count = 0

        def work(step, *arguments):
            try:
                while not stop.is_set():
                    step(*arguments)
                    if load.count >= target:
                        reached.set()
            except (OSError, http.client.HTTPException, AttributeError):
                if not stop.is_set():
                    with load.lock:
                        load.failures.append("a connection broke before the server was killed")
                    reached.set()

        def chance():
            return random.Random(load.random.randrange(2**63))

        threads = [threading.Thread(target=work, args=(load.write, i, chance(), self.mine[i])) for i in range(WRITERS)]
        threads += [threading.Thread(target=work, args=(load.read, chance())) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        self.assertTrue(reached.wait(120), "the load came to a stand-still")
        stop.set()
        self.vault.process.kill()  # while requests are under way
        self.vault.process.wait()
        for thread in threads:
            thread.join()
        self.vault.kill9()
        self.assertEqual(load.failures, [])

    def kill_while_starting(self):
        self.vault.serve(check=False)
        try:
            self.vault.process.wait(self.load.random.random() * 0.2)
            self.fail(f"the server ended by itself: {self.vault.log.read_text()[-2000:]}")
        except subprocess.TimeoutExpired:
            self.vault.kill9()

    def check_offline(self):
        more = []
        if self.load.note:
            remembered = self.directory / "checkpoint"
            remembered.write_text(self.load.note[1], encoding="utf-8")
            more = ["--checkpoint", remembered]
        self.assert_clean(self.vault, *more)

    # ---- after a restart

    def check(self):
        self.check_log()
        self.check_writes()
        self.check_entries()

    def check_log(self):
        if self.load.note is None:
            return
        old = self.load.note[0]
        new = Note(self.vault.checkpoint())
        new.check(self.vault.request("GET", "/audit/log/key", role="auditor").text)
        self.assertGreaterEqual(new.size, old.size, "the log became shorter than a checkpoint that was seen")
        proof = self.vault.request("GET", f"/audit/log/consistency?from={old.size}&to={new.size}", role="auditor")
        self.assertEqual(proof.status, 200, proof)
        hashes = [base64.b64decode(h) for h in proof.json["proof"]]
        self.assertTrue(consistent(old.size, old.root, new.size, new.root, hashes))

    def check_writes(self):
        load, ids = self.load, list(self.load.emails)
        stored = {}
        for start in range(0, len(ids), 500):
            answer = self.vault.request("POST", "/customers:batch-read", role="data-steward",
                                        body={"ids": ids[start:start + 500],
                                              "fields": ["contact.email", "basic.customer_no", "feedback.comment"]})
            self.assertEqual(answer.status, 200, answer)
            stored.update((c["id"], c) for c in answer.json["customers"])
        for id_ in ids:
            self.assertIn(id_, stored, "an acknowledged customer is missing")
            email = stored[id_]["contact"]["email"]
            self.assertIn(email, load.emails[id_])
            load.emails[id_] = [email]
            self.assertEqual(stored[id_]["basic"]["customer_no"], load.numbers[id_])
        under_way = [id_ for id_ in ids if any(len(possible) > 1 for possible in load.records[id_].values())]
        for id_ in under_way + load.random.sample(ids, min(len(ids), 30)):
            self.check_records(id_)

    def check_records(self, id_):
        stored, after = {}, None
        while True:
            more = f"&after={after}" if after else ""
            answer = self.vault.request("GET", f"/customers/{id_}/feedback?limit=200{more}", role="data-steward")
            self.assertEqual(answer.status, 200, answer)
            stored.update((r["record"], r["comment"]) for r in answer.json["records"])
            after = answer.json.get("next")
            if not after:
                break
        for record, possible in self.load.records[id_].items():
            self.assertIn(stored.get(record), possible)
            self.load.records[id_][record] = [stored.get(record)]

    def check_entries(self):
        seen, before, newest = set(), None, self.checked_entries
        while before is None or before > self.checked_entries:
            cursor = f"&before={before}" if before is not None else ""
            answer = self.vault.request("GET", f"/audit/entries?limit=1000{cursor}", role="auditor")
            self.assertEqual(answer.status, 200, answer)
            for found in answer.json["entries"]:
                newest = max(newest, found["index"])
                request = found["entry"].get("request")
                if request and found["index"] > self.checked_entries:
                    entry = json.dumps(found["entry"])
                    self.assertNotIn((request, entry), seen, "an entry is there twice")
                    seen.add((request, entry))
            before = answer.json.get("next")
            if before is None:
                break
        missing = set(self.load.answered) - {request for request, _ in seen}
        self.assertEqual(missing, set(), "answered without an audit entry")
        self.load.answered.clear()
        self.checked_entries = newest


if __name__ == "__main__":
    main()
