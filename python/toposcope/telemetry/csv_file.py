"""Records as a table that every program opens."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toposcope.telemetry.lines import LineSink, Serializable, values_of
from toposcope.telemetry.schema import COLUMNS, flat

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

_HEADER = ",".join(column.name for column in COLUMNS).encode() + b"\n"
#: What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CsvSink(LineSink):
    """Appends records to a file of comma-separated values, one line each, after a header.

    Parameters
    ----------
    path : str or os.PathLike
        Created if missing. A file that is there has to have the same header: the columns of this version of the schema.

    Attributes
    ----------
    path : Path
        Where the lines go.
    n_written, n_dropped : int
        Lines that reached the file, the header not counted, and lines that could not be written.

    Raises
    ------
    ValueError
        If the file begins with something else.

    Notes
    -----
    It survives a crash as :class:`JsonlSink` does. What is missing, NaN or infinite is an empty cell; text that a
    spreadsheet would take for a formula gets an apostrophe in front.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> with ts.telemetry.CsvSink("run.csv") as sink, ts.Monitor(ts.Stream(n_dims=2), sinks=[sink]) as monitor:
    ...     report = monitor.push(np.zeros((3, 2)))
    >>> sink.n_written
    1
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        begins = _beginning(Path(path))
        if begins and not _HEADER.startswith(begins):
            expected = "the header of this version's columns"
            raise ValueError(f"path: expected {expected} in {path}, got {begins[:60].decode(errors='replace')!r}")
        super().__init__(path)
        if begins != _HEADER:
            # A header that a crash has torn has nothing after it: the rest of it makes it whole.
            self._torn = False
            self._write(_HEADER[len(begins) :], 1)
            self.n_written = 0

    def _line(self, record: Serializable | Mapping[str, Any]) -> bytes:
        # Most values are counts, or missing: a call for each of them would be most of the work.
        cells = ["" if v is None else str(v) if type(v) is int else _cell(v) for v in flat(values_of(record))]
        return ",".join(cells).encode() + b"\n"


def _beginning(path: Path) -> bytes:
    """Return as much of the file as the header is long; nothing of one that is missing or is no file."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(len(_HEADER))


def _cell(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    if not isinstance(value, str):
        return repr(value.item() if hasattr(value, "item") else value)
    text = f"'{value}" if value.startswith(_FORMULA) else value
    if any(c in text for c in ',"\r\n'):
        return '"' + text.replace('"', '""').replace("\r", " ").replace("\n", " ") + '"'
    return text
