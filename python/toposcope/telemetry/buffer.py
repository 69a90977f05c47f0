"""Records that wait in memory until it is worth to write them, and never longer than they should."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
import warnings
import weakref
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self

from toposcope._typing import integer, number
from toposcope.exceptions import TelemetryWarning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import FrameType

    from toposcope.telemetry.record import PushRecord, Sink

#: Seconds for which the end of a process, or of a sink, waits for what is still to be written.
_GRACE = 2.0
_open_sinks: weakref.WeakSet[BufferedSink] = weakref.WeakSet()


class BufferedSink:
    """Takes records at once, and lets a thread of its own hand them to another sink, several together.

    They go when there are ``max_records`` of them, when the first is ``max_seconds`` old, when someone asks
    (:meth:`flush`), at :meth:`close`, at the end of the program, and on signals within :func:`flush_on_signals`. What a
    push pays for is to put a record into a ring.

    Parameters
    ----------
    sink : Sink
        Where they go. If it has ``write_many`` it gets them as a list. It is closed with this one.
    max_records : int, default=256
        So many wait at most for others.
    max_seconds : float, default=1.0
        So long the oldest waits at most.
    capacity : int, default=65536
        So many are held if the sink is slow; for one more the oldest is dropped and counted.

    Attributes
    ----------
    sink : Sink
        Where they go.
    n_dropped : int
        Records for which there was no room.
    n_failures : int
        Records that the sink raised on. The first one is warned about, at the next call.

    Notes
    -----
    ``kill -9`` takes what was not written yet: a :class:`JsonlSink` without a buffer loses one line at most. After a
    fork the child's records are written by a thread of the child's, and those of before are the parent's.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> sink = ts.telemetry.BufferedSink(ts.telemetry.JsonlSink("run.jsonl"))
    >>> with ts.Monitor(ts.Stream(n_dims=2), sinks=[sink]) as monitor:
    ...     reports = [monitor.push(np.zeros((3, 2))) for _ in range(5)]
    >>> len(ts.telemetry.read_jsonl("run.jsonl").records)
    5
    """

    def __init__(self, sink: Sink, *, max_records: int = 256, max_seconds: float = 1.0, capacity: int = 65_536) -> None:
        if not number(max_seconds, "max_seconds") >= 0:
            raise ValueError(f"max_seconds: expected seconds, at least 0, got {max_seconds!r}")
        if not callable(getattr(sink, "write", None)) or not callable(getattr(sink, "close", None)):
            raise TypeError(f"sink: expected something with write and close, got {sink!r}")
        self.sink = sink
        self.n_dropped = 0
        self.n_failures = 0
        self._max_records = integer(max_records, "max_records", at_least=1)
        self._max_seconds = float(max_seconds)
        self._capacity = integer(capacity, "capacity", at_least=1)
        self._start_anew()
        _open_sinks.add(self)

    def _start_anew(self) -> None:
        self._pending: deque[PushRecord] = deque()
        self._n_taken = 0
        self._n_settled = 0
        self._n_asked = 0
        self._error: BaseException | None = None
        self._closed = False
        self._warned = False
        self._pid = os.getpid()
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition(threading.RLock())

    # the writer's side -----------------------------------------------------------------------------------------------

    def write(self, record: PushRecord) -> None:
        """Take one record."""
        self._heed_fork()
        with self._changed:
            if self._closed:
                raise ValueError(f"write to a closed sink: {self.sink!r}")
            if len(self._pending) >= self._capacity:
                self._pending.popleft()
                self.n_dropped += 1
                self._n_settled += 1
            self._pending.append(record)
            self._n_taken += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="toposcope-telemetry", daemon=True)
                self._thread.start()
            if len(self._pending) in {1, self._max_records}:
                self._changed.notify_all()
        self._warn()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until the sink has all that was taken so far.

        Parameters
        ----------
        timeout : float or None
            Seconds to wait at most; None waits until it is done.

        Returns
        -------
        bool
            Whether it is done. What the sink failed to take counts as done, and in ``n_failures``.
        """
        self._heed_fork()
        until = None if timeout is None else time.monotonic() + number(timeout, "timeout")
        done = self._settle(timeout)
        self._warn()
        if done and callable(flush := getattr(self.sink, "flush", None)):
            return bool(flush(None if until is None else max(0.0, until - time.monotonic())))
        return done

    def close(self) -> None:
        """Hand over what waits, for two seconds at most, and close the sink; more calls do nothing."""
        self._heed_fork()
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        _open_sinks.discard(self)
        if self._settle(_GRACE):
            self.sink.close()
        else:
            with self._changed:
                n_left = len(self._pending)
                self.n_dropped += n_left
                self._pending.clear()
            warnings.warn(
                f"{self.sink!r} took more than {_GRACE:g} s: {n_left} records are dropped, and it is left open",
                TelemetryWarning,
                stacklevel=2,
            )
        self._warn()

    def __len__(self) -> int:
        """Records that wait."""
        return len(self._pending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _heed_fork(self) -> None:
        """Forget in a child what its parent will write."""
        if self._pid != os.getpid():
            self._start_anew()

    def _settle(self, timeout: float | None) -> bool:
        """Ask the thread for what was taken so far, and wait for it.

        It alone writes to the sink, and no lock is held meanwhile: so a signal handler may wait here, whatever it has
        interrupted.
        """
        with self._changed:
            target = self._n_asked = max(self._n_asked, self._n_taken)
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._n_settled >= target, timeout)

    def _warn(self) -> None:
        if self._error is not None and not self._warned:
            self._warned = True
            warnings.warn(f"{self.sink!r} failed: {self._error!r}; see n_failures", TelemetryWarning, stacklevel=3)

    # the thread's side -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while records := self._due():
            self._hand_over(records)
            with self._changed:
                self._n_settled += len(records)
                self._changed.notify_all()

    def _due(self) -> list[PushRecord]:
        """Wait until records are many, old or asked for; none when the sink is closed and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closed)
            until = time.monotonic() + self._max_seconds
            while not self._is_due() and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            records = list(self._pending)
            self._pending.clear()
        return records

    def _is_due(self) -> bool:
        return self._closed or self._n_asked > self._n_settled or len(self._pending) >= self._max_records

    def _hand_over(self, records: list[PushRecord]) -> None:
        write_many: Any = getattr(self.sink, "write_many", None)
        if write_many is not None:
            self._attempt(write_many, records, len(records))
            return
        for record in records:
            self._attempt(self.sink.write, record, 1)

    def _attempt(self, write: Any, what: Any, n_records: int) -> None:
        try:
            write(what)
        except Exception as error:  # noqa: BLE001 (said at the next call, where someone can hear it)
            self.n_failures += n_records
            self._error = self._error or error


class _Flushing(Protocol):
    """What :func:`flush_on_signals` takes: sinks and monitors."""

    def flush(self, timeout: float | None = None) -> bool:
        """Write what waits."""


@contextmanager
def flush_on_signals(
    *flushing: _Flushing,
    signals: Collection[int] = (signal.SIGTERM, signal.SIGINT),
    grace: float = _GRACE,
) -> Iterator[None]:
    """Write what waits in buffers when a signal comes, before it has the effect that it would have had.

    Parameters
    ----------
    *flushing : BufferedSink or Monitor
        What is flushed, in this order.
    signals : collection of int, default=(SIGTERM, SIGINT)
        On which signals. One that is ignored stays ignored.
    grace : float, default=2.0
        Seconds that all of them get together.

    Raises
    ------
    ValueError
        Outside of the main thread, where Python takes no signal handlers.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> sink = ts.telemetry.BufferedSink(ts.telemetry.JsonlSink("run.jsonl"), max_seconds=60)
    >>> with ts.telemetry.flush_on_signals(sink), ts.Monitor(ts.Stream(n_dims=2), sinks=[sink]) as monitor:
    ...     report = monitor.push(np.zeros((3, 2)))
    """
    if threading.current_thread() is not threading.main_thread():
        raise ValueError("flush_on_signals: expected the main thread, as Python has handlers nowhere else")
    previous: dict[int, Any] = {}

    def handle(signum: int, frame: FrameType | None) -> None:
        until = time.monotonic() + grace
        for one in flushing:
            one.flush(max(0.0, until - time.monotonic()))
        before = previous[signum]
        if callable(before):
            before(signum, frame)
        else:  # what the system does: die of it, so that whoever waits for the process sees why
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)

    try:
        for signum in signals:
            before = signal.getsignal(signum)
            if before is not signal.SIG_IGN:
                previous[signum] = before
                signal.signal(signum, handle)
        yield
    finally:
        for signum, before in previous.items():
            signal.signal(signum, before)


@atexit.register
def _flush_all() -> None:
    """At the end of the program: nothing that was taken is lost for want of a call to ``close``."""
    until = time.monotonic() + _GRACE
    for sink in list(_open_sinks):
        if sink._pid == os.getpid():  # noqa: SLF001 (this module's own)
            sink._settle(max(0.0, until - time.monotonic()))  # noqa: SLF001
