"""Times ``ts.rips`` beside its peers, and prints a table in Markdown.

Every call runs in a process of its own, contestants in turn, round after round; who fails, or is far behind, runs once.
Diagrams are compared before any time counts, as pairs of birth and death: a time with an unequal result is void. Memory
is the peak of the process above that of one that did all the same but the call. Two threads where a package has them.
The exit status is 1 if a diagram differed, or a call failed otherwise than by its limits.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from .cases import CASES
from .packages import CONTESTANTS
from .processes import Bench, Limits
from .rounds import Row, entrants, refuse_debug_builds, run
from .table import append, heading, markdown

PAGE = Path(__file__).parents[2] / "docs" / "performance" / "peers.md"


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join(case.name for case in CASES)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"by default all: {names}")
    contestants = "; ".join(one.name for one in CONTESTANTS)
    parser.add_argument("--peers", nargs="+", default=[], metavar="NAME", help=f"by default all: {contestants}")
    parser.add_argument("--rounds", type=int, default=3, help="calls of each contestant on each case (default 3)")
    parser.add_argument("--timeout", type=int, default=60, metavar="SECONDS", help="of one call (default 60)")
    parser.add_argument("--memory", type=float, default=8, metavar="GIB", help="of one process (default 8)")
    parser.add_argument("--threads", type=int, default=2, help="where a package has them (default 2)")
    parser.add_argument(
        "--record", action="store_true", help=f"append the tables to {PAGE.relative_to(PAGE.parents[2])}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round to a file")
    given = parser.parse_args(argv)
    check(parser, "case", given.cases, [case.name for case in CASES])
    check(parser, "contestant", given.peers, [one.name for one in CONTESTANTS])
    if given.rounds < 1 or given.timeout < 1 or given.threads < 1 or given.memory <= 0:
        parser.error("--rounds, --timeout, --threads and --memory are positive")
    return given


def check(parser: argparse.ArgumentParser, what: str, given: list[str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            parser.error(f"no {what} {name!r}; there are {', '.join(known)}")


def main(argv: list[str]) -> int:
    given = arguments(argv)
    refuse_debug_builds()
    absent = {one.name for one in CONTESTANTS if one.version() is None}
    if absent:
        print(f"Not installed, and left out: {', '.join(sorted(absent))}", file=sys.stderr)
    limits = Limits(given.timeout, int(given.memory * 2**30), given.threads)
    load = os.getloadavg()[0]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            if given.cases and case.name not in given.cases:
                continue
            print(f"{case.name} …", file=sys.stderr, flush=True)
            contestants = [one for one in entrants(case, given.peers) if one.name not in absent]
            rows.append(run(case, Bench(case, case.make(), Path(folder), limits), contestants, given.rounds))
            print(markdown(rows[-1:]), file=sys.stderr, flush=True)
    section = heading(shlex.join(["python", "-m", "peers", *argv]), load) + markdown(rows)
    print(section)
    if given.record:
        append(PAGE, section)
    if given.json is not None:
        raw = [{"case": row.case.name, "results": [asdict(result) for result in row.results]} for row in rows]
        given.json.write_text(json.dumps(raw, indent=1) + "\n")
    failures = [result.failure for row in rows for result in row.results if result.failure is not None]
    return int(any(failure.kind in {"error", "wrong"} for failure in failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
