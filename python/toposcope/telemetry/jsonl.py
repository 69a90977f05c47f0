"""JSON lines that survive a crash."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toposcope.telemetry.lines import LineSink, Serializable, values_of

if TYPE_CHECKING:
    import os

#: Made once: `json.dumps` makes an encoder for every call.
_encode = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":")).encode


class JsonlSink(LineSink):
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
    A line is one ``write(2)`` on a descriptor opened for appending, so that no buffer of this process can lose it. A
    failed write never raises into the loop that is being measured: the line is dropped and counted, and the first
    failure warns. NaN and infinities become ``null``, because JSON has no word for them.
    """

    def _line(self, record: Serializable | Mapping[str, Any]) -> bytes:
        values = values_of(record)
        try:
            # The usual case, without NumPy's numbers, NaN and infinities, takes a third of the time.
            text = _encode(values)
        except (TypeError, ValueError, RecursionError):
            text = json.dumps(finite(values), allow_nan=False, separators=(",", ":"))
        return text.encode() + b"\n"


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
