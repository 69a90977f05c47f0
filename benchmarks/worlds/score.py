"""Which of the events told are true, and which true ones were told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .watch import Told
    from .world import Expected


@dataclass(frozen=True)
class Score:
    """Counts of events; scores of several worlds add up."""

    found: int = 0
    #: Told, but not true.
    false_alarms: tuple[Told, ...] = ()
    #: True, but not told in time.
    missed: tuple[Expected, ...] = ()
    #: Chunks from when an event was due to when it was told; 0 if it was told before.
    delays: tuple[int, ...] = ()

    def __add__(self, other: Score) -> Score:
        return Score(
            self.found + other.found,
            self.false_alarms + other.false_alarms,
            self.missed + other.missed,
            self.delays + other.delays,
        )

    @property
    def n_expected(self) -> int:
        """Number of true events."""
        return self.found + len(self.missed)

    @property
    def precision(self) -> float | None:
        """Share of the events told that are true; None if none was told."""
        n_told = self.found + len(self.false_alarms)
        return self.found / n_told if n_told else None

    @property
    def recall(self) -> float | None:
        """Share of the true events that were told in time; None if there are none."""
        return self.found / self.n_expected if self.n_expected else None


def total(scores: Iterable[Score]) -> Score:
    """Add scores up, so that every event weighs the same."""
    return sum(scores, Score())


def is_true(told: Told, expected: Expected) -> bool:
    """Whether an event tells of this change: of its kind and cause, about its points, in its time."""
    return (
        told.kind == expected.kind
        and expected.cause in {None, told.cause}
        and told.about in expected.about
        and expected.first <= told.happened
        and told.chunk <= expected.latest
    )


def pair_up(n_left: int, n_right: int, fits: Callable[[int, int], bool]) -> dict[int, int]:
    """Give as many of the left as possible one of the right each, the first ones first."""
    holder: dict[int, int] = {}

    def find(left: int, tried: set[int]) -> bool:
        """Find one that is free, or whose holder finds another."""
        for right in range(n_right):
            if right not in tried and fits(left, right):
                tried.add(right)
                if right not in holder or find(holder[right], tried):
                    holder[right] = left
                    return True
        return False

    for left in range(n_left):
        find(left, set())
    return {left: right for right, left in holder.items()}


def score(told: Sequence[Told], expected: Sequence[Expected]) -> Score:
    """Match events one to one: as many as possible, and what is told first with what is due first."""
    told = sorted(told, key=lambda event: event.chunk)
    expected = sorted(expected, key=lambda event: event.due)
    pairs = pair_up(len(expected), len(told), lambda e, t: is_true(told[t], expected[e]))
    matched = set(pairs.values())
    return Score(
        found=len(pairs),
        false_alarms=tuple(event for t, event in enumerate(told) if t not in matched),
        missed=tuple(event for e, event in enumerate(expected) if e not in pairs),
        delays=tuple(max(0, told[t].chunk - expected[e].due) for e, t in sorted(pairs.items())),
    )
