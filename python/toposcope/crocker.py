"""Betti numbers over time and scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import describe, float_array, integer
from toposcope.diagram import Diagram

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from toposcope._typing import Float64Array


def crocker_matrix(
    diagrams: Iterable[Any], dim: int = 1, *, scales: Any = None, n_scales: int = 100
) -> tuple[npt.NDArray[np.int64], Float64Array]:
    r"""Betti numbers of a sequence of diagrams, at the same scales for all: a CROCKER matrix.

    .. math:: C_{t,s} = \#\{i : b_{t,i} \le s < d_{t,i}\}

    A class that dies while another is born leaves no trace in it: that is what events are for.

    Parameters
    ----------
    diagrams : iterable of Diagram, or of arrays of shape (n_intervals, 2)
        One for each moment, such as ``report.diagram`` of each push; arrays are taken as of dimension ``dim``.
    dim : int, default=1
        Homology dimension.
    scales : array of shape (n_scales,), optional
        Ascending. By default ``n_scales`` from 0 to 1.05 times the largest finite value of any diagram, in whatever
        dimension, so that the matrices of all dimensions have the same scales; or to 1 if there is none.
    n_scales : int, default=100
        How many, if they are not given.

    Returns
    -------
    matrix : ndarray of int64 of shape (n_diagrams, n_scales)
        A row for each moment.
    scales : ndarray of float64 of shape (n_scales,)
        The scale of each column.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    References
    ----------
    Topaz, Ziegelmeier and Halverson, *Topological data analysis of biological aggregation models*, PLoS ONE 10, 2015.

    Examples
    --------
    >>> import toposcope as ts
    >>> matrix, scales = ts.crocker_matrix([[[0, 1], [0, 2]], [[0, 2]], []], dim=0, scales=[0, 1, 2])
    >>> matrix
    array([[2, 1, 0],
           [1, 1, 0],
           [0, 0, 0]])
    """
    dim = integer(dim, "dim", at_least=0)
    given = sequence_of(diagrams, "diagrams")
    columns = [intervals_of(diagram, dim, "diagrams") for diagram in given]
    grid = _default_scales(given, columns, n_scales) if scales is None else _checked_scales(scales)
    matrix = np.zeros((len(columns), len(grid)), np.int64)
    for row, intervals in zip(matrix, columns, strict=True):
        births, deaths = np.sort(intervals[:, 0]), np.sort(intervals[:, 1])
        row[:] = np.searchsorted(births, grid, side="right") - np.searchsorted(deaths, grid, side="right")
    return matrix, grid


def sequence_of(diagrams: Any, argument: str) -> list[Any]:
    """Return diagrams as a list; ``TypeError`` if it is one diagram, or none at all."""
    if isinstance(diagrams, Diagram | str | bytes) or not hasattr(diagrams, "__iter__"):
        raise TypeError(f"{argument}: expected a sequence of diagrams, got {describe(diagrams)}")
    return [getattr(diagram, "diagram", diagram) for diagram in diagrams]


def intervals_of(diagram: Any, dim: int, argument: str) -> Float64Array:
    """Return the intervals of a dimension, none if it was not computed."""
    if isinstance(diagram, Diagram):
        return diagram[dim] if dim <= diagram.max_dim else np.empty((0, 2))
    if np.size(diagram) == 0:
        return np.empty((0, 2))
    pairs = float_array(diagram, argument, 2)
    if pairs.shape[1] != 2:
        raise ValueError(f"{argument}: expected arrays of shape (n_intervals, 2), got shape {pairs.shape}")
    return pairs.astype(np.float64, copy=False)


def largest_finite(diagram: Any) -> float:
    """Return the largest finite value of a diagram, or of an array of intervals; 0 if there is none."""
    values = [diagram.births, diagram.deaths] if isinstance(diagram, Diagram) else [np.ravel(diagram)]
    return max((float(np.max(v, initial=0.0, where=np.isfinite(v))) for v in values), default=0.0)


def _default_scales(diagrams: list[Any], columns: list[Float64Array], n_scales: int) -> Float64Array:
    n_scales = integer(n_scales, "n_scales", at_least=1)
    whole = (each if isinstance(each, Diagram) else column for each, column in zip(diagrams, columns, strict=True))
    high = max(map(largest_finite, whole), default=0.0)
    return np.linspace(0.0, 1.05 * high or 1.0, n_scales)


def _checked_scales(scales: Any) -> Float64Array:
    grid = float_array(scales, "scales", 1).astype(np.float64, copy=False)
    if not np.isfinite(grid).all() or np.any(np.diff(grid) < 0):
        raise ValueError("scales: expected finite values in ascending order, got others")
    return grid
