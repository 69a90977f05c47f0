"""Time the distances and GUDHI's in turn, on diagrams of several sizes, and print a table in Markdown.

    python benchmarks/distances.py [--rounds 3] [--pairs 20] [--sizes 500 2000]

"short" diagrams have exponentially distributed lengths, as noise has; in "long" ones hardly any interval is near the
diagonal, which is the hard case. The distances are compared before they are timed: GUDHI's Wasserstein distance is
Hera's, at its default error of 1 %, and never below the exact one. Times are of one pair.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import TYPE_CHECKING

import gudhi
import gudhi.hera
import numpy as np

import toposcope as ts
from toposcope import _core

if TYPE_CHECKING:
    from collections.abc import Callable

    Distance = Callable[[np.ndarray, np.ndarray], float]

HERA_ERROR = 0.01
CALLS: dict[str, tuple[Distance, Distance, float]] = {
    "bottleneck": (ts.bottleneck_distance, gudhi.bottleneck_distance, 1e-12),
    "Wasserstein, order 1, ground ∞": (
        lambda a, b: ts.wasserstein_distance(a, b, order=1, ground=np.inf),
        gudhi.hera.wasserstein_distance,
        HERA_ERROR,
    ),
    "Wasserstein, order 2, ground 2": (
        ts.wasserstein_distance,
        lambda a, b: gudhi.hera.wasserstein_distance(a, b, order=2, internal_p=2),
        HERA_ERROR,
    ),
}


def diagrams(kind: str, n_intervals: int, n_diagrams: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    births = rng.uniform(0, 1, (n_diagrams, n_intervals))
    lengths = rng.exponential(0.05, births.shape) if kind == "short" else rng.uniform(0.01, 0.99, births.shape)
    return list(np.stack([births, births + lengths], axis=2))


def milliseconds(distance: Distance, pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    start = time.perf_counter()
    for a, b in pairs:
        distance(a, b)
    return (time.perf_counter() - start) * 1e3 / len(pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 2000])
    arguments = parser.parse_args()
    if _core.BUILD_PROFILE == "debug":
        parser.error("this is a debug build, whose times mean nothing")
    n_diagrams = 1 + int(np.ceil(np.sqrt(2 * arguments.pairs)))
    print("| distance | intervals | toposcope | GUDHI | ratio |\n|---|---|---|---|---|")
    for kind, n in itertools.product(("short", "long"), arguments.sizes):
        pairs = list(itertools.combinations(diagrams(kind, n, n_diagrams), 2))[: arguments.pairs]
        for name, (ours, theirs, error) in CALLS.items():
            for a, b in pairs:
                exact, other = ours(a, b), theirs(a, b)
                if not exact * (1 - 1e-9) <= other <= exact * (1 + error) + 1e-12:
                    raise SystemExit(f"{name}: {exact} and {other}, so there is nothing to time")
            times = [(milliseconds(ours, pairs), milliseconds(theirs, pairs)) for _ in range(arguments.rounds)]
            mine, peers = (min(column) for column in zip(*times, strict=True))
            print(f"| {name} | {n} {kind} | {mine:.2f} ms | {peers:.1f} ms | {peers / mine:.1f} |", flush=True)


if __name__ == "__main__":
    main()
