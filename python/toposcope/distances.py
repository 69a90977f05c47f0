"""Distances between persistence diagrams."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from toposcope import _core
from toposcope._typing import float_array, integer, number
from toposcope.diagram import Diagram

if TYPE_CHECKING:
    from toposcope._typing import Float64Array

#: Of shape (n_pairs, 2): an interval of the first diagram and its partner in the second; -1 is the diagonal.
Matching: TypeAlias = npt.NDArray[np.int64]


@overload
def bottleneck_distance(a: Any, b: Any, dim: int = 1, *, matching: Literal[False] = False) -> float: ...
@overload
def bottleneck_distance(a: Any, b: Any, dim: int = 1, *, matching: Literal[True]) -> tuple[float, Matching | None]: ...
def bottleneck_distance(
    a: Any, b: Any, dim: int = 1, *, matching: bool = False
) -> float | tuple[float, Matching | None]:
    r"""Bottleneck distance between two diagrams, exactly.

    .. math:: W_\infty(a, b) = \min_\gamma \max_{x} \lVert x - \gamma(x) \rVert_\infty

    over all matchings :math:`\gamma`, which give each interval at most one partner in the other diagram and match the
    rest with the diagonal, at half their length. The result is one of these lengths, to the last bit.

    Parameters
    ----------
    a, b : Diagram or array-like of shape (n_intervals, 2)
        Diagrams, or births and deaths. Births are finite; a death is ``inf`` for an essential interval. Intervals of
        zero length change nothing.
    dim : int, default=1
        Homology dimension that is compared; arrays are taken as they are.
    matching : bool, default=False
        Return a matching that attains the distance as well.

    Returns
    -------
    distance : float
        ``inf`` if the numbers of essential intervals differ; else those are matched with each other.
    matching : ndarray of shape (n_pairs, 2), int64
        With ``matching=True``: indices into ``a[dim]`` and ``b[dim]``, -1 for the diagonal, as in GUDHI. Each interval
        is in one row: those of ``a`` in order, then those of ``b`` that no interval of ``a`` is matched with. ``None``
        if the distance is infinite.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or the diagrams have different units; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within a tenth of a second.

    References
    ----------
    Efrat, Itai and Katz, *Geometry helps in bottleneck matching and related problems*, Algorithmica 31, 2001.

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.bottleneck_distance([[0, 10], [2, 3]], [[1, 11.5]], matching=True)
    (1.5, array([[ 0,  0],
           [ 1, -1]]))
    """
    return _distance(a, b, dim, order=math.inf, ground=math.inf, matching=matching)


@overload
def wasserstein_distance(
    a: Any, b: Any, dim: int = 1, *, order: float = 2, ground: float = 2, matching: Literal[False] = False
) -> float: ...
@overload
def wasserstein_distance(
    a: Any, b: Any, dim: int = 1, *, order: float = 2, ground: float = 2, matching: Literal[True]
) -> tuple[float, Matching | None]: ...
def wasserstein_distance(
    a: Any, b: Any, dim: int = 1, *, order: float = 2, ground: float = 2, matching: bool = False
) -> float | tuple[float, Matching | None]:
    r"""Wasserstein distance between two diagrams, exactly.

    .. math:: W_q(a, b) = \min_\gamma \Bigl( \sum_{x} \lVert x - \gamma(x) \rVert_p^q \Bigr)^{1/q}

    over all matchings :math:`\gamma`, which give each interval at most one partner in the other diagram and match the
    rest with the nearest point of the diagonal. The matching is optimal, up to rounding; nothing is approximated.

    Parameters
    ----------
    a, b : Diagram or array-like of shape (n_intervals, 2)
        Diagrams, or births and deaths. Births are finite; a death is ``inf`` for an essential interval. Intervals of
        zero length change nothing.
    dim : int, default=1
        Homology dimension that is compared; arrays are taken as they are.
    order : float, default=2
        :math:`q`, from 1 to ``inf``, where it is the bottleneck distance. (GUDHI's default is 1.)
    ground : float, default=2
        :math:`p` of the norm of the plane, from 1 to ``inf``. (GUDHI's default is ``inf``.)
    matching : bool, default=False
        Return an optimal matching as well.

    Returns
    -------
    distance : float
        ``inf`` if the numbers of essential intervals differ; else those are matched with each other.
    matching : ndarray of shape (n_pairs, 2), int64
        With ``matching=True``: indices into ``a[dim]`` and ``b[dim]``, -1 for the diagonal, as in GUDHI. Each interval
        is in one row: those of ``a`` in order, then those of ``b`` that no interval of ``a`` is matched with. ``None``
        if the distance is infinite.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or the diagrams have different units; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within a tenth of a second.

    References
    ----------
    Jonker and Volgenant, *A shortest augmenting path algorithm for dense and sparse linear assignment problems*,
    Computing 38, 1987.

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.wasserstein_distance([[0, 10]], [[3, 14]])
    5.0
    >>> ts.wasserstein_distance([[0, 10]], [[3, 14]], order=1, ground=float("inf"))
    4.0
    """
    order, ground = number(order, "order"), number(ground, "ground")
    return _distance(a, b, dim, order=order, ground=ground, matching=matching)


def _distance(
    a: Any, b: Any, dim: int, *, order: float, ground: float, matching: bool
) -> float | tuple[float, Matching | None]:
    dim = integer(dim, "dim", at_least=0)
    _check_units(a, b)
    distance, pairs = _core.diagram_distance(_intervals(a, "a", dim), _intervals(b, "b", dim), order, ground)
    return (distance, pairs) if matching else distance


def _check_units(a: Any, b: Any) -> None:
    """Refuse to compare diameters with radii, which differ by a factor."""
    units = {diagram.info.unit for diagram in (a, b) if isinstance(diagram, Diagram)} - {"unknown"}
    if len(units) > 1:
        raise ValueError(f"b: expected values in the unit of a, {a.info.unit}, got {b.info.unit}")


def _intervals(diagram: Any, argument: str, dim: int) -> Float64Array:
    if isinstance(diagram, Diagram):
        if dim > diagram.max_dim:
            raise ValueError(f"dim: expected 0 to {diagram.max_dim}, the dimensions of {argument}, got {dim}")
        return diagram[dim]
    is_empty_list = isinstance(diagram, list | tuple) and not diagram
    if is_empty_list or getattr(diagram, "shape", None) == (0,):
        return np.empty((0, 2))
    pairs = float_array(diagram, argument, 2)
    if pairs.shape[1] != 2:
        raise ValueError(f"{argument}: expected an array of shape (n_intervals, 2), got shape {pairs.shape}")
    return pairs.astype(np.float64, copy=False)
