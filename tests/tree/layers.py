#!/usr/bin/env python3
"""Holds src/ to its layers: a module includes only modules on lines above its own, and some libraries have one home.

The lines and their exceptions are read from cmake/module.cmake, which holds the build to the same table.
"""

import re

import tree

# Headers of a library -> the modules that may include them. One home each, so that there is one place to review.
HOMES = {
    "openssl/": {"crypto", "http"},
    "crypto/openssl.h": {"crypto", "http"},
    "sqlite3.h": {"store"},
    "sodium": {"crypto"},
    "argon2.h": {"crypto"},
    "unicode/": {"datatypes"},
    "spdlog/": {"log"},
    "fmt/": {"log"},
    "yaml-cpp/": {"policy"},
    "toml++/": {"app"},
    "CLI/": {"app"},
    "boost/asio": {"http", "app"},
    "boost/beast": {"http"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def read_table():
    table = tree.text("cmake/module.cmake")
    lines = {module: int(line) for module, line in re.findall(r"set\(CLOISTER_LINE_(\w+) (\d+)\)", table)}
    also = {module: set(others.split()) for module, others in re.findall(r"set\(CLOISTER_ALSO_(\w+) ([\w ]+)\)", table)}
    return lines, also


def problems():
    lines, also = read_table()
    if len(lines) < 10:
        yield "cmake/module.cmake: found no table of modules"
    for path in tree.files(".h", ".cc"):
        if path.parts[0] != "src":
            continue
        module = path.parts[1]
        if module not in lines:
            yield f"{path}: module {module} has no line in cmake/module.cmake"
            continue
        is_test = path.name.endswith("_test.cc")
        for quote, included in INCLUDE.findall(tree.text(path)):
            other = included.split("/")[0]
            allowed = other == module or other in also.get(module, ()) or lines.get(other, 0) < lines[module]
            if quote == '"' and not allowed:
                yield f"{path}: {module} (line {lines[module]}) includes {included} (line {lines[other]})"
            if quote == '"' and other not in lines:
                yield f"{path}: include {included} by its path from src/"
            for prefix, homes in HOMES.items():
                # A test may look at a library directly, to check a result by another way.
                if included.startswith(prefix) and module not in homes and not is_test:
                    yield f"{path}: <{included}> belongs in {', '.join(sorted(homes))}"


if __name__ == "__main__":
    tree.report(problems())
