"""What an event says, in the words of the source: which items stand on each side of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from toposcope.pipeline.embedders import Vectors
    from toposcope.tracking import Event, Feature

N_SHOWN = 5
"""Items shown of a feature."""


@dataclass(frozen=True, slots=True)
class Item:
    """What the pipeline keeps of a point: what it is called, and where it is."""

    name: str
    vector: Vectors


@dataclass(frozen=True, slots=True)
class Side:
    """A component, loop or void on one side of an event.

    Attributes
    ----------
    name : str
        Which side, which identity, how many points.
    items : tuple of str
        Some of the items: of a component those nearest to its mean, of a loop or a void those around it; none if the
        side only says how many features were too small to be shown.
    """

    name: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainedEvent:
    """An event with the items that it is about.

    Attributes
    ----------
    event : Event
        What the tracker said.
    sides : tuple of Side
        What stood before it and after it.
    is_notable : bool
        Whether something changed among the features that have at least ``min_mass`` points.
    """

    event: Event
    sides: tuple[Side, ...]
    is_notable: bool

    @property
    def title(self) -> str:
        """What happened, with its cause if it has one."""
        cause = getattr(self.event, "cause", None)
        return self.event.kind if cause is None else f"{self.event.kind}, {cause}"

    @property
    def evidence(self) -> str:
        """How sure the event is, in words."""
        event = self.event
        low, high = event.scale
        proof = "certified" if event.certified else f"not certified, confidence {event.confidence:.2f}"
        return f"{event.status}, {proof}, scales {low:.3g} to {high:.3g}"

    def to_dict(self) -> dict[str, Any]:
        """Return the event's own fields and those of the explanation."""
        sides = [{"name": side.name, "items": list(side.items)} for side in self.sides]
        ours = {"is_notable": self.is_notable, "title": self.title, "evidence": self.evidence, "sides": sides}
        return {**self.event.to_dict(), **ours}


def explain(event: Event, items: Callable[[Iterable[int]], list[Item | None]], min_mass: int = 1) -> ExplainedEvent:
    """Look up the items of an event's features.

    Parameters
    ----------
    event : Event
        What happened.
    items : callable
        Returns the items of landmark ids, None for those unknown: :meth:`Monitor.items`.
    min_mass : int, default=1
        Smaller features are only counted.
    """
    sides: list[Side] = []
    shown = []
    for when, features in (("before", event.before), ("after", event.after)):
        large = [feature for feature in features if feature.mass >= min_mass]
        shown.append(len(large))
        sides += [_side(feature, when, items) for feature in sorted(large, key=lambda feature: -feature.mass)]
        if n_small := len(features) - len(large):
            sides.append(Side(f"{when}: {n_small} smaller than {min_mass} points", ()))
    # One large feature that stays one has swallowed or lost small ones, no more.
    return ExplainedEvent(event, tuple(sides), tuple(shown) not in {(0, 0), (1, 1)})


def _side(feature: Feature, when: str, items: Callable[[Iterable[int]], list[Item | None]]) -> Side:
    noun = "void" if feature.triangles else "loop" if feature.walks else "component"
    points = _points(feature.mass)
    ids = feature.landmarks
    known = [item for item in items(ids) if item is not None]
    picked = _around(known) if feature.walks or feature.triangles else _central(known)
    names = tuple(item.name for item in picked) or tuple(f"point {i}" for i in ids[:N_SHOWN])
    return Side(f"{when}: {noun} {feature.id} ({points})", names)


def _points(mass: float) -> str:
    if mass == 1:
        return "1 point"
    return f"{mass:.0f} points" if float(mass).is_integer() else f"weight {mass:.4g}"


def _around(items: Sequence[Item]) -> list[Item]:
    """Return items evenly spread along a walk, or among those of a shell."""
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, min(N_SHOWN, len(items))).round().astype(int))]


def _central(items: Sequence[Item]) -> list[Item]:
    """Return the items nearest to their mean, nearest first."""
    if not items:
        return []
    vectors = np.stack([item.vector for item in items]).astype(np.float64)
    distances = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
    return [items[i] for i in np.argsort(distances, kind="stable")[:N_SHOWN]]
