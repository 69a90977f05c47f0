"""What an event says of its landmarks, and where it looks them up."""

import copy
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest

import toposcope as ts
from toposcope._projection import on_a_plane
from toposcope.pipeline import items as items_module
from toposcope.pipeline.items import ItemStore


def ring(x=0.0, n=16):
    angles = np.arange(n) * 2 * np.pi / n
    return np.stack([x + np.cos(angles), np.sin(angles)], axis=1)


def watched(**kwargs):
    """A monitor that has seen a ring jump, and the two pushes' events."""
    monitor = ts.Monitor(ts.Stream(2, window=16), ts.CobordismTracker(scale=0.6, margin=0.3), **kwargs)
    first = monitor.push(ring(), items=[f"here {i}" for i in range(16)])
    second = monitor.push(ring(9.0), items=[f"there {i}" for i in range(16)])
    return monitor, first.events, second.events


def of_kind(events, kind):
    (event,) = [event for event in events if event.kind == kind]
    return event


def test_a_loop_that_broke_is_shown_where_it_was():
    _, _, events = watched(keep_points=True)
    explanation = of_kind(events, "LoopDeath").explain()
    assert explanation.after == ()
    (loop,) = explanation.before
    assert (loop.noun, loop.n_forgotten) == ("loop", 0)
    np.testing.assert_array_equal(loop.points, ring()[list(loop.landmarks)])
    assert loop.items == tuple(f"here {i}" for i in loop.landmarks)
    (cycle,) = loop.cycles()
    np.testing.assert_array_equal(cycle[0], cycle[-1])
    np.testing.assert_allclose(np.linalg.norm(cycle, axis=1), 1)
    steps = np.linalg.norm(np.diff(cycle, axis=0), axis=1)
    assert steps.max() <= 0.6  # a cycle at the scale
    np.testing.assert_array_equal(explanation.around, ring(9.0))


def test_the_sides_of_a_split_are_shown():
    line = np.arange(7.0)[:, np.newaxis]
    monitor = ts.Monitor(ts.Stream(1, window=7), ts.CobordismTracker(scale=1.0), keep_points=True)
    monitor.push(line)
    (split,) = monitor.push(np.repeat(line[[0, 1, 2, 4, 5, 6]], [2, 1, 1, 1, 1, 1], axis=0)).events
    explanation = split.explain()
    assert [len(feature.points) for _, feature in explanation.features] == [7, 3, 3]
    assert [side for side, _ in explanation.features] == ["before", "after", "after"]
    np.testing.assert_array_equal(explanation.before[0].points, line)
    assert sorted(float(part.points.mean()) for part in explanation.after) == [1.0, 5.0]


def test_the_text_reads_as_it_should():
    _, events, _ = watched(keep_points=True)
    explanation = of_kind(events, "LoopBirth").explain()
    lines = str(explanation).splitlines()
    assert lines[0] == "LoopBirth, closed at step 1: confirmed, certified, scales 0.45 to 0.75"
    assert lines[1] == "after: loop 1, 16 landmarks, 16 points"
    assert lines[2].split()[1:] == ["here", lines[2].split()[0]]
    assert len(lines) == 7
    assert repr(explanation) == "Explanation(LoopBirth at step 1; after: loop 1 of 16 landmarks)"
    assert repr(explanation.after[0]) == "ExplainedFeature(loop 1: 16 landmarks in 2 dimensions)"


def test_examples_of_a_component_are_its_middle_and_of_a_loop_spread():
    points = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])
    stream, tracker = ts.Stream(1), ts.CobordismTracker(scale=8.0)
    (birth,) = tracker.observe(stream.push(points))
    (component,) = birth.explain(points).after
    assert component.examples(2) == (3, 2)  # the mean is 3.2
    assert component.examples() == (3, 2, 1, 0, 4)
    (component,) = birth.explain(items=list("abcde")).after
    assert component.examples(3) == (0, 2, 4)
    assert component.examples(0) == ()
    _, events, _ = watched(keep_points=True)
    assert len(of_kind(events, "LoopBirth").explain().after[0].examples(4)) == 4


def test_without_keep_points_there_are_items_and_no_coordinates():
    _, events, _ = watched()
    (loop,) = of_kind(events, "LoopBirth").explain().after
    assert loop.points is None
    assert loop.items[0].startswith("here")
    assert of_kind(events, "LoopBirth").explain().around is None
    with pytest.raises(ValueError, match=r"Monitor\(\.\.\., keep_points=True\)"):
        loop.cycles()


def test_points_without_items_are_told_by_where_they_are():
    monitor = ts.Monitor(ts.Stream(4), ts.CobordismTracker(scale=1.0), keep_points=True)
    (birth,) = monitor.push(np.array([[0, 1.5, 2, 3]])).events
    assert str(birth.explain()).splitlines()[-1] == "    0  at (0, 1.5, 2, …)"


def test_an_event_does_not_hold_its_monitor():
    monitor, events, _ = watched(keep_points=True)
    event = events[1]
    assert event == pickle.loads(pickle.dumps(event)) == copy.copy(event)
    assert "_link" not in event.to_dict()
    assert "link" not in repr(event)
    for other in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event)):
        with pytest.raises(ValueError, match="was not handed out by a monitor, or has been copied"):
            other.explain()
        assert str(monitor.explain(other)) == str(event.explain())
    explanation = pickle.loads(pickle.dumps(event.explain()))
    assert str(explanation) == str(event.explain())
    assert explanation.around is None
    gone = weakref.ref(monitor)
    del monitor
    gc.collect()
    assert gone() is None
    assert event.explain().after[0].n_forgotten == 0
    assert event.explain(np.concatenate([ring(), ring(9.0)])).after[0].points.shape == (16, 2)


def test_a_stream_that_was_started_anew_does_not_mix_up_its_points():
    monitor, events, _ = watched(keep_points=True)
    monitor.stream.reset()
    monitor.tracker.reset()
    again = monitor.push(ring(50.0), items=range(16)).events
    np.testing.assert_array_equal(again[1].explain().around, ring(50.0))
    assert again[1].explain().after[0].items[0] in range(16)
    assert events[1].explain().after[0].items[0].startswith("here")
    assert monitor.items([0, 3]) == [0, 3]


@pytest.mark.parametrize(
    ("points", "items"),
    [
        (ring(), None),
        (ring().tolist(), None),
        (dict(enumerate(ring())), {3: "three"}),
        (ring().astype(np.float32), np.array(list("abcdefghijklmnop"))),
    ],
)
def test_points_can_be_given(points, items):
    tracker = ts.CobordismTracker(scale=0.6, margin=0.3)
    birth = tracker.observe(ts.Stream(2).push(ring()))[1]
    (loop,) = birth.explain(points, items).after
    np.testing.assert_allclose(loop.points, ring()[list(loop.landmarks)], rtol=1e-7)
    assert birth.explain(points, items).around is None
    expected = {None: None, "d": "d", "three": "three"}[None if items is None else items[3]]
    assert loop.items[loop.landmarks.index(3)] == expected


def test_a_table_of_points_is_looked_up_by_rows():
    pandas = pytest.importorskip("pandas")
    birth = ts.CobordismTracker(scale=0.6, margin=0.3).observe(ts.Stream(2).push(ring()))[1]
    (loop,) = birth.explain(pandas.DataFrame(ring(), columns=["x", "y"])).after
    np.testing.assert_array_equal(loop.points, ring()[list(loop.landmarks)])


def test_what_is_not_there_is_said():
    birth = ts.CobordismTracker(scale=0.6, margin=0.3).observe(ts.Stream(2).push(ring()))[1]
    (loop,) = birth.explain(ring()[:10]).after
    assert loop.n_forgotten == 6
    assert np.isnan(loop.points[list(loop.landmarks).index(12)]).all()
    assert "16 landmarks, 6 of them forgotten, 16 points" in loop.text()
    assert len(loop.cycles()[0]) < 17
    (nothing,) = birth.explain({}).after
    assert nothing.points is None
    assert nothing.n_forgotten == 16
    assert len(nothing.examples()) == 5


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"points": 3}, TypeError, "points: expected an array, a sequence or a mapping by landmark id, got int"),
        ({"points": "abc"}, TypeError, "points: expected an array, a sequence or a mapping by landmark id, got str"),
        ({"items": {1, 2}}, TypeError, "items: expected an array, a sequence or a mapping by landmark id, got set"),
        ({"points": np.arange(16.0)}, ValueError, r"points: expected an array of shape \(n,\), got shape \(\)"),
        ({"points": [[1.0]] * 8 + [[1.0, 2.0]] * 8}, ValueError, r"points: expected rows of one length, got \[1, 2\]"),
        ({"points": [["a", "b"]] * 16}, TypeError, "points: expected real numbers"),
        ({}, ValueError, "points: expected coordinates or items by landmark id, since the event was not handed out"),
    ],
)
def test_other_input_is_refused(given, error, message):
    birth = ts.CobordismTracker(scale=0.6, margin=0.3).observe(ts.Stream(2).push(ring()))[1]
    with pytest.raises(error, match=message):
        birth.explain(**given)


def test_only_events_are_explained():
    monitor, _, _ = watched()
    with pytest.raises(TypeError, match="event: expected an Event, got str"):
        monitor.explain("LoopBirth")
    with pytest.raises(TypeError, match="keep_points: expected True or False, got 1"):
        ts.Monitor(ts.Stream(2), keep_points=1)


def test_every_kind_of_event_can_be_explained():
    """Kinds that are not known here are told by the features they have."""

    class VoidBirth(ts.Event):
        pass

    feature = ts.Feature(7, (0, 1), (), 2.0)
    event = VoidBirth(0, 0, 1, 0, None, (), (feature,), (1.0, 2.0), None, True, "confirmed")
    assert event.explain(items=["a", "b"]).after[0].noun == "void"
    assert str(event.explain(items=["a", "b"])).splitlines()[1] == "after: void 7, 2 landmarks, 2 points"


def test_evicting_forgets_nothing_that_is_remembered():
    monitor, events, _ = watched(keep_points=True)
    monitor.evict(4)
    assert monitor.items([0, 17]) == ["here 0", "there 1"]
    assert len(monitor.points([16, 31])) == 2
    assert events[1].explain().after[0].n_forgotten == 0


# The store -----------------------------------------------------------------------------------------------------------


def test_a_store_keeps_rows_and_not_chunks():
    store = ItemStore(keep_points=True)
    chunk = np.zeros((1000, 8), np.float32)
    store.keep(0, None, [5], chunk, 1000)
    chunk[:] = 9
    np.testing.assert_array_equal(store.points([5]), np.zeros((1, 8)))
    assert store._alive[5].point.base is None


def test_coordinates_of_what_is_gone_are_bounded_in_bytes(monkeypatch):
    monkeypatch.setattr(items_module, "BYTES_REMEMBERED", 10 * 80)
    store = ItemStore(keep_points=True)
    for i in range(50):
        store.keep(i, None, [i], np.full((1, 10), float(i)), 1)
    assert len(store) == 11
    assert store.points([39, 48]).tolist()[1] == [48.0] * 10
    assert store.points([10]) is None


def test_without_items_and_points_a_store_keeps_nothing():
    store = ItemStore()
    store.keep(0, None, [0, 1], np.zeros((2, 3)), 2)
    assert len(store) == 0
    assert store.around() is None


def test_items_can_be_asked_for_while_a_push_waits_for_the_reader():
    monitor = ts.Monitor(ts.Stream(1, window=50), ts.CobordismTracker(scale=1.0), keep_points=True)
    alerts = monitor.subscribe(capacity=1, on_lag="block")
    pushing = threading.Thread(target=monitor.push, args=(np.arange(0.0, 50.0, 5.0)[:, np.newaxis], list("abcdefghij")))
    pushing.start()
    told = [monitor.items(event.landmarks_after) for _, event in zip(range(10), alerts, strict=False)]
    pushing.join(timeout=30)
    assert not pushing.is_alive()
    assert told == [[letter] for letter in "abcdefghij"]


# The plane -----------------------------------------------------------------------------------------------------------


def test_points_of_a_plane_are_drawn_as_they_are():
    points = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_array_equal(on_a_plane(points), points)
    np.testing.assert_array_equal(on_a_plane(points[:, :1]), [[1, 0], [3, 0]])
    assert on_a_plane(np.empty((0, 5))).shape == (0, 2)


@pytest.mark.parametrize("n_dims", [3, 40])
def test_a_flat_ring_in_space_is_drawn_true_to_scale_and_never_mirrored(n_dims):
    frame = np.linalg.qr(np.random.default_rng(1).normal(size=(n_dims, 2)))[0]
    points = ring(n=24) * [2, 1] @ frame.T + 3
    plane = on_a_plane(points)
    distances = np.linalg.norm(points[:, np.newaxis] - points, axis=2)
    np.testing.assert_allclose(np.linalg.norm(plane[:, np.newaxis] - plane, axis=2), distances, atol=1e-12)
    np.testing.assert_allclose(on_a_plane(points[::-1])[::-1], plane, atol=1e-9)


@pytest.mark.parametrize("points", [np.zeros((4, 7)), np.ones((1, 7)), np.tile(np.arange(9.0), (3, 1))])
def test_points_that_span_nothing_are_drawn_on_top_of_each_other(points):
    np.testing.assert_allclose(on_a_plane(points), 0, atol=1e-12)
