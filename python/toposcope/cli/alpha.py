"""``toposcope alpha``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import toposcope as ts
from toposcope.cli import diagrams

if TYPE_CHECKING:
    import argparse

    from toposcope._typing import Float64Array
    from toposcope.diagram import Diagram


def run(arguments: argparse.Namespace) -> int:
    """Compute a diagram of points in the plane or in space."""

    def compute(rows: Float64Array) -> Diagram:
        return ts.alpha(
            rows,
            max_dim=arguments.max_dim,
            field=arguments.field,
            n_threads=arguments.threads,
            progress=sys.stderr.isatty(),
        )

    return diagrams.run(arguments, compute)
