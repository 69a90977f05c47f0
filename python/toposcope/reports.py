"""What a stream gives back: its report of a push, and what that is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from toposcope import _core
    from toposcope._typing import Float64Array
    from toposcope.diagram import Diagram
    from toposcope.tracking import Event


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The pool in which a stream keeps its critical simplices, after a push.

    A pool that holds none is normal: see :meth:`Stream.critical_simplices`.

    Attributes
    ----------
    live : int
        Simplices in it.
    slots : int
        Places in use: simplices, and holes that retired ones left.
    live_bytes : int
        Bytes that the simplices and their ids take themselves.
    bytes : int
        Bytes set aside within the ``memory_limit``, holes and spare room included.
    peak_bytes : int
        The most bytes that were ever set aside at once, while an array grew or shrank.
    fragmentation : float
        Share of holes among the slots, from 0 to 1; 0 if there are no slots. From the stream's ``defragment_at`` on,
        they are closed.
    n_defragmented : int
        How often holes were closed.
    n_inserted, n_retired : int
        Simplices that ever came, and that went again.
    """

    live: int
    slots: int
    live_bytes: int
    bytes: int
    peak_bytes: int
    fragmentation: float
    n_defragmented: int
    n_inserted: int
    n_retired: int


@dataclass(frozen=True, slots=True, eq=False)
class Simplices:
    """Critical simplices of one role, by ascending value.

    Attributes
    ----------
    ids : ndarray of uint64 of shape (n,)
        Each names its simplex as long as that stays critical in this role, and never another one of the same stream.
    vertices : ndarray of uint64 of shape (n, n_vertices)
        The landmarks, by the ids of :attr:`Report.landmark_ids`, ascending in each row.
    values : ndarray of float64 of shape (n,)
        Filtration values: the longest distance between vertices.
    """

    ids: npt.NDArray[np.uint64]
    vertices: npt.NDArray[np.uint64]
    values: Float64Array

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class CriticalSimplices:
    """The simplices that make up a diagram of components, loops and voids.

    Attributes
    ----------
    founds : Simplices
        Vertices, one per landmark, of value 0: with each a component is born.
    joins : Simplices
        Edges with which components die.
    births : Simplices
        Edges with which the loops of the diagram are born.
    kills : Simplices
        Triangles with which they die; of a loop without end there is none.
    void_births : Simplices
        Triangles with which the voids of the diagram are born.
    void_kills : Simplices
        Tetrahedra with which they die; of a void without end there is none.
    """

    founds: Simplices
    joins: Simplices
    births: Simplices
    kills: Simplices
    void_births: Simplices
    void_kills: Simplices


@dataclass(frozen=True, slots=True)
class PushStats:
    """What a push did to the landmarks, and what it cost.

    Attributes
    ----------
    n_added : int
        Landmarks founded, or taken in by a merge.
    n_expired : int
        Landmarks whose last point left the window.
    n_merged : int
        Landmarks taken over by another, for want of room.
    n_evicted : int
        Landmarks that had to leave before their time, for want of room.
    n_late : int
        Late points that were taken in: of an earlier time than one that came before them.
    n_dropped : int
        Late points that were dropped: a window of time had left them behind before they came.
    n_bytes : int
        Bytes held by the landmarks after the push.
    pool : PoolStats
        The pool of critical simplices after the push.
    latency : mapping of str to float
        Seconds by stage: ``"nearest"`` landmarks, other work on ``"landmarks"``, ``"persistence"``.
    """

    n_added: int
    n_expired: int
    n_merged: int
    n_evicted: int
    n_late: int
    n_dropped: int
    n_bytes: int
    pool: PoolStats
    latency: Mapping[str, float]


def _certified(diagram: Diagram, dim: int, certified_above: float) -> Float64Array:
    intervals = diagram[integer(dim, "dim", at_least=0)]
    births, deaths = intervals[:, 0], intervals[:, 1]
    is_long = deaths - births > certified_above
    if (threshold := diagram.threshold) is not None:
        is_long &= np.isfinite(deaths) | (threshold - births >= certified_above)
    return intervals[is_long]


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundDiagram:
    """A diagram that no push waited for, of the landmarks as they were after some step.

    Attributes
    ----------
    diagram : Diagram
        Of the landmarks then, exactly, in dimensions up to the stream's ``background_dim``.
    step : int
        After which push, eviction or merge the landmarks were these, the last one if they still are. ``report.step -
        report.background.step`` tells the age in steps.
    n_seen : int
        Points that had come by then.
    epsilon : float
        Hausdorff distance between window and landmarks then, at most.
    """

    diagram: Diagram
    step: int
    n_seen: int
    epsilon: float

    @property
    def error_bound(self) -> float:
        """Bottleneck distance between :attr:`diagram` and that of the window after :attr:`step`, at most: 2ε."""
        return 2.0 * self.epsilon

    @property
    def certified_above(self) -> float:
        """An interval longer than this proves a class of that window: ``2 * error_bound``."""
        return 2.0 * self.error_bound

    def certified(self, dim: int = 2) -> Float64Array:
        """Return the intervals that prove a class of the window after :attr:`step`.

        Parameters
        ----------
        dim : int, default=2
            Homology dimension.

        Returns
        -------
        ndarray of float64 of shape (n, 2)
            As :meth:`Report.certified` does.
        """
        return _certified(self.diagram, dim, self.certified_above)


@dataclass(frozen=True, eq=False)
class Report:
    r"""What a push found.

    Attributes
    ----------
    step : int
        Which push, eviction or merge of the stream, from 1.
    n_points : int
        Points in the chunk; of a merge, those that ever came to the other stream.
    first_index : int
        Index of the first of them, over the whole stream: by this much a merge moves the other stream's.
    n_window : int or None
        Points alive after the push; ``None`` in a window of time, which keeps no count.
    diagram : Diagram
        Of the landmarks, exactly: of all, or of those that weigh at least the stream's ``min_mass``.
    epsilon : float
        Hausdorff distance between window and landmarks, at most. With a ``min_mass``, that between the landmarks kept
        and the points of the window that belong to them.
    cover_radius : float
        Radius within which the next points will be covered by a landmark.
    landmark_ids : ndarray of uint64 of shape (n_landmarks,)
        The landmarks, ascending: each is the index, over the whole stream, of the point that founded it.
    landmark_radii : ndarray of float64 of shape (n_landmarks,)
        No point that a landmark stands for is farther away than this.
    landmark_weights : ndarray of float64 of shape (n_landmarks,)
        Sum of the weights of the points ever assigned to each: how many they are, as a whole number, if they came
        without weights. With a ``half_life`` it is what is left of them after the push.
    landmark_last_seen : ndarray of uint64 of shape (n_landmarks,)
        Index of the last of them, which in a window of time is the one with the latest time; moved by
        :meth:`Stream.merge`, as is said there.
    landmark_kept : ndarray of bool of shape (n_landmarks,)
        Which of them the diagram is of: all, unless the stream has a ``min_mass`` that others do not weigh.
    stats : PushStats
        Counts, bytes and times.
    background : BackgroundDiagram or None
        The latest diagram of higher dimensions that was finished beside the pushes, if ``background_dim`` asks for them
        and there is one yet. Which one that is depends on how fast the machine is; nothing else in a report does.
    cospan : object or None
        What joins this report to the one before, for the tracker. It holds the distances between all landmarks:
        ``dataclasses.replace(report, cospan=None)`` makes a report that is cheap to keep; pickles leave it out.
    events : tuple of Event
        Filled in by a monitor.
    features : ndarray or None
        Filled in by a monitor with a vectorizer.
    """

    step: int
    n_points: int
    first_index: int
    n_window: int | None
    diagram: Diagram
    epsilon: float
    cover_radius: float
    landmark_ids: npt.NDArray[np.uint64] = field(repr=False)
    landmark_radii: Float64Array = field(repr=False)
    landmark_weights: Float64Array = field(repr=False)
    landmark_last_seen: npt.NDArray[np.uint64] = field(repr=False)
    landmark_kept: npt.NDArray[np.bool_] = field(repr=False)
    stats: PushStats = field(repr=False)
    cospan: _core.Cospan | None = field(repr=False)
    background: BackgroundDiagram | None = field(default=None, repr=False)
    events: tuple[Event, ...] = ()
    features: Float64Array | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "cospan": None}

    @property
    def n_landmarks(self) -> int:
        """Number of landmarks after the push, those left out of the diagram included."""
        return len(self.landmark_ids)

    @property
    def n_left_out(self) -> int:
        """Number of landmarks that are held, but weigh too little to be part of the diagram."""
        return len(self.landmark_kept) - int(np.count_nonzero(self.landmark_kept))

    @property
    def error_bound(self) -> float:
        """Bottleneck distance between :attr:`diagram` and that of the full window, at most, in every dimension.

        2ε where filtration values are diameters, ε where they are radii: in a diagram of the alpha filtration. If the
        stream has a ``min_mass``, the window is that without the points that belong to landmarks left out.

        It is that of diagrams followed to their end. With a ``threshold``, intervals that die within 2ε of it can be
        without end in one of the two and not in the other.
        """
        return self.epsilon if self.diagram.info.unit == "radius" else 2.0 * self.epsilon

    @property
    def certified_above(self) -> float:
        """An interval longer than this proves a class of what :attr:`error_bound` is about: ``2 * error_bound``."""
        return 2.0 * self.error_bound

    def certified(self, dim: int = 1) -> Float64Array:
        """Return the intervals that prove a class of the full window.

        Parameters
        ----------
        dim : int, default=1
            Homology dimension.

        Returns
        -------
        ndarray of float64 of shape (n, 2)
            Births and deaths of the intervals longer than :attr:`certified_above`. One without end under a
            ``threshold`` is known to last until there, so that is what counts of it.
        """
        return _certified(self.diagram, dim, self.certified_above)
