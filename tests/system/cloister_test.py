"""What the system tests share: a vault in a directory of its own, its server, and requests to it.

Standard library only. The program under test comes from the environment variable CLOISTER_BINARY. Nothing here sleeps
except polls with a limit, and servers are stopped by their own process id.
"""
import base64
import contextlib
import csv
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CLOISTER_BINARY", str(SOURCE / "build" / "release" / "src" / "app" / "cloister"))
SAMPLES = SOURCE / "samples"
FULL = os.environ.get("CLOISTER_TEST_FULL") == "1"

READY_SECONDS = 60
STOP_SECONDS = 60
REQUEST_SECONDS = 60
COMMAND_SECONDS = 120

# Role of the default policy -> purpose that it works for.
PURPOSE = {
    "support-agent": "customer-service",
    "order-clerk": "order-fulfilment",
    "analyst": "marketing",
    "data-steward": "record-keeping",
    "application": "order-fulfilment",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def poll(condition, seconds, what):
    """Waits until condition() gives something true, and gives it."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def problem(self):
        """The name of the problem type, or an empty text."""
        if self.headers.get("Content-Type") != "application/problem+json":
            return ""
        return self.json["type"].rsplit(":", 1)[-1]

    @property
    def request(self):
        return self.headers.get("Cloister-Request")

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"


class Vault:
    """A data directory and, between serve() and stop(), the server on it."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.process = None
        self.port = None
        self.metrics_port = None
        self.tokens = {}
        self._token_lock = threading.RLock()  # making a token takes the security-admin's
        self._local = threading.local()
        self._generation = 0
        self._connections = []

    # ---- commands

    def command(self, *arguments, check=True, environment=None):
        done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, timeout=COMMAND_SECONDS,
                              env={**os.environ, **(environment or {})})
        if check and done.returncode != 0:
            raise AssertionError(f"cloister {' '.join(map(str, arguments))}: exit code {done.returncode}\n"
                                 f"{done.stdout.decode()}{done.stderr.decode()}")
        return done

    def init(self):
        self.command("init", "--data", self.data)
        return self

    def import_file(self, file, mapping=None, *more, check=True):
        arguments = ["import", "--data", self.data, file, "--json", "--quiet", *more]
        if mapping:
            arguments += ["--mapping", mapping]
        done = self.command(*arguments, check=check)
        return json.loads(done.stdout) if done.returncode == 0 else done

    def verify(self, *more):
        """Exit code, and what `cloister verify --json` printed (None when it could not begin)."""
        done = self.command("verify", "--data", self.data, "--json", *more, check=False)
        report = json.loads(done.stdout) if done.stdout.strip() else None
        return done.returncode, report if report is not None else done.stderr.decode()

    def new_token(self, *roles, kind="service", name=None):
        """Makes a token; by the API while serving, else by the command line. Gives {"id", "token"}."""
        name = name or roles[0]
        if self.process and roles != ("security-admin",):
            made = self.request("POST", "/tokens", role="security-admin",
                                body={"name": name, "kind": kind, "roles": list(roles), "days": 1})
            assert made.status == 201, made
            return made.json
        arguments = ["token", "create", "--data", self.data, "--name", name, "--kind", kind, "--json"]
        for role in roles:
            arguments += ["--role", role]
        return json.loads(self.command(*arguments).stdout)

    def token(self, role):
        """The secret of the token that the tests use for a role; made on first use."""
        with self._token_lock:
            if role not in self.tokens:
                if role != "security-admin" and self.process:
                    assert "security-admin" in self.tokens, "serve() makes it"
                kind = "staff" if role in ("support-agent", "data-steward") else "service"
                self.tokens[role] = self.new_token(role, kind=kind)["token"]
            return self.tokens[role]

    # ---- the server

    def serve(self, check=True, preexec=None):
        """Starts the server and waits until it is ready."""
        self.token("security-admin")
        self.port, self.metrics_port = free_port(), free_port()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}", "--metrics",
                 f"127.0.0.1:{self.metrics_port}"], stdout=log, stderr=log, preexec_fn=preexec)
        self._generation += 1

        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.health("/readyz")[0] == 200
            return False

        if check:
            poll(ready, READY_SECONDS, "the server to be ready")
        return self

    def health(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def stop(self):
        """Stops the server as an operator does; its exit code must be 0."""
        process, self.process = self.process, None
        if process is None:
            return
        self._disconnect()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("the server did not stop")
        assert code == 0, f"the server ended with {code}: {self.log.read_text()[-2000:]}"

    def kill9(self):
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
        self._disconnect()

    def _disconnect(self):
        while self._connections:
            self._connections.pop().close()
        self._generation += 1

    # ---- requests

    def connect(self):
        context = ssl.create_default_context(cafile=str(self.data / "tls" / "certificate.pem"))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS, context=context)

    def _connection(self):
        local = self._local
        if getattr(local, "generation", None) != self._generation:
            if getattr(local, "connection", None):
                local.connection.close()
            local.connection, local.generation = self.connect(), self._generation
            self._connections.append(local.connection)
        return local.connection

    def request(self, method, path, role=None, purpose=None, reason=None, body=None, headers=None, token=None,
                raw=False):
        """One request. `path` starts below the vault unless `raw`. A role brings its token, purpose and a reason, as
        far as they are not given; "" leaves one out. A dict or list is sent as JSON, bytes and text as they are."""
        sent = {}
        if role and token is None:
            token = self.token(role)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        purpose = PURPOSE.get(role, "") if purpose is None else purpose
        reason = "ticket 4711" if reason is None and role else reason
        if purpose:
            sent["Cloister-Purpose"] = purpose
        if reason:
            sent["Cloister-Reason"] = reason.encode().decode("latin-1")
        if isinstance(body, (dict, list)):
            body = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        elif isinstance(body, str):
            body = body.encode()
        sent.update(headers or {})
        url = path if raw else "/v1/vaults/main" + path
        for attempt in (1, 2):
            connection = self._connection()
            fresh = connection.sock is None
            try:
                connection.request(method, url, body=body, headers=sent)
                response = connection.getresponse()
                return Answer(response.status, response.headers, response.read())
            except (OSError, http.client.HTTPException):
                connection.close()
                self._local.generation = None
                # A kept connection may have been closed by the server meanwhile; reads can be asked again.
                if fresh or attempt == 2 or method != "GET" or self.process is None:
                    raise

    def checkpoint(self):
        answer = self.request("GET", "/audit/log/checkpoint", role="auditor")
        assert answer.status == 200, answer
        return answer.text

    def entries(self, **query):
        """All audit entries that match, newest first."""
        found, before = [], None
        while True:
            parameters = dict(query, limit=1000, **({"before": before} if before is not None else {}))
            text = "&".join(f"{key}={value}" for key, value in parameters.items())
            answer = self.request("GET", f"/audit/entries?{text}", role="auditor")
            assert answer.status == 200, answer
            found += answer.json["entries"]
            before = answer.json.get("next")
            if before is None:
                return found

    def entry_of(self, answer):
        """The audit entry of an answered request."""
        matching = [e["entry"] for e in self.entries() if e["entry"].get("request") == answer.request]
        assert answer.request and len(matching) == 1, (answer, matching)
        return matching[0]

    # ---- the database, with the server stopped

    @contextlib.contextmanager
    def database(self, name="data.db"):
        connection = sqlite3.connect(self.data / name, isolation_level=None)
        try:
            yield connection
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def customer(number, **more):
    """A customer as the API takes it; fields of `contact` and `basic` by name."""
    basic = {"customer_no": f"T{number:06d}", "name": "赵晓明", "country": "中国"}
    contact = {"mobile": f"1381234{number % 10000:04d}", "email": f"customer{number}@example.org"}
    result = {"basic": basic, "contact": contact}
    for key, value in more.items():
        result[key] = value if isinstance(value, list) else {**result.get(key, {}), **value}
    return result


def sample_rows(name, customers=None):
    """Rows of a sample file as dicts; only those of the first `customers` customers when given."""
    with open(SAMPLES / f"{name}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if customers is None:
        return rows
    wanted = {f"C{i:06d}" for i in range(1, customers + 1)}
    return [row for row in rows if row["customer_key"] in wanted]


def write_csv(file, rows, encoding="utf-8"):
    with open(file, "w", encoding=encoding, newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file


def import_samples(vault, customers):
    """Brings the first customers of the samples in, with their transactions and feedback. Gives the three reports."""
    reports = {}
    for name in ("customers", "transactions", "feedback"):
        file = write_csv(vault.directory / f"{name}.csv", sample_rows(name, customers))
        reports[name] = vault.import_file(file, SAMPLES / f"mapping-{name}.json")
    return reports


def find_customer(vault, field, value, role="data-steward", **more):
    """The ids that a search for an equal value gives."""
    answer = vault.request("POST", "/customers:search", role=role,
                           body={"where": [{"field": field, "op": "equals", "value": value}], "limit": 50}, **more)
    assert answer.status == 200, answer
    return [c["id"] for c in answer.json["customers"]]


# ---- RFC 6962, written from the RFC and not from the program's sources


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_by_inclusion(index, size, leaf, proof):
    """RFC 9162 section 2.1.3.2: the root that an inclusion proof leads to, None when the proof has a wrong length."""
    fn, sn, result = index, size - 1, leaf
    for hash_ in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            result = node_hash(hash_, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, hash_)
        fn, sn = fn >> 1, sn >> 1
    return result if sn == 0 else None


def consistent(old_size, old_root, new_size, new_root, proof):
    """RFC 9162 section 2.1.4.2: whether the larger tree begins with the smaller one."""
    if old_size == new_size:
        return old_root == new_root and not proof
    if not proof:
        return False
    if old_size & (old_size - 1) == 0:
        proof = [old_root] + list(proof)
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old, new = proof[0], proof[0]
    for hash_ in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(hash_, old), node_hash(hash_, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, hash_)
        fn, sn = fn >> 1, sn >> 1
    return old == old_root and new == new_root and sn == 0


class Note:
    """A signed checkpoint (C2SP signed-note, tlog-checkpoint)."""

    def __init__(self, text):
        self.text, _, signatures = text.rpartition("\n\n")
        self.text += "\n"
        lines = self.text.split("\n")
        self.origin, self.size, self.root = lines[0], int(lines[1]), base64.b64decode(lines[2])
        self.signatures = {}
        for line in signatures.strip().split("\n"):
            dash, name, blob = line.split(" ")
            assert dash == "\u2014", line
            self.signatures[name] = base64.b64decode(blob)

    def check(self, verifier_key):
        name, key_id, key = verifier_key.strip().split("+", 2)
        blob, typed = self.signatures[name], base64.b64decode(key)
        assert typed[0] == 1 and len(typed) == 33, "an Ed25519 key"
        assert hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id, "key id"
        assert blob[:4].hex() == key_id and name == self.origin
        assert ed25519_verifies(typed[1:], self.text.encode(), blob[4:]), "the checkpoint's signature"


def ed25519_verifies(public_key, message, signature):
    """By the openssl program."""
    spki = bytes.fromhex("302a300506032b6570032100") + public_key  # RFC 8410
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "key.der").write_bytes(spki)
        (place / "message").write_bytes(message)
        (place / "signature").write_bytes(signature)
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", place / "key.der", "-keyform", "DER",
                               "-rawin", "-in", place / "message", "-sigfile", place / "signature"],
                              capture_output=True)
        return done.returncode == 0


class SystemTest(unittest.TestCase):
    """Gives each test a directory that goes away, and stops what it started."""

    maxDiff = 4000

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="cloister-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self._vaults = []

    def new_vault(self, name="vault"):
        place = self.directory / name
        place.mkdir()
        vault = Vault(place)
        self.addCleanup(vault.kill9)
        return vault

    def assert_clean(self, vault, *more):
        code, report = vault.verify(*more)
        self.assertEqual(code, 0, report)
        self.assertTrue(report["good"], report)
        return report

    def assert_problem(self, answer, status, name):
        self.assertEqual((answer.status, answer.problem), (status, name), answer)
        return answer.json


SKIPPED = 77  # what CTest takes for "not run here"


def main():
    result = unittest.main(verbosity=2, exit=False, warnings="ignore").result
    if result.wasSuccessful() and result.testsRun and len(result.skipped) == result.testsRun:
        raise SystemExit(SKIPPED)
    raise SystemExit(not result.wasSuccessful())
