"""A bounded ring of chunks, between those who have points and the one who pushes them."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np

from toposcope._typing import describe, float_array, integer, number
from toposcope.chunk_buffer import ChunkBuffer
from toposcope.exceptions import LaggedError
from toposcope.pipeline.waiting import Waiters

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

OnFull = Literal["block", "drop_oldest", "error"]
"""What happens to a chunk for which a ring has no room."""


class ChunkRing:
    """Takes chunks from any number of threads, and gives them to :meth:`Monitor.run <toposcope.Monitor.run>` in order.

    Those who feed it feel when the monitor is too slow: they wait, or lose the oldest chunk, or are told. How long they
    waited, what was lost and what is queued is in the monitor's records.

    Parameters
    ----------
    capacity : int, default=16
        Chunks that wait at most.
    on_full : {"block", "drop_oldest", "error"}, default="block"
        What happens to one more: :meth:`put` waits; or the oldest goes; or ``put`` raises
        :class:`~toposcope.LaggedError`, and the new one is what is lost.

    Attributes
    ----------
    capacity : int
        Chunks that wait at most.
    on_full : str
        What happens to one more.
    n_put, n_dropped : int
        Chunks that came, and that were lost for want of room.
    blocked_seconds : float
        For how long ``put`` has waited for room, over all threads.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> ring = ts.ChunkRing(capacity=4)
    >>> for x in range(3):
    ...     ring.put(np.full((100, 2), x, dtype=np.float32))
    >>> ring.close()
    >>> monitor = ts.Monitor(ts.Stream(n_dims=2))
    >>> [report.n_points for report in monitor.run(ring, chunk_size=150, chunk_seconds=None)]
    [150, 150]
    """

    def __init__(self, capacity: int = 16, on_full: OnFull = "block") -> None:
        if on_full not in get_args(OnFull):
            raise ValueError(f"on_full: expected one of {', '.join(get_args(OnFull))}, got {on_full!r}")
        self.capacity = integer(capacity, "capacity", at_least=1)
        self.on_full: OnFull = on_full
        self.n_put = 0
        self.n_dropped = 0
        self.blocked_seconds = 0.0
        self._ring: deque[Any] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._waiters = Waiters()

    def put(self, chunk: Any, *, copy: bool = True, timeout: float | None = None) -> None:
        """Hand in points.

        Parameters
        ----------
        chunk : array of shape (n_points, n_dims), or ChunkBuffer
            As :meth:`Stream.push <toposcope.Stream.push>` takes them.
        copy : bool, default=True
            False: the array is given up. It is kept as it is, made read-only, and must not be written to any more, by
            no other name either: which points are pushed is undefined otherwise. A :class:`~toposcope.ChunkBuffer` is
            never copied.
        timeout : float, optional
            Seconds to wait at most with ``on_full="block"``; by default as long as it takes.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described, or the ring is closed.
        LaggedError
            If there is no room, with ``on_full="error"`` or after ``timeout``; the chunk is lost, and counted.
        """
        taken = chunk if isinstance(chunk, ChunkBuffer) else _own(chunk, copy=copy)
        until = None if timeout is None else time.monotonic() + number(timeout, "timeout")
        with self._changed:
            self._raise_if_closed()
            if len(self._ring) >= self.capacity:
                self._make_room(until)
                self._raise_if_closed()
            self._ring.append(taken)
            self.n_put += 1
            self._wake()

    def get(self, timeout: float | None = None) -> Any:
        """Take the oldest chunk out.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for one at most; by default until the ring is closed.

        Returns
        -------
        ndarray, ChunkBuffer or None
            None if none came in time, or none will come any more (:attr:`is_exhausted`).
        """
        seconds = None if timeout is None else number(timeout, "timeout")
        with self._changed:
            self._changed.wait_for(lambda: self._ring or self._closed, seconds)
            return self._take()

    def __iter__(self) -> Iterator[Any]:
        while (chunk := self.get()) is not None:
            yield chunk

    async def __aiter__(self) -> AsyncIterator[Any]:
        import asyncio  # noqa: PLC0415 (half of the time that importing toposcope may take)

        loop = asyncio.get_running_loop()
        while True:
            with self._changed:
                chunk = self._take()
                if chunk is None:
                    if self._closed:
                        return
                    woken = self._waiters.join(loop)
            if chunk is not None:
                yield chunk
                continue
            try:
                await woken
            finally:
                with self._changed:
                    self._waiters.leave(woken)

    def __len__(self) -> int:
        """Chunks that wait."""
        return len(self._ring)

    @property
    def is_exhausted(self) -> bool:
        """Whether the ring is closed and nothing is left in it."""
        return self._closed and not self._ring

    def close(self) -> None:
        """Take no more; what is left is still given out. More calls do nothing."""
        with self._changed:
            self._closed = True
            self._wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # with the lock held ----------------------------------------------------------------------------------------------

    def _take(self) -> Any:
        if not self._ring:
            return None
        chunk = self._ring.popleft()
        self._changed.notify_all()
        return chunk

    def _wake(self) -> None:
        self._changed.notify_all()
        self._waiters.wake()

    def _make_room(self, until: float | None) -> None:
        if self.on_full == "drop_oldest":
            self._ring.popleft()
            self.n_dropped += 1
            return
        if self.on_full == "block":
            begun = time.monotonic()
            left = None if until is None else max(0.0, until - begun)
            has_room = self._changed.wait_for(lambda: self._closed or len(self._ring) < self.capacity, left)
            self.blocked_seconds += time.monotonic() - begun
            if has_room:
                return
        self.n_put += 1
        self.n_dropped += 1
        raise LaggedError(1, f"chunk: there is no room for it, as {len(self._ring)} others wait to be pushed")

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise ValueError("put into a closed ring")


def _own(chunk: Any, *, copy: bool) -> np.ndarray[Any, Any]:
    """Return the points as an array that nobody else should write to."""
    if isinstance(chunk, (list, tuple)):
        raise TypeError(f"chunk: expected an array of shape (n_points, n_dims), got a {describe(chunk)}; use np.array")
    points = float_array(chunk, "chunk", 2)
    if isinstance(chunk, np.ndarray) and not np.may_share_memory(points, chunk):
        return points  # it was converted, and is nobody else's
    if copy:
        return points.copy()
    for array in (points, chunk):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return points
