"""The rows of a ladder's files, and how a row becomes text and comes back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

SCHEMA_VERSION = 1

_FLOATS = (float, float | None)
_OPTIONAL = (int | None, float | None)
#: No count comes near; what is larger would only make arithmetic fail.
_LARGEST = 2**63


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One run: a row of ``ladder.csv`` and, with where it was measured, a line of ``ladder.jsonl``.

    Attributes
    ----------
    n_points : int
        Points of the run.
    repeat : int
        Which run of this size, from 0.
    n_chunks : int
        Pushes.
    seconds : float
        Of the whole run, with what it takes to make the points.
    push_seconds : float
        Of all pushes.
    points_per_second : float
        ``n_points / push_seconds``.
    p50_seconds, p90_seconds, p99_seconds, max_seconds : float
        Percentiles of the time of a push, between neighbours linearly.
    product_seconds : float
        T_gemm: the median time of the product of a chunk with the landmarks there are at the end, n × d by d × m,
        float32, by NumPy, in the same process and on as many threads.
    p50_over_product : float
        ``p50_seconds / product_seconds``: compares machines, where seconds do not.
    p99_over_goal : float
        ``p99_seconds / (2 product_seconds + 0.003)``: at most 1 is the goal.
    peak_bytes, baseline_bytes : int or None
        Peak of resident memory of the run, and of the process that did all the same but the stream; None if the system
        does not tell.
    stream_bytes : int or None
        The first above the second, or 0.
    memory_limit : int or None
        What the stream was allowed to hold.
    overshoot_bytes : int or None
        ``stream_bytes`` above ``memory_limit``, or 0; None without either.
    fragmentation : float or None
        Share of the simplex pool that lies idle after the last push; None if nothing is in it.
    n_landmarks : int
        At the end.
    degree_radius : float
        Largest finite death of the last diagram: the radius of ``degrees.csv``.
    degree_mean : float
        Mean number of other landmarks within that radius of one.
    degree_max : int
        The largest such number.
    error_bound : float
        Of the last report.
    bottleneck : float or None
        True bottleneck distance, the largest over the dimensions, between the last diagram and that of the whole
        window; None where the window is too large to be computed, or does not hold the whole stream.
    """

    n_points: int
    repeat: int
    n_chunks: int
    seconds: float
    push_seconds: float
    points_per_second: float
    p50_seconds: float
    p90_seconds: float
    p99_seconds: float
    max_seconds: float
    product_seconds: float
    p50_over_product: float
    p99_over_goal: float
    peak_bytes: int | None
    baseline_bytes: int | None
    stream_bytes: int | None
    memory_limit: int | None
    overshoot_bytes: int | None
    fragmentation: float | None
    n_landmarks: int
    degree_radius: float
    degree_mean: float
    degree_max: int
    error_bound: float
    bottleneck: float | None

    @property
    def name(self) -> str:
        """What the run is called in messages."""
        return f"{self.n_points:,} points, repeat {self.repeat}"


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One push: a row of ``chunks.csv``; ``n_changes`` counts the landmarks that came, went or merged in it."""

    n_points: int
    repeat: int
    chunk: int
    n_chunk_points: int
    seconds: float
    n_changes: int


@dataclass(frozen=True, kw_only=True)
class DegreeCount:
    """A row of ``degrees.csv``: so many landmarks have so many others within ``degree_radius`` of them."""

    n_points: int
    repeat: int
    degree: int
    n_landmarks: int


Row = TypeVar("Row", Rung, Chunk, DegreeCount)


def columns_of(cls: type[Row]) -> list[str]:
    """Return the names of the columns, in order."""
    return [field.name for field in dataclasses.fields(cls)]


def cells_of(row: Row) -> list[str]:
    """Return a row as text; what was not measured is empty, and floats come back as they were."""
    return ["" if value is None else repr(value) for value in dataclasses.astuple(row)]


def row_from_cells(cls: type[Row], cells: Mapping[str, str]) -> Row:
    """Return the row that :func:`cells_of` wrote.

    Raises
    ------
    ValueError
        If a cell is not a number of its kind; the message names the column.
    """
    values: dict[str, Any] = {name: _parsed(name, cells[name], hint) for name, hint in get_type_hints(cls).items()}
    return cls(**values)


def row_from_values(cls: type[Row], values: Any) -> Row:
    """Return the row that ``dataclasses.asdict`` made plain.

    Raises
    ------
    ValueError
        If values are missing, or not numbers of their kind.
    """
    hints = get_type_hints(cls)
    if not isinstance(values, Mapping) or set(values) != set(hints):
        raise ValueError(f"expected an object with {', '.join(hints)}")
    for name, hint in hints.items():
        value = values[name]
        is_of_kind = isinstance(value, hint) or (isinstance(value, int) and hint in _FLOATS)
        if isinstance(value, bool) or not is_of_kind or (isinstance(value, int) and abs(value) >= _LARGEST):
            raise ValueError(f"{name}: expected {_kind(hint)}, got {value!r}")
    return cls(**values)


def _parsed(name: str, cell: str, hint: Any) -> float | int | None:
    if not cell and hint in _OPTIONAL:
        return None
    try:
        value = float(cell) if hint in _FLOATS else int(cell)
    except ValueError:
        value = _LARGEST
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise ValueError(f"{name}: expected {_kind(hint)}, got {cell!r}")
    return value


def _kind(hint: Any) -> str:
    return ("a number" if hint in _FLOATS else "a whole number") + (" or nothing" if hint in _OPTIONAL else "")
