"""Compares the instructions that three fixed ``rips`` calls take with stored counts: ``make counts``.

    python benchmarks/counts/counts.py [--update] [--tolerance 0.03]

Wall times on a shared machine hide a regression of a tenth; counts of instructions are the same in every run, to a
hundred-thousandth. They depend on the compiler, and on the registers that valgrind offers the code: both are stored
with them, and where they differ nothing is compared, as it would say nothing about our code. `--update` stores the
counts of today: do that with the change that explains them.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
STORED = Path(__file__).with_name("baselines.json")
EXAMPLE = ["-p", "toposcope-core", "--example", "counts"]
#: Instruction sets that change which of our loops runs; callgrind knows no wider ones.
REGISTERS = ("avx2", "fma")
VERSIONS = (["rustc", "--version"], ["valgrind", "--version"])


class Counts(NamedTuple):
    """What one run gave: under which conditions, and by case the instructions and the intervals in each dimension."""

    conditions: dict[str, str]
    instructions: dict[str, int]
    intervals: dict[str, list[int]]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="store what is counted now")
    parser.add_argument("--tolerance", type=float, default=0.03, help="share by which a count may grow (default 0.03)")
    given = parser.parse_args(argv)
    if shutil.which("valgrind") is None:
        print("valgrind is not installed, and without it nothing can be counted (Debian: apt-get install valgrind)")
        return 1
    now = count()
    if given.update:
        STORED.write_text(json.dumps(now._asdict(), indent=1) + "\n")
        print(f"{STORED.relative_to(ROOT)} now holds\n{report(now, now)}")
        return 0
    return verdict(Counts(**json.loads(STORED.read_text())), now, given.tolerance)


def verdict(stored: Counts, now: Counts, tolerance: float) -> int:
    """Print the comparison and what follows from it; 1 if a diagram or a count is not what it was."""
    print(report(stored, now))
    if stored.intervals != now.intervals:
        print(f"Other diagrams, so that counts mean nothing: {stored.intervals} were stored, {now.intervals} came")
        return 1
    if stored.conditions != now.conditions:
        print(f"Not comparable. Stored with {stored.conditions}, counted with {now.conditions}: run with --update")
        return 0
    grown = [name for name, n in now.instructions.items() if n > (1 + tolerance) * stored.instructions[name]]
    if grown:
        print(f"More than {tolerance:.0%} above what is stored: {', '.join(grown)}")
    return int(bool(grown))


def report(stored: Counts, now: Counts) -> str:
    """Give a line for each case."""
    lines = ["| case | stored | now | change |", "|---|---|---|---|"]
    for name, n in now.instructions.items():
        before = stored.instructions.get(name)
        change = "new" if before is None else f"{n / before - 1:+.2%}"
        lines.append(f"| {name} | {before or 0:,} | {n:,} | {change} |")
    return "\n".join(lines)


def count() -> Counts:
    """Build the example and run each of its cases under callgrind."""
    binary = build()
    names = subprocess.run([binary], check=True, capture_output=True, text=True).stdout.split()
    runs = {name: count_one(binary, name) for name in names}
    return Counts(
        conditions(),
        {name: instructions for name, (instructions, _) in runs.items()},
        {name: intervals for name, (_, intervals) in runs.items()},
    )


def build() -> str:
    """Build in release, and ask cargo where the binary lies."""
    command = ["cargo", "build", "--release", "--locked", *EXAMPLE, "--message-format=json-render-diagnostics"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = map(json.loads, done.stdout.splitlines())
    return next(message["executable"] for message in messages if message.get("executable"))


def count_one(binary: str, name: str) -> tuple[int, list[int]]:
    """Instructions of the whole process, and intervals by dimension; making the input takes a few thousandths of it."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise RuntimeError(f"callgrind said nothing about its count: {done.stderr}")
    return int(found[1]), json.loads(done.stdout)


def conditions() -> dict[str, str]:
    """What else than our code a count depends on."""
    said = [subprocess.run(of, check=True, capture_output=True, text=True).stdout.strip() for of in VERSIONS]
    known = Path("/proc/cpuinfo").read_text().split()
    registers = [name for name in REGISTERS if name in known]
    return {"compiler": said[0], "valgrind": said[1], "machine": " ".join([platform.machine(), *registers])}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
