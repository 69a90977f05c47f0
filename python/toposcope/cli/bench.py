"""``toposcope bench``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from toposcope.bench.config import LadderConfig
    from toposcope.bench.ladder import Ladder
    from toposcope.bench.records import Rung

OUTPUT_VARIABLE = "TOPOSCOPE_ARTIFACT_DIR"
"""Environment variable that names the folder where none is given."""

_SETTINGS = ("sizes", "chunk", "n_dims", "window", "max_landmarks", "max_dim", "memory_limit", "seed", "repeats")


def run_ladder(arguments: argparse.Namespace) -> int:
    """Measure the rungs, and write the folder."""
    # Loads what only this command needs.
    from toposcope.bench import folder, ladder  # noqa: PLC0415
    from toposcope.bench.table import table  # noqa: PLC0415

    config = _config(arguments)
    out = _folder(arguments, "--output DIR")
    measured = ladder.climb(config, _say)
    folder.write(out, measured, _pictures(measured))
    print(table(measured.rungs))
    print(f"wrote {out}", file=sys.stderr)
    return 0


def run_analyze(arguments: argparse.Namespace) -> int:
    """Print a folder as a table, with what is wrong in it; 1 if that counts."""
    from toposcope.bench import checks, folder  # noqa: PLC0415
    from toposcope.bench.table import table  # noqa: PLC0415

    contents = folder.read(_folder(arguments, "DIR"))
    findings = checks.all_findings(contents)
    if arguments.baseline is not None:
        baseline = folder.read(Path(arguments.baseline))
        findings += [f"baseline: {finding}" for finding in checks.all_findings(baseline)]
        findings += checks.regressions(contents, baseline, arguments.tolerance)
    if rungs := contents.rungs or contents.lines:
        print(table(rungs))
    fatal = findings if arguments.gate or not rungs else []
    if arguments.require_csv and not fatal:
        fatal = checks.missing_tables(contents)
    _report(fatal, [finding for finding in findings if finding not in fatal])
    return 1 if fatal or not rungs else 0


def _config(arguments: argparse.Namespace) -> LadderConfig:
    from toposcope.bench.config import QUICK, LadderConfig  # noqa: PLC0415

    given = {name: getattr(arguments, name) for name in _SETTINGS if getattr(arguments, name) is not None}
    if arguments.threads is not None:
        given["n_threads"] = arguments.threads
    try:
        return LadderConfig(**({**QUICK, **given} if arguments.quick else given))
    except ValueError as error:
        arguments.usage_error(str(error))
        raise


def _folder(arguments: argparse.Namespace, how: str) -> Path:
    name: str = arguments.folder or os.environ.get(OUTPUT_VARIABLE, "")
    if not name:
        arguments.usage_error(f"no folder: give {how}, or set the environment variable {OUTPUT_VARIABLE}")
    return Path(name)


def _pictures(measured: Ladder) -> dict[str, bytes]:
    from toposcope.bench.picture import draw  # noqa: PLC0415

    try:
        return draw(measured)
    except ImportError as error:
        print(f"toposcope: no ladder.png and no ladder.svg: {error}", file=sys.stderr)
        return {}


def _say(rung: Rung) -> None:
    print(
        f"toposcope: {rung.name}: {rung.seconds:.2f} s, {rung.points_per_second:,.0f} points/s, "
        f"p50 {rung.p50_seconds * 1e3:.2f} ms, p99 {rung.p99_seconds * 1e3:.2f} ms",
        file=sys.stderr,
        flush=True,
    )


def _report(fatal: Sequence[str], notes: Sequence[str]) -> None:
    for kind, findings in (("FAILED", fatal), ("note", notes)):
        for finding in findings:
            print(f"toposcope: {kind}: {finding}", file=sys.stderr)
