"""What a call of ``rips`` would take, before it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toposcope import _core
from toposcope._typing import number
from toposcope.batch import Entrances, check_names, checked_params

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENTRANCES = Entrances(_core.estimate_points, _core.estimate_square, _core.estimate_condensed, _core.estimate_sparse)
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True)
class Estimate:
    """What `rips` would take; as text, a line for each thing.

    Attributes
    ----------
    n_points : int
        Number of points.
    n_edges : int
        Pairs of points that are at most ``threshold`` apart.
    threshold : float
        Largest diameter that is counted: the threshold asked for; without one the enclosing radius, or, of points so
        many that not all distances are measured, an upper bound of it.
    simplices : tuple of int
        Simplices of diameter at most ``threshold`` by dimension, from 0 to ``max_dim + 1``. The engine lists the edges
        at most.
    standard_errors : tuple of float
        Standard error of each of these numbers: zero where all were counted, else that of a sample of vertices and
        chains of neighbours.
    form : str
        The form of the engine that will run: ``"spanning tree"``, ``"spatial index"``, ``"all pairs"``,
        ``"edge list, rows"`` or ``"edge list, lists"``.
    bytes : int
        What the run will hold at its worst moment, its copy of the input included, as ``memory_limit`` counts it: an
        upper estimate.
    parts : mapping of str to int
        What these bytes are for, at that moment. They add up to ``bytes``.
    fallback : str, optional
        The form that takes over if the first one turns out to have too much to look at; only a spatial index has one.
    fallback_bytes : int, optional
        What is held then.
    """

    n_points: int
    n_edges: int
    threshold: float
    simplices: tuple[int, ...]
    standard_errors: tuple[float, ...]
    form: str
    bytes: int
    parts: Mapping[str, int]
    fallback: str | None = None
    fallback_bytes: int | None = None

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {_size(size)}" for name, size in self.parts.items())
        lines = [
            f"{self.n_points:,} points, {self._count_of(1)} edges up to {self.threshold:.6g}",
            *(f"    dimension {dim}: {self._count_of(dim)} simplices" for dim in range(len(self.simplices))),
            f"engine: {self.form}",
            f"memory: {_size(self.bytes)} ({parts})",
        ]
        if self.fallback is not None and self.fallback_bytes is not None:
            lines.append(f"        {_size(self.fallback_bytes)} if it has to go on with: {self.fallback}")
        return "\n".join(lines)

    def _count_of(self, dim: int) -> str:
        count, error = self.simplices[dim], self.standard_errors[dim]
        return f"{count:,}" if error == 0.0 else f"about {count:.3g} ± {error:.1g}"


def estimate(
    points: Any,
    max_dim: int = 1,
    threshold: float | None = None,
    *,
    metric: str = "euclidean",
    field: int = 2,
    n_threads: int | None = None,
) -> Estimate:
    """Estimate the simplices and the memory of a call of `rips`, in a small part of its time.

    Few simplices are counted; many are estimated from a sample, with a fixed seed: the same input has the same
    estimate. No pair of points is kept, whatever their number.

    Parameters
    ----------
    points : array-like of shape (n_points, n_dims), or distances
        What `rips` would be given, in any of its forms.
    max_dim : int, default=1
        Largest homology dimension.
    threshold : float, optional
        Largest diameter built; by default the enclosing radius.
    metric : {"euclidean", "cosine", "manhattan", "chebyshev", "precomputed"}, default="euclidean"
        How points are compared, as for `rips`.
    field : int, default=2
        Order of the coefficient field, a prime.
    n_threads : int, optional
        Worker threads; by default as many as the machine has. Each holds memory of its own.

    Returns
    -------
    Estimate
        Simplices by dimension, bytes, and the form of the engine.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described; the same errors as those of `rips`.
    KeyboardInterrupt
        On Ctrl-C, within a tenth of a second.

    Notes
    -----
    ``bytes`` is compared in the tests with what runs hold, on every form of the engine. For ``max_dim`` up to 1 it is
    no less, and at most three times as much; for higher dimensions no less, and at most four times as much. It is no
    guarantee: for that there is ``memory_limit``. Where distances have no geometry, as those of random matrices, the
    critical cells of higher dimensions cannot be foreseen from samples; and a spatial index may find a loop as wide as
    the whole cloud, and leave the work to the ``fallback``.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> points = np.random.default_rng(0).random((40, 3))
    >>> cost = ts.estimate(points, max_dim=2, threshold=0.4)
    >>> cost.simplices, cost.form
    ((40, 107, 105, 58), 'edge list, rows')
    >>> diagram = ts.rips(points, max_dim=2, threshold=0.4, memory_limit=cost.bytes)
    """
    threshold = None if threshold is None else number(threshold, "threshold")
    check_names(metric=metric)
    params = checked_params(max_dim=max_dim, threshold=threshold, field=field, n_threads=n_threads)
    found = _ENTRANCES.enter(points, metric, params)
    counts = tuple(round(count) for count in found.simplices)
    fallback, fallback_bytes = found.fallback or (None, None)
    return Estimate(
        n_points=found.n_points,
        n_edges=counts[1],
        threshold=found.threshold,
        simplices=counts,
        standard_errors=tuple(found.standard_errors),
        form=found.form,
        bytes=sum(size for _, size in found.parts),
        parts=dict(found.parts),
        fallback=fallback,
        fallback_bytes=fallback_bytes,
    )


def _size(n_bytes: int) -> str:
    size, unit = float(n_bytes), _UNITS[0]
    for larger in _UNITS[1:]:
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
