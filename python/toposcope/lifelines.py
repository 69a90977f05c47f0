"""From when to when each component, loop and void was there, by identity: what events add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toposcope._typing import describe, number
from toposcope.explanations import noun_of
from toposcope.tracking import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

NOUNS = ("component", "loop", "void")
"""In the order in which they are drawn, from below."""


@dataclass
class Life:
    """One feature: from when to when, at which height; ``end`` is None as long as it is there."""

    id: int
    noun: str
    begin: float
    end: float | None
    mass: float
    lane: int = 0


@dataclass(frozen=True)
class Mark:
    """An event on a lifeline."""

    at: float
    id: int
    event: Event


@dataclass(frozen=True)
class Bond:
    """A feature that went on as another, or came out of it."""

    at: float
    ids: tuple[int, int]


@dataclass(frozen=True)
class Lifelines:
    """What a timeline shows."""

    lives: list[Life]
    marks: list[Mark]
    bonds: list[Bond]
    first: float
    last: float
    n_left_out: int

    @property
    def n_lanes(self) -> int:
        """How many heights there are."""
        return 1 + max((life.lane for life in self.lives), default=-1)


def lifelines(
    events: Iterable[Any], *, by_time: bool, min_mass: float, until: float | None = None, most: int | None = None
) -> Lifelines:
    """Follow features through events; what was retracted has not happened.

    Features that never weigh ``min_mass`` are left out, and of those left all but the ``most`` that were largest for
    longest.

    Raises
    ------
    TypeError, ValueError
        If something is no event, or has no time where times are asked for.
    """
    told = _settled(events)
    least = number(min_mass, "min_mass")
    if by_time and (without := [event.seq for event in told if event.time is None]):
        raise ValueError(f"x: expected events with times, got event {without[0]} without")
    moments = [float(event.time if by_time and event.time is not None else event.step) for event in told]
    lives: dict[int, Life] = {}
    marks, bonds = [], []
    for at, event in zip(moments, told, strict=True):
        before, after = ({f.id: f for f in side} for side in (event.before, event.after))
        for feature in (*event.before, *event.after):
            begin = at if feature.id not in before else min(moments)
            life = lives.setdefault(feature.id, Life(feature.id, noun_of(event, feature), begin, None, 0.0))
            life.mass = max(life.mass, feature.mass)
        for gone in before.keys() - after.keys():
            lives[gone].end = at
        bonds += [Bond(at, pair) for pair in _bonds(list(before), list(after))]
        if event.identities:
            marks.append(Mark(at, (*after, *before)[0], event))
    kept = {i: life for i, life in lives.items() if life.mass >= least}
    first, last = (min(moments), max(moments)) if moments else (0.0, 1.0)
    last = last if until is None else max(last, number(until, "until"))
    n_heavy = len(kept)
    if most is not None:
        kept = dict(sorted(kept.items(), key=lambda item: -_extent(item[1], last))[:most])
    _assign_lanes(list(kept.values()), last)
    return Lifelines(
        sorted(kept.values(), key=lambda life: life.lane),
        [mark for mark in marks if mark.id in kept],
        [bond for bond in bonds if bond.ids[0] in kept and bond.ids[1] in kept],
        first,
        last,
        n_heavy - len(kept),
    )


def _settled(events: Iterable[Any]) -> list[Event]:
    """Return each change once, as it was told last, without those that were retracted."""
    if not hasattr(events, "__iter__") or isinstance(events, str):
        raise TypeError(f"events: expected a sequence of events, got {describe(events)}")
    latest: dict[int, Event] = {}
    for given in events:
        event = getattr(given, "event", given)  # an explanation knows its event
        if not isinstance(event, Event):
            raise TypeError(f"events: expected events, got {describe(event)}")
        latest[event.origin] = event
    kept = (event for event in latest.values() if event.status != "retracted")
    return sorted(kept, key=lambda event: (event.step, event.origin))


def _extent(life: Life, last: float) -> float:
    return life.mass * ((last if life.end is None else life.end) - life.begin + 1)


def _bonds(before: list[int], after: list[int]) -> list[tuple[int, int]]:
    if not before or not after:
        return []
    ended = [(i, after[0]) for i in before if i not in after]
    begun = [(before[0], i) for i in after if i not in before]
    return list(dict.fromkeys(ended + begun))


def _assign_lanes(lives: list[Life], last: float) -> None:
    """Give each life the lowest height that is free while it lasts, nouns above each other."""
    base = 0
    for noun in NOUNS:
        free_from: list[float] = []
        for life in sorted((each for each in lives if each.noun == noun), key=lambda each: (each.begin, each.id)):
            lane = next((lane for lane, end in enumerate(free_from) if end < life.begin), len(free_from))
            if lane == len(free_from):
                free_from.append(0.0)
            free_from[lane] = last + 1 if life.end is None else life.end
            life.lane = base + lane
        base += len(free_from)
