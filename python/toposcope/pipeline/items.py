"""What landmarks stand for: sentences, rows, whatever was pushed beside the vectors."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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

    def contents(self) -> tuple[dict[str, list[int]], list[Any]]:
        """Return the ids of the landmarks alive and gone, and their items in that order."""
        ids = {"alive": list(self._alive), "gone": list(self._gone)}
        return ids, [*self._alive.values(), *self._gone.values()]

    @classmethod
    def from_contents(cls, ids: Mapping[str, Sequence[int]], items: Sequence[Any]) -> Self:
        """Make a store of what :meth:`contents` returned."""
        store = cls()
        alive, gone = ([int(i) for i in ids[name]] for name in ("alive", "gone"))
        found = list(zip([*alive, *gone], items, strict=True))
        store._alive = dict(found[: len(alive)])
        store._gone = OrderedDict(found[len(alive) :])
        return store

    def __len__(self) -> int:
        return len(self._alive) + len(self._gone)


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
