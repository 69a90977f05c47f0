"""Which items stand for a feature, where they are drawn, and which events are worth a word."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from toposcope.explanations import explanation_of
from toposcope.pipeline import explain as module
from toposcope.pipeline.explain import explain, explain_all
from toposcope.tracking import Feature


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
    return Feature(identity, tuple(landmarks), tuple(walks), len(landmarks) if mass is None else mass)


class Line:
    """A line of points, of which every tenth is not known any more."""

    def items(self, ids):
        return [None if i % 10 == 9 else f"item {i}" for i in ids]

    def points(self, ids):
        return np.array([[np.nan] * 3 if i % 10 == 9 else [float(i), 0.0, 0.0] for i in ids])

    def around(self):
        return np.array([[float(i), 50.0, 0.0] for i in range(300)])


class Names(Line):
    def points(self, ids):
        return None

    def around(self):
        return None


def explained(event, memory=None, **kwargs):
    return explain(explanation_of(event, memory or Line()), **kwargs)


def test_a_component_is_told_by_the_items_nearest_to_its_mean():
    found = explained(Event(before=(feature(7, range(9)),)))
    (side,) = found.sides
    assert side.name == "before: component 7 (9 points)"
    assert side.items == ("item 4", "item 3", "item 5", "item 2", "item 6")


def test_a_loop_is_told_by_items_around_it():
    found = explained(Event(after=(feature(2, range(9), walks=((0, 1, 0),)),)))
    (side,) = found.sides
    assert side.name == "after: loop 2 (9 points)"
    assert side.items == ("item 0", "item 2", "item 4", "item 6", "item 8")


def test_what_is_not_known_any_more_is_left_out():
    (side,) = explained(Event(before=(feature(1, [8, 9]),))).sides
    assert side.items == ("item 8",)
    (side,) = explained(Event(before=(feature(1, [9]),))).sides
    assert side.name == "before: component 1 (1 point)"
    assert side.items == ("point 9",)


def test_small_features_are_counted_and_large_ones_come_first():
    event = Event(before=(feature(1, [0]), feature(2, range(5)), feature(3, range(6)), feature(4, [1])))
    names = [side.name for side in explained(event, min_mass=5).sides]
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
    assert explained(event, min_mass=5).is_notable is expected
    assert explained(event).is_notable is (len(before) != 1 or len(after) != 1)


def test_the_record_has_the_events_own_fields_and_ours():
    found = explained(Event(after=(feature(1, [0]),)), Names())
    assert found.to_dict() == {
        "kind": "Merge",
        "step": 3,
        "is_notable": True,
        "title": "Merge",
        "evidence": "confirmed, certified, scales 0.5 to 0.625",
        "sides": [{"name": "after: component 1 (1 point)", "items": ["item 0"], "ids": [0]}],
        "picture": None,
    }


def test_the_title_names_the_cause_and_doubt_is_said():
    @dataclass(frozen=True)
    class Caused(Event):
        cause: str = "inserted"

    found = explained(Caused(certified=False))
    assert found.title == "Merge, inserted"
    assert found.evidence == "confirmed, not certified, confidence 0.75, scales 0.5 to 0.625"


def test_a_picture_has_every_landmark_once_on_a_small_grid():
    loop = feature(2, [5, 7, 9], walks=((5, 7, 9, 5),))
    found = explained(Event(before=(feature(1, [5, 6, 7]),), after=(loop, feature(3, [8]))))
    picture = found.picture
    assert json.loads(json.dumps(picture, allow_nan=False)) == picture
    assert picture["ids"] == [5, 6, 7, 8]  # 9 is not known any more
    assert picture["names"] == ["item 5", "item 6", "item 7", "item 8"]
    assert picture["n_dims"] == 3
    assert len(picture["around"]) == module.N_AROUND
    places = np.array(picture["at"] + picture["around"])
    assert (places.min(), places.max(), places.max(axis=0).tolist()) == (0, 1000, picture["width"])
    # All lie in one plane, so that the picture is true to scale, whichever way it is turned.
    x = np.unique(np.linspace(0, 299, module.N_AROUND).round())
    true = np.array([[5, 0], [6, 0], [7, 0], [8, 0], *([i, 50] for i in x)])
    ratios = np.linalg.norm(places - places[-1], axis=1)[:-1] / np.linalg.norm(true - true[-1], axis=1)[:-1]
    np.testing.assert_allclose(ratios[:100], ratios[0], rtol=0.02)
    sides = [(part["side"], part["noun"], part["id"], part["ids"], part["walks"]) for part in picture["features"]]
    assert sides == [
        ("before", "component", 1, [5, 6, 7], []),
        ("after", "loop", 2, [5, 7], [[5, 7, 5]]),
        ("after", "component", 3, [8], []),
    ]


def test_a_picture_does_not_grow_with_the_window():
    found = explained(Event(after=(feature(1, range(5000)),)))
    assert 100 < len(found.picture["ids"]) <= module.N_DRAWN
    assert len(json.dumps(found.picture)) < 20_000
    many = [feature(i, range(100 * i, 100 * i + 100)) for i in range(20)]
    found = explained(Event(before=tuple(many), after=(feature(99, range(2000)),)))
    assert len(found.picture["ids"]) <= 2 * module.N_DRAWN
    assert all(len(part["ids"]) >= 4 for part in found.picture["features"])


def test_there_is_no_picture_without_coordinates_or_of_what_is_not_worth_a_word():
    event = Event(after=(feature(1, range(5)),))
    assert explained(event).picture is not None
    assert explained(event, Names()).picture is None
    assert explained(event, min_mass=9).picture is None
    assert explained(event, draw=False).picture is None


def test_of_a_push_with_many_events_the_largest_are_drawn():
    events = [explanation_of(Event(after=(feature(i, range(i + 1)),)), Line()) for i in range(40)]
    drawn = [i for i, found in enumerate(explain_all(events)) if found.picture is not None]
    assert drawn == list(range(40 - module.N_PICTURES, 40))


def test_long_names_are_cut_and_nothing_steers_a_terminal():
    class Long(Line):
        def items(self, ids):
            return ["\x1b[31mred\n" + "x" * 10_000 for _ in ids]

    (name, *_) = explained(Event(after=(feature(1, range(3)),)), Long()).picture["names"]
    assert len(name) == 120
    assert name.startswith("\ufffd[31mred x")
