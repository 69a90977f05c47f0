"""What all sources have in common."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from toposcope._typing import Float64Array

Kind = Literal["text", "vectors"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order of the source.

    Attributes
    ----------
    items : list of str
        What the records are called: the text itself, or the number of the row.
    vectors : array of shape (n_items, n_dims) or None
        The numbers; None for text, which has to be embedded.
    """

    items: list[str]
    vectors: Float64Array | None


class Source(Protocol):
    """An opened source.

    Attributes
    ----------
    name : str
        As messages name it.
    kind : {"text", "vectors"}
        Whether its records have to be embedded.
    """

    name: str
    kind: Kind

    def batches(self, size: int, linger: float) -> Iterator[Batch]:
        """Give out the records, at most ``size`` together; those of a live source wait ``linger`` seconds at most."""

    def progress(self) -> float | None:
        """Return the share that was read, from 0 to 1; None where the end is not known."""

    def close(self) -> None:
        """Let go of the file."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line or row: its name, and its numbers if it has any."""

    item: str
    vector: Sequence[float] | None = None


def gather(records: Iterable[Record | None], size: int, linger: float) -> Iterator[Batch]:
    """Put records together; a None among them says that the source is silent for now."""
    pending: list[Record] = []
    since = 0.0
    for record in records:
        if record is not None:
            if not pending:
                since = time.monotonic()
            pending.append(record)
        due = len(pending) == size or (record is None and time.monotonic() - since >= linger)
        if pending and due:
            yield _batch(pending)
            pending = []
    if pending:
        yield _batch(pending)


def _batch(records: list[Record]) -> Batch:
    items = [record.item for record in records]
    if records[0].vector is None:
        return Batch(items, None)
    return Batch(items, np.array([record.vector for record in records], dtype=np.float64))


class VectorCheck:
    """Refuses rows that differ in length from the first, or hold something else than finite numbers."""

    def __init__(self) -> None:
        self._n_dims: int | None = None

    def __call__(self, vector: Any, place: str) -> list[float]:
        """Return the row as floats; ``place`` names the file and line."""
        if not isinstance(vector, list) or not vector or not all(_is_number(value) for value in vector):
            raise ValueError(f"{place}: expected a list of numbers, got {excerpt(vector)}")
        row = [float(value) for value in vector]
        if not all(math.isfinite(value) for value in row):
            raise ValueError(f"{place}: expected finite numbers, got {excerpt(vector)}")
        if self._n_dims is None:
            self._n_dims = len(row)
        if len(row) != self._n_dims:
            raise ValueError(f"{place}: expected {self._n_dims} numbers as in the first record, got {len(row)}")
        return row


def excerpt(value: object, length: int = 60) -> str:
    """Return the value as a message can show it."""
    text = repr(value)
    return text if len(text) <= length else text[:length] + "…"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
