"""Coroutines that wait for what other threads do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class Waiters:
    """Futures of event loops, which any thread may settle. Its owner has a lock, and holds it for every call."""

    def __init__(self) -> None:
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def join(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """Return a future of the running loop that the next :meth:`wake` settles."""
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((loop, future))
        return future

    def leave(self, future: asyncio.Future[None]) -> None:
        """Forget a future, whether it was settled or not."""
        self._waiting = [waiter for waiter in self._waiting if waiter[1] is not future]

    def wake(self) -> None:
        """Settle all of them."""
        waiting, self._waiting = self._waiting, []
        for loop, future in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, future)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():  # a cancelled reader has left already
        future.set_result(None)
