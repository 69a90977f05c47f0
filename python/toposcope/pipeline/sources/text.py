"""Sources that are lines: text, JSON lines, CSV."""

from __future__ import annotations

import csv
import itertools
import json
import warnings
from typing import TYPE_CHECKING, Any

from toposcope.exceptions import ToposcopeWarning
from toposcope.pipeline.sources.base import Batch, Kind, Record, VectorCheck, excerpt, gather
from toposcope.pipeline.sources.lines import Lines, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Reader = Callable[[Lines, Sequence[str]], Iterator[Record | None]]

_VECTOR_FIELDS = ("vector", "embedding")


class LineSource:
    """Records made out of lines; the first is read when the source is opened, and says what kind it is."""

    def __init__(self, lines: Lines, read: Reader, columns: Sequence[str] = ()) -> None:
        self.name = lines.name
        self._lines = lines
        records = read(lines, columns)
        # A live source may be silent at first: the kind has to be known, so this waits.
        first = next((record for record in records if record is not None), None)
        if first is None:
            raise ValueError(f"{self.name}: expected at least one record, got an empty source")
        self.kind: Kind = "text" if first.vector is None else "vectors"
        self._records = itertools.chain([first], records)

    def batches(self, size: int, linger: float) -> Iterator[Batch]:
        """Give out the records, at most ``size`` together."""
        return gather(self._records, size, linger)

    def progress(self) -> float | None:
        """Return the share that was read."""
        return self._lines.progress()

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()


def _looks_like_numbers(text: str) -> bool:
    words = text.replace(",", " ").split()
    return len(words) > 1 and all(_parses(word) for word in words)


def _placed(lines: Lines) -> Iterator[tuple[str, bytes | None]]:
    """Name every line by file and number; silences in between are not counted."""
    number = 0
    for line in lines:
        number += line is not None
        yield f"{lines.name}, line {number}", line


def read_text(lines: Lines, columns: Sequence[str]) -> Iterator[Record | None]:
    """Read an item per line; blank lines are none."""
    if columns:
        raise ValueError(f"{lines.name}: lines of text have no columns, got {', '.join(columns)}")
    is_first = True
    for place, line in _placed(lines):
        if line is None:
            yield None
        elif text := decode(line, place).strip():
            if is_first and _looks_like_numbers(text):
                warnings.warn(
                    f"{place}: the line is read as text, though it looks like numbers; --format csv reads numbers",
                    ToposcopeWarning,
                    stacklevel=2,
                )
            is_first = False
            yield Record(text)


def read_jsonl(lines: Lines, columns: Sequence[str]) -> Iterator[Record | None]:
    """Read an object per line, with a field ``text``, or ``vector`` or ``embedding``, or the one that was named."""
    if len(columns) > 1:
        raise ValueError(f"{lines.name}: expected one field of JSON lines, got {', '.join(columns)}")
    read_record = _JsonRecords(columns[0] if columns else None)
    for place, line in _placed(lines):
        if line is None:
            yield None
        elif line.strip() and (record := read_record(line, place)).item.strip():
            yield record


class _JsonRecords:
    """Reads objects by the field that the first of them has."""

    def __init__(self, field: str | None) -> None:
        self._field = field
        self._check = VectorCheck()
        self._is_text: bool | None = None

    def __call__(self, line: bytes, place: str) -> Record:
        entry = self._parse(line, place)
        if self._field is None:
            self._field = next((name for name in (*_VECTOR_FIELDS, "text") if name in entry), None)
        if self._field is None or self._field not in entry:
            expected = "text, vector or embedding" if self._field is None else self._field
            raise ValueError(f"{place}: expected a field {expected}, got the fields {', '.join(entry) or '(none)'}")
        value = entry[self._field]
        if self._is_text is None:
            self._is_text = isinstance(value, str)
        if not self._is_text:
            return Record(_checked(_name_of(entry, place), place), self._check(value, place))
        if not isinstance(value, str):
            raise ValueError(  # noqa: TRY004 (a file's fault, not the caller's)
                f"{place}: expected text in the field {self._field}, got {excerpt(value)}"
            )
        return Record(_checked(value, place))

    def _parse(self, line: bytes, place: str) -> dict[str, Any]:
        try:
            entry = json.loads(decode(line, place))
        except json.JSONDecodeError as error:
            raise ValueError(f"{place}: expected a JSON object, got {error.msg} at column {error.colno}") from None
        except RecursionError:
            raise ValueError(f"{place}: expected a JSON object, got one nested too deeply") from None
        if not isinstance(entry, dict):
            raise ValueError(f"{place}: expected a JSON object, got {excerpt(entry)}")  # noqa: TRY004
        return entry


def _name_of(entry: dict[str, Any], place: str) -> str:
    """Return the text that came with a vector, or else the place it came from."""
    text = entry.get("text")
    return text if isinstance(text, str) else place.rpartition(", ")[2]


def _checked(text: str, place: str) -> str:
    """Return the text if it is Unicode: escapes of JSON can spell halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{place}: expected whole characters, got half of a surrogate pair") from None
    return text


def read_csv(lines: Lines, columns: Sequence[str]) -> Iterator[Record | None]:
    """Read rows of numbers, or a column of text; a first row that is not all numbers is a header."""
    name = lines.name
    # A quoted cell may run over several lines, so the reader takes lines as it needs them and ticks are left out.
    texts = (decode(line, place) + "\n" for place, line in _placed(lines) if line is not None)
    start = _up_to_first(texts)
    delimiter = _delimiter(start[-1]) if start else ","
    rows = csv.reader(itertools.chain(start, texts), delimiter=delimiter, skipinitialspace=True)
    table = (row for row in _rows(rows, name) if any(cell.strip() for cell in row))
    first = next(table, None)
    if first is None:
        return
    header = [f"column {i}" for i in range(1, len(first) + 1)]
    if not all(_parses(cell) for cell in first):
        header, first = [cell.strip() for cell in first], next(table, None)
        if first is None:
            raise ValueError(f"{name}: expected rows below the header, got none")
    picked = _pick(header, first, columns, name)
    check = VectorCheck()
    for count, row in enumerate(itertools.chain([first], table), start=1):
        place = f"{name}, line {rows.line_num}"
        if len(row) != len(header):
            raise ValueError(f"{place}: expected {len(header)} cells, got {len(row)}")
        if picked.text is not None:
            if row[picked.text].strip():
                yield Record(row[picked.text].strip())
        else:
            yield Record(_label(row, picked.others, count), check(_floats(row, header, picked.numbers, place), place))


def _rows(rows: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise ValueError(f"{name}: expected CSV, got {error}") from None


def _up_to_first(texts: Iterator[str]) -> list[str]:
    """Take lines up to the first that is not blank."""
    taken: list[str] = []
    for text in texts:
        taken.append(text)
        if text.strip():
            break
    return taken


def _delimiter(line: str) -> str:
    """Return what stands between the cells of the first line."""
    for delimiter in (",", ";", "\t"):
        if delimiter in line:
            return delimiter
    # A blank may also be part of a name or a sentence; between numbers it is not.
    return " " if all(_parses(word) for word in line.split()) else ","


class _Picked:
    """Which columns are read: one of text, or some of numbers; the others name the rows."""

    def __init__(self, text: int | None, numbers: list[int], others: list[int]) -> None:
        self.text = text
        self.numbers = numbers
        self.others = others


def _pick(header: list[str], first: list[str], columns: Sequence[str], name: str) -> _Picked:
    if unknown := [column for column in columns if column not in header]:
        raise ValueError(f"{name}: expected columns out of {', '.join(header)}, got {', '.join(unknown)}")
    numeric = [i for i, cell in enumerate(first) if _parses(cell)]
    wanted = [header.index(column) for column in columns]
    if not wanted and "text" in header:
        wanted = [header.index("text")]
    if len(wanted) == 1 and wanted[0] not in numeric:
        return _Picked(wanted[0], [], [])
    if not wanted and not numeric and len(header) == 1:
        return _Picked(0, [], [])
    numbers = wanted or numeric
    if not numbers:
        raise ValueError(
            f"{name}: expected columns of numbers or a column named text, got {', '.join(header)}; name one to be read"
        )
    return _Picked(None, numbers, [i for i in range(len(first)) if i not in numeric])


def _floats(row: list[str], header: list[str], numbers: list[int], place: str) -> list[float]:
    for i in numbers:
        if not _parses(row[i]):
            raise ValueError(f"{place}: expected a number in {header[i]}, got {excerpt(row[i])}")
    return [float(row[i]) for i in numbers]


def _label(row: list[str], others: list[int], count: int) -> str:
    words = ", ".join(row[i] for i in others if row[i])
    return f"row {count}: {words}" if words else f"row {count}"


def _parses(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
