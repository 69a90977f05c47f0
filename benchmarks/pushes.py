"""Time ``Stream.push`` and the product of matrices that bounds it, in turn, and print a table in Markdown.

    python benchmarks/pushes.py [--rounds 60]

The classes are those of ``asv_benchmarks/benchmarks/push.py``, which check the results before they are timed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent / "asv_benchmarks"))
from benchmarks.push import SIZES, Floor, Push

if TYPE_CHECKING:
    from collections.abc import Callable


def milliseconds(call: Callable[[str], object], size: str) -> float:
    start = time.perf_counter()
    call(size)
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    print("| dimensions, landmarks | push, median | slowest | product, median |\n|---|---|---|---|")
    for size, (n_dims, n_landmarks) in SIZES.items():
        push, floor = Push(), Floor()
        push.setup(size)
        floor.setup(size)
        times = [
            (milliseconds(push.time_push, size), milliseconds(floor.time_matrix_product, size)) for _ in range(rounds)
        ]
        pushes, products = zip(*times, strict=True)
        middle, product = statistics.median(pushes), statistics.median(products)
        print(f"| {n_dims}, {n_landmarks} | {middle:.1f} ms | {max(pushes):.1f} ms | {product:.2f} ms |", flush=True)


if __name__ == "__main__":
    main()
