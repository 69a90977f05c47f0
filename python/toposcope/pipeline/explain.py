"""What an event says, in the words of the source: which items stand on each side of it, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._projection import on_a_plane
from toposcope.explanations import evidence, one_line, title, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toposcope._typing import Float64Array
    from toposcope.explanations import ExplainedFeature, Explanation
    from toposcope.tracking import Event

N_PICTURES = 6
"""Events of a push of which a picture is made: those about the most points."""
N_DRAWN = 160
"""Landmarks drawn of an event's components, about; of more, some evenly spread. Loops are drawn whole."""
N_AROUND = 160
"""Other landmarks drawn around them."""
_FEWEST_DRAWN = 4
_GRID = 1000
_NAME_WIDTH = 120


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
    ids : tuple of int
        The landmarks whose items these are.
    """

    name: str
    items: tuple[str, ...]
    ids: tuple[int, ...] = ()


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
    picture : dict or None
        Where its landmarks are on a plane, as plain values, for the report; None if it is not notable, coordinates are
        not known, or enough others of the push have one.
    """

    event: Event
    sides: tuple[Side, ...]
    is_notable: bool
    picture: dict[str, Any] | None = None

    @property
    def title(self) -> str:
        """What happened, with its cause if it has one."""
        return title(self.event)

    @property
    def evidence(self) -> str:
        """How sure the event is, in words."""
        return evidence(self.event)

    def to_dict(self) -> dict[str, Any]:
        """Return the event's own fields and those of the explanation."""
        sides = [{"name": side.name, "items": list(side.items), "ids": list(side.ids)} for side in self.sides]
        ours = {"is_notable": self.is_notable, "title": self.title, "evidence": self.evidence, "sides": sides}
        return {**self.event.to_dict(), **ours, "picture": self.picture}


def explain_all(explanations: Sequence[Explanation], min_mass: int = 1) -> tuple[ExplainedEvent, ...]:
    """Put the events of a push into words, and those about the most points on a plane.

    Parameters
    ----------
    explanations : sequence of Explanation
        The events, and what is behind their landmarks.
    min_mass : int, default=1
        Smaller features are only counted.
    """
    masses = [sum(feature.mass for _, feature in explanation.features) for explanation in explanations]
    largest = set(sorted(range(len(masses)), key=lambda i: -masses[i])[:N_PICTURES])
    return tuple(explain(each, min_mass, draw=i in largest) for i, each in enumerate(explanations))


def explain(explanation: Explanation, min_mass: int = 1, *, draw: bool = True) -> ExplainedEvent:
    """Put an event into words, and on a plane.

    Parameters
    ----------
    explanation : Explanation
        The event, and what is behind its landmarks.
    min_mass : int, default=1
        Smaller features are only counted.
    draw : bool, default=True
        Whether to make a picture, if the event is notable.
    """
    sides: list[Side] = []
    shown: list[list[ExplainedFeature]] = []
    for when, features in (("before", explanation.before), ("after", explanation.after)):
        large = sorted((f for f in features if f.mass >= min_mass), key=lambda f: -f.mass)
        shown.append(large)
        sides += [_side(feature, when) for feature in large]
        if n_small := len(features) - len(large):
            sides.append(Side(f"{when}: {n_small} smaller than {min_mass} points", ()))
    notable = is_notable(explanation.event, min_mass)
    picture = _picture(shown[0], shown[1], explanation.around) if draw and notable else None
    return ExplainedEvent(explanation.event, tuple(sides), notable, picture)


def is_notable(event: Event, min_mass: int = 1) -> bool:
    """Whether something changes among the features of an event that have at least ``min_mass`` points."""
    n_before, n_after = (sum(f.mass >= min_mass for f in side) for side in (event.before, event.after))
    # One large feature that stays one has swallowed or lost small ones, no more.
    return (n_before, n_after) not in {(0, 0), (1, 1)}


def _side(feature: ExplainedFeature, when: str) -> Side:
    ids = feature.examples()
    known = [feature.items[feature.landmarks.index(i)] for i in ids]
    names = tuple(f"point {i}" if item is None else str(item) for i, item in zip(ids, known, strict=True))
    return Side(f"{when}: {feature.noun} {feature.id} ({weight(feature.mass)})", names, ids)


def _picture(
    before: list[ExplainedFeature], after: list[ExplainedFeature], around: Float64Array | None
) -> dict[str, Any] | None:
    """Return the landmarks of features on a plane, on a grid of thousandths of the picture's larger side.

    A landmark is there once, under its id, with what it stands for; features name ids, loops in the order of their
    walks. So a picture takes some kilobytes, whatever the stream's dimension.
    """
    features = [*before, *after]
    share = N_DRAWN / max(N_DRAWN, sum(len(feature.landmarks) for feature in features))
    rows, names = {}, {}
    for feature in features:
        if feature.points is None:
            continue
        n = len(feature.landmarks)
        # A walk with gaps would not be one.
        for at in range(n) if feature.walks else _spread(n, max(_FEWEST_DRAWN, round(share * n))):
            if np.isfinite(feature.points[at]).all():
                rows[feature.landmarks[at]] = feature.points[at]
                names[feature.landmarks[at]] = feature.items[at]
    if not rows:
        return None
    others = np.empty((0, len(next(iter(rows.values()))))) if around is None else around
    others = others[_spread(len(others), N_AROUND)]
    plane = on_a_plane(np.concatenate([np.stack(list(rows.values())), others]))
    low, extent = plane.min(axis=0), float(np.ptp(plane, axis=0).max()) or 1.0
    grid = np.round((plane - low) / extent * _GRID).astype(int)
    sides = [("before", feature) for feature in before] + [("after", feature) for feature in after]
    return {
        "n_dims": others.shape[1],
        "width": [int(side) for side in grid.max(axis=0)],
        "ids": list(rows),
        "at": grid[: len(rows)].tolist(),
        "names": [None if names[i] is None else one_line(names[i], _NAME_WIDTH) for i in rows],
        "around": grid[len(rows) :].tolist(),
        "features": [
            {
                "side": side,
                "noun": feature.noun,
                "id": feature.id,
                "ids": [i for i in feature.landmarks if i in rows],
                "walks": [[i for i in walk if i in rows] for walk in feature.walks],
            }
            for side, feature in sides
        ],
    }


def _spread(n: int, most: int) -> list[int]:
    """Return at most so many places out of n, evenly spread."""
    return [int(at) for at in np.unique(np.linspace(0, n - 1, min(n, most)).round())]
