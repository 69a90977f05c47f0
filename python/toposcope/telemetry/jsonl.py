"""JSON lines that survive a crash.

A line is one ``write(2)`` on a descriptor opened with ``O_APPEND``: no buffer of this process can lose it, and two
writers cannot interleave. A kill in the middle of the call can still leave a torn line, and so can a full disk. Hence
the two other halves of the promise: whoever opens the file ends a torn last line first, and whoever reads it skips
and counts what does not parse.

Limitations
-----------
The page cache survives a killed process, not a power cut: the file is synchronised to the disk only by :meth:`close`.
There is no rotation.
"""

from __future__ import annotations

import json
import math
import os
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from toposcope.exceptions import TelemetryWarning


class Serializable(Protocol):
    """Anything that can say itself as a dictionary: records and events."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: numbers, strings, lists and dictionaries."""


class JsonlSink:
    """Appends records to a file, one line of JSON each.

    Parameters
    ----------
    path : str or os.PathLike
        Created if missing. A last line torn by a crash is ended first, so that the next record starts on its own line.

    Attributes
    ----------
    path : Path
        Where the lines go.
    n_written, n_dropped : int
        Lines that reached the file, and lines that could not be written (full disk, lost device).

    Notes
    -----
    A failed write never raises into the loop that is being measured: the line is dropped and counted, and the first
    failure warns. NaN and infinities become ``null``, because JSON has no word for them.
    """

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
            What to write. Anything JSON cannot say is an error of the caller and raises ``TypeError``.
        """
        values = record if isinstance(record, Mapping) else record.to_dict()
        line = json.dumps(finite(values), allow_nan=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._descriptor is None:
                raise ValueError(f"write to a closed sink: {self.path}")
            self._append(self._descriptor, line)

    def _append(self, descriptor: int, line: bytes) -> None:
        if self._torn:
            line = b"\n" + line
        try:
            n_bytes = os.write(descriptor, line)
        except OSError as error:
            self._drop(error.strerror or str(error))
            return
        # A disk that fills up in the middle of a line takes only its beginning.
        self._torn = n_bytes != len(line)
        if self._torn:
            self._drop("the disk took only a part of the line")
        else:
            self.n_written += 1

    def _drop(self, reason: str) -> None:
        self.n_dropped += 1
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.path}: records are being dropped ({reason}); see n_dropped", TelemetryWarning, stacklevel=4
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


@dataclass(frozen=True, slots=True)
class JsonlContents:
    """What :func:`read_jsonl` found.

    Attributes
    ----------
    records : list of dict
        The lines that are JSON objects, in order.
    n_skipped : int
        Lines that are not: torn by a crash, or damaged.
    """

    records: list[dict[str, Any]]
    n_skipped: int


def read_jsonl(path: str | os.PathLike[str]) -> JsonlContents:
    """Read a file of JSON lines, skipping and counting those that do not parse.

    Parameters
    ----------
    path : str or os.PathLike
        A file that :class:`JsonlSink` has written, perhaps cut short by a crash.

    Returns
    -------
    JsonlContents
        The records, and how many lines were skipped. Blank lines are neither.
    """
    records: list[dict[str, Any]] = []
    n_skipped = 0
    with Path(path).open("rb") as lines:
        for line in lines:
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                records.append(record)
            else:
                n_skipped += 1
    return JsonlContents(records, n_skipped)


def finite(value: Any) -> Any:
    """Return a copy of plain values in which NaN and infinities are None and NumPy scalars are Python numbers."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    to_plain = getattr(value, "tolist", None)
    return value if to_plain is None else finite(to_plain())


def _ends_torn(descriptor: int) -> bool:
    """Whether the file's last byte is something else than the end of a line."""
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    except OSError:
        return False  # not a seekable file: there is nothing to repair
