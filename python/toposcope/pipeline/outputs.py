"""The folder that a run leaves behind."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toposcope._files import replace_file
from toposcope.exceptions import ToposcopeWarning
from toposcope.pipeline.diagram_file import DiagramWriter, write_features
from toposcope.pipeline.extras import import_extra
from toposcope.pipeline.report import write_report
from toposcope.telemetry import JsonlSink
from toposcope.telemetry.jsonl import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from toposcope.pipeline.explain import ExplainedEvent
    from toposcope.reports import Report

FILES = ("run.json", "events.jsonl", "telemetry.jsonl", "diagrams.parquet", "features.parquet", "report.html")
"""What a run writes; files of these names from an earlier run in the same folder are replaced."""


class RunFolder:
    """Writes the outputs of a run, as it goes and at its end.

    ``run.json`` says what is run, ``events.jsonl`` and ``telemetry.jsonl`` grow line by line and survive a kill;
    ``diagrams.parquet``, ``features.parquet`` and ``report.html`` are there after :meth:`finish`.

    Raises
    ------
    ImportError
        If pyarrow or scikit-learn is missing: said at the start, not after an hour.
    OSError
        If the folder cannot be written.
    """

    def __init__(self, folder: str | Path, run: Mapping[str, Any]) -> None:
        for package in ("pyarrow", "sklearn"):
            import_extra(package, "cli", "--out")
        self.path = Path(folder)
        self.path.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (self.path / name).unlink(missing_ok=True)
        self._run = dict(run)
        self._write_run()
        self.telemetry = JsonlSink(self.path / "telemetry.jsonl")
        self._events = JsonlSink(self.path / "events.jsonl")
        self._diagrams = DiagramWriter(self.path / "diagrams.parquet")
        self._n_intervals = 0

    def describe(self, **facts: Any) -> None:
        """Add facts to ``run.json``."""
        self._run.update(facts)
        self._write_run()

    def write(self, report: Report, events: Iterable[ExplainedEvent]) -> None:
        """Add what a push gave."""
        for event in events:
            self._events.write(event)
        self._diagrams.write(report.step, report.diagram)
        self._n_intervals += report.diagram.n_intervals

    def finish(self, **facts: Any) -> Path:
        """Write what can only be written at the end; return the path of the report."""
        self._events.close()
        self.telemetry.close()
        self._diagrams.close()
        self.describe(**facts)
        if self._n_intervals:
            write_features(self.path / "diagrams.parquet", self.path / "features.parquet")
        else:
            warnings.warn("no diagram has an interval: there is no features.parquet", ToposcopeWarning, stacklevel=2)
        return write_report(self.path)

    def _write_run(self) -> None:
        with replace_file(self.path / "run.json") as file:
            file.write(json.dumps(finite(self._run), indent=2, ensure_ascii=False).encode() + b"\n")
