"""What the checks of the tree share: the files that belong to it and how a check reports."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".git", "build", "demo", "node_modules", "__pycache__"}


def files(*suffixes):
    """Files that are tracked, or are about to be; without git, all but build results. Paths relative to the root."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True,
                            capture_output=True, check=False)
    if listed.returncode == 0:
        found = [Path(line) for line in listed.stdout.splitlines()]
    else:
        found = []
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [name for name in folders if name not in SKIPPED]
            found += [(Path(folder) / name).relative_to(ROOT) for name in names]
    return sorted(path for path in found if (not suffixes or path.suffix in suffixes) and (ROOT / path).is_file())


def text(path):
    """The text of a file, or nothing if it is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def report(problems):
    problems = list(problems)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
