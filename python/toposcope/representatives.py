"""What shows an interval: simplices, and chains of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from toposcope import _core


@dataclass(frozen=True, eq=False, slots=True)
class Chain:
    """A chain or cochain: simplices of one dimension, each once, with their coefficients.

    Attributes
    ----------
    simplices : ndarray of uint32 of shape (n_simplices, dim + 1)
        The vertices of each simplex, ascending; simplices are in colexicographic order.
    coefficients : ndarray of uint16 of shape (n_simplices,)
        From 1 to p - 1, with respect to the order of the vertices.
    """

    simplices: npt.NDArray[np.uint32]
    coefficients: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.coefficients)

    def walks(self) -> list[npt.NDArray[np.uint32]]:
        """Return a cycle of edges as closed walks through the points.

        Coefficients do not matter: every edge is walked once. Over Z/2 that is all there is to a cycle.

        Returns
        -------
        list of ndarray of uint32
            The vertices along each walk; the last is joined to the first.

        Raises
        ------
        ValueError
            If these are not edges, or an odd number of them meet at a vertex.

        Examples
        --------
        >>> import toposcope as ts
        >>> square = ts.rips([[0, 0], [0, 1], [1, 1], [1, 0]], representatives=True)
        >>> square.representatives[1][0].cycle.walks()
        [array([0, 1, 2, 3], dtype=uint32)]
        """
        if self.simplices.shape[1] != 2:
            raise ValueError(f"walks: expected a chain of edges, got simplices of {self.simplices.shape[1]} vertices")
        left: dict[int, set[int]] = {}
        for a, b in self.simplices.tolist():
            left.setdefault(a, set()).add(b)
            left.setdefault(b, set()).add(a)
        if odd := [v for v, others in left.items() if len(others) % 2]:
            got = f"{len(left[odd[0]])} at {odd[0]}"
            raise ValueError(f"walks: expected an even number of edges at each vertex, got {got}")
        return [np.array(_circuit(left, start), np.uint32) for start in sorted(left) if left[start]]


@dataclass(frozen=True, eq=False, slots=True)
class Representative:
    """What shows an interval of dimension ``dim``.

    Attributes
    ----------
    birth_simplex : ndarray of uint32 of shape (dim + 1,)
        The vertices of the simplex with which the class begins: its diameter is the birth.
    death_simplex : ndarray of uint32 of shape (dim + 2,), or None
        The vertices of the simplex with which it ends: its diameter is the death. ``None`` if it never ends.
    cycle : Chain or None
        A cycle of the class, made of points: it has the birth simplex and none of larger diameter, and it becomes a
        boundary at the death. At every scale the cycles whose classes are alive are a basis of homology. Of a component
        it is a point less an older one.
    cocycle : Chain or None
        A cocycle among all simplices of diameter below the death, with none of diameter below the birth: where to cut
        so that the class is gone. Its value on the cycle is 1. Of a component it is 1 on all its points.
    """

    birth_simplex: npt.NDArray[np.uint32]
    death_simplex: npt.NDArray[np.uint32] | None
    cycle: Chain | None
    cocycle: Chain | None


class Representatives(Sequence[Representative]):
    """The representatives of one dimension, in the order of the diagram's intervals. They do not change."""

    __slots__ = ("_births", "_cocycles", "_cycles", "_deaths", "_which_death")

    def __init__(
        self,
        births: npt.NDArray[np.uint32],
        deaths: npt.NDArray[np.uint32],
        essential: npt.NDArray[np.bool_],
        cycles: _Chains | None,
        cocycles: _Chains | None,
    ) -> None:
        self._births, self._deaths = births, deaths
        self._which_death = np.where(essential, -1, np.cumsum(~essential) - 1)
        self._cycles, self._cocycles = cycles, cocycles

    @classmethod
    def from_engine(
        cls, columns: _core.RepresentativeColumns, dim: int, essential: npt.NDArray[np.bool_], *, chains: bool
    ) -> Representatives:
        """Take over columns from the Rust engine. Not for users."""
        births = columns.birth_simplices.reshape(-1, dim + 1)
        deaths = columns.death_simplices.reshape(-1, dim + 2)
        births.flags.writeable = deaths.flags.writeable = False
        cycles, cocycles = (_Chains.from_engine(c, dim) if chains else None for c in (columns.cycles, columns.cocycles))
        return cls(births, deaths, essential, cycles, cocycles)

    def __len__(self) -> int:
        return len(self._births)

    @overload
    def __getitem__(self, at: int) -> Representative: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Representative, ...]: ...
    def __getitem__(self, at: int | slice) -> Representative | tuple[Representative, ...]:
        if isinstance(at, slice):
            return tuple(self[i] for i in range(len(self))[at])
        at = range(len(self))[at]
        death = int(self._which_death[at])
        return Representative(
            birth_simplex=self._births[at],
            death_simplex=None if death < 0 else self._deaths[death],
            cycle=None if self._cycles is None else self._cycles[at],
            cocycle=None if self._cocycles is None else self._cocycles[at],
        )

    def __repr__(self) -> str:
        return f"Representatives({len(self)} of dimension {self._births.shape[1] - 1})"


@dataclass(frozen=True, eq=False, slots=True)
class _Chains:
    """Chains end to end."""

    offsets: npt.NDArray[np.uint64]
    simplices: npt.NDArray[np.uint32]
    coefficients: npt.NDArray[np.uint16]

    @classmethod
    def from_engine(cls, columns: _core.ChainColumns, dim: int) -> _Chains:
        simplices = columns.vertices.reshape(-1, dim + 1)
        simplices.flags.writeable = columns.coefficients.flags.writeable = False
        return cls(columns.offsets, simplices, columns.coefficients)

    def __getitem__(self, at: int) -> Chain:
        part = slice(int(self.offsets[at]), int(self.offsets[at + 1]))
        return Chain(self.simplices[part], self.coefficients[part])


def _circuit(left: dict[int, set[int]], start: int) -> list[int]:
    """Take a closed walk through all edges that hang together with ``start`` out of the graph (Hierholzer 1873)."""
    open_walk, walk = [start], []
    while open_walk:
        here = open_walk[-1]
        if left[here]:
            there = min(left[here])
            left[here].remove(there)
            left[there].remove(here)
            open_walk.append(there)
        else:
            walk.append(open_walk.pop())
    # It comes out from its end; the first vertex is there twice.
    return walk[:0:-1]


def detail_of(value: Any) -> str | None:
    """Return what ``representatives=`` asks the engine for."""
    if value is False or value is True:
        return "chains" if value else None
    if value == "simplices":
        return "simplices"
    raise _wrong_detail(value)


def _wrong_detail(value: Any) -> Exception:
    message = f'representatives: expected True, False or "simplices", got {value!r}'
    return ValueError(message) if isinstance(value, str) else TypeError(message)
