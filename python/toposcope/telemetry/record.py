"""The record of one push."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toposcope.telemetry.process import ProcessGauges

SCHEMA_VERSION = 2
"""Version of the record's fields; it grows whenever one comes, goes away, or changes its meaning."""


def new_run_id() -> str:
    """Return an identifier for a run: the second it began, and enough chance to tell two of them apart."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"


@dataclass(frozen=True)
class PushRecord:
    """What one push did, and what it cost.

    The fields, their types and units are a documented schema; :data:`SCHEMA_VERSION` names its version.

    Attributes
    ----------
    schema : int
        :data:`SCHEMA_VERSION` of the writer.
    run_id : str
        The run that the record belongs to.
    seq : int
        Number of the record within the run, from 0: a gap means that records were dropped.
    wall_time : float
        Seconds since 1970, when the push ended.
    monotonic_time : float
        Seconds of a clock that never jumps, for differences within one run.
    step : int
        The stream's own count of pushes.
    n_points, n_landmarks : int
        Points pushed, landmarks afterwards.
    n_window : int or None
        Points alive afterwards; None in a window of time, which keeps no count.
    n_left_out : int
        Landmarks that weigh too little to be part of the diagram.
    n_added, n_expired, n_merged, n_evicted : int
        Landmarks that came, that went with their last witness, that were merged into a neighbour, and that had to go
        before their time for want of room.
    n_late, n_dropped : int
        Late points that were taken in, and that were dropped.
    n_events : int
        Events that the tracker drew from the push.
    n_intervals : int
        Intervals of the diagram, over all dimensions.
    epsilon, error_bound : float
        Covering radius of the landmarks, and the bound on the bottleneck distance to the window's diagram.
    n_bytes : int
        Memory that the stream holds.
    fragmentation : float or None
        Share of holes among the slots of the simplex pool; None if nothing is in it.
    n_queued_events : int
        Events that wait to be collected, over all subscribers, after the push.
    n_lost_events : int
        Events of this push, or older ones, that subscribers' rings had no room for.
    blocked_seconds : float
        For how long the push waited for subscribers with ``on_lag="block"``.
    n_queued_chunks : int or None
        Chunks that wait in the :class:`~toposcope.ChunkRing` that is being run; None without one.
    n_lost_chunks : int
        Chunks that this ring had no room for, since the record before.
    feed_blocked_seconds : float
        For how long those who feed it waited for room, since the record before.
    latency : mapping of str to float
        Seconds by stage, in the order in which the stages ran; ``total`` is all of them.
    process : ProcessGauges or None
        The process that pushes, looked at once in a while; None in the records between, and where nothing is known.
    """

    schema: int
    run_id: str
    seq: int
    wall_time: float
    monotonic_time: float
    step: int
    n_points: int
    n_window: int | None
    n_landmarks: int
    n_left_out: int
    n_added: int
    n_expired: int
    n_merged: int
    n_evicted: int
    n_late: int
    n_dropped: int
    n_events: int
    n_intervals: int
    epsilon: float
    error_bound: float
    n_bytes: int
    fragmentation: float | None
    n_queued_events: int
    n_lost_events: int
    blocked_seconds: float
    n_queued_chunks: int | None
    n_lost_chunks: int
    feed_blocked_seconds: float
    latency: Mapping[str, float]
    process: ProcessGauges | None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """Return a record of these fields, which have to be all of them.

        The constructor of a frozen class sets each by a call of its own. In the middle of a run, where the caches hold
        something else, that takes as long as all the rest of a record.
        """
        record = object.__new__(cls)
        record.__dict__.update(fields)
        return record

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        process = None if self.process is None else self.process.to_dict()
        return {**self.__dict__, "latency": dict(self.latency), "process": process}


class Sink(Protocol):
    """Where a monitor's records go.

    A sink may have two verbs more: ``flush(timeout)``, which brings on its way what is held back, and says whether that
    was done within so many seconds (None: as long as it takes), for :meth:`Monitor.flush <toposcope.Monitor.flush>`;
    and ``write_many(records)``, which a :class:`BufferedSink` prefers.
    """

    def write(self, record: PushRecord) -> None:
        """Take one record. Must neither block for long nor raise for reasons of its own."""

    def close(self) -> None:
        """Finish; more calls do nothing."""
