"""Rows as Markdown, and the page to which they are appended."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING

from .packages import CONTESTANTS, OURS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .rounds import Result, Row

#: Share of the fastest peer's memory that toposcope may take.
MEMORY_GOAL = 0.5
MIB = 2**20


def markdown(rows: list[Row]) -> str:
    """Two tables, of seconds and of memory, then what was left out and why."""
    names = [one.name for one in CONTESTANTS if any(one.name == r.contestant for row in rows for r in row.results)]
    parts = [
        "Seconds of one call, best (median):",
        table(rows, names, seconds_cell, ("faster by", "goal", "reached"), seconds_verdict),
        "Peak memory of the call, MiB:",
        table(rows, names, memory_cell, ("share of the fastest peer's", "goal", "reached"), memory_verdict),
    ]
    return "\n\n".join(parts + remarks(rows)) + "\n"


def table(
    rows: list[Row],
    names: list[str],
    cell: Callable[[Result], str],
    columns: tuple[str, ...],
    verdict: Callable[[Row], list[str]],
) -> str:
    lines = [["case", *names, *columns], ["---"] * (1 + len(names) + len(columns))]
    for row in rows:
        cells = {result.contestant: cell(result) for result in row.results}
        lines.append([row.case.label, *(cells.get(name, "") for name in names), *verdict(row)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def seconds_cell(result: Result) -> str:
    if result.failure is not None:
        return {"limit": result.failure.why, "wrong": "void"}.get(result.failure.kind, "–")
    return f"{figures(result.best)} ({figures(result.median)})"


def memory_cell(result: Result) -> str:
    return "" if result.failure is not None else f"{result.peak / MIB:.1f}"


def seconds_verdict(row: Row) -> list[str]:
    ratio, goal = row.ratio(), row.case.goal
    reached = "" if ratio is None or goal is None else "yes" if ratio >= goal else "no"
    return ["" if ratio is None else f"×{ratio:.1f}", "" if goal is None else f"×{goal:g}", reached]


def memory_verdict(row: Row) -> list[str]:
    share = row.memory_ratio()
    if share is None:
        return ["", f"≤ {MEMORY_GOAL:g}", ""]
    return [f"{share:.2f}", f"≤ {MEMORY_GOAL:g}", "yes" if share <= MEMORY_GOAL else "no"]


def remarks(rows: list[Row]) -> list[str]:
    """Name every contestant without a time, and what stopped it; limits speak for themselves."""
    kinds = {"hopeless": "not started: ", "error": "", "wrong": "void, for another diagram: "}
    lines = [
        f"- {row.case.name}, {result.contestant}: {kinds[result.failure.kind]}{result.failure.why}"
        for row in rows
        for result in row.results
        if result.failure is not None and result.failure.kind in kinds
    ]
    return ["\n".join(lines)] if lines else []


def figures(seconds: float) -> str:
    """Three significant figures, as far as milliseconds."""
    return f"{seconds:.1f}" if seconds >= 10 else f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.4f}"


def heading(command: str, load: float) -> str:
    """When, with what, how to do it again, and how many other processes were at work when it began."""
    packages = dict.fromkeys(one.distribution for one in CONTESTANTS)
    installed = {one.distribution: one.version() for one in CONTESTANTS}
    versions = [f"{name} {installed[name]}" for name in packages if installed[name]]
    versions += [f"NumPy {version('numpy')}", f"Python {platform.python_version()}"]
    return (
        f"## {dt.datetime.now(tz=dt.UTC).date()}: {OURS} at {commit()}\n\n"
        f"`{command}` on {os.cpu_count()} cores ({platform.machine()}), load before it {load:.1f}. "
        f"{', '.join(versions)}.\n\n"
    )


def commit() -> str:
    """The commit that is checked out, marked if files differ from it."""
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], capture_output=True, text=True, check=False
    )
    return git.stdout.strip() or "an unknown commit"


def append(page: Path, section: str) -> None:
    """Add to a page of history, which is never rewritten."""
    with page.open("a", encoding="utf-8") as file:
        file.write("\n" + section)
