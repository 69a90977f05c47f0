"""Measure `ts.rips` for H0 and H1 up to a threshold that leaves some neighbours on average: time and peak memory.

    python benchmarks/neighbours.py 10000 100000 1000000 [--kind plane|space] [--neighbours 10] [--threads N]

Points are uniform. Each call has a process of its own; memory is the peak above that of the interpreter with its
imports and the points.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time

from alpha import cloud, peak

import toposcope as ts


def threshold(kind: str, n: int, neighbours: float) -> float:
    """Radius of the disc or ball that holds so many of n points in the unit square or cube, far from its rim."""
    if kind == "plane":
        return math.sqrt(neighbours / (math.pi * n))
    return (3 * neighbours / (4 * math.pi * n)) ** (1 / 3)


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    (n,) = arguments.sizes
    points, radius = cloud(arguments.kind, n), threshold(arguments.kind, n, arguments.neighbours)
    ts.rips(points[:50], threshold=radius, n_threads=arguments.threads)
    before, start = peak(), time.perf_counter()
    diagram = ts.rips(points, threshold=radius, n_threads=arguments.threads)
    seconds = time.perf_counter() - start
    return {"counts": [len(diagram[0]), len(diagram[1])], "seconds": seconds, "bytes": peak() - before}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="+", type=int, metavar="N")
    parser.add_argument("--kind", choices=["plane", "space"], default="plane")
    parser.add_argument("--neighbours", type=float, default=10)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments)))
        return
    print("| points | seconds | MB | bytes per point | intervals |\n|---|---|---|---|---|")
    for n in arguments.sizes:
        command = [sys.executable, __file__, str(n), "--child", "--kind", arguments.kind]
        command += ["--neighbours", str(arguments.neighbours)]
        command += ["--threads", str(arguments.threads)] if arguments.threads else []
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        print(
            f"| {n:,} {arguments.kind} | {found['seconds']:.2f} | {found['bytes'] / 1e6:.0f} "
            f"| {found['bytes'] / n:.0f} | {found['counts']} |"
        )


if __name__ == "__main__":
    main()
