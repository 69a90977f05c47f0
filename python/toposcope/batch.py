"""Batch persistence: one call, one diagram."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import numpy as np

from toposcope import _core
from toposcope._progress import progress_callback
from toposcope._typing import byte_count, describe, float_array, integer, number
from toposcope.diagram import Diagram, DiagramInfo
from toposcope.representatives import detail_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from toposcope._typing import Progress

LARGEST_FIELD = 65_521
LARGEST_MAX_DIM = 12

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Entrances(Generic[_Found]):
    """What the engine does with each kind of input."""

    points: Callable[[Any, str, _core.RipsParams], _Found]
    square: Callable[[Any, _core.RipsParams], _Found]
    condensed: Callable[[Any, int, _core.RipsParams], _Found]
    sparse: Callable[[Any, Any, Any, int, _core.RipsParams], _Found]

    def enter(self, points: Any, metric: str, params: _core.RipsParams) -> _Found:
        """Hand over points or, if so the metric says, distances in whatever form they have."""
        if metric == "precomputed":
            return self._enter_distances(points, params)
        return self.points(float_array(points, "points", 2), metric, params)

    def _enter_distances(self, distances: Any, params: _core.RipsParams) -> _Found:
        if hasattr(distances, "tocoo"):
            return self._enter_sparse(distances, params)
        array = np.asanyarray(distances)
        matrix = float_array(array, "distances", 1 if array.ndim == 1 else 2)
        if matrix.ndim == 1:
            return self.condensed(matrix, _n_points_of_condensed(len(matrix)), params)
        if matrix.shape[0] != matrix.shape[1]:
            raise ValueError(f"distances: expected a square matrix or a condensed one, got shape {matrix.shape}")
        return self.square(matrix, params)

    def _enter_sparse(self, matrix: Any, params: _core.RipsParams) -> _Found:
        coo = _with_sums(matrix)
        if coo.shape[0] != coo.shape[1]:
            raise ValueError(f"distances: expected a square matrix, got shape {coo.shape}")
        if coo.shape[0] > np.iinfo(np.uint32).max:
            raise ValueError(f"distances: expected at most {np.iinfo(np.uint32).max} points, got {coo.shape[0]}")
        data = float_array(coo.data, "distances", 1).astype(np.float64, copy=False)
        return self.sparse(coo.row.astype(np.uint32), coo.col.astype(np.uint32), data, coo.shape[0], params)


_RIPS = Entrances(_core.rips_points, _core.rips_square, _core.rips_condensed, _core.rips_sparse)


def rips(
    points: Any,
    max_dim: int = 1,
    threshold: float | None = None,
    *,
    metric: str = "euclidean",
    field: int = 2,
    method: str = "auto",
    n_threads: int | None = None,
    memory_limit: int | str | None = None,
    representatives: bool | Literal["simplices"] = False,
    progress: bool | Progress = False,
) -> Diagram:
    r"""Persistent homology of the Vietoris–Rips filtration.

    A simplex enters at its diameter, the largest distance between two of its vertices.

    Parameters
    ----------
    points : array-like of shape (n_points, n_dims), or distances
        Points as float32 or float64, in any memory order; integers are converted. With ``metric="precomputed"``,
        distances: a square matrix of shape (n_points, n_points) with a zero diagonal, symmetric up to rounding (a
        millionth; the lower triangle counts); or the condensed form of SciPy's ``pdist``, of shape
        (n_points * (n_points - 1) / 2,); or a SciPy sparse matrix, in which an absent pair is no edge. In the dense
        forms ``inf`` stands for no edge.
    max_dim : int, default=1
        Largest homology dimension computed.
    threshold : float, optional
        Largest diameter built; an edge of just that length is in. By default the enclosing radius,
        :math:`\min_i \max_j d(i, j)`, from where on nothing changes; for sparse distances, all of them.
    metric : {"euclidean", "cosine", "manhattan", "chebyshev", "precomputed"}, default="euclidean"
        ``"cosine"`` normalises the points and measures the chord :math:`\sqrt{2 - 2\cos}`, which is a metric.
    field : int, default=2
        Order of the coefficient field, a prime.
    method : {"auto", "lune", "cohomology"}, default="auto"
        The engine; it never changes a result. ``"cohomology"`` is the faster one for points spread evenly in many
        dimensions, where no class lives long, and much the slower one where one does.
    n_threads : int, optional
        Worker threads; by default as many as the machine has. Never changes a result.
    memory_limit : int or str, optional
        Bytes that the computation may hold at once, also as ``"2GiB"``: everything that grows with the input, the
        engine's own copy of it included, is reserved before it is allocated. What you pass in is yours and not counted.
        By default what the system has left.
    representatives : bool or "simplices", default=False
        Show every interval: ``diagram.representatives[dim][i]`` belongs to ``diagram[dim][i]`` and has the simplices
        with which the class begins and ends, a cycle of points and a cocycle; ``"simplices"`` leaves the chains out.
        The whole lune Morse complex is built for it, whatever the ``method``: longer work than the diagram alone.
    progress : bool or callable, default=False
        ``True`` draws a bar on stderr, with the time that has passed and about what is left; a callable is called as
        ``progress(stage, done, total)``, at most fifty times a second and once at the end. ``stage`` says what is being
        done. ``done / total`` is the share of the whole call: it never goes back, and ends at 1. See Notes.

    Returns
    -------
    Diagram
        Intervals of dimensions 0 to ``max_dim``, as diameters.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described; the message names it.
    MemoryLimitError
        If more memory is needed than ``memory_limit``, or than the system has; the message says how much, and what to
        do.
    KeyboardInterrupt
        On Ctrl-C, within a tenth of a second.

    Notes
    -----
    Stages, as ``progress`` names them: ``"start"``; ``"index"`` a tree of the points; ``"distances"`` between them;
    ``"neighbours"`` edges with nothing between their ends; ``"enclosing radius"``, ``"edges"``, ``"sort"``, ``"ranks"``
    a list of edges in order; ``"components"``; ``"sweep"`` what each edge does; ``"loops"``, ``"reduction"``,
    ``"apparent pairs"``, ``"cohomology"`` who dies where; ``"cycles"``, ``"cocycles"`` representatives; ``"diagram"``;
    and ``"done"``. Which of them there are depends on the form of the engine. How much of the whole each is was
    measured on typical inputs, so that a bar moves evenly on these, and less so on others.

    References
    ----------
    Lune reduction: Koyama, Memoli, Robins and Turner, arXiv 2307.16333 and 2412.07805, for degree 1. Cohomology:
    Bauer, *Ripser*, J. Appl. Comput. Topol. 5, 2021.

    Examples
    --------
    Four corners of a square: a loop is born with the sides and filled at the diagonal.

    >>> import toposcope as ts
    >>> diagram = ts.rips([[0, 0], [0, 1], [1, 1], [1, 0]])
    >>> diagram[1]
    array([[1.        , 1.41421356]])

    Points on a circle: the longest loop, as a closed walk through them.

    >>> import numpy as np
    >>> angles = np.arange(12) * 2 * np.pi / 12
    >>> circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    >>> diagram = ts.rips(circle, representatives=True)
    >>> loop = diagram.representatives[1][0]
    >>> loop.cycle.walks()
    [array([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11], dtype=uint32)]
    """
    threshold = None if threshold is None else number(threshold, "threshold")
    check_names(metric=metric, method=method)
    with progress_callback(progress) as callback:
        params = checked_params(
            max_dim=max_dim,
            threshold=threshold,
            field=field,
            method=method,
            n_threads=n_threads,
            memory_limit=None if memory_limit is None else byte_count(memory_limit, "memory_limit"),
            representatives=detail_of(representatives),
            progress=callback,
        )
        columns = _RIPS.enter(points, metric, params)
    info = DiagramInfo(complex="rips", unit="diameter", metric=metric, field=int(field), threshold=threshold)
    return Diagram.from_engine(columns, info, chains=representatives is True)


def checked_params(
    *,
    max_dim: Any,
    threshold: float | None,
    field: Any,
    n_threads: Any,
    method: str = "auto",
    memory_limit: int | None = None,
    representatives: str | None = None,
    progress: Progress | None = None,
) -> _core.RipsParams:
    """Return what the engine is told, once it has been looked at."""
    return _core.RipsParams(
        max_dim=integer(max_dim, "max_dim", at_least=0, at_most=LARGEST_MAX_DIM),
        # An infinite threshold and none mean the same: build until nothing changes any more.
        threshold=None if threshold == math.inf else threshold,
        field=integer(field, "field", at_least=2, at_most=LARGEST_FIELD),
        method=method,
        n_threads=None if n_threads is None else integer(n_threads, "n_threads", at_least=1),
        memory_limit=memory_limit,
        representatives=representatives,
        progress=progress,
    )


def check_names(**names: Any) -> None:
    """Refuse what is no name at all; the engine knows which names there are."""
    for argument, name in names.items():
        if not isinstance(name, str):
            raise TypeError(f"{argument}: expected a name, got {describe(name)}")


def _n_points_of_condensed(length: int) -> int:
    n = (1 + math.isqrt(1 + 8 * length)) // 2
    if n * (n - 1) // 2 != length:
        raise ValueError(f"distances: expected n * (n - 1) / 2 entries of a condensed matrix, got {length}")
    return n if length else 1


def _with_sums(matrix: Any) -> Any:
    """Return a COO matrix in which entries that name the same pair are added up, as SciPy defines them."""
    if matrix.format in {"csr", "csc"}:
        return matrix.tocsr().tocoo()
    coo = matrix.tocoo()
    if coo.shape[0] <= coo.nnz:
        return coo.tocsr().tocoo()
    # Slower, but CSR holds a number per row, and most rows are empty.
    coo = coo.copy()
    coo.sum_duplicates()
    return coo
