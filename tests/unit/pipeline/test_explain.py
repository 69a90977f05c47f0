"""Which items stand for a feature, and which events are worth a word."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from toposcope.pipeline.explain import Item, explain


@dataclass(frozen=True)
class Event:
    before: tuple = ()
    after: tuple = ()
    kind: str = "Merge"
    step: int = 3
    confidence: float = 0.75
    certified: bool = True
    status: str = "confirmed"
    scale: tuple = (0.5, 0.625)

    def to_dict(self):
        return {"kind": self.kind, "step": self.step}


def feature(identity, landmarks, mass=None, walks=()):
    return SimpleNamespace(
        id=identity,
        landmarks=tuple(landmarks),
        mass=len(landmarks) if mass is None else mass,
        walks=walks,
        triangles=(),
    )


def items_of(ids):
    """A line of points, of which every tenth is not known any more."""
    return [None if i % 10 == 9 else Item(f"item {i}", np.array([float(i), 0.0])) for i in ids]


def test_a_component_is_told_by_the_items_nearest_to_its_mean():
    found = explain(Event(before=(feature(7, range(9)),)), items_of)
    (side,) = found.sides
    assert side.name == "before: component 7 (9 points)"
    assert side.items == ("item 4", "item 3", "item 5", "item 2", "item 6")


def test_a_loop_is_told_by_items_around_it():
    found = explain(Event(after=(feature(2, range(9), walks=([0, 1, 0],)),)), items_of)
    (side,) = found.sides
    assert side.name == "after: loop 2 (9 points)"
    assert side.items == ("item 0", "item 2", "item 4", "item 6", "item 8")


def test_what_is_not_known_any_more_is_left_out():
    (side,) = explain(Event(before=(feature(1, [8, 9]),)), items_of).sides
    assert side.items == ("item 8",)
    (side,) = explain(Event(before=(feature(1, [9]),)), items_of).sides
    assert side.name == "before: component 1 (1 point)"
    assert side.items == ("point 9",)


def test_small_features_are_counted_and_large_ones_come_first():
    event = Event(before=(feature(1, [0]), feature(2, range(5)), feature(3, range(6)), feature(4, [1])))
    names = [side.name for side in explain(event, items_of, min_mass=5).sides]
    assert names == [
        "before: component 3 (6 points)",
        "before: component 2 (5 points)",
        "before: 2 smaller than 5 points",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([5, 5], [10], True),  # two groups merge
        ([5, 1, 1], [7], False),  # one swallows single points
        ([7], [5, 1, 1], False),
        ([10], [5, 5], True),
        ([1, 1, 1, 1, 1], [5], True),  # single points become a group
        ([], [5], True),
        ([4], [], False),
        ([6, 6], [7, 5], True),
        ([1, 1], [1, 1], False),
    ],
)
def test_an_event_is_notable_if_something_changes_among_large_features(before, after, expected):
    event = Event(
        before=tuple(feature(i, range(mass)) for i, mass in enumerate(before)),
        after=tuple(feature(i, range(mass)) for i, mass in enumerate(after)),
    )
    assert explain(event, items_of, min_mass=5).is_notable is expected
    assert explain(event, items_of).is_notable is (len(before) != 1 or len(after) != 1)


def test_the_record_has_the_events_own_fields_and_ours():
    found = explain(Event(after=(feature(1, [0]),)), items_of)
    assert found.to_dict() == {
        "kind": "Merge",
        "step": 3,
        "is_notable": True,
        "title": "Merge",
        "evidence": "confirmed, certified, scales 0.5 to 0.625",
        "sides": [{"name": "after: component 1 (1 point)", "items": ["item 0"]}],
    }


def test_the_title_names_the_cause_and_doubt_is_said():
    @dataclass(frozen=True)
    class Caused(Event):
        cause: str = "inserted"

    found = explain(Caused(certified=False), items_of)
    assert found.title == "Merge, inserted"
    assert found.evidence == "confirmed, not certified, confidence 0.75, scales 0.5 to 0.625"
