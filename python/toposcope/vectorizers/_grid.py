"""What ``fit`` learns about the intervals of a dimension, and the grids made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from toposcope._typing import number

if TYPE_CHECKING:
    from toposcope._typing import Float64Array
    from toposcope.vectorizers._collection import Collection

Range: TypeAlias = tuple[float, float]

#: The range of no values: the hull of it and another is the other.
NOTHING: Range = (math.inf, -math.inf)


@dataclass(frozen=True)
class Extent:
    """How far the intervals of a dimension reach; extents of parts of the data unite to that of the whole.

    ``open_births`` is the range of the births of intervals whose end is not known yet, or never comes.
    """

    births: Range = NOTHING
    open_births: Range = NOTHING
    largest_death: float = -math.inf
    largest_persistence: float = -math.inf

    @classmethod
    def of(cls, intervals: Collection) -> Extent:
        """Measure the intervals of one dimension."""
        births, deaths, is_open = intervals.births, intervals.deaths, intervals.essential
        closed = ~is_open
        return cls(
            births=_bounds(births[closed]),
            open_births=_bounds(births[is_open]),
            largest_death=float(deaths[closed].max(initial=-math.inf)),
            largest_persistence=float((deaths - births)[closed].max(initial=-math.inf)),
        )

    def union(self, other: Extent) -> Extent:
        """Return the extent of both."""
        return Extent(
            births=_hull(self.births, other.births),
            open_births=_hull(self.open_births, other.open_births),
            largest_death=max(self.largest_death, other.largest_death),
            largest_persistence=max(self.largest_persistence, other.largest_persistence),
        )

    def closed_at(self, end: float | None) -> Extent:
        """Return the extent once open intervals die at ``end``; with ``None`` they never do, and their births count."""
        first, last = self.open_births
        if end is None:
            return replace(self, births=_hull(self.births, self.open_births), open_births=NOTHING)
        if first >= end:
            return replace(self, open_births=NOTHING)
        return Extent(
            births=_hull(self.births, (first, min(last, end))),
            largest_death=max(self.largest_death, end),
            largest_persistence=max(self.largest_persistence, end - first),
        )

    @property
    def filtration_range(self) -> Range:
        """Smallest birth and largest finite value; (0, 1) if there is no interval."""
        low, high = self.births[0], max(self.births[1], self.largest_death)
        return (low, high) if low <= high else (0.0, 1.0)

    @property
    def birth_range(self) -> Range:
        """Smallest and largest birth; (0, 1) if there is no interval."""
        return self.births if self.births[0] <= self.births[1] else (0.0, 1.0)

    @property
    def persistence_range(self) -> Range:
        """From 0, the diagonal, to the largest finite persistence; (0, 1) if there is none."""
        return (0.0, self.largest_persistence) if self.largest_persistence > 0 else (0.0, 1.0)


@dataclass(frozen=True)
class Seen:
    """What ``fit`` and ``partial_fit`` have seen so far; ``finite`` is the range of finite filtration values."""

    extents: Mapping[int, Extent] = field(default_factory=dict)
    max_dim: int = 0
    finite: Range = NOTHING

    @property
    def largest(self) -> float:
        """Largest finite filtration value over all dimensions, used or not; 0 if there is none."""
        return self.finite[1] if self.finite[0] <= self.finite[1] else 0.0

    def with_more(self, diagrams: Collection, extents: Mapping[int, Extent]) -> Seen:
        """Add diagrams, of whose used dimensions the extents are given."""
        united = {dim: extent.union(self.extents.get(dim, Extent())) for dim, extent in extents.items()}
        finite = _bounds(np.concatenate([diagrams.births, diagrams.deaths[~diagrams.essential]]))
        return Seen(
            extents={**self.extents, **united},
            max_dim=max(self.max_dim, diagrams.max_dim),
            finite=_hull(self.finite, finite),
        )


def _bounds(values: Float64Array) -> Range:
    return float(values.min(initial=math.inf)), float(values.max(initial=-math.inf))


def _hull(a: Range, b: Range) -> Range:
    return min(a[0], b[0]), max(a[1], b[1])


def fixed_range(given: Any, argument: str, dim: int) -> Range | None:
    """Check a parameter ``None``, ``(low, high)`` or ``{dim: (low, high)}`` and return what it fixes for ``dim``."""
    if isinstance(given, Mapping):
        given = given.get(dim)
    if given is None:
        return None
    try:
        low, high = (number(bound, argument) for bound in given)
    except (TypeError, ValueError):
        raise ValueError(f"{argument}: expected (low, high) or {{dim: (low, high)}}, got {given!r}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{argument}: expected finite low < high, got {given!r}")
    return low, high


def widened(bounds: Range, count: int, half_width: float = 0.5) -> Range:
    """Return a learned range, wider by ``half_width`` on either side if it has no room for ``count`` positions."""
    low, high = bounds
    room = 4 * count * math.ulp(max(abs(low), abs(high)))
    if high - low > room:
        return bounds
    return low - max(half_width, room), high + max(half_width, room)


def uniform(bounds: Range, count: int) -> Float64Array:
    """Return ``count`` evenly spaced positions, both bounds included."""
    low, high = bounds
    with np.errstate(over="ignore", invalid="ignore"):
        positions = np.linspace(low, high, count)
    if not (np.isfinite(positions).all() and np.all(np.diff(positions) > 0)):
        raise ValueError(f"range: expected room for {count} different float64 values, got {low!r} to {high!r}")
    return positions


def position_names(positions: Float64Array) -> list[str]:
    """Write positions as short as keeps them apart."""
    for digits in (6, 9, 12):
        names = [f"{position:.{digits}g}" for position in positions]
        if len(set(names)) == len(names):
            return names
    return [repr(float(position)) for position in positions]
