"""Sources that are arrays: .npy and .parquet."""

from __future__ import annotations

import tokenize
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.pipeline.extras import import_extra
from toposcope.pipeline.sources.base import Batch, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from toposcope._typing import Float64Array

_VECTOR_COLUMNS = ("vector", "embedding")


class NpySource:
    """The rows of a two-dimensional array, read from the disk as they are needed; nothing is unpickled."""

    kind: Kind = "vectors"

    def __init__(self, path: Path, columns: Sequence[str] = ()) -> None:
        self.name = str(path)
        if columns:
            raise ValueError(f"{self.name}: an array has no named columns, got {', '.join(columns)}")
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError, OverflowError, SyntaxError, tokenize.TokenError) as error:
            # NumPy reads the header as Python.
            raise ValueError(f"{self.name}: expected a .npy file of numbers, got {error}") from None
        if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind not in "fiu":
            shape = f"dtype {array.dtype}, shape {array.shape}" if isinstance(array, np.ndarray) else "an archive"
            raise ValueError(f"{self.name}: expected numbers of shape (n_points, n_dims), got {shape}")
        if not len(array):
            raise ValueError(f"{self.name}: expected at least one row, got shape {array.shape}")
        self._array = array
        self._n_read = 0

    def batches(self, size: int, linger: float) -> Iterator[Batch]:  # noqa: ARG002 (a file is never silent)
        """Give out the rows, at most ``size`` together."""
        for start in range(0, len(self._array), size):
            rows = np.asarray(self._array[start : start + size], dtype=np.float64)
            _check_finite(rows, self.name, start)
            self._n_read = start + len(rows)
            yield Batch(_row_names(start, len(rows)), rows)

    def progress(self) -> float | None:
        """Return the share of the rows."""
        return self._n_read / len(self._array)

    def close(self) -> None:
        """Let go of the file."""
        del self._array


class ParquetSource:
    """A column of text, a column of lists of numbers, or columns of numbers."""

    def __init__(self, path: Path, columns: Sequence[str] = ()) -> None:
        self.name = str(path)
        parquet = import_extra("pyarrow.parquet", "cli", "reading .parquet files")
        arrow = import_extra("pyarrow", "cli", "reading .parquet files")
        # What pyarrow raises of damaged files, besides ValueError.
        self._damage = (arrow.ArrowException, OSError, ValueError)
        path.stat()  # a missing file is said as such
        try:
            self._file = parquet.ParquetFile(path)
            self._schema = self._file.schema_arrow
        except self._damage as error:
            raise ValueError(f"{self.name}: expected a .parquet file, got {error}") from None
        self._n_rows: int = self._file.metadata.num_rows
        self._n_read = 0
        if not self._n_rows:
            raise ValueError(f"{self.name}: expected at least one row, got none")
        self._columns = self._pick(columns)
        self._is_list = self._is_list_of_numbers(self._columns[0])
        self.kind: Kind = "text" if self._is_text(self._columns[0]) else "vectors"

    def batches(self, size: int, linger: float) -> Iterator[Batch]:  # noqa: ARG002 (a file is never silent)
        """Give out the rows, at most ``size`` together."""
        for table in self._tables(size):
            start, self._n_read = self._n_read, self._n_read + table.num_rows
            if self.kind == "text":
                if texts := self._texts(table, start):
                    yield Batch(texts, None)
            else:
                rows = self._lists(table, start) if self._is_list else self._numbers(table, start)
                _check_finite(rows, self.name, start)
                yield Batch(_row_names(start, len(rows)), rows)

    def progress(self) -> float | None:
        """Return the share of the rows."""
        return self._n_read / self._n_rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _tables(self, size: int) -> Iterator[Any]:
        """Read the columns and make sure that they are whole: offsets in range, text in UTF-8."""
        try:
            for table in self._file.iter_batches(batch_size=size, columns=list(self._columns)):
                table.validate(full=True)
                yield table
        except self._damage as error:
            raise ValueError(f"{self.name}: expected a whole .parquet file, got {error}") from None

    def _pick(self, columns: Sequence[str]) -> tuple[str, ...]:
        names = self._schema.names
        if unknown := [column for column in columns if column not in names]:
            raise ValueError(f"{self.name}: expected columns out of {', '.join(names)}, got {', '.join(unknown)}")
        numeric = tuple(name for name in names if self._is_numeric(self._type(name)))
        preferred = [name for name in (*_VECTOR_COLUMNS, "text") if name in names and name not in numeric]
        picked = tuple(columns) or tuple(preferred[:1]) or numeric
        single = len(picked) == 1 and (self._is_text(picked[0]) or self._is_list_of_numbers(picked[0]))
        if not picked or not (single or all(name in numeric for name in picked)):
            raise ValueError(
                f"{self.name}: expected columns of numbers, or one of text or of lists of numbers, "
                f"got {', '.join(f'{name} ({self._type(name)})' for name in picked or names)}"
            )
        return picked

    def _type(self, name: str) -> Any:
        return self._schema.field(name).type

    def _is_text(self, name: str) -> bool:
        types = import_extra("pyarrow.types", "cli", "reading .parquet files")
        kind = self._type(name)
        return bool(types.is_string(kind) or types.is_large_string(kind))

    def _is_list_of_numbers(self, name: str) -> bool:
        types = import_extra("pyarrow.types", "cli", "reading .parquet files")
        kind = self._type(name)
        listed = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        return bool(listed) and self._is_numeric(kind.value_type)

    def _is_numeric(self, kind: Any) -> bool:
        types = import_extra("pyarrow.types", "cli", "reading .parquet files")
        return bool(types.is_floating(kind) or types.is_integer(kind))

    def _texts(self, table: Any, start: int) -> list[str]:
        texts: list[str | None] = table.column(0).to_pylist()
        for row, text in enumerate(texts, start=start + 1):
            if text is None:
                raise ValueError(f"{self.name}, row {row}: expected text in {self._columns[0]}, got null")
        return [text for text in texts if text and text.strip()]

    def _lists(self, table: Any, start: int) -> Float64Array:
        rows = table.column(0).to_pylist()
        n_dims = len(rows[0] or ())
        for row, vector in enumerate(rows, start=start + 1):
            if not vector or len(vector) != n_dims or None in vector:
                raise ValueError(f"{self.name}, row {row}: expected {n_dims or 'some'} numbers in {self._columns[0]}")
        return np.array(rows, dtype=np.float64)

    def _numbers(self, table: Any, start: int) -> Float64Array:
        for name, column in zip(self._columns, table.columns, strict=True):
            if column.null_count:
                row = start + 1 + column.is_null().to_pylist().index(True)
                raise ValueError(f"{self.name}, row {row}: expected a number in {name}, got null")
        return np.column_stack([column.to_numpy(zero_copy_only=False).astype(np.float64) for column in table.columns])


def _check_finite(rows: Float64Array, name: str, start: int) -> None:
    if not np.isfinite(rows).all():
        row, column = np.argwhere(~np.isfinite(rows))[0]
        place = f"{name}, row {start + 1 + row}"
        raise ValueError(f"{place}: expected finite numbers, got {rows[row, column]} in column {column + 1}")


def _row_names(start: int, n_rows: int) -> list[str]:
    return [f"row {i}" for i in range(start + 1, start + 1 + n_rows)]
