#!/usr/bin/env python3
"""Keeps docs/conformance.md and the tests together.

    conformance_table.py [--write] TABLE SIM_BINARY... -- LINUX_BINARY...

A test proves statement NN when its name has "SfNN_". Rows of the table are
"| SF-NN | statement | tests on the simulated backend | tests on Linux over HTTP |". With --write the last two columns are
filled in; without, they must be what --write would make of them. A column without a test keeps its text, which must
say why; one of the two must have a test, and no statement may be missing.
"""
import re
import subprocess
import sys

STATEMENTS = 64
ROW = re.compile(r"^\| SF-(\d\d) \| (.*?) \| (.*?) \| (.*?) \|$")


def tests_of(binaries):
    """Statement number -> names of tests, parameters of parameterised ones left out."""
    found = {}
    for binary in binaries:
        listing = subprocess.run([binary, "--gtest_list_tests"], check=True, capture_output=True, text=True).stdout
        suite = ""
        for line in listing.splitlines():
            line = line.split("  # ")[0].rstrip()
            if not line.startswith("  "):
                suite = line
                continue
            name = suite + line.strip().split("/")[0]
            for number in re.findall(r"Sf(\d\d)_", name):
                found.setdefault(int(number), set()).add(name)
    return found


def cell(number, tests, old):
    names = sorted(tests.get(number, ()))
    return "<br>".join(f"`{name}`" for name in names) if names else old


def main():
    arguments = sys.argv[1:]
    write = "--write" in arguments
    if write:
        arguments.remove("--write")
    split = arguments.index("--")
    path, sim, linux = arguments[0], tests_of(arguments[1:split]), tests_of(arguments[split + 1:])
    with open(path, encoding="utf-8") as table:
        lines = table.read().split("\n")

    problems, seen = [], set()
    for at, line in enumerate(lines):
        row = ROW.match(line)
        if not row:
            continue
        number = int(row[1])
        seen.add(number)
        columns = [cell(number, sim, row[3]), cell(number, linux, row[4])]
        if not any("`" in column for column in columns):
            problems.append(f"SF-{number:02}: no test at all")
        if any("`" not in column and len(column) < 8 for column in columns):
            problems.append(f"SF-{number:02}: a column has neither a test nor a reason")
        fresh = f"| SF-{row[1]} | {row[2]} | {columns[0]} | {columns[1]} |"
        if fresh != line and not write:
            problems.append(f"SF-{number:02}: the row does not name the tests there are:\n  {fresh}")
        lines[at] = fresh
    problems += [f"SF-{n:02}: not in the table" for n in range(1, STATEMENTS + 1) if n not in seen]
    problems += [f"SF-{n:02}: tests are named for it, but there is no such statement"
                 for n in sorted(set(sim) | set(linux)) if not 1 <= n <= STATEMENTS]
    if write:
        with open(path, "w", encoding="utf-8") as table:
            table.write("\n".join(lines))
    print("\n".join(problems))
    print(f"{len(seen)} of {STATEMENTS} statements in the table, {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
