"""What landmarks stand for: sentences, rows, whatever was pushed beside the vectors."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

N_REMEMBERED = 4096
"""Items kept of landmarks that are gone, so that events which name them can still be explained."""


class ItemStore:
    """Items of the landmarks alive, and of a bounded number of those that went last.

    A landmark's id is the stream-wide index of the point that founded it, hence the item at that place of the stream
    explains it. Memory is that of the landmarks, not of the stream.
    """

    def __init__(self, n_remembered: int = N_REMEMBERED) -> None:
        self._alive: dict[int, Any] = {}
        self._gone: OrderedDict[int, Any] = OrderedDict()
        self._n_remembered = n_remembered

    def keep(self, first_id: int, items: Sequence[Any] | None, landmark_ids: Iterable[int]) -> None:
        """Take a chunk's items, the first of which has the id ``first_id``; keep those of the landmarks alive."""
        offered = {} if items is None else dict(enumerate(items, start=first_id))
        alive: dict[int, Any] = {}
        for landmark_id in landmark_ids:
            if landmark_id in self._alive:
                alive[landmark_id] = self._alive.pop(landmark_id)
            elif landmark_id in offered:
                alive[landmark_id] = offered[landmark_id]
        self._gone.update(self._alive)
        while len(self._gone) > self._n_remembered:
            self._gone.popitem(last=False)
        self._alive = alive

    def find(self, ids: Iterable[int]) -> list[Any]:
        """Return the items of these ids, None for those that are not known (any more)."""
        return [self._alive[int(i)] if int(i) in self._alive else self._gone.get(int(i)) for i in ids]

    def __len__(self) -> int:
        return len(self._alive) + len(self._gone)
