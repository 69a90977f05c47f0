"""From a report to the record of its push."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from toposcope.telemetry.record import SCHEMA_VERSION, PushRecord

if TYPE_CHECKING:
    from toposcope.reports import Report
    from toposcope.telemetry.process import ProcessGauges


class Pressure(NamedTuple):
    """How those before and after a monitor keep up with it: the fields of a record."""

    n_queued_events: int
    n_lost_events: int
    blocked_seconds: float
    n_queued_chunks: int | None = None
    n_lost_chunks: int = 0
    feed_blocked_seconds: float = 0.0


class StageClock:
    """Seconds by stage: each lap ends the stage that is named."""

    def __init__(self) -> None:
        self._started = self._lapped = time.perf_counter()
        self._seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self._seconds[stage] = now - self._lapped
        self._lapped = now

    def seconds(self) -> dict[str, float]:
        """Return the seconds of the stages, and ``total``, from the start to the last lap."""
        return {**self._seconds, "total": self._lapped - self._started}


def push_record(
    report: Report, *, run_id: str, seq: int, clock: StageClock, pressure: Pressure, process: ProcessGauges | None
) -> PushRecord:
    """Return the record of a push: the stream's own measurements, and what was measured around it."""
    stats = report.stats
    fields = {
        "schema": SCHEMA_VERSION,
        "run_id": run_id,
        "seq": seq,
        "wall_time": time.time(),
        "monotonic_time": time.monotonic(),
        "step": report.step,
        "n_points": report.n_points,
        "n_window": report.n_window,
        "n_landmarks": report.n_landmarks,
        "n_left_out": stats.n_left_out,
        "n_added": stats.n_added,
        "n_expired": stats.n_expired,
        "n_merged": stats.n_merged,
        "n_evicted": stats.n_evicted,
        "n_late": stats.n_late,
        "n_dropped": stats.n_dropped,
        "n_events": len(report.events),
        "n_intervals": report.diagram.n_intervals,
        "epsilon": report.epsilon,
        "error_bound": report.error_bound,
        "n_bytes": stats.n_bytes,
        "fragmentation": stats.pool.fragmentation if stats.pool.slots else None,
        "n_queued_events": pressure.n_queued_events,
        "n_lost_events": pressure.n_lost_events,
        "blocked_seconds": pressure.blocked_seconds,
        "n_queued_chunks": pressure.n_queued_chunks,
        "n_lost_chunks": pressure.n_lost_chunks,
        "feed_blocked_seconds": pressure.feed_blocked_seconds,
        "latency": {**stats.latency, **clock.seconds()},
        "process": process,
    }
    return PushRecord.of(fields)
