"""Every route of the API, asked by strangers, by the wrong people, without a purpose, and with input that is wrong in every
way that comes to mind. The answer is a problem that says where, nothing changes, and nothing that was sent comes back."""
import json
import re
import socket
import ssl

from cloister_test import SystemTest, customer, main

# Who may use a route of the default policy, by what its path ends in; the rest is the data steward's.
AREAS = (("/audit/", "auditor"), ("/policy", "security-admin"), ("/purposes", "security-admin"),
         ("/schema", "data-protection-officer"), ("/tokens", "security-admin"), ("/keys", "security-admin"))
SECRET = "13987654321"  # the personal value that is sent, and must not come back
UNKNOWN_ID = "0190b5a4-1f2e-7c3d-8a4b-5c6d7e8f9a0b"


def rightful(path):
    return next((role for part, role in AREAS if part in path), "data-steward")


def wrongful(path):
    """A role that none of these routes is granted to."""
    return "analyst" if rightful(path) != "data-steward" or "imports" in path else "auditor"


class HostileInputTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.vault = self.new_vault().init()
        self.routes = self.read_routes()
        self.vault.serve()
        self.ids = [self.vault.request("POST", "/customers", role="data-steward", body=customer(n)).json["id"]
                    for n in range(3)]
        added = self.vault.request("POST", f"/customers/{self.ids[0]}/feedback", role="data-steward",
                                   body={"comment": "kept"})
        self.record = added.json["record"]
        self.before = self.state()

    def read_routes(self):
        routes, path = [], None
        for line in self.vault.command("openapi").stdout.decode().splitlines():
            if found := re.match(r'  "?(/v1/vaults/\{v\}[^":]*(?::[a-z-]+)?)"?:$', line):
                path = found.group(1)
            elif path and (found := re.match(r"    (get|put|post|patch|delete):$", line)):
                routes.append((found.group(1).upper(), path))
            elif re.match(r"\S", line):
                path = None
        self.assertGreaterEqual(len(routes), 30, routes)
        return routes

    def fill(self, path, record=None):
        values = {"v": "main", "id": self.ids[0], "collection": "feedback", "record": record or self.record}
        return re.sub(r"\{(\w+)(?:\.\.\.)?\}", lambda m: values.get(m.group(1), UNKNOWN_ID), path)

    def ask(self, method, path, **more):
        return self.vault.request(method, path, raw=True, **more)

    def state(self):
        read = self.vault.request("POST", "/customers:batch-read", role="data-steward", body={"ids": self.ids})
        state = read.json
        state["tokens"] = len(self.vault.request("GET", "/tokens", role="security-admin").json["tokens"])
        state["policy"] = self.vault.request("GET", "/policy", role="security-admin").headers["ETag"]
        state["schema"] = self.vault.request("GET", "/schema", role="data-protection-officer").headers["ETag"]
        return state

    def assert_nothing_changed(self):
        self.assertEqual({**self.state(), "tokens": 0}, {**self.before, "tokens": 0})
        self.vault.stop()
        report = self.assert_clean(self.vault)
        self.assertEqual(report["customers"], len(self.ids))

    def assert_refused(self, answer, what):
        self.assertGreaterEqual(answer.status, 400, (what, answer))
        self.assertLess(answer.status, 500, (what, answer))
        self.assertTrue(answer.problem, (what, answer))
        self.assertEqual(answer.json["status"], answer.status)
        self.assertNotIn(SECRET, answer.text, what)

    # ---- who asks

    def test_every_route_refuses_strangers_and_wrong_roles_and_writes_it_down(self):
        asked = []
        for method, path in self.routes:
            url = self.fill(path)
            with self.subTest(f"{method} {path}"):
                for headers in ({}, {"Authorization": "Bearer clst_" + "x" * 43}, {"Authorization": "Basic eDp5"}):
                    answer = self.ask(method, url, headers=headers, body="{}" if method != "GET" else None)
                    self.assert_refused(answer, url)
                    self.assertEqual((answer.status, answer.problem), (401, "unauthenticated"), answer)
                    self.assertEqual(answer.headers.get("WWW-Authenticate"), "Bearer")
                    asked.append((answer.request, "anonymous"))
                answer = self.ask(method, url, role=wrongful(path), body="{}" if method != "GET" else None)
                self.assert_refused(answer, url)
                self.assertEqual((answer.status, answer.problem), (403, "action-not-granted"), answer)
                asked.append((answer.request, "service:" + wrongful(path)))
        entries = {e["entry"].get("request"): e["entry"] for e in self.vault.entries()}
        for request, actor in asked:
            self.assertEqual((entries[request]["actor"], entries[request]["decision"]), (actor, "deny"))
        self.assert_nothing_changed()

    def test_every_route_on_customers_needs_a_purpose(self):
        for method, path in self.routes:
            if rightful(path) != "data-steward" or (method == "GET" and "imports" in path):
                continue
            with self.subTest(f"{method} {path}"):
                answer = self.ask(method, self.fill(path), role="data-steward", purpose="",
                                  body="{}" if method != "GET" else None)
                self.assert_problem(answer, 403, "purpose-missing")
                self.assertEqual(self.vault.entry_of(answer)["problem"].replace("_", "-"), "purpose-missing")
        self.assert_nothing_changed()

    # ---- what is sent

    def bodies(self):
        deep = "[" * 5000 + "]" * 5000
        yield "nothing", b""
        yield "no JSON", b"{" + SECRET.encode()
        yield "a number", SECRET.encode()
        yield "null", b"null"
        yield "an array", json.dumps([SECRET]).encode()
        yield "ill-formed UTF-8", b'{"basic": {"name": "\xff\xfe' + SECRET.encode() + b'"}}'
        yield "UTF-16", ('{"basic": {"name": "%s"}}' % SECRET).encode("utf-16")
        yield "a lone surrogate", b'{"basic": {"name": "\\ud800 13987654321"}}'
        yield "NUL bytes", b'{"basic": {"name": "a\0b"}}'
        yield "deep nesting", ('{"basic": %s}' % deep).encode()
        yield "a huge number", b'{"basic": {"name": 1' + b"0" * 400 + b"}}"
        yield "wrong types", json.dumps({"basic": {"name": {"x": SECRET}}, "contact": [SECRET], "feedback": {}}).encode()
        yield "unknown members", json.dumps({"basic": {"nmae": SECRET}, "contcat": {"mobile": SECRET}}).encode()
        yield "an object where text belongs", json.dumps({"where": SECRET, "ids": SECRET, "customers": SECRET,
                                                          "columns": SECRET, "name": [SECRET], "roles": SECRET,
                                                          "action": {"x": SECRET}}).encode()

    def test_wrong_bodies_are_refused_with_their_place_on_every_route_that_takes_one(self):
        for method, path in self.routes:
            if method in ("GET", "DELETE") or path.endswith("/content"):
                continue
            if re.search(r"keys?[:/]", path):
                continue  # takes no body
            for what, body in self.bodies():
                with self.subTest(f"{method} {path}: {what}"):
                    answer = self.ask(method, self.fill(path), role=rightful(path), body=body,
                                      headers={"If-Match": '"1"'})
                    self.assert_refused(answer, what)
                    self.assertEqual(answer.status, 400, answer)
                    # A policy that is no YAML at all says so in its detail.
                    self.assertTrue(answer.json.get("errors") or answer.json.get("detail"), answer)
        self.assert_nothing_changed()

    def test_wrong_values_are_refused_with_their_path(self):
        cases = [
            ({"contact": {"mobile": "call me"}}, "contact.mobile"),
            ({"contact": {"email": SECRET}}, "contact.email"),
            ({"basic": {"birth_date": SECRET}}, "basic.birth_date"),
            ({"basic": {"birth_date": "2024-02-30"}}, "basic.birth_date"),
            ({"basic": {"name": ""}}, "basic.name"),
            ({"basic": {"name": "x" * 100_000}}, "basic.name"),
            ({"basic": {"name": "a\x00" + SECRET}}, "basic.name"),
            ({"basic": {"name": "a\u202e" + SECRET}}, "basic.name"),
            ({"basic": {"name": ["x"]}}, "basic.name"),
            ({"basic": {"nmae": "x"}}, "basic.nmae"),
            ({"contcat": {}}, "contcat"),
            ({"payment": {"bank_card": "4111111111111112"}}, "payment.bank_card"),
            ({"transaction": [{"quantity": "many"}]}, "transaction[0].quantity"),
            ({"transaction": [{}, {"quantity": 10**30}]}, "transaction[1].quantity"),
            ({"transaction": {"quantity": 1}}, "transaction"),
            ({"feedback": [{"rating": -1}]}, "feedback[0].rating"),
            ({"preference": {"marketing_opt_in": "perhaps"}}, "preference.marketing_opt_in"),
        ]
        for body, path in cases:
            with self.subTest(path):
                answer = self.vault.request("POST", "/customers", role="data-steward", body=body)
                self.assert_refused(answer, body)
                self.assertEqual(answer.status, 400, answer)
                self.assertIn(path, [e["path"] for e in answer.json["errors"]], answer)
        for body, path in (({"where": [{"field": "basic.name", "op": "eq", "value": "x"}]}, None),
                           ({"where": [{"field": "payment.bank_card", "op": "equals", "value": SECRET}]}, None),
                           ({"where": [{"field": "basic.name", "op": "equals", "value": {}}]}, "where[0].value"),
                           ({"where": [{"op": "equals", "value": SECRET}]}, "where[0].field"),
                           ({"where": []}, None), ({"where": [], "limit": -1}, "limit")):
            with self.subTest(body=body):
                answer = self.vault.request("POST", "/customers:search", role="data-steward", body=body)
                self.assert_refused(answer, body)
                if path:
                    self.assertIn(path, [e["path"] for e in answer.json["errors"]], answer)
        self.assert_nothing_changed()

    def test_wrong_ids_queries_and_versions_are_refused(self):
        one = f"/customers/{self.ids[0]}"
        cases = [
            ("GET", f"/customers/{UNKNOWN_ID}", 404), ("GET", "/customers/1", 400), ("GET", "/customers/%00", 404),
            ("GET", "/customers/" + "a" * 5000, 400), ("GET", "/customers/..%2f..%2fpolicy", 400),
            ("GET", one + "/nonsense", 404), ("GET", one + "/feedback/nonsense", 400),
            ("GET", one + f"/feedback/{UNKNOWN_ID}", 404), ("GET", one + "?fields=", 200),
            ("GET", one + "?fields=nonsense", 400), ("GET", one + "?fields=%ff", 400),
            ("GET", one + "/feedback?limit=x", 400), ("GET", one + "/feedback?limit=99999999999999999999", 400),
            ("GET", one + "/feedback?after=x", 400), ("DELETE", one + f"/feedback/{UNKNOWN_ID}", 404),
            ("GET", "/nothing", 404), ("POST", one + "/basic", 400), ("PUT", one, 405), ("OPTIONS", one, 405),
            ("DELETE", f"/customers/{UNKNOWN_ID}", 404),
        ]
        for method, path, status in cases:
            with self.subTest(f"{method} {path[:80]}"):
                answer = self.vault.request(method, path, role="data-steward", body="{}" if method == "POST" else None)
                if status != 200:
                    self.assert_refused(answer, path)
                self.assertEqual(answer.status, status, answer)
        for header in ("1", '"0"', '"-1"', '"x"', '"99999999999999999999"', 'W/"1"', "", '"1", "2"'):
            with self.subTest(header):
                answer = self.vault.request("PATCH", one, role="data-steward", headers={"If-Match": header},
                                            body={"basic": {"name": header}})
                self.assertIn(answer.status, (400, 412, 428) if header != "1" else (200, 400), answer)
        for query in ("customer=x", "from=yesterday", "limit=x", "before=-1"):
            answer = self.vault.request("GET", "/audit/entries?" + query, role="auditor")
            self.assertEqual((answer.status, answer.problem), (400, "invalid-argument"), answer)
        for path in ("tile/0/999999", "tile/x/y", "tile/entries/../../keys", "consistency?from=5&to=1",
                     "inclusion?index=9999999&size=99999999", "tile/0/000.p/999"):
            answer = self.vault.request("GET", "/audit/log/" + path, role="auditor")
            self.assertIn(answer.status, (400, 404), (path, answer))

    def test_headers_that_are_wrong_are_refused(self):
        one = f"/customers/{self.ids[0]}"
        for headers, status in (({"Cloister-Purpose": "x" * 5000}, 400), ({"Cloister-Reason": "x" * 5000}, 400),
                                ({"Cloister-Reason": "a\tb" + SECRET}, 400), ({"Cloister-Reason": "\xff\xfe"}, 400),
                                ({"Idempotency-Key": "x" * 5000}, 400), ({"X-Large": "x" * 20_000}, 431)):
            with self.subTest(str(headers)[:60]):
                answer = self.vault.request("GET", one, role="data-steward", headers=headers)
                self.assert_refused(answer, headers)
                self.assertIn(answer.status, (status, 403), answer)

    def raw(self, data):
        """Bytes as they are over TLS; the status line of the answer, or nothing when the connection was closed."""
        context = ssl.create_default_context(cafile=str(self.vault.data / "tls" / "certificate.pem"))
        with socket.create_connection(("127.0.0.1", self.vault.port), timeout=30) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                try:
                    connection.sendall(data)
                    return connection.recv(4096).split(b"\r\n")[0]
                except (ConnectionError, ssl.SSLError):
                    return b""

    def test_malformed_requests_are_refused_and_the_server_goes_on(self):
        target = b"/v1/vaults/main/customers"
        for data in (b"\0" * 100 + b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET " + target + b" HTTP/1.1\r\n\r\n",
                     b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n",
                     b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                     b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                     b"Content-Length: 3\r\n\r\n0\r\n\r\n",
                     b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"):
            with self.subTest(data[:40]):
                status = self.raw(data)
                self.assertTrue(status == b"" or status[:10] in (b"HTTP/1.1 4", b"HTTP/1.1 5"), status)
        self.assertEqual(self.vault.health("/healthz")[0], 200)
        self.assert_nothing_changed()


if __name__ == "__main__":
    main()
