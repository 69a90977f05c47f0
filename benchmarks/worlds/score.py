"""Which of the events told are true, and which true ones were told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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
    delays: tuple[int, ...] = field(default=())

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


def score(told: Sequence[Told], expected: Sequence[Expected]) -> Score:
    """Match events one to one: as many as possible, and what is told first with what is due first."""
    told = sorted(told, key=lambda event: event.chunk)
    expected = sorted(expected, key=lambda event: event.due)
    partner: dict[int, int] = {}  # of those told, by number of the expected one

    def find(e: int, tried: set[int]) -> bool:
        """Give an expected event a partner, where need be by finding another for whoever has it."""
        holders = {t: other for other, t in partner.items()}
        for t, event in enumerate(told):
            if t not in tried and is_true(event, expected[e]):
                tried.add(t)
                if t not in holders or find(holders[t], tried):
                    partner[e] = t
                    return True
        return False

    for e in range(len(expected)):
        find(e, set())
    matched = set(partner.values())
    return Score(
        found=len(partner),
        false_alarms=tuple(event for t, event in enumerate(told) if t not in matched),
        missed=tuple(event for e, event in enumerate(expected) if e not in partner),
        delays=tuple(max(0, told[t].chunk - expected[e].due) for e, t in sorted(partner.items())),
    )
