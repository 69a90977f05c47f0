"""Persistence diagrams: columns in canonical order, with the facts that give them meaning."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toposcope._core import __version__
from toposcope._files import replace_file
from toposcope._typing import Float64Array, describe, float_array
from toposcope.exceptions import DiagramFileError
from toposcope.representatives import Representatives

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from toposcope import _core

_SCHEMA = 1
_LARGEST_DIM = 255


@dataclass(frozen=True, kw_only=True)
class DiagramInfo:
    """What the numbers of a diagram mean.

    Attributes
    ----------
    complex : str
        The filtration: ``"rips"``, ``"alpha"``, ``"cech"``, or ``"unknown"`` for intervals that came from elsewhere.
    unit : {"diameter", "radius", "squared radius", "unknown"}
        What a filtration value is.
    metric : str
        How distances were measured.
    field : int or None
        Order of the coefficient field.
    threshold : float or None
        Largest filtration value built; ``None`` if the filtration was followed to its end.
    version : str
        The version of toposcope that made the diagram.
    """

    complex: str = "unknown"
    unit: Literal["diameter", "radius", "squared radius", "unknown"] = "unknown"
    metric: str = "unknown"
    field: int | None = None
    threshold: float | None = None
    version: str = __version__


class Diagram:
    """All intervals of one filtration, over all dimensions.

    Columns are sorted by (dimension, birth, death); intervals of zero length are not kept; an essential interval dies
    at ``inf``. A diagram does not change.

    Parameters
    ----------
    dims, births, deaths : array-like of shape (n_intervals,)
        Homology dimension, birth and death of each interval, in any order.
    max_dim : int, optional
        Largest dimension that was computed; by default the largest that occurs.
    info : DiagramInfo, optional
        What the numbers mean.

    Raises
    ------
    ValueError
        If the columns differ in length, a birth is not finite, or a death is NaN or before its birth.

    Examples
    --------
    >>> import toposcope as ts
    >>> diagram = ts.Diagram.from_arrays({0: [[0, 1], [0, float("inf")]], 1: [[1, 1.5]]})
    >>> diagram[1]
    array([[1. , 1.5]])
    >>> diagram
    Diagram(H0: 2 intervals, H1: 1 interval)
    """

    __slots__ = ("_births", "_deaths", "_dims", "_info", "_max_dim", "_offsets", "_representatives")

    def __init__(
        self, dims: Any, births: Any, deaths: Any, *, max_dim: int | None = None, info: DiagramInfo | None = None
    ) -> None:
        dims, births, deaths = _checked_columns(dims, births, deaths)
        largest = int(dims.max(initial=0))
        if max_dim is not None and max_dim < largest:
            raise ValueError(f"max_dim: expected at least {largest}, the largest dimension given, got {max_dim}")
        self._hold(*_canonical(dims, births, deaths), largest if max_dim is None else max_dim, info or DiagramInfo())

    @classmethod
    def from_engine(cls, columns: _core.DiagramColumns, info: DiagramInfo, *, chains: bool = True) -> Diagram:
        """Take over columns from the Rust engine: in order and valid, which is not checked again. Not for users."""
        diagram = cls.__new__(cls)
        diagram._hold(columns.dims, columns.births, columns.deaths, columns.max_dim, info)  # noqa: SLF001
        if columns.representatives is not None:
            essential = [np.isinf(diagram[dim][:, 1]) for dim in range(len(diagram))]
            diagram._representatives = tuple(  # noqa: SLF001
                Representatives.from_engine(shown, dim, essential[dim], chains=chains)
                for dim, shown in enumerate(columns.representatives)
            )
        return diagram

    def _hold(
        self,
        dims: npt.NDArray[np.uint8],
        births: Float64Array,
        deaths: Float64Array,
        max_dim: int,
        info: DiagramInfo,
    ) -> None:
        for column in (dims, births, deaths):
            column.flags.writeable = False
        self._dims, self._births, self._deaths = dims, births, deaths
        self._max_dim = max_dim
        self._info = info
        self._offsets: npt.NDArray[np.intp] | None = None
        self._representatives: tuple[Representatives, ...] | None = None

    # Columns ------------------------------------------------------------

    @property
    def dims(self) -> npt.NDArray[np.uint8]:
        """Homology dimension of each interval, uint8 of shape (n_intervals,)."""
        return self._dims

    @property
    def births(self) -> Float64Array:
        """Birth of each interval, float64 of shape (n_intervals,)."""
        return self._births

    @property
    def deaths(self) -> Float64Array:
        """Death of each interval, float64 of shape (n_intervals,); ``inf`` if it is essential."""
        return self._deaths

    @property
    def persistences(self) -> Float64Array:
        """Length of each interval, death − birth."""
        return self._deaths - self._births

    @property
    def max_dim(self) -> int:
        """Largest homology dimension that was computed."""
        return self._max_dim

    @property
    def info(self) -> DiagramInfo:
        """What the numbers mean."""
        return self._info

    @property
    def threshold(self) -> float | None:
        """Largest filtration value built; ``None`` if the filtration was followed to its end."""
        return self._info.threshold

    @property
    def representatives(self) -> tuple[Representatives, ...]:
        """What shows each interval, by dimension, in the order of the intervals. Pickles keep it; files do not.

        Raises
        ------
        ValueError
            If the diagram was made without.
        """
        if self._representatives is None:
            raise ValueError("representatives: expected a diagram of rips(..., representatives=True), got one without")
        return self._representatives

    def __getitem__(self, dim: int) -> Float64Array:
        """Return the intervals of one dimension, float64 of shape (n, 2)."""
        if not 0 <= dim <= self._max_dim:
            raise IndexError(f"dim: expected 0 to {self._max_dim}, the dimensions computed, got {dim}")
        offsets = self._dim_offsets()
        part = slice(offsets[dim], offsets[dim + 1])
        return np.column_stack([self._births[part], self._deaths[part]])

    def __len__(self) -> int:
        """Return the number of dimensions, so that a diagram is a sequence of arrays like ripser's ``dgms``."""
        return self._max_dim + 1

    def __iter__(self) -> Iterator[Float64Array]:
        return (self[dim] for dim in range(len(self)))

    @property
    def n_intervals(self) -> int:
        """Number of intervals over all dimensions."""
        return len(self._dims)

    def betti(self, value: float) -> list[int]:
        """Return the Betti numbers at one filtration value: how many intervals of each dimension contain it."""
        alive = (self._births <= value) & (value < self._deaths)
        return [int(count) for count in np.bincount(self._dims[alive], minlength=len(self))]

    def __eq__(self, other: object) -> bool:
        """Whether the intervals are the same to the last bit; what they mean is not compared."""
        if not isinstance(other, Diagram):
            return NotImplemented
        return (
            self._max_dim == other._max_dim
            and np.array_equal(self._dims, other._dims)
            and np.array_equal(self._births, other._births)
            and np.array_equal(self._deaths, other._deaths)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        counts = np.diff(self._dim_offsets())
        parts = (f"H{dim}: {n} interval{'' if n == 1 else 's'}" for dim, n in enumerate(counts))
        return f"Diagram({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        columns = (self._dims, self._births, self._deaths)
        return (_restore, (columns, self._max_dim, self._info, self._representatives))

    # Other forms ------------------------------------------------------------

    @classmethod
    def from_arrays(
        cls, intervals: Mapping[int, Any] | Sequence[Any], *, info: DiagramInfo | None = None, **facts: Any
    ) -> Diagram:
        """Make a diagram from the intervals of each dimension.

        Parameters
        ----------
        intervals : mapping or sequence
            Arrays of shape (n, 2) by dimension: ``{0: h0, 1: h1}`` or ``[h0, h1]``.
        info : DiagramInfo, optional
            What the numbers mean.
        **facts
            Single facts of :class:`DiagramInfo`, such as ``threshold=2.0``.

        Returns
        -------
        Diagram
        """
        if not hasattr(intervals, "__iter__") or isinstance(intervals, str | bytes):
            raise TypeError(f"intervals: expected arrays by dimension, got {describe(intervals)}")
        by_dim = dict(intervals) if hasattr(intervals, "keys") else dict(enumerate(intervals))
        if not all(isinstance(dim, int) and 0 <= dim <= _LARGEST_DIM for dim in by_dim):
            raise ValueError(f"intervals: expected dimensions from 0 to {_LARGEST_DIM}, got {list(by_dim)}")
        pairs = {dim: _pairs(value, dim) for dim, value in by_dim.items()}
        dims = np.repeat(list(pairs), [len(p) for p in pairs.values()]) if pairs else np.empty(0)
        stacked = np.concatenate([np.empty((0, 2)), *pairs.values()])
        max_dim = max(pairs, default=0)
        return cls(dims, stacked[:, 0], stacked[:, 1], max_dim=max_dim, info=replace(info or DiagramInfo(), **facts))

    def to_ripser(self) -> list[Float64Array]:
        """Return a list with an array of shape (n, 2) per dimension, in ripser.py's order: essential H0 last."""
        return [array[np.lexsort((array[:, 0], array[:, 1]))] if dim == 0 else array for dim, array in enumerate(self)]

    def to_gudhi(self) -> list[tuple[int, tuple[float, float]]]:
        """Return ``(dim, (birth, death))`` pairs, longest first, as GUDHI's ``persistence()`` has them."""
        rows = zip(self._dims.tolist(), self._births.tolist(), self._deaths.tolist(), strict=True)
        return sorted(((d, (b, e)) for d, b, e in rows), key=lambda row: row[1][0] - row[1][1])

    def to_giotto(self, *, drop_infinite_component: bool = True) -> Float64Array:
        """Return one sample as giotto-tda has it, float64 of shape (1, n_intervals, 3): birth, death, dimension.

        A dimension without intervals is given one point on the diagonal, since giotto-tda needs at least one.

        Parameters
        ----------
        drop_infinite_component : bool, default=True
            Leave out one essential interval of dimension 0 (giotto-tda's ``reduced_homology``).
        """
        rows = []
        for dim, array in enumerate(self):
            kept = array
            if dim == 0 and drop_infinite_component:
                kept = np.delete(array, np.flatnonzero(np.isinf(array[:, 1]))[:1], axis=0)
            if not len(kept):
                kept = np.zeros((1, 2))
            rows.append(np.column_stack([kept, np.full(len(kept), float(dim))]))
        return np.concatenate(rows)[np.newaxis]

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame with columns ``dim``, ``birth``, ``death``."""
        pandas = _optional("pandas", "pandas")
        return pandas.DataFrame({"dim": self._dims, "birth": self._births, "death": self._deaths})

    def to_arrow(self) -> Any:
        """Return a pyarrow Table with columns ``dim``, ``birth``, ``death``; its schema carries the diagram's facts."""
        arrow = _optional("pyarrow", "toposcope[arrow]")
        columns = {"dim": self._dims, "birth": self._births, "death": self._deaths}
        return arrow.table(columns).replace_schema_metadata({"toposcope": self._header()})

    @classmethod
    def from_arrow(cls, table: Any) -> Diagram:
        """Make a diagram from what :meth:`to_arrow` returned."""
        header = (table.schema.metadata or {}).get(b"toposcope")
        if header is None:
            raise DiagramFileError("no diagram: the table does not carry toposcope's metadata")
        return cls._from_columns(header, *(table[name].to_numpy() for name in ("dim", "birth", "death")))

    # Files ------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the diagram to a ``.parquet`` (needs pyarrow) or ``.npz`` file, whole or not at all.

        Parameters
        ----------
        path : path-like
            Its ending says which format. An existing file is replaced.

        Raises
        ------
        ValueError
            If the ending is another.
        OSError
            If the file cannot be written; an existing one is left as it was.
        """
        path = Path(path)
        match path.suffix:
            case ".npz":
                header = np.frombuffer(self._header(), np.uint8)
                with replace_file(path) as file:
                    np.savez(file, dims=self._dims, births=self._births, deaths=self._deaths, toposcope=header)
            case ".parquet":
                parquet = _optional("pyarrow.parquet", "toposcope[arrow]")
                with replace_file(path) as file:
                    parquet.write_table(self.to_arrow(), file)
            case _:
                raise _wrong_ending(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Diagram:
        """Read a diagram that :meth:`save` wrote.

        Raises
        ------
        ValueError
            If the file's ending is neither ``.parquet`` nor ``.npz``.
        DiagramFileError
            If the file is damaged or holds something else.
        OSError
            If it cannot be read.
        """
        path = Path(path)
        if path.suffix not in {".npz", ".parquet"}:
            raise _wrong_ending(path)
        parquet = _optional("pyarrow.parquet", "toposcope[arrow]") if path.suffix == ".parquet" else None
        with path.open("rb") as file:
            try:
                if parquet is not None:
                    # One thread: pyarrow's readers of Python files may outlive the interpreter, which then aborts.
                    return cls.from_arrow(parquet.read_table(file, use_threads=False, pre_buffer=False))
                with np.load(file, allow_pickle=False) as columns:
                    header = columns["toposcope"].tobytes()
                    return cls._from_columns(header, columns["dims"], columns["births"], columns["deaths"])
            except DiagramFileError as error:
                raise DiagramFileError(f"{path}: {error}") from None
            except Exception as error:
                # NumPy, zipfile and pyarrow each have their own ways of saying that bytes are not what they should be.
                raise DiagramFileError(f"{path}: not a diagram that can be read: {error}") from error

    def plot(self, ax: Any = None, **kwargs: Any) -> Any:
        """Draw births against deaths (needs matplotlib) and return the Axes; see :func:`toposcope.plotting.diagram`."""
        # Here alone, since nothing imports the plotting package at import time.
        from toposcope.plotting import diagram as plot_diagram  # noqa: PLC0415

        return plot_diagram(self, ax=ax, **kwargs)

    def _dim_offsets(self) -> npt.NDArray[np.intp]:
        """Return where the intervals of each dimension begin, and the last ends. Found when first asked for."""
        if self._offsets is None:
            self._offsets = np.searchsorted(self._dims, np.arange(self._max_dim + 2))
        return self._offsets

    def _header(self) -> bytes:
        return json.dumps({"schema": _SCHEMA, "max_dim": self._max_dim, "info": asdict(self._info)}).encode()

    @classmethod
    def _from_columns(cls, header: bytes, dims: Any, births: Any, deaths: Any) -> Diagram:
        facts = json.loads(header)
        if facts["schema"] != _SCHEMA:
            raise DiagramFileError(f"written by a newer version: schema {facts['schema']}, this one reads {_SCHEMA}")
        info = DiagramInfo(**facts["info"])
        return cls(dims, births, deaths, max_dim=facts["max_dim"], info=info)


def _restore(
    columns: tuple[Any, Any, Any], max_dim: int, info: DiagramInfo, representatives: tuple[Representatives, ...] | None
) -> Diagram:
    diagram = Diagram(*columns, max_dim=max_dim, info=info)
    diagram._representatives = representatives  # noqa: SLF001
    return diagram


def _checked_columns(dims: Any, births: Any, deaths: Any) -> tuple[npt.NDArray[np.uint8], Float64Array, Float64Array]:
    births = float_array(births, "births", 1).astype(np.float64, copy=False)
    deaths = float_array(deaths, "deaths", 1).astype(np.float64, copy=False)
    given = np.asarray(dims)
    if given.shape != births.shape or births.shape != deaths.shape:
        shapes = f"{given.shape}, {births.shape} and {deaths.shape}"
        raise ValueError(f"dims, births, deaths: expected columns of one length, got shapes {shapes}")
    if given.size and (np.any(given != given.astype(np.uint8))):
        raise ValueError(f"dims: expected integers from 0 to {_LARGEST_DIM}, got {given}")
    if not np.isfinite(births).all():
        raise ValueError(f"births: expected finite values, got {births[~np.isfinite(births)][0]}")
    if not (births <= deaths).all():
        at = np.flatnonzero(~(births <= deaths))[0]
        raise ValueError(f"deaths: expected none before its birth, got birth {births[at]} and death {deaths[at]}")
    return given.astype(np.uint8), births, deaths


def _canonical(
    dims: npt.NDArray[np.uint8], births: Float64Array, deaths: Float64Array
) -> tuple[npt.NDArray[np.uint8], Float64Array, Float64Array]:
    kept = births < deaths
    order = np.lexsort((deaths[kept], births[kept], dims[kept]))
    return dims[kept][order], births[kept][order], deaths[kept][order]


def _pairs(value: Any, dim: int) -> Float64Array:
    array = np.asarray(value)
    if array.size == 0:
        return np.empty((0, 2))
    pairs = float_array(array, f"intervals[{dim}]", 2)
    if pairs.shape[1] != 2:
        raise ValueError(f"intervals[{dim}]: expected an array of shape (n, 2), got shape {pairs.shape}")
    return pairs.astype(np.float64, copy=False)


def _wrong_ending(path: Path) -> ValueError:
    return ValueError(f'path: expected a name ending in ".parquet" or ".npz", got {path.name!r}')


def _optional(module: str, requirement: str) -> Any:
    import importlib  # noqa: PLC0415

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        name = module.partition(".")[0]
        raise ImportError(f'this needs {name}: pip install "{requirement}"', name=name) from error
