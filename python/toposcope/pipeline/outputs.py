"""The folder that a run leaves behind."""

from __future__ import annotations

import errno
import json
import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toposcope._files import replace_file
from toposcope.exceptions import CheckpointWarning, ToposcopeWarning
from toposcope.pipeline.diagram_file import DiagramWriter, read_diagrams, write_features
from toposcope.pipeline.diagram_spool import SPOOL_FILE, DiagramSpool, read_spool
from toposcope.pipeline.extras import import_extra
from toposcope.pipeline.report import write_report
from toposcope.telemetry import JsonlSink
from toposcope.telemetry.jsonl import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toposcope.pipeline.explain import ExplainedEvent
    from toposcope.reports import Report

FILES = ("run.json", "events.jsonl", "telemetry.jsonl", "diagrams.parquet", "features.parquet", "report.html")
"""What a run writes; files of these names from an earlier run in the same folder are replaced."""
GROWING = ("events.jsonl", "telemetry.jsonl", SPOOL_FILE)
"""Those that are cut back to a checkpoint when a run goes on from there."""


class RunFolder:
    """Writes the outputs of a run, as it goes and at its end.

    ``run.json`` says what is run, ``events.jsonl`` and ``telemetry.jsonl`` grow line by line and survive a kill;
    ``diagrams.parquet`` is there after :meth:`seal`, or :meth:`summarise` where the diagrams are spooled;
    ``features.parquet`` and ``report.html`` are there after :meth:`summarise`.

    Parameters
    ----------
    folder : path-like
        Where the files go.
    run : mapping
        What ``run.json`` says.
    spool : bool, default=False
        Whether diagrams go into a file that can be cut back, as a run with checkpoints needs it.
    marks : mapping of str to int, optional
        What :meth:`mark` returned, to go on from there: the files that grow are cut back to these lengths, and not
        begun anew.

    Raises
    ------
    ImportError
        If pyarrow or scikit-learn is missing: said at the start, not after an hour.
    OSError
        If the folder cannot be written.
    """

    def __init__(
        self,
        folder: str | Path,
        run: Mapping[str, Any],
        *,
        spool: bool = False,
        marks: Mapping[str, int] | None = None,
    ) -> None:
        for package in ("pyarrow", "sklearn"):
            import_extra(package, "cli", "--out")
        self.path = Path(folder)
        self.path.mkdir(parents=True, exist_ok=True)
        if marks is None:
            for name in (*FILES, SPOOL_FILE):
                (self.path / name).unlink(missing_ok=True)
        else:
            self._cut_back(marks)
        self._run = dict(run)
        self._write_run()
        self.telemetry = JsonlSink(self.path / "telemetry.jsonl")
        self._events = JsonlSink(self.path / "events.jsonl")
        self._diagrams: DiagramWriter | DiagramSpool = (
            DiagramSpool(self.path / SPOOL_FILE) if spool else DiagramWriter(self.path / "diagrams.parquet")
        )

    def describe(self, **facts: Any) -> None:
        """Add facts to ``run.json``."""
        self._run.update(facts)
        self._write_run()

    def write(self, report: Report, events: Iterable[ExplainedEvent]) -> None:
        """Add what a push gave.

        Raises
        ------
        OSError
            If the disk does not take the events or the diagram: a run whose findings are lost must not go on as if
            nothing had happened.
        """
        for event in events:
            self._events.write(event)
        if self._events.n_dropped:
            raise OSError(errno.ENOSPC, "events cannot be written", str(self._events.path))
        self._diagrams.write(report.step, report.diagram)

    def mark(self) -> dict[str, int]:
        """Bring the files that grow onto the disk, and return their lengths."""
        lengths = {}
        for name in GROWING:
            descriptor = os.open(self.path / name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
                lengths[name] = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
        return lengths

    def seal(self, **facts: Any) -> None:
        """End the files that grow, and add facts to ``run.json``: what takes no time, however long the run was."""
        self._events.close()
        self.telemetry.close()
        self._diagrams.close()
        self.describe(**facts)

    def summarise(self) -> Path:
        """Write what is made of the whole run; return the path of the report."""
        report = write_summaries(self.path)
        (self.path / SPOOL_FILE).unlink(missing_ok=True)
        return report

    def _cut_back(self, marks: Mapping[str, int]) -> None:
        """Cut what has grown since a checkpoint, which will be told again."""
        if not (self.path / SPOOL_FILE).exists():
            _spool_again(self.path)
        for name in GROWING:
            path, length = self.path / name, marks.get(name, 0)
            n_bytes = path.stat().st_size if path.exists() else 0
            if n_bytes > length:
                os.truncate(path, length)
            elif n_bytes < length:
                warnings.warn(
                    f"{path}: expected {length} bytes as at the checkpoint, got {n_bytes}; what is missing stays so",
                    CheckpointWarning,
                    stacklevel=5,
                )

    def _write_run(self) -> None:
        with replace_file(self.path / "run.json") as file:
            file.write(json.dumps(finite(self._run), indent=2, ensure_ascii=False).encode() + b"\n")


def write_summaries(folder: Path) -> Path:
    """Write features and report of a run out of its other files, and its diagrams where they are spooled.

    Each file is written whole or not at all, whenever this is interrupted.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    ValueError, OSError
        If what is there is no run, or cannot be read.
    """
    write_diagrams(folder)
    if any(diagram.n_intervals for _, diagram in read_diagrams(folder / "diagrams.parquet")):
        with _whole(folder / "features.parquet") as path:
            write_features(folder / "diagrams.parquet", path)
    else:
        warnings.warn("no diagram has an interval: there is no features.parquet", ToposcopeWarning, stacklevel=2)
    return write_report(folder)


def write_diagrams(folder: Path) -> None:
    """Write ``diagrams.parquet`` out of the spool, if there is one."""
    if not (folder / SPOOL_FILE).exists():
        return
    with _whole(folder / "diagrams.parquet") as path:
        writer = DiagramWriter(path)
        for step, diagram in read_spool(folder / SPOOL_FILE):
            writer.write(step, diagram)
        writer.close()


def _spool_again(folder: Path) -> None:
    """Put the diagrams of a run that was summarised back into a spool; one that was cut short by a kill has one."""
    if not (folder / "diagrams.parquet").exists():
        return
    with _whole(folder / SPOOL_FILE) as path:
        spool = DiagramSpool(path)
        for step, diagram in read_diagrams(folder / "diagrams.parquet"):
            spool.write(step, diagram)
        spool.close()


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give another name to write to, which takes the place of ``path`` at the end, and vanishes on an error."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
