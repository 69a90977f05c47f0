"""Records as a table for analysis."""

from __future__ import annotations

import math
import os
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from toposcope._extras import import_extra
from toposcope._typing import integer, number
from toposcope.exceptions import TelemetryWarning
from toposcope.telemetry.lines import Serializable, values_of
from toposcope.telemetry.record import SCHEMA_VERSION
from toposcope.telemetry.schema import COLUMNS, flat

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = {"int": "int64", "float": "float64", "str": "string"}


class ParquetSink:
    """Writes records to a Parquet file; needs pyarrow, the extra ``arrow``.

    A Parquet file can be read only when its end is written. So the file appears under its name when the sink is closed,
    and until then it is ``NAME.part``; a process that is killed leaves that behind, and loses its records. Where they
    must not be lost, let a :class:`JsonlSink` have them as well.

    Parameters
    ----------
    path : str or os.PathLike
        The file; one that is there is replaced at the end.
    group_size : int, default=4096
        Records of a row group: as many are held until they are written.

    Attributes
    ----------
    path : Path
        Where the file will be.
    n_written, n_dropped : int
        Records that went into the file, and that could not be written.

    Raises
    ------
    ImportError
        If pyarrow is missing.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> with ts.telemetry.ParquetSink("run.parquet") as sink, ts.Monitor(ts.Stream(n_dims=2), sinks=[sink]) as monitor:
    ...     report = monitor.push(np.zeros((3, 2)))
    >>> sink.n_written, sink.path.exists()
    (1, True)
    """

    def __init__(self, path: str | os.PathLike[str], *, group_size: int = 4096) -> None:
        self._arrow = import_extra("pyarrow", "arrow", "writing Parquet files")
        parquet = import_extra("pyarrow.parquet", "arrow", "writing Parquet files")
        self.path = Path(path)
        self.n_written = 0
        self.n_dropped = 0
        self._group_size = integer(group_size, "group_size", at_least=1)
        self._rows: list[list[Any]] = []
        self._lock = threading.Lock()
        self._part = self.path.with_name(f"{self.path.name}.part")
        fields = [
            self._arrow.field(
                column.name,
                getattr(self._arrow, _TYPES[column.type])(),
                # What is measured can be NaN, and that is written as null.
                nullable=column.optional or column.type == "float",
                metadata={"unit": column.unit},
            )
            for column in COLUMNS
        ]
        self._schema = self._arrow.schema(fields, metadata={"toposcope.schema": str(SCHEMA_VERSION)})
        self._writer: Any = parquet.ParquetWriter(self._part, self._schema)

    def write(self, record: Serializable | Mapping[str, Any]) -> None:
        """Take one record."""
        row = [None if isinstance(value, float) and not math.isfinite(value) else value for value in _flat(record)]
        with self._lock:
            if self._writer is None:
                raise ValueError(f"write to a closed sink: {self.path}")
            self._rows.append(row)
            if len(self._rows) >= self._group_size:
                self._write_group()

    def flush(self, timeout: float | None = None) -> bool:
        """Write what is held back, as a row group of its own; the file can be read after :meth:`close` all the same.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for another thread that writes; by default as long as it takes.

        Returns
        -------
        bool
            Whether it was done in time.
        """
        if not self._lock.acquire(timeout=-1 if timeout is None else number(timeout, "timeout")):
            return False
        try:
            if self._writer is not None:
                self._write_group()
        finally:
            self._lock.release()
        return True

    def close(self) -> None:
        """Write what is left and the file's end, and give it its name; more calls do nothing."""
        with self._lock:
            if self._writer is None:
                return
            self._write_group()
            writer, self._writer = self._writer, None
            try:
                writer.close()
                os.replace(self._part, self.path)  # noqa: PTH105 (the one that is atomic everywhere)
            except OSError as error:
                self._drop(self.n_written, error)
                self.n_written = 0

    def _write_group(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        by_column = zip(self._schema, zip(*rows, strict=True), strict=True)
        columns = [self._arrow.array(values, field.type) for field, values in by_column]
        try:
            self._writer.write_table(self._arrow.table(columns, schema=self._schema))
        except OSError as error:
            self._drop(len(rows), error)
        else:
            self.n_written += len(rows)

    def _drop(self, n_records: int, error: OSError) -> None:
        if self.n_dropped == 0:
            warnings.warn(
                f"{self.path}: records are being dropped ({error.strerror or error}); see n_dropped",
                TelemetryWarning,
                stacklevel=4,
            )
        self.n_dropped += n_records

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _flat(record: Serializable | Mapping[str, Any]) -> list[Any]:
    return flat(values_of(record))
