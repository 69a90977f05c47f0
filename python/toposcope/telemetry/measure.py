"""From a report to the record of its push."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from toposcope.telemetry.record import SCHEMA_VERSION, PushRecord

if TYPE_CHECKING:
    from toposcope.reports import Report


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


def push_record(report: Report, *, run_id: str, seq: int, clock: StageClock) -> PushRecord:
    """Return the record of a push: the stream's own measurements, and the stages around it by the clock."""
    stats = report.stats
    return PushRecord(
        schema=SCHEMA_VERSION,
        run_id=run_id,
        seq=seq,
        wall_time=time.time(),
        monotonic_time=time.monotonic(),
        step=report.step,
        n_points=report.n_points,
        n_window=report.n_window,
        n_landmarks=report.n_landmarks,
        n_added=stats.n_added,
        n_expired=stats.n_expired,
        n_merged=stats.n_merged,
        n_evicted=stats.n_evicted,
        n_events=len(report.events),
        n_intervals=report.diagram.n_intervals,
        epsilon=report.epsilon,
        error_bound=report.error_bound,
        n_bytes=stats.n_bytes,
        fragmentation=stats.pool.fragmentation if stats.pool.slots else None,
        latency={**stats.latency, **clock.seconds()},
    )
