"""``toposcope report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Build a report again."""
    # Only this command and watch need them.
    from toposcope.pipeline.diagram_spool import SPOOL_FILE  # noqa: PLC0415
    from toposcope.pipeline.outputs import write_summaries  # noqa: PLC0415
    from toposcope.pipeline.report import write_report  # noqa: PLC0415

    folder = Path(arguments.folder)
    # Of a run with checkpoints that was cut short everything can still be made.
    print(write_summaries(folder) if (folder / SPOOL_FILE).exists() else write_report(folder))
    return 0
