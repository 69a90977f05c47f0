"""What a monitor forgets, keeps and saves."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest

import toposcope as ts
from toposcope.pipeline.items import ItemStore, pack_items, pack_points, unpack_items, unpack_points


def points(*xs):
    return np.array(xs, dtype=np.float32)[:, np.newaxis]


def new_monitor(**options):
    return ts.Monitor(ts.Stream(1, window=50), ts.CobordismTracker(scale=1.0, confirm_after=1), **options)


# soft_reset -----------------------------------------------------------------------------------------------------------


def test_a_soft_reset_forgets_window_features_and_items():
    monitor = new_monitor()
    monitor.push(points(0, 10, 20), items=["a", "b", "c"])
    report = monitor.soft_reset()
    assert (report.n_landmarks, report.n_window, len(report.diagram[0])) == (0, 0, 0)
    assert monitor.tracker.components == ()
    assert monitor.items([0, 1, 2]) == [None, None, None]


def test_a_soft_reset_keeps_counters_scale_and_subscriptions():
    guard = ts.safety.Guard(ts.safety.GuardConfig(simplices=2, on_trip="raise"))
    monitor = new_monitor(guard=guard)
    alerts = monitor.subscribe()
    monitor.push(points(0, 10, 20))
    assert guard.tripped is not None
    before = [event.seq for event in alerts.drain()]
    monitor.soft_reset()
    assert (monitor.stream.step, monitor.stream.n_seen, monitor.n_pushes) == (2, 3, 2)
    assert (monitor.tracker.scale, guard.n_trips, guard.tripped) == (1.0, 1, None)
    report = monitor.push(points(0))
    assert report.landmark_ids.tolist() == [3]
    after = [event.seq for event in alerts.drain()]
    assert after == list(range(len(before), len(before) + len(after)))
    assert monitor.n_events == len(before) + len(after)


def test_events_add_up_over_a_soft_reset():
    """Births less deaths are what is alive, among the confirmed ones too; no identity comes twice."""
    monitor = new_monitor()
    alive, born = set(), []
    rng = np.random.default_rng(0)
    for step in range(60):
        report = monitor.soft_reset() if step % 13 == 12 else monitor.push(points(*(5.0 * rng.integers(0, 8, 4))))
        for event in report.events:
            if event.status != "confirmed":
                continue
            match event:
                case ts.ComponentBirth(component=name):
                    alive.add(name)
                    born.append(name)
                case ts.ComponentDeath(component=name):
                    alive.remove(name)
        if step % 13 == 12:
            assert monitor.tracker.components == ()
    assert len(born) == len(set(born)) > 10


def test_a_window_of_time_is_forgotten_too():
    stream = ts.Stream(1, window=dt.timedelta(seconds=10))
    monitor = ts.Monitor(stream, ts.CobordismTracker(scale=1.0))
    monitor.push(points(0, 5), times=[100.0, 101.0])
    report = monitor.soft_reset()
    assert report.n_landmarks == 0
    assert [event.kind for event in report.events] == ["ComponentDeath", "ComponentDeath"]
    with pytest.raises(ValueError, match="times"):
        monitor.push(points(0), times=[50.0])  # the clock stays
    assert monitor.push(points(0), times=[102.0]).n_landmarks == 1


def test_a_soft_reset_of_nothing_is_a_step():
    monitor = new_monitor()
    assert monitor.soft_reset().step == 1
    monitor.close()
    with pytest.raises(ValueError, match="closed monitor"):
        monitor.soft_reset()


# state ----------------------------------------------------------------------------------------------------------------


def test_what_an_interrupt_has_torn_is_not_saved(monkeypatch):
    monitor = new_monitor()
    monitor.push(points(0))

    def interrupt(report):
        raise KeyboardInterrupt

    monkeypatch.setattr(monitor.tracker, "observe", interrupt)
    with pytest.raises(KeyboardInterrupt):
        monitor.push(points(5))
    monkeypatch.undo()
    with pytest.raises(ts.CheckpointError, match="push once more, then save"):
        monitor.state()
    monitor.push(points(10))
    assert monitor.state().step == 3


def test_a_report_left_over_behind_a_lost_one_does_not_end_tracking():
    """An interrupt took a report, and another one came while the tracker was to start anew at the next."""
    monitor = new_monitor()
    monitor.push(points(0))
    monitor.stream.push(points(5))
    monitor._untracked.append(monitor.stream.push(points(10)))
    with pytest.warns(ts.TrackingWarning, match="reports before step 3 are lost, tracking starts anew"):
        report = monitor.push(points(15))
    told = [(event.kind, event.step, event.status) for event in report.events]
    assert sorted(told) == sorted(
        [("ComponentBirth", 3, "provisional")] * 3
        + [("ComponentBirth", 3, "confirmed")] * 3
        + [("ComponentBirth", 4, "provisional")]
    )
    monitor.push(points(20))


def test_items_come_back_as_they_were():
    store = ItemStore()
    store.keep(0, ["a", {"row": 1}, None], [0, 1, 2], n=3)
    store.keep(3, ["d"], [1, 3], n=1)
    ids, items, rows = store.contents()
    assert rows is None
    again = ItemStore.from_contents(ids, unpack_items(pack_items(items)))
    assert again.items([0, 1, 2, 3, 4]) == ["a", {"row": 1}, None, "d", None]
    again.keep(4, ["e"], [4], n=1)
    assert again.items([0, 1, 3, 4]) == ["a", {"row": 1}, "d", "e"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_come_back_to_the_bit(dtype):
    chunk = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
    store = ItemStore(keep_points=True)
    store.keep(0, None, [0, 1], chunk[:2], 2)
    store.keep(2, ["c", "d"], [1, 3], chunk[2:], 2)
    ids, items, rows = store.contents()
    again = ItemStore.from_contents(ids, items, unpack_points(pack_points(rows)), n_seen=4)
    assert again.n_seen == 4
    assert again.items([0, 1, 3]) == [None, None, "d"]
    assert np.array_equal(again.points([0, 1, 3]), chunk[[0, 1, 3]].astype(np.float64))
    assert np.isnan(again.points([2, 3])[0]).all()
    assert all(row.dtype == dtype for row in again.contents()[2])
    assert unpack_points(pack_points([])) == []
    assert unpack_points(pack_points([None])) == [None]


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\x05\0\0\0\0\0\0\0{}",
        pack_points([])[:-1] + b"!",
        pack_points([np.zeros(2)])[:-1],
        pack_points([np.array([b"ab", b"cd"])]),
        pack_points([np.zeros(2), None]).replace(b"[true, false]", b"[true, true ]"),
    ],
)
def test_packed_points_that_are_none_are_refused(packed):
    with pytest.raises((ValueError, KeyError)):
        unpack_points(packed)


def test_a_restored_monitor_explains_by_points():
    monitor = ts.Monitor(ts.Stream(n_dims=2, window=40), ts.CobordismTracker(scale=1.0), keep_points=True)
    chunk = np.array([[0.0, 0.0], [9.0, 0.0]])
    event = monitor.push(chunk, items=["left", "right"]).events[0]
    state = monitor.state()
    metadata = SimpleNamespace(facts=state.facts)
    again = ts.Monitor.restore(SimpleNamespace(metadata=metadata, sections=state.sections, path="here"))
    assert np.array_equal(again.points([0, 1]), chunk)
    assert again.items([0, 1]) == ["left", "right"]
    assert np.array_equal(again.explain(event).after[0].points, monitor.explain(event).after[0].points)


def test_packed_items_that_are_none_are_refused():
    with pytest.raises(ValueError, match="items: expected a list, got dict"):
        unpack_items(b"{}")
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        ItemStore.from_contents({"alive": [0, 1], "gone": []}, ["a"])
