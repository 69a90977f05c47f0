"""Stopping at the edge of a chunk, and soon."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

PATIENCE_SECONDS = 0.7
"""How long after a signal what has begun may go on, where it can be broken off."""
GRACE_SECONDS = 1.5
"""How long after a signal the last things may take: what a process needs to end comes on top, and all is 2 seconds."""


class Stopped(BaseException):
    """Raised by the first signal while nothing is being changed; no ``except Exception`` must swallow it."""


class GraceOver(BaseException):
    """Raised where there is no more time for what could as well be made later."""


class Stopper:
    """While it is entered, the first SIGINT or SIGTERM asks to stop, and the second one stops at once.

    Asking raises :class:`Stopped`, except inside of :meth:`busy`, where it only sets :attr:`signum`: what has begun is
    finished there. The second one raises ``KeyboardInterrupt``, wherever it comes.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._asked_at = 0.0
        self._busy = False
        self._is_breakable = False
        self._in_grace = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for signum in _SIGNALS:
            # What is ignored stays so: a shell asks for that when it puts a job into the background.
            if signal.getsignal(signum) is not signal.SIG_IGN:
                self._previous[signum] = signal.signal(signum, self._handle)
        self._previous[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._be_late)
        return self

    def __exit__(self, *exc: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    @contextmanager
    def busy(self, *, is_breakable: bool = False) -> Iterator[None]:
        """Hold back the first signal for the length of a block.

        With ``is_breakable`` not for longer than :data:`PATIENCE_SECONDS`: then :class:`Stopped` is raised inside.
        """
        self._busy, self._is_breakable = True, is_breakable
        try:
            yield
        finally:
            self._busy = self._is_breakable = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    @contextmanager
    def grace(self) -> Iterator[None]:
        """Raise :class:`GraceOver` in a block that is not done :data:`GRACE_SECONDS` after a signal."""
        self._busy = self._in_grace = True
        try:
            if self.signum is not None:
                self._set_alarm(GRACE_SECONDS)
            yield
        finally:
            self._busy = self._in_grace = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal stopped; 0 if none did."""
        return 0 if self.signum is None else 128 + self.signum

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        del frame
        is_second = self.signum is not None
        self.signum = signum
        if is_second:
            raise KeyboardInterrupt
        self._asked_at = time.monotonic()
        if not self._busy:
            raise Stopped
        if self._in_grace:
            self._set_alarm(GRACE_SECONDS)
        elif self._is_breakable:
            self._set_alarm(PATIENCE_SECONDS)

    def _be_late(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        if self._in_grace:
            raise GraceOver
        if self._is_breakable:
            raise Stopped

    def _set_alarm(self, seconds: float) -> None:
        """Set the alarm so long after the signal, but in the future."""
        signal.setitimer(signal.ITIMER_REAL, max(0.001, self._asked_at + seconds - time.monotonic()))
