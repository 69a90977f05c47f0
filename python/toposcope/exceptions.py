"""Everything that toposcope raises besides ``ValueError`` and ``TypeError``, and every category of warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toposcope.safety import Trip


class Error(Exception):
    """Base of all errors that are not the caller's mistake."""


class InternalError(Error):
    """A bug in toposcope: please report it."""


class MemoryLimitError(Error, MemoryError):
    """The work would have needed more memory than its ``memory_limit``, or than the system has. Nothing was changed."""


class CheckpointError(Error):
    """A checkpoint or snapshot cannot be read: damaged, truncated, of another version, or no checkpoint at all."""


class DiagramFileError(Error):
    """A file does not hold a diagram that this version can read."""


class ModelError(Error):
    """A model, its tokenizer or the ONNX Runtime library cannot be used."""


class NotEnoughDataError(Error):
    """What was given is too little to say what was asked: that is no finding, and not the same as "no change"."""


class LaggedError(Error):
    """Someone was too slow: ``n_missed`` events, or chunks, are gone.

    A subscriber with ``on_lag="error"`` did not collect his events in time; or events are asked for from a number on
    that has fallen out of the monitor's history; or a :class:`~toposcope.ChunkRing` had no room.
    """

    def __init__(self, n_missed: int, message: str | None = None) -> None:
        super().__init__(message or f"{n_missed} events were dropped because they were not collected in time")
        self.n_missed = n_missed


class GuardError(Error):
    """A guard has tripped and refuses to go on: ``trip`` says what was too much. Nothing was changed."""

    def __init__(self, message: str, trip: Trip) -> None:
        super().__init__(message)
        self.trip = trip

    def __reduce__(self) -> tuple[type[GuardError], tuple[str, Trip]]:
        return GuardError, (str(self), self.trip)


class ToposcopeWarning(UserWarning):
    """Base of all warnings."""


class EssentialClassWarning(ToposcopeWarning):
    """An interval without end was cut off at a finite value."""


class TokenizerWarning(ToposcopeWarning):
    """A model came without a tokenizer; bytes are used as tokens."""


class TelemetryWarning(ToposcopeWarning):
    """Records of a run are being lost: the disk is full, or a sink fails."""


class TrackingWarning(ToposcopeWarning):
    """An interrupt took a report or its events on their way: a tracker goes on without them."""


class GuardWarning(ToposcopeWarning):
    """A limit that a guard watches was passed, and the guard only warns."""


class CheckpointWarning(ToposcopeWarning):
    """A checkpoint is damaged, and an older one is taken; or what was written beside it is not all there."""
