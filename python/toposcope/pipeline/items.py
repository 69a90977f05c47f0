"""What landmarks stand for: sentences, rows, whatever was pushed beside the vectors, and the vectors themselves."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from toposcope.explanations import stacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from toposcope._typing import Float64Array

N_REMEMBERED = 4096
"""Landmarks remembered that are gone, so that events which name them can still be explained."""
BYTES_REMEMBERED = 16 * 2**20
"""Bytes that the coordinates of these may take."""
_LENGTH_BYTES = 8


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

    def contents(self) -> tuple[dict[str, list[int]], list[Any], list[Any] | None]:
        """Return the ids of the landmarks alive and gone, and in that order their items and, if kept, their points."""
        with self._lock:
            ids = {"alive": list(self._alive), "gone": list(self._gone)}
            kept = [*self._alive.values(), *self._gone.values()]
        return ids, [one.item for one in kept], [one.point for one in kept] if self._keep_points else None

    @classmethod
    def from_contents(
        cls,
        ids: Mapping[str, Sequence[int]],
        items: Sequence[Any],
        points: Sequence[Any] | None = None,
        n_seen: int = 0,
    ) -> Self:
        """Make a store of what :meth:`contents` returned after so many points."""
        store = cls(keep_points=points is not None)
        alive, gone = ([int(i) for i in ids[name]] for name in ("alive", "gone"))
        rows = [None] * len(items) if points is None else points
        kept = [_Kept(item, point) for item, point in zip(items, rows, strict=True)]
        found = list(zip([*alive, *gone], kept, strict=True))
        store.n_seen = n_seen
        store._alive = dict(found[: len(alive)])
        store._remember(dict(found[len(alive) :]))
        return store

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


def pack_items(items: list[Any]) -> bytes:
    """Return items as JSON; ``TypeError`` if one of them is something that it cannot hold."""
    try:
        return json.dumps(items, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except TypeError as error:
        raise TypeError(f"items: expected what JSON can hold, or a pack that takes them; {error}") from None


def unpack_items(packed: bytes) -> list[Any]:
    """Return what :func:`pack_items` was given; tuples have become lists."""
    items = json.loads(packed.decode("utf-8", "surrogatepass"))
    if not isinstance(items, list):
        raise ValueError(f"items: expected a list, got {type(items).__name__}")  # noqa: TRY004 (a file's fault)
    return items


def pack_points(points: list[Any]) -> bytes:
    """Return rows of coordinates, some of them None, as bytes: what they are as JSON, then those known in one block."""
    known = [point is not None for point in points]
    rows = np.stack([point for point in points if point is not None]) if any(known) else np.zeros((0, 0))
    head = json.dumps({"known": known, "shape": rows.shape, "dtype": rows.dtype.str}).encode()
    return len(head).to_bytes(_LENGTH_BYTES, "little") + head + rows.tobytes()


def unpack_points(packed: bytes) -> list[Any]:
    """Return what :func:`pack_points` was given; ``ValueError``, ``KeyError`` or the like if it is something else."""
    end = _LENGTH_BYTES + int.from_bytes(packed[:_LENGTH_BYTES], "little")
    head = json.loads(packed[_LENGTH_BYTES:end])
    dtype = np.dtype(head["dtype"])
    if dtype.kind not in "fiu":
        raise ValueError(f"points: expected rows of real numbers, got dtype {dtype}")
    rows = np.frombuffer(packed, dtype, offset=end).reshape(head["shape"])
    if sum(map(bool, head["known"])) != len(rows):
        raise ValueError(f"points: expected a row for each that is known, got {len(rows)}")
    row = iter(rows)
    return [next(row).copy() if known else None for known in head["known"]]
