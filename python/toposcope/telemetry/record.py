"""The record of one push."""

from __future__ import annotations

import dataclasses
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1
"""Version of the record's fields; it grows whenever one changes its meaning or goes away."""


def new_run_id() -> str:
    """Return an identifier for a run: the second it began, and enough chance to tell two of them apart."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class PushRecord:
    """What one push did, and what it cost.

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
    n_added, n_expired, n_merged, n_evicted : int
        Landmarks that came, that went with their last witness, that were merged into a neighbour, and that had to go
        before their time for want of room.
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
    latency : mapping of str to float
        Seconds by stage, in the order in which the stages ran; ``total`` is all of them.
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
    n_added: int
    n_expired: int
    n_merged: int
    n_evicted: int
    n_events: int
    n_intervals: int
    epsilon: float
    error_bound: float
    n_bytes: int
    fragmentation: float | None
    latency: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**values, "latency": dict(self.latency)}


class Sink(Protocol):
    """Where a monitor's records go."""

    def write(self, record: PushRecord) -> None:
        """Take one record. Must neither block for long nor raise for reasons of its own."""

    def close(self) -> None:
        """Finish; more calls do nothing."""
