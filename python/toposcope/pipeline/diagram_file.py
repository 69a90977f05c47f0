"""The diagrams of a run in one Parquet file, and the features made of them in another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.diagram import Diagram, DiagramInfo
from toposcope.pipeline.extras import import_extra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROWS_PER_GROUP = 65_536
_DIAGRAMS_PER_BLOCK = 256
_PURPOSE = "writing diagrams.parquet and features.parquet"


class DiagramWriter:
    """Writes the intervals of every push as rows ``step, dim, birth, death``.

    The steps, the largest dimension and what the numbers mean are in the file's metadata, under ``toposcope``, so that
    pushes with an empty diagram are not lost. A Parquet file can be read only after :meth:`close`.
    """

    def __init__(self, path: Path) -> None:
        self._arrow = import_extra("pyarrow", "cli", _PURPOSE)
        parquet = import_extra("pyarrow.parquet", "cli", _PURPOSE)
        fields = [("step", "int64"), ("dim", "uint8"), ("birth", "float64"), ("death", "float64")]
        self._schema = self._arrow.schema([(name, getattr(self._arrow, kind)()) for name, kind in fields])
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._steps: list[int] = []
        self._columns: list[tuple[Any, Any, Any, Any]] = []
        self._n_rows = 0
        self._max_dim = 0
        self._info: DiagramInfo | None = None

    def write(self, step: int, diagram: Diagram) -> None:
        """Add the diagram of one push."""
        self._steps.append(step)
        self._max_dim, self._info = diagram.max_dim, diagram.info
        self._columns.append((np.full(diagram.n_intervals, step), diagram.dims, diagram.births, diagram.deaths))
        self._n_rows += diagram.n_intervals
        if self._n_rows >= _ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._flush()
        facts = {"steps": self._steps, "max_dim": self._max_dim, "info": _info_to_dict(self._info)}
        self._writer.add_key_value_metadata({"toposcope": json.dumps(facts)})
        self._writer.close()

    def _flush(self) -> None:
        if self._columns:
            columns = [np.concatenate(parts) for parts in zip(*self._columns, strict=True)]
            self._writer.write_table(self._arrow.table(columns, schema=self._schema))
            self._columns, self._n_rows = [], 0


def read_diagrams(path: Path) -> Iterator[tuple[int, Diagram]]:
    """Give out step and diagram of every push, in order.

    Raises
    ------
    ValueError
        If the file is none that :class:`DiagramWriter` has finished.
    OSError
        If it cannot be read.
    """
    arrow = import_extra("pyarrow", "cli", "reading diagrams.parquet")
    parquet = import_extra("pyarrow.parquet", "cli", "reading diagrams.parquet")
    path.stat()  # a missing file is said as such
    try:
        with parquet.ParquetFile(path) as file:
            facts = json.loads(file.metadata.metadata[b"toposcope"])
            steps, *columns = (file.read([name])[name].to_numpy() for name in ("step", "dim", "birth", "death"))
            info = DiagramInfo(**facts["info"]) if facts["info"] else None
    except (arrow.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: expected the diagrams of a finished run, got {error!r}") from None
    for step in facts["steps"]:
        rows = slice(*np.searchsorted(steps, [step, step + 1]))
        yield step, Diagram(*(column[rows] for column in columns), max_dim=facts["max_dim"], info=info)


def write_features(diagrams: Path, features: Path) -> int:
    """Turn the diagrams of a run into Betti curves and landscapes on grids that span the whole run.

    Returns
    -------
    int
        The number of features; none are written if no diagram has an interval.
    """
    arrow = import_extra("pyarrow", "cli", _PURPOSE)
    parquet = import_extra("pyarrow.parquet", "cli", _PURPOSE)
    import_extra("sklearn", "cli", "writing features.parquet")
    vectorizers = import_extra("toposcope.vectorizers", "cli", "writing features.parquet")
    stack = vectorizers.VectorStack(
        [
            vectorizers.BettiCurve(n_bins=64, essential="keep"),
            vectorizers.PersistenceLandscape(n_layers=3, n_bins=64, essential="drop"),
        ]
    )
    for _, block in _blocks(diagrams):
        stack.partial_fit(block)
    names = [str(name) for name in stack.get_feature_names_out()]
    schema = arrow.schema([("step", arrow.int64()), *((name, arrow.float32()) for name in names)])
    schema = schema.with_metadata({"toposcope": json.dumps({"config_hash": stack.config_hash})})
    with parquet.ParquetWriter(features, schema) as writer:
        for steps, block in _blocks(diagrams):
            rows = stack.transform(block).astype(np.float32)
            writer.write_table(arrow.table([np.array(steps), *rows.T.copy()], schema=schema))
    return len(names)


def _blocks(path: Path) -> Iterator[tuple[list[int], list[Diagram]]]:
    steps: list[int] = []
    diagrams: list[Diagram] = []
    for step, diagram in read_diagrams(path):
        steps.append(step)
        diagrams.append(diagram)
        if len(steps) == _DIAGRAMS_PER_BLOCK:
            yield steps, diagrams
            steps, diagrams = [], []
    if steps:
        yield steps, diagrams


def _info_to_dict(info: DiagramInfo | None) -> dict[str, Any] | None:
    return None if info is None else {name: getattr(info, name) for name in DiagramInfo.__dataclass_fields__}
