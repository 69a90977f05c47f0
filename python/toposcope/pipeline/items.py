"""What landmarks stand for: sentences, rows, whatever was pushed beside the vectors, and the vectors themselves."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from toposcope.explanations import stacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from toposcope._typing import Float64Array

N_REMEMBERED = 4096
"""Landmarks remembered that are gone, so that events which name them can still be explained."""
BYTES_REMEMBERED = 16 * 2**20
"""Bytes that the coordinates of these may take."""


class _Kept(NamedTuple):
    item: Any
    point: Any


class ItemStore:
    """Items and points of the landmarks alive, and of a bounded number of those that went last.

    A landmark's id is the stream-wide index of the point that founded it, hence the item at that place of the stream
    explains it, and the point there is where it is for good. Memory is that of the landmarks, not of the stream. Any
    thread may look things up while another pushes.

    Attributes
    ----------
    n_seen : int
        Points of the stream that were offered so far.
    """

    def __init__(self, n_remembered: int = N_REMEMBERED, *, keep_points: bool = False) -> None:
        self.n_seen = 0
        self._alive: dict[int, _Kept] = {}
        self._gone: OrderedDict[int, _Kept] = OrderedDict()
        self._n_remembered = n_remembered
        self._keep_points = keep_points
        self._bytes_gone = 0
        self._lock = threading.Lock()

    def keep(
        self, first_id: int, items: Sequence[Any] | None, landmark_ids: Iterable[int], points: Any = None, n: int = 0
    ) -> None:
        """Take a chunk of n points, the first of which has the id ``first_id``; keep what landmarks alive stand for."""
        points = np.asarray(points) if self._keep_points and points is not None else None
        alive: dict[int, _Kept] = {}
        with self._lock:
            for landmark_id in landmark_ids:
                at = landmark_id - first_id
                if landmark_id in self._alive:
                    alive[landmark_id] = self._alive[landmark_id]
                elif 0 <= at < n and (items is not None or points is not None):
                    # A copy: a view would keep the whole chunk.
                    point = None if points is None else points[at].copy()
                    alive[landmark_id] = _Kept(None if items is None else items[at], point)
            self._remember({i: kept for i, kept in self._alive.items() if i not in alive})
            self._alive = alive
            self.n_seen = max(self.n_seen, first_id + n)

    def items(self, ids: Iterable[int]) -> list[Any]:
        """Return the items of these ids, None for those that are not known (any more)."""
        with self._lock:
            return [kept and kept.item for kept in map(self._find, ids)]

    def points(self, ids: Iterable[int]) -> Float64Array | None:
        """Return the coordinates of these ids, float64 below each other, NaN for those not known; None if of none."""
        with self._lock:
            rows = [kept and kept.point for kept in map(self._find, ids)]
        return stacked(rows)

    def around(self) -> Float64Array | None:
        """Return the coordinates of all landmarks alive that are known; None if there are none."""
        with self._lock:
            rows = [kept.point for kept in self._alive.values() if kept.point is not None]
        return stacked(rows)

    def __len__(self) -> int:
        return len(self._alive) + len(self._gone)

    def _find(self, landmark_id: Any) -> _Kept | None:
        landmark_id = int(landmark_id)
        return self._alive.get(landmark_id) or self._gone.get(landmark_id)

    def _remember(self, gone: dict[int, _Kept]) -> None:
        self._gone.update(gone)
        self._bytes_gone += sum(_bytes_of(kept) for kept in gone.values())
        while len(self._gone) > self._n_remembered or self._bytes_gone > BYTES_REMEMBERED:
            self._bytes_gone -= _bytes_of(self._gone.popitem(last=False)[1])


def _bytes_of(kept: _Kept) -> int:
    return 0 if kept.point is None else int(kept.point.nbytes)
