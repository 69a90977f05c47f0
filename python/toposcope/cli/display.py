"""What a run shows while it goes: events on standard output, its state on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from toposcope.pipeline.explain import ExplainedEvent
    from toposcope.pipeline.watch import StreamPipeline, WatchStep

_ITEMS_SHOWN = 3
_WIDTH = 110
_SECONDS_BETWEEN_LINES = 5.0


class Status(Protocol):
    """Says how far a run is."""

    def update(self, text: str, progress: float | None) -> None:
        """Show the state after a push."""

    def close(self) -> None:
        """Leave the screen clean."""


class Display:
    """Prints events as they come, keeps a status line, and sums up at the end."""

    def __init__(self, pipeline: StreamPipeline) -> None:
        self._pipeline = pipeline
        self._started = time.perf_counter()
        self._n_pushes = self._n_events = self._n_shown = self._n_items = 0
        self._n_before = pipeline.n_items
        self._error_bound = 0.0
        self._is_tracking = False
        self._say(_opening(pipeline))
        if pipeline.resumed_from is not None:
            step = pipeline.resumed_from.metadata.step
            self._say(f"toposcope: going on after push {step}, from {pipeline.resumed_from.path}")
        self._status = _status()

    def show(self, step: WatchStep) -> None:
        """Print the events of a push, and update the status."""
        least = self._pipeline.config.min_confidence
        for found in step.events:
            if found.is_notable and found.event.confidence >= least:
                self._n_shown += 1
                print("\n".join(event_lines(found)), flush=True)
        if not self._is_tracking and self._pipeline.scale is not None:
            self._is_tracking = True
            self._say(f"toposcope: events are looked for from here on, at scale {self._pipeline.scale:.4g}")
        self._n_pushes += 1
        self._n_events += len(step.events)
        self._n_items = step.n_items
        self._error_bound = step.report.error_bound
        self._status.update(
            f"{self._n_items} items, {self._n_shown} events, {step.report.n_landmarks} landmarks, "
            f"error bound {self._error_bound:.3g}",
            step.progress,
        )

    def finish(self, *, is_complete: bool = True) -> None:
        """Sum up; say what is left to be made if not all was."""
        self.close()
        seconds = time.perf_counter() - self._started
        n_items = max(0, self._n_items - self._n_before)
        self._say(
            f"{n_items} items in {self._n_pushes} pushes, {seconds:.1f} s; {self._n_shown} events shown "
            f"of {self._n_events}; error bound at the end {self._error_bound:.3g}"
        )
        if not self._is_tracking:
            self._say("no scale was found to look for events at: give one with --scale, or a smaller --window")
        self.tell_of_end()
        if self._pipeline.report_path is not None:
            self._say(f"report: {self._pipeline.report_path}")
        if not is_complete:
            self._say(f"no time for features and report: `toposcope report {self._pipeline.config.out}` makes them")

    def tell_of_end(self) -> None:
        """Say where it is written why the run ended before its source, if it did."""
        self.close()
        if self._pipeline.abort_path is not None:
            self._say(f"why it ended: {self._pipeline.abort_path}")

    def close(self) -> None:
        """Take the status line away."""
        self._status.close()

    @staticmethod
    def _say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def event_lines(found: ExplainedEvent) -> list[str]:
    """Return an event as lines of text: what, when, how sure, and what stands on each side."""
    lines = [f"push {found.event.step}: {found.title} ({found.evidence})"]
    for side in found.sides:
        lines.append(f"    {side.name}")
        lines.extend(f"        {_cut(item)}" for item in side.items[:_ITEMS_SHOWN])
    return lines


def _cut(text: str) -> str:
    """Return the text on one line, without what could steer a terminal."""
    line = "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _opening(pipeline: StreamPipeline) -> str:
    config = pipeline.config
    return (
        f"toposcope: watching {pipeline.source.name}, embedder {pipeline.embedder_name}, metric {pipeline.metric}, "
        f"window {config.window}, {config.chunk} items a push"
    )


class _LineStatus:
    """A line now and then, for logs and pipes."""

    def __init__(self) -> None:
        self._printed = time.monotonic()

    def update(self, text: str, progress: float | None) -> None:
        now = time.monotonic()
        if now - self._printed >= _SECONDS_BETWEEN_LINES:
            self._printed = now
            share = "" if progress is None else f"{100 * progress:.0f} %, "
            print(f"toposcope: {share}{text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing to take away."""


class _BarStatus:
    """A bar at the bottom of a terminal; what is printed meanwhile scrolls above it."""

    def __init__(self, rich_console: Any, rich_progress: Any) -> None:
        columns = (
            rich_progress.BarColumn(bar_width=24),
            rich_progress.TaskProgressColumn(),
            rich_progress.TimeElapsedColumn(),
            rich_progress.TextColumn("{task.description}", markup=False),
        )
        # Only a terminal's own output may be drawn anew: what goes into a pipe has to reach it untouched.
        self._progress = rich_progress.Progress(
            *columns,
            console=rich_console.Console(stderr=True),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._task = self._progress.add_task("", total=None)
        self._progress.start()

    def update(self, text: str, progress: float | None) -> None:
        total, completed = (None, 0.0) if progress is None else (1.0, progress)
        self._progress.update(self._task, description=text, total=total, completed=completed)

    def close(self) -> None:
        self._progress.stop()


def _status() -> Status:
    if not sys.stderr.isatty():
        return _LineStatus()
    try:
        import rich.console  # noqa: PLC0415 (an extra)
        import rich.progress  # noqa: PLC0415
    except ModuleNotFoundError:
        return _LineStatus()
    return _BarStatus(rich.console, rich.progress)
