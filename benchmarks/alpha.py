"""Measure `ts.alpha`: time, processor time and peak memory, each call in a process of its own.

    python benchmarks/alpha.py 100000 1000000 [--kind space|plane|torus|grid] [--threads N] [--gudhi]

With `--gudhi` GUDHI's `AlphaComplex` does the same; look whether the numbers of intervals agree before the times.
Memory is the peak above that of the interpreter with its imports and the points.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np


def cloud(kind: str, n: int) -> np.ndarray:
    g = np.random.default_rng(0)
    match kind:
        case "plane":
            return g.random((n, 2))
        case "torus":
            u, v = 2 * np.pi * g.random((2, n))
            return np.stack([(2 + np.cos(u)) * np.cos(v), (2 + np.cos(u)) * np.sin(v), np.sin(u)], axis=1)
        case "grid":
            axes = [np.arange(round(n ** (1 / 3)), dtype=float)] * 3
            return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)
        case _:
            return g.random((n, 3))


def with_toposcope(points: np.ndarray, n_threads: int | None) -> list[int]:
    import toposcope as ts  # noqa: PLC0415 (each process pays for its own package alone)

    return [len(intervals) for intervals in ts.alpha(points, n_threads=n_threads)]


def with_gudhi(points: np.ndarray, _: int | None) -> list[int]:
    import gudhi  # noqa: PLC0415

    tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=2)
    return [len(tree.persistence_intervals_in_dimension(dim)) for dim in range(points.shape[1])]


PACKAGES = {"toposcope": with_toposcope, "gudhi": with_gudhi}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(package: str, kind: str, n: int, n_threads: int | None) -> dict[str, object]:
    points = cloud(kind, n)
    PACKAGES[package](points[:50], n_threads)
    before, cpu, start = peak(), time.process_time(), time.perf_counter()
    counts = PACKAGES[package](points, n_threads)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"counts": counts, "seconds": seconds, "cpu": cpu, "bytes": peak() - before, "n": len(points)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="+", type=int, metavar="N")
    parser.add_argument("--kind", choices=["space", "plane", "torus", "grid"], default="space")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--gudhi", action="store_true")
    parser.add_argument("--only", choices=PACKAGES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(arguments.only, arguments.kind, arguments.sizes[0], arguments.threads)))
        return
    print("| points | package | seconds | processor seconds | MB | intervals |\n|---|---|---|---|---|---|")
    for n in arguments.sizes:
        for package in PACKAGES if arguments.gudhi else ["toposcope"]:
            command = [sys.executable, __file__, str(n), "--kind", arguments.kind, "--only", package]
            command += ["--threads", str(arguments.threads)] if arguments.threads else []
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
            print(
                f"| {found['n']:,} {arguments.kind} | {package} | {found['seconds']:.2f} | {found['cpu']:.2f} "
                f"| {found['bytes'] / 1e6:.0f} | {found['counts']} |"
            )


if __name__ == "__main__":
    main()
