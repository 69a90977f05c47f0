"""Cutting a source of rows into chunks by size and by time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import integer, number
from toposcope.chunk_buffer import ChunkBuffer
from toposcope.pipeline.ring import ChunkRing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator

Block = np.ndarray[Any, np.dtype[Any]]
Chunk = Block | ChunkBuffer

CHUNK_SIZE = 1000
"""Points of a chunk, unless told otherwise."""
CHUNK_SECONDS = 0.010
"""Seconds after its first row at which a chunk is cut even if it is not full, unless told otherwise."""

_END = object()


class ChunkCutter:
    """Collects rows and gives them out as chunks of at most ``chunk_size`` points, at most ``chunk_seconds`` old."""

    def __init__(self, chunk_size: int = CHUNK_SIZE, chunk_seconds: float | None = CHUNK_SECONDS) -> None:
        if chunk_seconds is not None and not number(chunk_seconds, "chunk_seconds") >= 0:
            raise ValueError(f"chunk_seconds: expected seconds, at least 0, or None, got {chunk_seconds!r}")
        self._chunk_size = integer(chunk_size, "chunk_size", at_least=1)
        self._chunk_seconds = chunk_seconds
        self._pieces: list[Block] = []
        self._n_rows = 0
        self._since = 0.0

    def add(self, rows: object) -> Iterator[Chunk]:
        """Take one row ``(n_dims,)`` or several ``(n_points, n_dims)``; give out the chunks that are full or due.

        A :class:`ChunkBuffer` is a chunk already: it goes as it is, after what was collected.
        """
        if isinstance(rows, ChunkBuffer):
            yield from self.rest()
            yield rows
            return
        block = _as_block(rows)
        if self._pieces and block.shape[1] != self._pieces[0].shape[1]:
            raise ValueError(
                f"source: expected rows of {self._pieces[0].shape[1]} dimensions like those before, "
                f"got {block.shape[1]}"
            )
        while len(block):
            if not self._pieces:
                self._since = time.monotonic()
            piece, block = np.split(block, [self._chunk_size - self._n_rows])
            self._pieces.append(piece)
            self._n_rows += len(piece)
            if self._n_rows == self._chunk_size:
                yield from self.rest()
        if self._pieces and self.seconds_left() == 0.0:
            yield from self.rest()

    def rest(self) -> Iterator[Chunk]:
        """Give out what was collected, if anything."""
        if self._pieces:
            pieces, self._pieces, self._n_rows = self._pieces, [], 0
            yield pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def seconds_left(self) -> float | None:
        """Seconds until what was collected is due; None if nothing is, or time does not count."""
        if not self._pieces or self._chunk_seconds is None:
            return None
        return max(0.0, self._since + self._chunk_seconds - time.monotonic())


def cut(source: Iterable[object], cutter: ChunkCutter) -> Iterator[Chunk]:
    """Cut a source; the clock is looked at whenever the source yields, and all the time if it is a ring.

    An exception of the source is raised after what was collected before it.
    """
    if isinstance(source, ChunkRing):
        yield from _cut_ring(source, cutter)
        return
    try:
        for rows in source:
            yield from cutter.add(rows)
    except Exception:
        yield from cutter.rest()
        raise
    yield from cutter.rest()


def _cut_ring(ring: ChunkRing, cutter: ChunkCutter) -> Iterator[Chunk]:
    while not ring.is_exhausted:
        rows = ring.get(cutter.seconds_left())
        yield from cutter.rest() if rows is None else cutter.add(rows)
    yield from cutter.rest()


async def cut_async(source: AsyncIterable[object], cutter: ChunkCutter) -> AsyncGenerator[Chunk, None]:
    """Cut an asynchronous source; a chunk that is due is given out even while the source is silent."""
    import asyncio  # noqa: PLC0415 (half of the time that importing toposcope may take)

    rows = aiter(source)

    async def step() -> object:
        return await anext(rows, _END)

    pending = asyncio.create_task(step())
    try:
        while True:
            done, _ = await asyncio.wait({pending}, timeout=cutter.seconds_left())
            if not done:
                for chunk in cutter.rest():
                    yield chunk
                continue
            if (block := pending.result()) is _END:
                break
            for chunk in cutter.add(block):
                yield chunk
            pending = asyncio.create_task(step())
    except Exception:
        for chunk in cutter.rest():
            yield chunk
        raise
    finally:
        await _stop(pending, rows)
    for chunk in cutter.rest():
        yield chunk


async def _stop(pending: Any, rows: AsyncIterator[object]) -> None:
    """Leave no task and no generator of the source behind."""
    import asyncio  # noqa: PLC0415

    pending.cancel()
    await asyncio.gather(pending, return_exceptions=True)
    close = getattr(rows, "aclose", None)
    if close is not None:
        await close()


def _as_block(rows: object) -> Block:
    if isinstance(rows, (list, tuple, str, bytes)):
        raise TypeError(
            f"source: expected arrays of shape (n_dims,) or (n_points, n_dims), got {type(rows).__name__}; "
            "wrap rows in numpy.asarray"
        )
    block = np.asarray(rows)
    if block.ndim not in (1, 2) or block.dtype.kind not in "fiu":
        raise TypeError(
            "source: expected numeric arrays of shape (n_dims,) or (n_points, n_dims), "
            f"got {type(rows).__name__} of dtype {block.dtype} and shape {block.shape}"
        )
    return block.reshape(1, -1) if block.ndim == 1 else block
