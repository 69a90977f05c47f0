"""``toposcope report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Build a report again."""
    from toposcope.pipeline.report import write_report  # noqa: PLC0415 (only this command and watch need it)

    print(write_report(Path(arguments.folder)))
    return 0
