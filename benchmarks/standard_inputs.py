"""Time ``ts.rips`` and GUDHI on the standard inputs, in turn, and print a table in Markdown.

    python benchmarks/standard_inputs.py [--rounds 3] [NAME ...]

The diagrams are compared before any time counts: a timing of unequal results is void. Times are the best of the rounds,
of one call from Python, on two threads where a package has them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gudhi
import numpy as np
from gudhi.sklearn.rips_persistence import RipsPersistence

import toposcope as ts
from toposcope import _core

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD = Path(__file__).parent.parent / "tests" / "data" / "standard"


class Case(NamedTuple):
    name: str
    max_dim: int
    threshold: float | None = None
    field: int = 2


CASES = [
    Case("sphere_3_192", 2),
    Case("random_50_16", 7),
    Case("dragon_2000", 1),
    Case("fractal_r_512", 2),
    Case("celegans_297", 2),
    Case("klein_bottle_400", 2, field=3),
    Case("o3_1024", 3, 1.8),
    Case("o3_4096", 3, 1.4),
    Case("clifford_torus_50000", 1, 0.15),
]


def calls(case: Case) -> tuple[Callable[[], ts.Diagram], Callable[[], list[np.ndarray]]]:
    """Give a call of each package; what only the other's format needs is done before."""
    with np.load(STANDARD / f"{case.name}.npz") as file:
        points = "points" in file
        data = file["points" if points else "distances"]
    rows = data
    if not points:
        n = (1 + int(np.sqrt(1 + 8 * len(data)))) // 2
        square = np.zeros((n, n))
        square[np.triu_indices(n, 1)] = data
        rows = [square.T[i, :i] for i in range(n)]
    peer = RipsPersistence(
        homology_dimensions=list(range(case.max_dim + 1)),
        threshold=np.inf if case.threshold is None else case.threshold,
        homology_coeff_field=case.field,
        input_type="point cloud" if points else "lower distance matrix",
    )
    metric = "euclidean" if points else "precomputed"

    def ours() -> ts.Diagram:
        return ts.rips(data, case.max_dim, case.threshold, metric=metric, field=case.field, n_threads=2)

    return ours, lambda: peer.fit_transform([rows])[0]


def agree(ours: ts.Diagram, theirs: list[np.ndarray]) -> bool:
    """Whether the intervals are the same but for the peer's rounding to float32."""
    tolerance = 1e-6 * float(ours.deaths[np.isfinite(ours.deaths)].max())
    for dim, (got, other) in enumerate(zip(ours, theirs, strict=True)):
        wanted = np.asarray(other, float).reshape(-1, 2)
        if dim > 0:
            if gudhi.bottleneck_distance(got, wanted) > tolerance:
                return False
            continue
        # All are born at 0, so that sorting pairs them; there may be too many for matching.
        deaths = [np.sort(array[array[:, 1] > tolerance, 1]) for array in (got, wanted)]
        if len(deaths[0]) != len(deaths[1]) or not np.allclose(*deaths, rtol=0, atol=tolerance):
            return False
    return True


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="inputs; by default all")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if _core.BUILD_PROFILE == "debug":
        parser.error("this is a debug build, whose times mean nothing")
    print("| input | dims | toposcope | GUDHI | ratio |\n|---|---|---|---|---|")
    for case in CASES:
        if arguments.names and case.name not in arguments.names:
            continue
        ours, theirs = calls(case)
        if not agree(ours(), theirs()):
            raise SystemExit(f"{case.name}: the diagrams differ, so there is nothing to time")
        times = [(seconds(ours), seconds(theirs)) for _ in range(arguments.rounds)]
        mine, peers = (min(column) for column in zip(*times, strict=True))
        dims = f"H0-H{case.max_dim}" + (f", {case.threshold}" if case.threshold else "")
        dims += f", Z/{case.field}" if case.field != 2 else ""
        print(f"| `{case.name}` | {dims} | {mine:.3f} s | {peers:.3f} s | {peers / mine:.1f} |", flush=True)


if __name__ == "__main__":
    main()
