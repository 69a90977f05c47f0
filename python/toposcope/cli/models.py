"""``toposcope models``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Build a model folder from installed weights; nothing is downloaded."""
    # Loads the embedding package only here.
    from toposcope.embedding import build_minilm  # noqa: PLC0415

    folder = Path(arguments.out)
    build_minilm(folder, int8=arguments.int8)
    print(f"wrote {folder}; use it with --embedder sentence:{folder}")
    return 0
