#!/usr/bin/env python3
"""Holds docs/requirements.md to the code: every id used in code or tests has a row there, and what a row names exists."""

import re

import tree

TABLE = "docs/requirements.md"
ROW = re.compile(r"^\|\s*(R\d+)\b", re.MULTILINE)
COMMENT = re.compile(r"(?://|#|\*)[^\n]*")
ID = re.compile(r"\bR([1-9]\d{0,2})\b")
PATH = re.compile(r"`((?:src|tests|docs|tools|samples|bench|deploy|api|cmake)/[\w./*-]+)`")


def problems():
    table = tree.text(TABLE)
    rows = ROW.findall(table)
    known = set(rows)
    if not known:
        yield f"{TABLE}: found no rows"
    for twice in sorted({row for row in rows if rows.count(row) > 1}):
        yield f"{TABLE}: {twice} has two rows"
    for number in sorted({f"R{n}" for n in ID.findall(table)} - known):
        yield f"{TABLE}: {number} is mentioned but has no row"
    for path in sorted(set(PATH.findall(table))):
        if not list(tree.ROOT.glob(path.rstrip("/"))):
            yield f"{TABLE}: {path} does not exist"
    for path in tree.files(".h", ".cc", ".py"):
        if path.parts[0] not in ("src", "tests") or path.parts[:2] == ("tests", "tree"):
            continue
        for comment in COMMENT.findall(tree.text(path)):
            for number in ID.findall(comment):
                if f"R{number}" not in known:
                    yield f"{path}: names R{number}, which has no row in {TABLE}"


if __name__ == "__main__":
    tree.report(problems())
