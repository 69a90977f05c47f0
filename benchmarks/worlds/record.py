"""The page to which tables are appended."""

from __future__ import annotations

import datetime as dt
import importlib.util
import platform
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING

from peers.table import append

import toposcope as ts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["append", "heading"]


def heading(command: str, others: Sequence[str] = ("river", "frouros")) -> str:
    """When, with what, and how to do it again."""
    there = [f"{name} {version(name)}" for name in others if importlib.util.find_spec(name) is not None]
    versions = ", ".join([f"toposcope {ts.__version__}", *there, f"NumPy {version('numpy')}"])
    today = dt.datetime.now(tz=dt.UTC).date()
    return f"## {today}: toposcope at {commit()}\n\n`{command}`. {versions}, Python {platform.python_version()}.\n\n"


def commit() -> str:
    """The commit that is checked out, marked if code differs from it; pages that are being appended to do not count."""
    described = git("describe", "--always", "--exclude=*") or "an unknown commit"
    changed = git("status", "--porcelain", "--", "crates", "python", "benchmarks")
    return f"{described}-dirty" if changed else described


def git(*arguments: str) -> str:
    called = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return called.stdout.strip()
