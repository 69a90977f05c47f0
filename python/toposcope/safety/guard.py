"""Watches what a monitor takes and what its input brings, and trips when a limit is passed."""

from __future__ import annotations

import dataclasses
import warnings
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toposcope._typing import describe
from toposcope.exceptions import GuardError, GuardWarning
from toposcope.safety.limits import N_BLOCKS, GuardConfig
from toposcope.safety.memory import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

What = Literal["non_finite", "memory", "latency", "queue", "simplices", "growth"]

N_TRIPS_KEPT = 100
"""Trips that a guard remembers, the latest ones."""
#: What can be over its limit for a moment, and has to stay there to count.
_PATIENT = frozenset({"latency", "queue"})
_NAMES = {
    "non_finite": "points that are not finite",
    "memory": "resident memory",
    "latency": "time of a push",
    "queue": "events waiting in a subscription",
    "simplices": "critical simplices",
    "growth": "growth of the critical simplices on no more landmarks",
}
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Trip:
    """A limit that was passed.

    Attributes
    ----------
    what : {"non_finite", "memory", "latency", "queue", "simplices", "growth"}
        Which.
    value, limit : float
        What was measured, and the most that was allowed.
    since : int
        The step from which on it was so.
    step : int
        The step at which it counted; of input that is not finite, the step that the push would have been.
    """

    what: What
    value: float
    limit: float
    since: int
    step: int

    @property
    def message(self) -> str:
        """The trip in a sentence."""
        since = "" if self.since == self.step else f", since step {self.since}"
        value, limit = (_in_words(self.what, number) for number in (self.value, self.limit))
        return f"{_NAMES[self.what]}: {value}, limit {limit}, at step {self.step}{since}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, with the ``message``."""
        return {**dataclasses.asdict(self), "message": self.message}


class Guard:
    """Watches one monitor, and trips when a limit is passed.

    With ``on_trip="raise"`` the push that passed a limit is finished and gives its report, and every push after it
    raises :class:`~toposcope.GuardError` before anything is changed, until :meth:`reset`. So nothing is lost: what the
    monitor knows can be saved and looked at. Input that is not finite is refused at once, and the next push may go on.
    With ``on_trip="warn"`` a :class:`~toposcope.GuardWarning` is given, again only after the value has been within its
    limit, and points that are not finite are left out.

    Parameters
    ----------
    config : GuardConfig, optional
        The limits.

    Attributes
    ----------
    config : GuardConfig
        The limits.
    trips : tuple of Trip
        What happened so far, the latest hundred.
    n_trips : int
        How many there were.
    n_left_out : int
        Points left out because they were not finite.
    readings : dict of str to float
        What was measured at the latest push.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> guard = ts.safety.Guard(ts.safety.GuardConfig(simplices=10))
    >>> monitor = ts.Monitor(ts.Stream(n_dims=1), guard=guard)
    >>> report = monitor.push(np.arange(20.0)[:, np.newaxis])
    >>> guard.tripped.what, guard.tripped.step
    ('simplices', 1)
    >>> monitor.push(np.zeros((1, 1)))
    Traceback (most recent call last):
    ...
    toposcope.exceptions.GuardError: guard: critical simplices: 20, limit 10, at step 1
    """

    def __init__(self, config: GuardConfig | None = None) -> None:
        if config is not None and not isinstance(config, GuardConfig):
            raise TypeError(f"config: expected a GuardConfig, got {describe(config)}")
        self.config = GuardConfig() if config is None else config
        self.n_trips = 0
        self.n_left_out = 0
        self.readings: dict[str, float] = {}
        self._memory_limit = self.config.memory_bytes
        self._trips: deque[Trip] = deque(maxlen=N_TRIPS_KEPT)
        self._latched: Trip | None = None
        self._over: dict[str, tuple[int, int]] = {}
        self._told: set[str] = set()
        self._growth = _Growth(self.config.growth_pushes)

    @property
    def trips(self) -> tuple[Trip, ...]:
        """What happened so far, the latest hundred."""
        return tuple(self._trips)

    @property
    def tripped(self) -> Trip | None:
        """Why pushes are refused; None if they are not."""
        return self._latched

    def reset(self) -> None:
        """Let pushes go on; what was too much has to be so anew to count. Trips and counts stay."""
        self._latched = None
        self._over.clear()
        self._told.clear()
        self._growth = _Growth(self.config.growth_pushes)

    def check(self) -> None:
        """Refuse to go on after a trip; called by the monitor before every step.

        Raises
        ------
        GuardError
            With the trip in its ``trip``.
        """
        if self._latched is not None:
            raise GuardError(f"guard: {self._latched.message}", self._latched)

    def admit(self, chunk: Any, step: int) -> Any:
        """Look at a chunk before it is pushed.

        Parameters
        ----------
        chunk : array of shape (n_points, n_dims)
            What is to be pushed.
        step : int
            The step that it would be.

        Returns
        -------
        ndarray of bool of shape (n_points,) or None
            Which points are finite, if some are not and the policy is to warn; None if there is nothing to leave out.

        Raises
        ------
        GuardError
            If some are not finite, and the policy is to raise.
        """
        if not self.config.non_finite or not isinstance(chunk, np.ndarray):
            return None
        if chunk.ndim != 2 or chunk.dtype.kind != "f" or _is_finite(chunk):
            return None
        kept: npt.NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(chunk), axis=1)
        n_bad = len(chunk) - int(np.count_nonzero(kept))
        trip = Trip("non_finite", n_bad, 0, step, step)
        self._note(trip)
        if self.config.on_trip == "raise":
            raise GuardError(f"guard: {trip.message}; nothing was pushed", trip)
        self.n_left_out += n_bad
        self._warn(trip, stacklevel=4)
        return kept

    def observe(
        self, step: int, *, seconds: float, n_queued: int, n_simplices: int, n_landmarks: int
    ) -> tuple[Trip, ...]:
        """Take the measurements of a push that is done.

        Parameters
        ----------
        step : int
            Which.
        seconds : float
            How long it took.
        n_queued : int
            Events in the fullest subscription.
        n_simplices, n_landmarks : int
            Critical simplices of the diagram, landmarks.

        Returns
        -------
        tuple of Trip
            What it tripped.
        """
        config = self.config
        self.readings = {"latency": seconds, "queue": n_queued, "simplices": n_simplices}
        if self._memory_limit is not None:
            self.readings["memory"] = resident_bytes()
        limits: Sequence[tuple[What, float | None]] = (
            ("memory", self._memory_limit),
            ("latency", config.latency),
            ("queue", config.queue),
            ("simplices", config.simplices),
        )
        trips = [self._compare(what, self.readings[what], limit, step) for what, limit in limits if limit is not None]
        trips.append(self._grown(step, n_simplices, n_landmarks))
        found = tuple(trip for trip in trips if trip is not None)
        for trip in found:
            self._note(trip)
            if config.on_trip == "warn":
                self._warn(trip, stacklevel=6)
            elif self._latched is None:
                self._latched = trip
        return found

    def state(self) -> dict[str, Any]:
        """Return limits, readings and trips as plain values, as an abort report holds them."""
        return {
            "config": self.config.to_dict(),
            "memory_limit": self._memory_limit,
            "readings": dict(self.readings),
            "tripped": None if self._latched is None else self._latched.to_dict(),
            "trips": [trip.to_dict() for trip in self._trips],
            "n_trips": self.n_trips,
            "n_left_out": self.n_left_out,
        }

    def _compare(self, what: What, value: float, limit: float, step: int) -> Trip | None:
        """Return the trip if the value has been over its limit for long enough, and that was not told yet."""
        if value <= limit:
            self._over.pop(what, None)
            self._told.discard(what)
            return None
        since, n_pushes = self._over.get(what, (step, 0))
        self._over[what] = since, n_pushes + 1
        if what in self._told or (what in _PATIENT and n_pushes + 1 < self.config.patience):
            return None
        self._told.add(what)
        return Trip(what, value, limit, since, step)

    def _grown(self, step: int, n_simplices: int, n_landmarks: int) -> Trip | None:
        if self.config.growth is None:
            return None
        growth = self._growth.add(step, n_simplices, n_landmarks)
        if growth is None or growth[0] <= self.config.growth:
            return None
        self._growth = _Growth(self.config.growth_pushes)
        factor, since = growth
        return Trip("growth", factor, self.config.growth, since, step)

    def _note(self, trip: Trip) -> None:
        self._trips.append(trip)
        self.n_trips += 1

    @staticmethod
    def _warn(trip: Trip, stacklevel: int) -> None:
        """Warn of a trip in the line that has called the monitor."""
        warnings.warn(f"guard: {trip.message}", GuardWarning, stacklevel=stacklevel)


class _Growth:
    """The most simplices of each block of pushes, as long as there are ever more of them on no more landmarks."""

    def __init__(self, n_pushes: int) -> None:
        self._length = n_pushes // N_BLOCKS
        self._blocks: deque[tuple[int, int, int]] = deque(maxlen=N_BLOCKS)
        self._since = self._n_pushes = self._most = self._landmarks = 0

    def add(self, step: int, n_simplices: int, n_landmarks: int) -> tuple[float, int] | None:
        """Take a push; return the factor of growth and since when, where a block ends and all of them have grown."""
        if not self._n_pushes:
            self._since = step
        self._n_pushes += 1
        self._most = max(self._most, n_simplices)
        self._landmarks = max(self._landmarks, n_landmarks)
        if self._n_pushes < self._length:
            return None
        block = (self._since, self._most, self._landmarks)
        if self._blocks and (block[1] <= self._blocks[-1][1] or block[2] > self._blocks[-1][2]):
            self._blocks.clear()
        self._blocks.append(block)
        self._since = self._n_pushes = self._most = self._landmarks = 0
        since, first, _ = self._blocks[0]
        return None if len(self._blocks) < N_BLOCKS or not first else (block[1] / first, since)


def _in_words(what: What, value: float) -> str:
    """Return a value with its unit."""
    match what:
        case "memory":
            return f"{value / _MIB:,.1f} MiB"
        case "latency":
            return f"{value:.3g} s"
        case "growth":
            return f"{value:.3g} times"
        case _:
            return f"{value:,.0f}"


def _is_finite(chunk: Any) -> bool:
    """Whether all is finite; the sum says so in one pass and without an array of its own, unless it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(chunk.sum())) or bool(np.isfinite(chunk).all())
