"""A stream that is watched: diagrams, events and features out of every push, handed to whoever asked."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
import warnings
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, Self

from toposcope._typing import describe, integer, number
from toposcope.exceptions import CheckpointError, LaggedError, TelemetryWarning, TrackingWarning
from toposcope.explanations import explanation_of
from toposcope.pipeline.chunks import CHUNK_SECONDS, CHUNK_SIZE, ChunkCutter, cut, cut_async
from toposcope.pipeline.items import ItemStore, pack_items, pack_points, unpack_items, unpack_points
from toposcope.pipeline.ring import ChunkRing
from toposcope.pipeline.subscription import OnLag, Subscription
from toposcope.stream import Stream
from toposcope.telemetry import new_run_id
from toposcope.telemetry.measure import Pressure, StageClock, push_record
from toposcope.tracking import CobordismTracker, Event, link

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence

    from toposcope._typing import Float64Array
    from toposcope.explanations import Explanation
    from toposcope.reports import Report
    from toposcope.safety import Checkpoint, Guard
    from toposcope.safety.checkpoint_file import SavedState
    from toposcope.telemetry import Sink
    from toposcope.telemetry.process import ProcessMeter

_END = object()


class Vectorizer(Protocol):
    """A fitted scikit-learn estimator that turns diagrams into rows of features."""

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Return an array of shape (n_diagrams, n_features)."""


class Monitor:
    """Pushes chunks into a stream, tracks what changes, and hands reports, events and measurements on.

    Parameters
    ----------
    stream : Stream
        Where the points go.
    tracker : CobordismTracker, optional
        Draws events from the reports; without one there are none. It may be set later, between two pushes. Not with a
        stream of ``complex="alpha"``.
    vectorizer : fitted estimator, optional
        Its ``transform`` makes ``report.features`` out of each diagram.
    sinks : iterable of Sink
        Each gets a :class:`~toposcope.telemetry.PushRecord` per push. One that raises is warned about once and
        counted in ``n_sink_failures``; it never disturbs the stream.
    guard : Guard, optional
        Watches what pushes take, and may refuse the next one; see :class:`toposcope.safety.Guard`.
    run_id : str, optional
        Name of the run in the records; by default the time and some chance.
    history : int, default=256
        Events that are kept for those who subscribe later, or again: see :meth:`subscribe`. An event names its
        landmarks, and so takes some kilobytes.
    keep_points : bool, default=False
        Whether to remember where landmarks are, so that events can be explained by coordinates and drawn: a copy of
        those alive, as large as the chunks have them, and up to 16 MiB of those that went last.

    Attributes
    ----------
    run_id : str
        Name of the run.
    n_pushes, n_events : int
        What was done so far.
    n_sink_failures : int
        Records that a sink failed to take.

    Notes
    -----
    Any thread may push, subscribe and close: pushes happen one after another, and every subscriber sees their events
    in that order.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> monitor = ts.Monitor(ts.Stream(n_dims=2, window=100), tracker=ts.CobordismTracker(scale=1.0))
    >>> births = monitor.subscribe(kinds={"ComponentBirth"})
    >>> report = monitor.push(np.zeros((1, 2), dtype=np.float32), items=["the first point"])
    >>> [monitor.items(event.landmarks_after) for event in births.drain()]
    [['the first point']]
    """

    def __init__(
        self,
        stream: Stream,
        tracker: CobordismTracker | None = None,
        vectorizer: Vectorizer | None = None,
        sinks: Iterable[Sink] = (),
        *,
        guard: Guard | None = None,
        run_id: str | None = None,
        history: int = 256,
        keep_points: bool = False,
    ) -> None:
        if not isinstance(keep_points, bool):
            raise TypeError(f"keep_points: expected True or False, got {keep_points!r}")
        _check_verbs("stream", stream, "push")
        if tracker is not None:
            _check_verbs("tracker", tracker, "observe")
            if (complex_name := getattr(stream, "complex", "rips")) != "rips":
                raise ValueError(
                    'tracker: expected none, as the stream\'s diagrams are not of complex="rips" but of '
                    f"{complex_name!r}; events compare Rips complexes at a diameter"
                )
        if vectorizer is not None:
            _check_verbs("vectorizer", vectorizer, "transform")
        if guard is not None:
            _check_verbs("guard", guard, "check", "admit", "observe")
        self.guard = guard
        self.stream = stream
        self.tracker = tracker
        self.vectorizer = vectorizer
        self.run_id = new_run_id() if run_id is None else run_id
        self.n_pushes = 0
        self.n_events = 0
        self.n_sink_failures = 0
        self._sinks = tuple(sinks)
        for sink in self._sinks:
            _check_verbs("sinks", sink, "write", "close")
        self._process = _process_meter() if self._sinks else None
        self._keep_points = keep_points
        self._items = ItemStore(keep_points=keep_points)
        self._untracked: list[Report] = []
        self._tracked_step: int | None = None
        self._subscriptions: list[Subscription] = []
        self._history: deque[Event] = deque(maxlen=integer(history, "history", at_least=0))
        self._ring: ChunkRing | None = None
        self._lost_before = (0, 0.0)
        self._pushing = threading.Lock()
        self._subscribing = threading.Lock()
        self._closed = False

    def push(self, chunk: Any, items: Sequence[Any] | None = None, times: Any = None, weights: Any = None) -> Report:
        """Push a chunk of points; return the report with its events and features.

        Parameters
        ----------
        chunk : array of shape (n_points, n_dims), or ChunkBuffer
            As :meth:`Stream.push <toposcope.Stream.push>` takes it.
        items : sequence of length n_points, optional
            What the points stand for. Kept for the landmarks alive only; :meth:`items` finds them again.
        times : array of shape (n_points,), optional
            When the points happened, for windows by time.
        weights : array of shape (n_points,), optional
            How much each point counts in the weight of its landmark, and so in the mass of a feature; by default 1.

        Returns
        -------
        Report
            The stream's, with ``events`` and ``features``; without its ``cospan`` if the tracker has seen it.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described; nothing was pushed then.
        GuardError
            If the guard has tripped, or the points are not finite and it does not let them be left out.
        """
        if items is not None and len(items) != len(chunk):
            raise ValueError(f"items: expected one for each of the {len(chunk)} points, got {len(items)}")
        kept = None if self.guard is None else self.guard.admit(chunk, self.stream.step + 1)
        if kept is not None:
            chunk, items, times, weights = (_those(kept, rows) for rows in (chunk, items, times, weights))
        return self._take(lambda: self.stream.push(chunk, times=times, weights=weights), items, chunk)

    def evict(self, n_points: int | None = None, *, before: float | None = None) -> Report:
        """Let points go before the window leaves them behind, and tell what that changes.

        Parameters
        ----------
        n_points, before
            As :meth:`Stream.evict <toposcope.Stream.evict>` takes them. Evicting from the stream itself would leave a
            gap that the tracker refuses.

        Returns
        -------
        Report
            As :meth:`push` returns it.
        """
        return self._take(lambda: self.stream.evict(n_points, before=before), None)

    def soft_reset(self) -> Report:
        """Forget the window and its features, and go on.

        All points leave the window, and what the tracker followed ends with events, so that events still add up to
        what is alive. The items are forgotten, those of landmarks gone too, and a guard that has tripped lets pushes
        go on. What stays: parameters, tracker, vectorizer, sinks and subscriptions with the events in them; the scale
        and margin that the tracker has come to, and the radius under which the stream covers points; ``step`` and
        ``n_seen`` of the stream, ``n_pushes``, ``n_events``, what the guard has counted; and no identity or ``seq`` of
        an event is ever given again. For a stream and a tracker as new, make new ones.

        Returns
        -------
        Report
            It counts as a step, as that of :meth:`evict` does, and carries the last events of what was there.

        Examples
        --------
        >>> import numpy as np
        >>> import toposcope as ts
        >>> monitor = ts.Monitor(ts.Stream(n_dims=1), tracker=ts.CobordismTracker(scale=1.0))
        >>> _ = monitor.push(np.array([[0.0], [9.0]]))
        >>> report = monitor.soft_reset()
        >>> report.n_landmarks, [(event.kind, event.component) for event in report.events]
        (0, [('ComponentDeath', 0), ('ComponentDeath', 1)])
        >>> [event.component for event in monitor.push(np.array([[0.0]])).events]
        [2]
        """
        if self.guard is not None:
            self.guard.reset()
        in_points = isinstance(self.stream.window, int)
        report = self.evict(self.stream.n_seen) if in_points else self.evict(before=math.inf)
        with self._pushing:
            self._items = ItemStore(keep_points=self._keep_points)
        return report

    def state(self, pack: Callable[[list[Any]], bytes] = pack_items) -> SavedState:
        """Return all that the monitor is made of, for a :class:`~toposcope.safety.CheckpointManager`.

        That is: the stream, the tracker, the items and points that it keeps, counters and the name of the run. Not part
        of it are the vectorizer, sinks, subscriptions and the guard, which :meth:`restore` is given anew.

        Parameters
        ----------
        pack : callable, optional
            Turns a list of items into bytes. By default they have to be what JSON can hold.

        Raises
        ------
        CheckpointError
            If an interrupt has come between stream and tracker: push once more before.
        TypeError
            If the items are something else than ``pack`` takes.
        """
        from toposcope.safety.checkpoint_file import SavedState  # noqa: PLC0415 (importing toposcope has to stay quick)

        with self._pushing:
            tracked = self.tracker is None or self._tracked_step in {None, self.stream.step}
            if self._untracked or not tracked:
                raise CheckpointError("an interrupt has come between stream and tracker: push once more, then save")
            ids, items, points = self._items.contents()
            sections = {"stream": self.stream.snapshot(), "items": pack(items)}
            if points is not None:
                sections["points"] = pack_points(points)
            if self.tracker is not None:
                sections["tracker"] = self.tracker.snapshot()
            facts = {
                "run_id": self.run_id,
                "n_pushes": self.n_pushes,
                "n_events": self.n_events,
                "n_sink_failures": self.n_sink_failures,
                "tracked_step": self._tracked_step,
                "item_ids": ids,
            }
            return SavedState(self.stream.step, self.stream.n_seen, sections, facts, _stream_config(self.stream))

    @classmethod
    def restore(
        cls,
        checkpoint: Checkpoint,
        vectorizer: Vectorizer | None = None,
        sinks: Iterable[Sink] = (),
        *,
        guard: Guard | None = None,
        history: int = 256,
        unpack: Callable[[bytes], list[Any]] = unpack_items,
    ) -> Self:
        """Make a monitor of a checkpoint: it goes on with the same diagrams, events and identities.

        Parameters
        ----------
        checkpoint : Checkpoint
            What :meth:`CheckpointManager.load <toposcope.safety.CheckpointManager.load>` has read.
        vectorizer, sinks, guard, history
            As for the class; they are no part of a checkpoint. Nor are subscriptions, and the events told so far.
        unpack : callable, optional
            What undoes the ``pack`` of :meth:`state`.

        Raises
        ------
        CheckpointError
            If it is none of a monitor.
        """
        try:
            facts, sections = checkpoint.metadata.facts, checkpoint.sections
            tracker = CobordismTracker.restore(sections["tracker"]) if "tracker" in sections else None
            stream = Stream.restore(sections["stream"])
            points = unpack_points(sections["points"]) if "points" in sections else None
            monitor = cls(
                stream,
                tracker,
                vectorizer,
                sinks,
                guard=guard,
                run_id=str(facts["run_id"]),
                keep_points=points is not None,
                history=history,
            )
            monitor.n_pushes = int(facts["n_pushes"])
            monitor.n_events = int(facts["n_events"])
            monitor.n_sink_failures = int(facts["n_sink_failures"])
            monitor._tracked_step = facts["tracked_step"]
            items = unpack(sections["items"])
            monitor._items = ItemStore.from_contents(facts["item_ids"], items, points, stream.n_seen)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise CheckpointError(f"{checkpoint.path}: expected a checkpoint of a monitor, got {error!r}") from error
        return monitor

    def items(self, ids: Iterable[int]) -> list[Any]:
        """Return the items pushed for these landmark ids; None for those unknown or long gone."""
        return self._items.items(ids)

    def points(self, ids: Iterable[int]) -> Float64Array | None:
        """Return the coordinates of these landmark ids; with ``keep_points=True``.

        Returns
        -------
        ndarray of float64 of shape (n, n_dims), or None
            As they were pushed; rows of NaN for those unknown or long gone, None if all are.
        """
        return self._items.points(ids)

    def explain(self, event: Event) -> Explanation:
        """Look up what is behind an event of this monitor, as :meth:`Event.explain <toposcope.Event.explain>` does.

        Of an event that came out of a file, or out of another process, it can find what is remembered too.

        Parameters
        ----------
        event : Event
            Of this monitor's stream: ids of another one mean other points.

        Raises
        ------
        TypeError
            If it is none.
        """
        if not isinstance(event, Event):
            raise TypeError(f"event: expected an Event, got {describe(event)}")
        return explanation_of(event, self._items)

    def subscribe(
        self,
        kinds: Collection[type[Event] | str] | None = None,
        min_confidence: float = 0.0,
        capacity: int = 1024,
        on_lag: OnLag = "drop_oldest",
        since: int | None = None,
    ) -> Subscription:
        """Subscribe to events, from the next push on or from a number on.

        Parameters
        ----------
        kinds : set of event classes or their names, optional
            Which events; by default all.
        min_confidence : float, default=0.0
            Leave out events that are less certain.
        capacity : int, default=1024
            Events kept until they are collected.
        on_lag : {"drop_oldest", "block", "error", "coalesce"}, default="drop_oldest"
            What happens when they are not collected in time: the oldest goes; or the writer waits; or the oldest goes
            and the reader's next call raises :class:`~toposcope.LaggedError`; or only the newest event of each kind
            about the same identities is kept, and after that the oldest goes.
        since : int, optional
            The ``seq`` of the first event that is wanted: those that the monitor still has come first, then those to
            come, none twice and none left out. Who keeps the ``seq`` of the last event that he is done with, and asks
            for the next, goes on where he was, after a crash too: events of a restored tracker have the numbers that
            they had.

        Returns
        -------
        Subscription

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described, or the monitor is closed.
        LaggedError
            If events from ``since`` on have fallen out of the history. Where the monitor cannot know, because it is
            new and its tracker is not, the reader's first call after the next event raises it.
        """
        first = None if since is None else integer(since, "since", at_least=0)
        with self._subscribing:
            if self._closed:
                raise ValueError("subscribe to a closed monitor")
            subscription = Subscription(
                kinds=kinds,
                min_confidence=min_confidence,
                capacity=capacity,
                on_lag=on_lag,
                since=first,
                past=() if first is None else self._since(first),
                on_close=self._forget,
            )
            self._subscriptions.append(subscription)
        return subscription

    def run(
        self,
        source: Iterable[Any] | AsyncIterable[Any],
        *,
        chunk_size: int = CHUNK_SIZE,
        chunk_seconds: float | None = CHUNK_SECONDS,
    ) -> Run:
        """Push all that a source yields, cut into chunks.

        Parameters
        ----------
        source : iterable or asynchronous iterable of arrays, or ChunkRing
            Rows of shape (n_dims,) or blocks of shape (n_points, n_dims).
        chunk_size : int, default=1000
            Points of a chunk.
        chunk_seconds : float or None, default=0.01
            Seconds after which a chunk is pushed even if it is not full; None waits until it is. A synchronous source
            is looked at only when it yields: one that may fall silent should be asynchronous, or a
            :class:`~toposcope.ChunkRing`.

        Returns
        -------
        Run
            For ``for report in ...`` and ``async for report in ...``; nothing happens before. With ``async for`` the
            pushes happen in a worker thread.

        Notes
        -----
        If the source raises, what it yielded before is pushed and reported first.
        """
        return Run(self, source, ChunkCutter(chunk_size, chunk_seconds))

    def flush(self, timeout: float | None = None) -> bool:
        """Let all sinks write what they hold back.

        Parameters
        ----------
        timeout : float, optional
            Seconds that buffered ones get together; by default as long as it takes.

        Returns
        -------
        bool
            Whether all did.
        """
        until = None if timeout is None else time.monotonic() + number(timeout, "timeout")
        done = True
        for sink in self._sinks:
            if callable(flush := getattr(sink, "flush", None)):
                left = None if until is None else max(0.0, until - time.monotonic())
                done &= bool(flush(left))
        return done

    def close(self) -> None:
        """End all subscriptions and close all sinks; the stream stays usable. More calls do nothing."""
        with self._subscribing:
            if self._closed:
                return
            self._closed = True
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:  # first: one of them may be what a push waits for
            subscription.close()
        with self._pushing:
            for sink in self._sinks:
                sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _take(self, advance: Callable[[], Report], items: Sequence[Any] | None, chunk: Any = None) -> Report:
        """Advance the stream, track, deliver, vectorize, record: in this order, so that no failure leaves a gap."""
        with self._pushing:
            if self._closed:
                raise ValueError("push into a closed monitor")
            if self.guard is not None:
                self.guard.check()
            clock = StageClock()
            report = advance()
            self._keep(report, items, chunk)
            clock.lap("push")
            events = self._track(report)
            link(events, self._items)
            clock.lap("track")
            n_queued, n_lost, blocked = self._deliver(events)
            clock.lap("deliver")
            features = None if self.vectorizer is None else self.vectorizer.transform([report.diagram])[0]
            clock.lap("vectorize")
            # The cospan is megabytes that nobody needs once the tracker has seen it.
            cospan = report.cospan if self.tracker is None else None
            report = dataclasses.replace(report, cospan=cospan, events=events, features=features)
            self._record(report, clock, n_queued, n_lost, blocked)
            if self.guard is not None:
                self._watch(self.guard, report, clock)
            return report

    def _keep(self, report: Report, items: Sequence[Any] | None, chunk: Any) -> None:
        if report.first_index < self._items.n_seen:
            # The stream was started anew, and gives out the same ids for other points.
            self._items = ItemStore(keep_points=self._keep_points)
        n_points = 0 if chunk is None else report.n_points
        self._items.keep(report.first_index, items, report.landmark_ids.tolist(), chunk, n_points)

    def _track(self, report: Report) -> tuple[Event, ...]:
        """Return the events of a report, after those of reports at which Ctrl-C came between stream and tracker."""
        if self.tracker is None:
            return ()
        events: list[Event] = []
        losses: list[str] = []
        self._untracked.append(report)
        while self._untracked:
            events += self._observe(self.tracker, self._untracked[0], losses)
            self._tracked_step = self._untracked[0].step
            del self._untracked[0]
        for loss in losses:
            warnings.warn(f"{loss}: an interrupt took them on their way", TrackingWarning, stacklevel=4)
        return tuple(events)

    def _observe(self, tracker: CobordismTracker, report: Report, losses: list[str]) -> list[Event]:
        """Return the tracker's events; go on where an interrupt has taken what cannot be had again, and say what."""
        try:
            return tracker.observe(report)
        except ValueError:
            # After a loss in this very call, the step before may have been passed over without being seen.
            follows = self._tracked_step is None or report.step == self._tracked_step + 1
            if follows and not losses:
                if len(self._untracked) > 1:
                    # One left over from an interrupted push, which the tracker had seen after all.
                    losses.append(f"the events of step {report.step} are lost")
                    return []
                self._untracked.clear()  # it would be refused again
                raise
        except TypeError:
            self._untracked.clear()
            raise
        losses.append(f"reports before step {report.step} are lost, tracking starts anew")
        tracker.reset()
        return tracker.observe(report)

    def _deliver(self, events: tuple[Event, ...]) -> tuple[int, int, float]:
        """Hand the events on; return how many wait then, how many were lost on the way, and how long it was blocked."""
        self.n_events += len(events)
        with self._subscribing:
            # Together: who subscribes finds an event either here or among those to come.
            self._remember(events)
            subscriptions = tuple(self._subscriptions)
        if not subscriptions:
            return 0, 0, 0.0
        n_lost = -sum(subscription.n_dropped for subscription in subscriptions)
        blocked = -sum(subscription.blocked_seconds for subscription in subscriptions)
        for event in events:
            for subscription in subscriptions:
                subscription.offer(event)
        n_lost += sum(subscription.n_dropped for subscription in subscriptions)
        blocked += sum(subscription.blocked_seconds for subscription in subscriptions)
        return sum(map(len, subscriptions)), n_lost, blocked

    def _remember(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if self._history and event.seq != self._history[-1].seq + 1:
                self._history.clear()  # another tracker, which counts from the beginning
            self._history.append(event)

    def _since(self, first: int) -> list[Event]:
        """Return what was told from a number on."""
        if not self._history:
            return []
        oldest = self._history[0].seq
        if first < oldest:
            n_missed = oldest - first
            raise LaggedError(
                n_missed,
                f"since: expected a number from {oldest} on, as the events before are forgotten, got {first}: "
                f"{n_missed} events are gone",
            )
        return [event for event in self._history if event.seq >= first]

    def _watch(self, guard: Guard, report: Report, clock: StageClock) -> None:
        with self._subscribing:
            n_queued = max((len(subscription) for subscription in self._subscriptions), default=0)
        guard.observe(
            report.step,
            seconds=clock.seconds()["total"],
            n_queued=n_queued,
            # The pool holds none where the diagram was computed anew; an interval has one critical simplex at least.
            n_simplices=max(report.stats.pool.live, report.diagram.n_intervals),
            n_landmarks=report.n_landmarks,
        )

    def _forget(self, subscription: Subscription) -> None:
        with self._subscribing:
            self._subscriptions.remove(subscription)

    def _record(self, report: Report, clock: StageClock, n_queued: int, n_lost: int, blocked: float) -> None:
        seq = self.n_pushes
        self.n_pushes += 1
        if self._process is None:  # nobody wants a record
            return
        record = push_record(
            report,
            run_id=self.run_id,
            seq=seq,
            clock=clock,
            pressure=self._pressure(n_queued, n_lost, blocked),
            process=self._process.read(),
        )
        for sink in self._sinks:
            try:
                sink.write(record)
            except Exception as error:  # noqa: BLE001 (whatever a sink does, the stream goes on)
                self.n_sink_failures += 1
                if self.n_sink_failures == 1:
                    warnings.warn(f"{sink!r} failed: {error!r}; see n_sink_failures", TelemetryWarning, stacklevel=3)

    def _pressure(self, n_queued: int, n_lost: int, blocked: float) -> Pressure:
        ring = self._ring
        if ring is None:
            return Pressure(n_queued, n_lost, blocked)
        n_before, seconds_before = self._lost_before
        n_now, seconds_now = self._lost_before = ring.n_dropped, ring.blocked_seconds
        return Pressure(n_queued, n_lost, blocked, len(ring), n_now - n_before, seconds_now - seconds_before)

    def _attach(self, ring: ChunkRing) -> None:
        """Report on a ring from now on, and on what happened to it before this monitor saw it."""
        if ring is not self._ring:
            self._ring, self._lost_before = ring, (0, 0.0)


def _process_meter() -> ProcessMeter:
    from toposcope.telemetry.process import ProcessMeter  # noqa: PLC0415 (importing toposcope has to stay quick)

    return ProcessMeter()


def _check_verbs(argument: str, value: object, *verbs: str) -> None:
    """Refuse at once what could only fail in the middle of a push, when the stream has already moved on."""
    missing = [verb for verb in verbs if not callable(getattr(value, verb, None))]
    if missing or isinstance(value, type):
        raise TypeError(f"{argument}: expected something with {' and '.join(verbs)}, got {value!r}")


def _those(kept: Any, rows: Any) -> Any:
    """Return the rows that are kept, in a list as in an array."""
    if rows is None:
        return None
    return rows[kept] if hasattr(rows, "ndim") else [row for row, is_kept in zip(rows, kept, strict=True) if is_kept]


def _stream_config(stream: Stream) -> dict[str, Any]:
    """Return the parameters of a stream that say what its results are."""
    names = ("n_dims", "max_landmarks", "cover_radius", "max_dim", "background_dim", "metric", "complex", "threshold")
    more = ("memory_limit", "on_limit", "late", "half_life", "min_mass")
    window = stream.window if isinstance(stream.window, int) else f"{stream.window.total_seconds()} s"
    return {"window": window, **{name: getattr(stream, name) for name in (*names, *more)}}


class Run:
    """The reports of one source; made by :meth:`Monitor.run`, to be iterated once, with or without ``async``."""

    def __init__(self, monitor: Monitor, source: Iterable[Any] | AsyncIterable[Any], cutter: ChunkCutter) -> None:
        if not hasattr(source, "__iter__") and not hasattr(source, "__aiter__"):
            raise TypeError(f"source: expected an iterable or an asynchronous iterable, got {type(source).__name__}")
        self._monitor = monitor
        self._source: Any = source
        self._cutter = cutter
        if isinstance(source, ChunkRing):
            monitor._attach(source)  # noqa: SLF001 (a run is the monitor's own)

    def __iter__(self) -> Iterator[Report]:
        if not hasattr(self._source, "__iter__"):
            raise TypeError("source: it is asynchronous; use `async for report in monitor.run(source)`")
        return (self._monitor.push(chunk) for chunk in cut(self._source, self._cutter))

    async def __aiter__(self) -> AsyncIterator[Report]:
        import asyncio  # noqa: PLC0415 (half of the time that importing toposcope may take)

        if hasattr(self._source, "__aiter__"):
            chunks = cut_async(self._source, self._cutter)
            try:
                async for chunk in chunks:
                    yield await asyncio.to_thread(self._monitor.push, chunk)
            finally:
                await chunks.aclose()
        else:
            cut_chunks = cut(self._source, self._cutter)
            while (piece := await asyncio.to_thread(next, cut_chunks, _END)) is not _END:
                yield await asyncio.to_thread(self._monitor.push, piece)
