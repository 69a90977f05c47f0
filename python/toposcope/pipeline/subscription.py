"""A reader of events with a bounded ring of its own."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Literal, Self, get_args

from toposcope._typing import integer, number
from toposcope.exceptions import LaggedError
from toposcope.pipeline.waiting import Waiters
from toposcope.tracking import KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Hashable, Iterable, Iterator

    from toposcope.tracking import Event

OnLag = Literal["drop_oldest", "block", "error", "coalesce"]
"""What happens to an event for which a subscriber's ring has no room."""


class Subscription:
    """Events for one reader, kept in a bounded ring until he collects them.

    Made by :meth:`Monitor.subscribe <toposcope.Monitor.subscribe>`. The writer is never slowed by a slow reader,
    unless the reader asked for ``on_lag="block"``.

    Attributes
    ----------
    capacity : int
        Events that the ring holds.
    on_lag : str
        What happens when it is full.
    n_received : int
        Events that matched the filter.
    n_dropped : int
        Those of them that were thrown away for want of room.
    n_coalesced : int
        Those of them that gave way to a newer event of the same kind about the same identities.
    blocked_seconds : float
        For how long the writer has waited for room.
    since : int or None
        The ``seq`` from which on events were asked for.

    Examples
    --------
    Collect what there is, wait for more, or stop waiting after a second of silence::

        alerts.drain()
        for event in alerts: ...
        for event in alerts.events(timeout=1.0): ...
        async for event in alerts: ...
    """

    def __init__(
        self,
        *,
        kinds: Collection[type[Event] | str] | None = None,
        min_confidence: float = 0.0,
        capacity: int = 1024,
        on_lag: OnLag = "drop_oldest",
        since: int | None = None,
        past: Iterable[Event] = (),
        on_close: Callable[[Subscription], None] | None = None,
    ) -> None:
        _check(kinds, min_confidence, capacity, on_lag)
        self.capacity = capacity
        self.on_lag: OnLag = on_lag
        self.n_received = 0
        self.n_dropped = 0
        self.n_coalesced = 0
        self.blocked_seconds = 0.0
        self.since = since
        self._kinds = None if kinds is None else frozenset(_kind_name(kind) for kind in kinds)
        self._min_confidence = min_confidence
        self._on_close = on_close
        self._ring: deque[Event] = deque()
        past = tuple(past)
        #: What was told before: the monitor keeps it anyhow, so that it takes none of the ring's room.
        self._past = deque(event for event in past if self._wants(event))
        self.n_received += len(self._past)
        #: With which number the events to come have to begin; None once they have.
        self._expected = None if past else since
        self._n_missed = 0
        self._n_unknown = 0
        self._closed = False
        self._changed = threading.Condition()
        self._waiters = Waiters()

    # the reader's side -----------------------------------------------------------------------------------------------

    def drain(self) -> list[Event]:
        """Return the events collected so far and forget them; never waits.

        Raises
        ------
        LaggedError
            With ``on_lag="error"``, once after events were dropped; the next call goes on with those that are left.
        """
        with self._changed:
            self._raise_if_lagged()
            events = [*self._past, *self._ring]
            self._past.clear()
            self._ring.clear()
            self._changed.notify_all()
        return events

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """Iterate over events, waiting for each.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait for the next event before the iteration ends; None waits until the subscription is closed.

        Yields
        ------
        Event
            In order; what is left in the ring is still given out after :meth:`close`.
        """
        while (event := self._next(timeout)) is not None:
            yield event

    def __iter__(self) -> Iterator[Event]:
        return self.events()

    async def __aiter__(self) -> AsyncIterator[Event]:
        import asyncio  # noqa: PLC0415 (half of the time that importing toposcope may take)

        loop = asyncio.get_running_loop()
        while True:
            with self._changed:
                event = self._take()
                if event is None:
                    if self._closed:
                        return
                    woken = self._waiters.join(loop)
            if event is not None:
                yield event
                continue
            try:
                await woken
            finally:
                with self._changed:
                    self._waiters.leave(woken)

    def __len__(self) -> int:
        """Events that wait to be collected."""
        return len(self._past) + len(self._ring)

    @property
    def closed(self) -> bool:
        """Whether no event will be added any more."""
        return self._closed

    def close(self) -> None:
        """End the subscription: iterations end after the events that are left. More calls do nothing."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._wake()
        if self._on_close is not None:
            self._on_close(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # the writer's side -----------------------------------------------------------------------------------------------

    def offer(self, event: Event) -> None:
        """Take an event if it matches the filter; called by the monitor."""
        if self._expected is not None:
            if event.seq < self._expected:
                return
            self._note_gap(event.seq - self._expected)
        if not self._wants(event):
            return
        with self._changed:
            if self._closed:
                return
            self.n_received += 1
            if len(self._ring) >= self.capacity:
                self._make_room(event)
            if not self._closed:  # a writer that waited may find it so
                self._ring.append(event)
                self._wake()

    def _note_gap(self, n_unknown: int) -> None:
        """See to it that the reader hears of events that nobody kept for him: those before a monitor was made anew."""
        with self._changed:
            self._expected = None
            self._n_unknown = n_unknown
            self._wake()

    def _wants(self, event: Event) -> bool:
        kinds = self._kinds
        named = kinds is None or any(base.__name__ in kinds for base in type(event).__mro__)
        return named and event.confidence >= self._min_confidence

    def _make_room(self, event: Event) -> None:
        if self.on_lag == "block":
            begun = time.monotonic()
            self._changed.wait_for(lambda: self._closed or len(self._ring) < self.capacity)
            self.blocked_seconds += time.monotonic() - begun
            return
        if self.on_lag == "coalesce":
            self._coalesce(event)
        while len(self._ring) >= self.capacity:
            self._ring.popleft()
            self.n_dropped += 1
            self._n_missed += 1

    def _coalesce(self, event: Event) -> None:
        """Keep the newest event of every subject only, the coming one included."""
        subjects = {_subject(event)}
        kept: list[Event] = []
        for queued in reversed(self._ring):
            subject = _subject(queued)
            if subject not in subjects:
                subjects.add(subject)
                kept.append(queued)
        self.n_coalesced += len(self._ring) - len(kept)
        self._ring = deque(reversed(kept))

    # both, with the lock held ----------------------------------------------------------------------------------------

    def _next(self, timeout: float | None) -> Event | None:
        until = None if timeout is None else time.monotonic() + number(timeout, "timeout")
        with self._changed:
            while (event := self._take()) is None and not self._closed:
                left = None if until is None else until - time.monotonic()
                if (left is not None and left <= 0) or not self._changed.wait(left):
                    return self._take()
        return event

    def _take(self) -> Event | None:
        self._raise_if_lagged()
        if self._past:
            return self._past.popleft()
        if not self._ring:
            return None
        event = self._ring.popleft()
        self._changed.notify_all()
        return event

    def _raise_if_lagged(self) -> None:
        if self._n_unknown:
            n_unknown, self._n_unknown = self._n_unknown, 0
            raise LaggedError(n_unknown, f"since: {n_unknown} events before the next one are not known to this monitor")
        if self.on_lag == "error" and self._n_missed:
            n_missed, self._n_missed = self._n_missed, 0
            raise LaggedError(n_missed)

    def _wake(self) -> None:
        self._changed.notify_all()
        self._waiters.wake()


def _subject(event: Event) -> Hashable:
    return (event.kind, tuple(event.identities))


def _kind_name(kind: type[Event] | str) -> str:
    if not isinstance(kind, (str, type)):
        raise TypeError(f"kinds: expected event classes or their names, got {kind!r}")
    name = kind if isinstance(kind, str) else kind.__name__
    if name not in KINDS:
        raise ValueError(f"kinds: expected some of {', '.join(sorted(KINDS))}, got {name}")
    return name


def _check(kinds: object, min_confidence: float, capacity: int, on_lag: str) -> None:
    if isinstance(kinds, (str, type)) or not (kinds is None or hasattr(kinds, "__iter__")):
        raise TypeError(f"kinds: expected a set of event classes or names, got {kinds!r}")
    if not 0.0 <= number(min_confidence, "min_confidence") <= 1.0:
        raise ValueError(f"min_confidence: expected a number from 0 to 1, got {min_confidence!r}")
    integer(capacity, "capacity", at_least=1)
    if on_lag not in get_args(OnLag):
        raise ValueError(f"on_lag: expected one of {', '.join(get_args(OnLag))}, got {on_lag!r}")
