"""Stopping at the edge of a chunk."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Raised by the first signal while nothing is being changed; no ``except Exception`` must swallow it."""


class Stopper:
    """While it is entered, the first SIGINT or SIGTERM asks to stop, and the second one stops at once.

    Asking raises :class:`Stopped`, except inside of :meth:`busy`, where it only sets :attr:`signum`: what has begun is
    finished there.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._busy = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for signum in _SIGNALS:
            # What is ignored stays so: a shell asks for that when it puts a job into the background.
            if signal.getsignal(signum) is not signal.SIG_IGN:
                self._previous[signum] = signal.signal(signum, self._handle)
        return self

    def __exit__(self, *exc: object) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Hold back the first signal for the length of a block."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal stopped; 0 if none did."""
        return 0 if self.signum is None else 128 + self.signum

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        del frame
        if self.signum is not None:
            raise KeyboardInterrupt
        self.signum = signum
        if not self._busy:
            raise Stopped
