"""Files that grow by whole lines.

What is written is one ``write(2)`` on a descriptor opened with ``O_APPEND``: no buffer of this process can lose it, and
two writers cannot interleave. A kill in the middle of the call can still leave a torn line, and so can a full disk.
Hence the two other halves of the promise: whoever opens the file ends a torn last line first, and whoever reads it
skips and counts what does not parse.

Limitations
-----------
The page cache survives a killed process, not a power cut: the file is synchronised to the disk only by ``close``.
There is no rotation.
"""

from __future__ import annotations

import os
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from toposcope.exceptions import TelemetryWarning

if TYPE_CHECKING:
    from collections.abc import Iterable


class Serializable(Protocol):
    """Anything that can say itself as a dictionary: records and events."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: numbers, strings, lists and dictionaries."""


class LineSink(ABC):
    """A file to which lines are appended; what a line looks like is the subclass's to say."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.n_written = 0
        self.n_dropped = 0
        self._lock = threading.Lock()
        self._warned = False
        self._descriptor: int | None = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._torn = _ends_torn(self._descriptor)

    def write(self, record: Serializable | Mapping[str, Any]) -> None:
        """Append one record.

        Parameters
        ----------
        record : object with ``to_dict()``, or a mapping
            What to write. Anything that the format cannot say is an error of the caller and raises ``TypeError``.
        """
        self._write(self._line(record), 1)

    def write_many(self, records: Iterable[Serializable | Mapping[str, Any]]) -> None:
        """Append several records at once, in one call to the system."""
        lines = [self._line(record) for record in records]
        if lines:
            self._write(b"".join(lines), len(lines))

    @abstractmethod
    def _line(self, record: Serializable | Mapping[str, Any]) -> bytes:
        """Return a record as a line, its end included."""

    def _write(self, lines: bytes, n_lines: int) -> None:
        with self._lock:
            if self._descriptor is None:
                raise ValueError(f"write to a closed sink: {self.path}")
            self._append(self._descriptor, lines, n_lines)

    def _append(self, descriptor: int, lines: bytes, n_lines: int) -> None:
        begun = b"\n" if self._torn else b""
        try:
            n_bytes = os.write(descriptor, begun + lines)
        except OSError as error:
            self._drop(n_lines, error.strerror or str(error))
            return
        taken = lines[: max(0, n_bytes - len(begun))]
        n_taken = taken.count(b"\n")
        self.n_written += n_taken
        # A disk that fills up in the middle of a line takes only its beginning.
        self._torn = self._torn if n_bytes == 0 else n_bytes > len(begun) and not taken.endswith(b"\n")
        if n_taken < n_lines:
            self._drop(n_lines - n_taken, "the disk took only a part of the line")

    def _drop(self, n_lines: int, reason: str) -> None:
        self.n_dropped += n_lines
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.path}: records are being dropped ({reason}); see n_dropped", TelemetryWarning, stacklevel=5
            )

    def close(self) -> None:
        """Synchronise the file to the disk and close it; more calls do nothing."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        try:
            os.fsync(descriptor)
        except OSError:
            pass  # pipes and devices cannot be synchronised; a failing disk has been counted by its writes
        finally:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def values_of(record: Serializable | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record as a dictionary."""
    return record if isinstance(record, Mapping) else record.to_dict()


def _ends_torn(descriptor: int) -> bool:
    """Whether the file's last byte is something else than the end of a line."""
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    except OSError:
        return False  # not a seekable file: there is nothing to repair
