"""Lines of bytes: from a file, or from a descriptor that may fall silent."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is refused, so that a file that is no text cannot fill the memory."""

_TICK_SECONDS = 0.1
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Lines(Protocol):
    """Lines without their ends; None says that there is none for now."""

    name: str

    def __iter__(self) -> Iterator[bytes | None]: ...

    def progress(self) -> float | None:
        """Return the share that was read."""

    def close(self) -> None:
        """Let go of the file."""


class FileLines:
    """The lines of a file."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._file = path.open("rb")
        self._n_bytes = path.stat().st_size

    def __iter__(self) -> Iterator[bytes | None]:
        first = True
        while line := self._file.readline(LONGEST_LINE + 1):
            _check_length(self.name, line)
            yield line.rstrip(b"\r\n").removeprefix(_BYTE_ORDER_MARK if first else b"")
            first = False

    def progress(self) -> float | None:
        """Return the share of the bytes."""
        return min(1.0, self._file.tell() / self._n_bytes) if self._n_bytes else None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class LiveLines:
    """The lines of an open descriptor, as they come.

    Reads by ``select`` and ``read(2)``, not through Python's buffered standard input: that one cannot say "nothing for
    now", and a signal handler that must run while it waits would have to end the wait.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self.name = name
        self._descriptor = descriptor

    def __iter__(self) -> Iterator[bytes | None]:
        rest, first = b"", True
        while True:
            ready, _, _ = select.select([self._descriptor], [], [], _TICK_SECONDS)
            if not ready:
                yield None
                continue
            if not (piece := os.read(self._descriptor, 65536)):
                break
            *lines, rest = (rest + piece).split(b"\n")
            _check_length(self.name, rest)
            for line in lines:
                yield line.rstrip(b"\r").removeprefix(_BYTE_ORDER_MARK if first else b"")
                first = False
        if rest:
            yield rest.rstrip(b"\r")

    def progress(self) -> None:
        """Nobody knows."""

    def close(self) -> None:
        """Leave the descriptor to its owner."""


def decode(line: bytes, place: str) -> str:
    """Return the text of a line."""
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{place}: expected UTF-8 text, got byte 0x{line[error.start]:02x} at column {error.start + 1}"
        ) from None


def _check_length(name: str, line: bytes) -> None:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"{name}: expected lines of text, got one of more than {LONGEST_LINE} bytes")
