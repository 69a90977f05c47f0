"""``toposcope rips``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from toposcope import batch
from toposcope.cli import diagrams
from toposcope.estimate import estimate

if TYPE_CHECKING:
    import argparse

    from toposcope._typing import Float64Array
    from toposcope.diagram import Diagram


def run(arguments: argparse.Namespace) -> int:
    """Compute a diagram of points or distances, or say what that would take."""
    if arguments.estimate:
        return _estimate(arguments)

    def compute(rows: Float64Array) -> Diagram:
        return batch.rips(
            rows,
            max_dim=arguments.max_dim,
            threshold=arguments.threshold,
            metric=arguments.metric,
            field=arguments.field,
            n_threads=arguments.threads,
            memory_limit=arguments.memory_limit,
            progress=sys.stderr.isatty(),
        )

    return diagrams.run(arguments, compute)


def _estimate(arguments: argparse.Namespace) -> int:
    found = estimate(
        diagrams.read(arguments),
        max_dim=arguments.max_dim,
        threshold=arguments.threshold,
        metric=arguments.metric,
        field=arguments.field,
        n_threads=arguments.threads,
    )
    print(found)
    return 0
