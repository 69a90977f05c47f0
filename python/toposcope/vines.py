"""Intervals followed from diagram to diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import integer, number
from toposcope.crocker import intervals_of, sequence_of
from toposcope.distances import wasserstein_distance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toposcope._typing import Float64Array


@dataclass(frozen=True, eq=False, slots=True)
class Vine:
    """An interval, followed through successive diagrams.

    Attributes
    ----------
    first : int
        In which of the diagrams it is seen first, from 0; it is in as many as it has births, one after another.
    births, deaths : ndarray of float64 of shape (n,)
        Its ends in each of them.
    """

    first: int
    births: Float64Array
    deaths: Float64Array

    def __len__(self) -> int:
        return len(self.births)

    @property
    def moments(self) -> Any:
        """In which of the diagrams it is, ascending."""
        return np.arange(self.first, self.first + len(self))

    @property
    def persistences(self) -> Float64Array:
        """Its length in each of them."""
        return self.deaths - self.births


def vines(diagrams: Iterable[Any], dim: int = 1, *, order: float = 2, min_persistence: float = 0.0) -> tuple[Vine, ...]:
    """Follow the intervals of a sequence of diagrams by matching each diagram with the next.

    Each matching is optimal, exactly: the one that attains :func:`wasserstein_distance`. An interval that it takes to
    the diagonal ends there, one that comes from the diagonal begins. Intervals without end are matched among
    themselves, in the order of their births.

    That is a guess at what belongs together, made from births and deaths alone. In a vineyard proper, classes are
    followed through every exchange of two simplices; here two loops that have nothing in common are taken for one if
    their intervals are similar, and two that become equally long and part again may have changed places. For
    identities that are proven, see :class:`CobordismTracker`, which follows classes through maps.

    Parameters
    ----------
    diagrams : iterable of Diagram, Report, or arrays of shape (n_intervals, 2)
        One for each moment; arrays are taken as of dimension ``dim``.
    dim : int, default=1
        Homology dimension.
    order : float, default=2
        Of the Wasserstein distance. There is none of infinite order here: a matching that attains the bottleneck
        distance is determined at its longest pair alone.
    min_persistence : float, default=0.0
        Vines that are never longer than this are left out; matched are all.

    Returns
    -------
    tuple of Vine
        By where they begin, then by birth and death there.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    References
    ----------
    Cohen-Steiner, Edelsbrunner and Morozov, *Vines and vineyards by updating persistence in linear time*, SoCG 2006,
    for what is not done here; Soler et al., *Lifted Wasserstein matcher for fast and robust topology tracking*, LDAV
    2018, for matchings.

    Examples
    --------
    >>> import toposcope as ts
    >>> for vine in ts.vines([[[0, 4]], [[0, 5], [1, 2]], [[1, 5]]]):
    ...     print(vine.moments, vine.births, vine.deaths)
    [0 1 2] [0. 0. 1.] [4. 5. 5.]
    [1] [1.] [2.]
    """
    dim = integer(dim, "dim", at_least=0)
    order, least = number(order, "order"), number(min_persistence, "min_persistence")
    if not 1 <= order < np.inf:
        raise ValueError(f"order: expected a finite number of at least 1, got {order!r}")
    if not least >= 0:
        raise ValueError(f"min_persistence: expected a number of at least 0, got {min_persistence!r}")
    columns = [intervals_of(diagram, dim, "diagrams") for diagram in sequence_of(diagrams, "diagrams")]
    ended: list[tuple[int, list[Any]]] = []
    alive: list[tuple[int, list[Any]]] = []
    for moment, intervals in enumerate(columns):
        goes_on = dict(_matched(columns[moment - 1], intervals, order)) if moment else {}
        came_from = {after: alive[before] for before, after in goes_on.items()}
        ended += [vine for at, vine in enumerate(alive) if at not in goes_on]
        alive = [came_from.get(at, (moment, [])) for at in range(len(intervals))]
        for (_, path), interval in zip(alive, intervals, strict=True):
            path.append(interval)
    found = [Vine(first, *np.array(path).T) for first, path in ended + alive]
    kept = (vine for vine in found if vine.persistences.max() > least)
    return tuple(sorted(kept, key=lambda vine: (vine.first, vine.births[0], vine.deaths[0])))


def _matched(before: Float64Array, after: Float64Array, order: float) -> list[tuple[int, int]]:
    """Return which interval goes on as which, by their places."""
    endless = [sorted(np.flatnonzero(np.isinf(side[:, 1])), key=side[:, 0].item) for side in (before, after)]
    finite = [np.flatnonzero(np.isfinite(side[:, 1])) for side in (before, after)]
    # Those of which one side has more begin or end here.
    pairs = [(int(a), int(b)) for a, b in zip(*endless, strict=False)]
    _, matching = wasserstein_distance(before[finite[0]], after[finite[1]], order=order, matching=True)
    assert matching is not None  # infinite only with intervals without end
    return pairs + [(int(finite[0][a]), int(finite[1][b])) for a, b in matching if a >= 0 and b >= 0]
