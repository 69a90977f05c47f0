"""The progress bar behind ``progress=True``: one line on stderr for all stages of a call, wiped when done."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toposcope._typing import Progress

_WIDTH = 32
_SECONDS_BETWEEN_DRAWS = 0.1
#: Before so much is done, what is left is anybody's guess.
_SHARE_TO_EXTRAPOLATE = 0.05


class _Bar:
    """Draws ``progress(stage, done, total)``; plain text, so that it needs nothing installed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started = time.monotonic()
        self._drawn = float("-inf")
        self._length = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._drawn < _SECONDS_BETWEEN_DRAWS:
            return
        self._drawn = now
        share, elapsed = done / total, now - self._started
        filled = round(share * _WIDTH)
        bar = f"[{'#' * filled}{'.' * (_WIDTH - filled)}]"
        self._write(f"{stage:<16} {bar} {share:4.0%}  {elapsed:.1f} s{_left(share, elapsed)}")

    def wipe(self) -> None:
        if self._length:
            self._write("")
            self._out.write("\r")
            self._out.flush()

    def _write(self, line: str) -> None:
        self._out.write("\r" + line.ljust(self._length))
        self._out.flush()
        self._length = max(self._length, len(line))


def _left(share: float, elapsed: float) -> str:
    if share < _SHARE_TO_EXTRAPOLATE:
        return ""
    return f", about {elapsed * (1 - share) / share:.0f} s left"


@contextmanager
def progress_callback(progress: bool | Progress) -> Iterator[Progress | None]:
    """Give the callback that ``progress=`` stands for: none, a bar on stderr, or the caller's own."""
    if progress is False:
        yield None
        return
    if callable(progress):
        yield progress
        return
    if progress is not True:
        raise TypeError(f"progress: expected a bool or a callable(stage, done, total), got {progress!r}")
    bar = _Bar(sys.stderr)
    try:
        yield bar
    finally:
        bar.wipe()
