"""From a name to an open source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toposcope.pipeline.sources.lines import FileLines, LiveLines
from toposcope.pipeline.sources.tables import NpySource, ParquetSource
from toposcope.pipeline.sources.text import LineSource, read_csv, read_jsonl, read_text

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from toposcope.pipeline.sources.base import Source

_LINE_FORMATS = {"txt": read_text, "jsonl": read_jsonl, "csv": read_csv}
_ENDINGS = {".txt": "txt", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".npy": "npy", ".parquet": "parquet"}

FORMATS = (*_LINE_FORMATS, "npy", "parquet")
"""Names of the formats; standard input knows the first three."""


def open_source(
    source: str | os.PathLike[str], *, file_format: str | None = None, columns: Sequence[str] = (), descriptor: int = 0
) -> Source:
    """Open a file or standard input, and look at its first record.

    Parameters
    ----------
    source : path-like
        A file, or ``"-"`` for standard input.
    file_format : {"txt", "jsonl", "csv", "npy", "parquet"}, optional
        By default what the file's ending says, and lines of text on standard input.
    columns : sequence of str, optional
        Which columns or field to read. By default a field or column ``vector``, ``embedding`` or ``text``, or else all
        columns of numbers.
    descriptor : int, default=0
        What ``"-"`` reads.

    Returns
    -------
    Source

    Raises
    ------
    ValueError
        If the source is not what it should be; the message names the file and the line.
    OSError
        If it cannot be opened.
    ImportError
        For ``.parquet`` without pyarrow; the message names the extra.
    """
    live = str(source) == "-"
    path = Path(source)
    chosen = file_format or ("txt" if live else _ENDINGS.get(path.suffix.lower()))
    if chosen not in FORMATS or (live and chosen not in _LINE_FORMATS):
        possible = ", ".join(_LINE_FORMATS if live else FORMATS)
        given = file_format or path.suffix or "none"
        raise ValueError(f"{'standard input' if live else source}: expected one of the formats {possible}, got {given}")
    if chosen == "npy":
        return NpySource(path, columns)
    if chosen == "parquet":
        return ParquetSource(path, columns)
    lines = LiveLines(descriptor, "standard input") if live else FileLines(path)
    try:
        return LineSource(lines, _LINE_FORMATS[chosen], columns)
    except BaseException:
        lines.close()
        raise
