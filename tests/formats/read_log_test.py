#!/usr/bin/env python3
"""The reader written from docs/formats.md alone agrees with the program about a log the program wrote. // R2, R27"""

import json
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1]
READER = [sys.executable, "-B", str(pathlib.Path(__file__).with_name("read_log.py"))]


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


with tempfile.TemporaryDirectory() as folder:
    data = pathlib.Path(folder) / "data"
    run(PROGRAM, "init", "--data", data)
    for name in ("one", "two", "three"):
        run(PROGRAM, "token", "create", "--data", data, "--name", name, "--role", "auditor", "--json")
    says = json.loads(run(PROGRAM, "audit", "verify", "--data", data, "--json"))
    assert says["problems"] == [], says
    assert says["entries"] == 4, says  # the new vault, three tokens
    seen = run(*READER, data / "audit")
    assert seen.strip() == f"4 entries, checkpoint over 4, root {says['root']}", seen

    segment = data / "audit" / "journal" / f"{0:020d}.seg"
    good = segment.read_bytes()
    segment.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    assert subprocess.run([*READER, data / "audit"], capture_output=True).returncode != 0, "a changed byte went unseen"
