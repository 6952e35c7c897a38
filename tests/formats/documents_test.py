#!/usr/bin/env python3
"""What the documents list is what the code has: configuration keys, problem types, findings of verification, tests."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def missing(names, document):
    content = text(document)
    return [f"{document}: `{name}` is missing" for name in names if f"`{name}`" not in content]


def configuration_keys():
    known = text("src/app/config.cc").split("kKnown = {", 1)[1].split("};", 1)[0]
    for section, keys in re.findall(r'\{"(\w+)",\s*\{([^}]*)\}', known):
        yield from (f"{section}.{key}" for key in re.findall(r'"(\w+)"', keys))


def problem_types():
    denials = re.findall(r'case Denial::\w+: return "([\w-]+)"', text("src/policy/names.cc"))
    codes = re.findall(r'case ErrorCode::\w+: return "(\w+)"', text("src/base/result.cc"))
    own = re.findall(r'problem\(\s*\d+,\s*"([\w-]+)"', text("src/api/route.cc") + text("src/api/customers.cc"))
    hidden = {"none", "forbidden"}  # no denial at all; a forbidden answer always has its denial's name
    return sorted({name.replace("_", "-") for name in denials + codes + own} - hidden)


def findings():
    return sorted(set(re.findall(r'found\("([\w-]+)"', text("src/records/verify.cc"))))


def unknown_tests():
    known = set()
    for path in (ROOT / "src").rglob("*"):
        if path.suffix in (".cc", ".h"):
            known.update(re.findall(r"^\w+\(\s*(\w+),\s*(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    suites = {suite for suite, _ in known}
    for suite, name in re.findall(r"`([A-Z]\w+)\.(\w+|\*)`", text("docs/requirements.md")):
        if name == "*" and suite not in suites or name != "*" and (suite, name) not in known:
            yield f"docs/requirements.md: there is no test {suite}.{name}"


problems = [
    *missing(configuration_keys(), "docs/configuration.md"),
    *missing(problem_types(), "docs/problems.md"),
    *missing(findings(), "docs/operations.md"),
    *unknown_tests(),
]
print("\n".join(problems))
sys.exit(1 if problems else 0)
