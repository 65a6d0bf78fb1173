#!/usr/bin/env python3
"""Keeps docs/security.md and the tests together.

    security_table.py TABLE BINARY...

Rows are "| S-NN | flaw | what could happen | what prevents it | tests or reason | seen failing without it |". Each of the
numbers below must have one row. The fifth column names tests as `Suite.Name`, all of which must exist in one of the test
programs, or says why there is none, beginning with "no test". A test with SNN_ in its name must be named in that row.
The last column begins with "yes", "no" or "not tried" where there is a test of the row's, and is a dash otherwise.
"""
import re
import subprocess
import sys

GROUPS = [(1, 14), (20, 27), (30, 43), (50, 68), (70, 81), (85, 88), (90, 95), (100, 107), (110, 117)]
ROWS = {number for first, last in GROUPS for number in range(first, last + 1)}
ROW = re.compile(r"^\| S-(\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$")
TEST = re.compile(r"`(\w+\.\w+)`")


def tests_of(binary):
    """Names of a program's tests, without the parameters of parameterised ones."""
    listing = subprocess.run([binary, "--gtest_list_tests"], check=True, capture_output=True, text=True).stdout
    suite, found = "", set()
    for line in listing.splitlines():
        line = line.split("  # ")[0].rstrip()
        if not line.startswith("  "):
            parts = line.rstrip(".").split("/")
            suite = parts[-2] if len(parts) > 1 and parts[-1].isdigit() else parts[-1]
            continue
        found.add(suite + "." + line.strip().split("/")[0])
    return found


def numbers_of(test):
    """2 and 3 for "Suite.S02_S03_Name": the numbers at the beginning of the name."""
    name, numbers = test.split(".", 1)[1], []
    while match := re.match(r"S(\d{2,3})_", name):
        numbers.append(int(match[1]))
        name = name[match.end():]
    return numbers


def check_row(row, tests):
    number, names, problems = int(row[1]), set(TEST.findall(row[5])), []
    if not names and not row[5].startswith("no test"):
        problems.append("neither a test nor a reason")
    problems += [f"there is no test {name}" for name in sorted(names - tests)]
    for name in sorted(test for test in tests if number in numbers_of(test)):
        if name not in names:
            problems.append(f"does not name {name}")
    if not re.match(r"(yes|no)\b|not tried$" if names else r"–$", row[6]) and not row[6] == "–":
        problems.append(f"'{row[6]}' does not say whether it was seen failing")
    if any(len(row[column].strip()) < 1 for column in (2, 3, 4)):
        problems.append("an empty column")
    return [f"S-{number:02}: {problem}" for problem in problems]


def main():
    tests = set().union(*(tests_of(binary) for binary in sys.argv[2:]))
    problems, seen, tested, failing = [], [], 0, 0
    with open(sys.argv[1], encoding="utf-8") as table:
        for line in table:
            if line.startswith("| S-") and not ROW.match(line.rstrip("\n")):
                problems.append(f"not six columns: {line[:60]}")
            if row := ROW.match(line.rstrip("\n")):
                seen.append(int(row[1]))
                tested += bool(TEST.search(row[5]))
                failing += row[6].startswith("yes")
                problems += check_row(row, tests)
    problems += [f"S-{n:02}: not in the table" for n in sorted(ROWS - set(seen))]
    problems += [f"S-{n:02}: twice, or no such row" for n in sorted(set(seen)) if n not in ROWS or seen.count(n) > 1]
    problems += [f"{test} is named for a row that does not exist" for test in sorted(tests)
                 if set(numbers_of(test)) - ROWS]
    print("\n".join(problems))
    print(f"{len(seen)} of {len(ROWS)} rows: {tested} with tests, {len(seen) - tested} with a reason, "
          f"{failing} seen failing without the protection; {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
