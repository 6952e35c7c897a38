"""What bench/run is built from: programs that are started and stopped, the API, the load generator, the table."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LUA = ROOT / "bench" / "lua"
CONNECTIONS = 64
THREADS = 2  # of each server and of the load generator


class Failed(Exception):
    """A figure could not be measured; the sentence says why."""


def note(text):
    print(f"# {text}", flush=True)


def call(*command, seconds=3600, **options):
    """Runs a program to its end; its standard output."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=seconds, **options)
    if done.returncode != 0:
        raise Failed(f"{pathlib.Path(str(command[0])).name} gave {done.returncode}: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def baseline_server(program, *arguments):
    """A program that prints its port; gives the port."""
    process = subprocess.Popen([str(program), "--threads", str(THREADS), *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise Failed(f"{program.name} did not start")
        yield int(line)
    finally:
        stop(process)


class Vault:
    """A data directory, and the server on it while it runs."""

    def __init__(self, cloister, data):
        self.cloister, self.data = cloister, data
        self.process = None
        self.tokens = {}
        self.certificate = data / "tls" / "certificate.pem"

    def create(self):
        call(self.cloister, "init", "--data", self.data)

    def load(self, file):
        """Imports a customer file; seconds it took."""
        begin = time.monotonic()
        out = call(self.cloister, "import", "--data", self.data, "--mapping", ROOT / "samples" / "mapping-customers.json", "--json",
                   "--quiet", file)
        seconds = time.monotonic() - begin
        report = json.loads(out)
        if report["rejected"] > report["rows"] / 1000 or report["state"] != "finished":  # generated rows are not all perfect
            raise Failed(f"import: {out.strip()}")
        return seconds

    def token(self, role):
        if role not in self.tokens:
            made = json.loads(call(self.cloister, "token", "create", "--data", self.data, "--name", f"bench-{role}", "--role", role,
                                   "--json"))
            self.tokens[role] = made["token"]
        return self.tokens[role]

    def start(self):
        self.port, self.metrics_port = free_port(), free_port()
        self.process = subprocess.Popen(
            [str(self.cloister), "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}",
             "--metrics", f"127.0.0.1:{self.metrics_port}"],
            stdout=subprocess.DEVNULL, stderr=open(self.data / "serve.log", "w"))
        for _ in range(600):
            if self.process.poll() is not None:
                raise Failed(f"serve ended: {(self.data / 'serve.log').read_text()[-400:]}")
            with contextlib.suppress(OSError):
                if self.metrics_page("/healthz")[0] == 200:
                    return
            time.sleep(0.05)
        raise Failed("serve did not become ready within 30 seconds")

    def stop(self):
        if self.process:
            stop(self.process)
            self.process = None

    def metrics_page(self, path="/metrics"):
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def metric(self, name):
        return int(re.search(rf"^cloister_{name} (\d+)$", self.metrics_page()[1], re.MULTILINE).group(1))

    def connect(self):
        context = ssl.create_default_context(cafile=str(self.certificate))
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=600, context=context)

    def api(self, method, path, role, purpose="", body=None, headers=None, connection=None):
        """One request; body and headers of the answer. Failed for any status from 300."""
        connection = connection or self.connect()
        head = {"Authorization": f"Bearer {self.tokens[role]}", **(headers or {})}
        if purpose:
            head["Cloister-Purpose"] = purpose
        if body is not None and "Content-Type" not in head:
            head["Content-Type"] = "application/json"
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, "/v1/vaults/main" + path, content, head)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Failed(f"{method} {path.split('?')[0]} gave {answer.status}: {text.decode()[:600]}")
        return text, dict(answer.getheaders())

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"


def load(url, script, seconds, environment):
    """The load generator for so many seconds; its counts. Failed when any answer was not a success."""
    out = call("wrk", "-t", THREADS, "-c", CONNECTIONS, "-d", f"{seconds}s", "--timeout", "20s", "-s", LUA / f"{script}.lua", url,
               env={**os.environ, **environment, "LUA_PATH": f"{LUA}/?.lua"}, seconds=seconds + 120)
    found = re.search(r"^RESULT (.*)$", out, re.MULTILINE)
    if not found:
        raise Failed(f"wrk said: {out[-400:]}")
    result = json.loads(found.group(1))
    if result["failed"] or not result["requests"]:
        raise Failed(f"{script}: {result['failed']} of {result['requests']} requests failed")
    result["rate"] = result["requests"] / result["seconds"]
    return result


def take_turns(repetitions, *measures):
    """Calls the measures one after another, `repetitions` times; a list of results for each."""
    results = [[] for _ in measures]
    for _ in range(repetitions):
        for measure, into in zip(measures, results):
            into.append(measure())
    return results


def figure(name, unit, mine, beside, baseline, target, at_most=False, comment=""):
    """One row. `mine` and `baseline` are lists of repetitions; the ratio is that of their medians."""
    row = {"figure": name, "unit": unit, "cloister": statistics.median(mine), "cloister_all": mine, "beside": beside,
           "target": target, "target_is": "at most" if at_most else "at least", "comment": comment}
    if baseline:
        row["baseline"] = statistics.median(baseline)
        row["baseline_all"] = baseline
        row["ratio"] = row["cloister"] / row["baseline"]
        if unit == "s" and not at_most:  # rates compare upside down when times are measured
            row["ratio"] = 1 / row["ratio"]
    else:
        row["ratio"] = row["cloister"]
    row["reached"] = row["ratio"] <= target if at_most else row["ratio"] >= target
    note(line_of(row))
    return row


def shown(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def line_of(row):
    cells = [row["figure"], f"{shown(row['cloister'])} {row['unit']}",
             f"{row['beside']}: {shown(row['baseline'])} {row['unit']}" if "baseline" in row else "-",
             f"{row['ratio']:.2f} x" if "baseline" in row else "-",
             f"{'<=' if row['target_is'] == 'at most' else '>='} {row['target']:g} {'x' if 'baseline' in row else row['unit']}",
             "yes" if row["reached"] else "NO"]
    return "| " + " | ".join(cells) + " |"


def table(rows):
    return "\n".join(["| figure | Cloister | beside | ratio | to reach | reached |", "| --- | --- | --- | --- | --- | --- |",
                      *[line_of(row) for row in rows]])
