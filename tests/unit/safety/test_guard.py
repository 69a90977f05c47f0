"""What trips a guard, when, and what comes of it."""

import pickle
import threading
import warnings

import numpy as np
import pytest

import toposcope as ts
from toposcope.safety import Guard, GuardConfig, Trip
from toposcope.safety import guard as guard_module

#: Nothing of a test machine's own.
CALM = {"seconds": 0.001, "n_queued": 0, "n_simplices": 10, "n_landmarks": 5}


def quiet(**limits):
    """A guard that watches nothing but what is named."""
    off = {"memory": None, "latency": None, "queue": None, "simplices": None, "growth": None}
    return Guard(GuardConfig(**{**off, **limits}))


def told(guard, **readings):
    """What each push tripped, for readings that are lists of equal length."""
    steps = zip(*readings.values(), strict=True)
    return [
        [trip.what for trip in guard.observe(step, **{**CALM, **dict(zip(readings, values, strict=True))})]
        for step, values in enumerate(steps, start=1)
    ]


def test_a_limit_is_what_is_allowed():
    guard = quiet(simplices=10)
    assert told(guard, n_simplices=[9, 10, 11]) == [[], [], ["simplices"]]
    (trip,) = guard.trips
    assert (trip.value, trip.limit, trip.since, trip.step) == (11, 10, 3, 3)
    assert trip.message == "critical simplices: 11, limit 10, at step 3"
    assert trip.to_dict()["what"] == "simplices"


@pytest.mark.parametrize(("what", "reading", "over"), [("latency", "seconds", 0.6), ("queue", "n_queued", 51)])
def test_slowness_has_to_last(what, reading, over):
    guard = quiet(latency=0.5, queue=50, patience=3)
    assert told(guard, **{reading: [over, over, 0, over, over, over]}) == [[], [], [], [], [], [what]]
    assert (guard.tripped.since, guard.tripped.step) == (4, 6)
    assert guard.tripped.message.endswith("at step 6, since step 4")


def test_memory_counts_at_once(monkeypatch):
    monkeypatch.setattr(guard_module, "resident_bytes", lambda: 2**30)
    guard = quiet(memory="64MiB")
    assert told(guard, seconds=[0.0]) == [["memory"]]
    assert guard.readings["memory"] == 2**30


def test_no_limit_is_no_reading(monkeypatch):
    monkeypatch.setattr(guard_module, "resident_bytes", lambda: pytest.fail("nobody has asked"))
    assert told(quiet(), seconds=[100.0], n_queued=[10**6], n_simplices=[10**9]) == [[]]


def test_what_is_told_once_is_told_again_only_after_it_was_over():
    guard = quiet(simplices=10, on_trip="warn")
    with pytest.warns(ts.GuardWarning, match="guard: critical simplices: 11, limit 10") as caught:
        trips = told(guard, n_simplices=[11, 12, 9, 11, 11])
    assert trips == [["simplices"], [], [], ["simplices"], []]
    assert len(caught) == guard.n_trips == 2
    assert guard.tripped is None


def growing(factor, n_pushes=64, n_landmarks=5):
    counts = np.round(100 * factor ** (np.arange(n_pushes) / (n_pushes - 1))).astype(int).tolist()
    return {"n_simplices": counts, "n_landmarks": [n_landmarks] * n_pushes}


def test_growth_without_bound_trips():
    guard = quiet(growth=4.0, growth_pushes=64)
    trips = told(guard, **growing(5.2))
    assert trips[-1] == ["growth"]
    assert not any(trips[:-1])
    assert (guard.tripped.since, guard.tripped.step) == (1, 64)
    assert 4 < guard.tripped.value < 5.2


def test_growth_up_to_a_plateau_does_not():
    counts = growing(8, 48)["n_simplices"]
    readings = {"n_simplices": counts + [counts[-1]] * 200, "n_landmarks": [5] * 248}
    assert not any(told(quiet(growth=4.0, growth_pushes=64), **readings))


def test_growth_with_the_landmarks_does_not():
    readings = growing(100, 256)
    readings["n_landmarks"] = [count // 10 for count in readings["n_simplices"]]
    assert not any(told(quiet(growth=4.0, growth_pushes=64), **readings))


def test_growth_that_is_slow_does_not():
    assert not any(told(quiet(growth=4.0, growth_pushes=64), **growing(3.0)))


def test_after_a_trip_the_next_push_is_refused_and_nothing_is_lost():
    guard = Guard(GuardConfig(simplices=10))
    monitor = ts.Monitor(ts.Stream(1), ts.CobordismTracker(scale=1.0), guard=guard)
    events = monitor.subscribe()
    report = monitor.push(np.arange(20.0)[:, np.newaxis])
    assert len(report.events) == len(events) > 0
    for refused in (lambda: monitor.push(np.zeros((1, 1))), lambda: monitor.evict(1)):
        with pytest.raises(ts.GuardError, match="guard: critical simplices: 20, limit 10, at step 1"):
            refused()
    assert monitor.stream.step == 1
    guard.reset()
    monitor.evict(18)
    monitor.push(np.zeros((1, 1)))
    assert (guard.n_trips, guard.tripped) == (1, None)


def test_an_error_carries_the_trip_into_other_processes():
    guard = quiet(simplices=1)
    told(guard, n_simplices=[2])
    with pytest.raises(ts.GuardError) as caught:
        guard.check()
    assert caught.value.trip == guard.tripped
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.trip) == (str(caught.value), guard.tripped)


def test_input_that_is_not_finite_is_refused_and_the_next_goes_on():
    guard = Guard()
    monitor = ts.Monitor(ts.Stream(2), guard=guard)
    bad = np.array([[0.0, 1.0], [np.nan, 1.0], [1.0, np.inf]])
    with pytest.raises(ts.GuardError, match="points that are not finite: 2, limit 0, at step 1; nothing"):
        monitor.push(bad)
    assert (guard.trips[0].what, guard.trips[0].value, guard.tripped) == ("non_finite", 2, None)
    assert monitor.push(np.zeros((1, 2))).step == 1


def test_a_guard_that_warns_leaves_such_points_out_with_all_that_came_with_them():
    guard = Guard(GuardConfig(on_trip="warn"))
    monitor = ts.Monitor(ts.Stream(1), guard=guard)
    chunk = np.array([[0.0], [np.nan], [5.0]])
    with pytest.warns(ts.GuardWarning, match="points that are not finite: 1, limit 0"):
        report = monitor.push(chunk, items=["a", "b", "c"], times=[1.0, 2.0, 3.0], weights=np.array([1.0, 2.0, 4.0]))
    assert monitor.items(report.landmark_ids) == ["a", "c"]
    assert report.landmark_weights.tolist() == [1.0, 4.0]
    assert guard.n_left_out == 1


def test_a_warning_points_to_the_callers_line():
    guard = Guard(GuardConfig(on_trip="warn", simplices=1))
    monitor = ts.Monitor(ts.Stream(1), guard=guard)
    with pytest.warns(ts.GuardWarning) as caught:
        monitor.push(np.array([[np.nan], [1.0], [2.0]]))
    assert [trip.what for trip in guard.trips] == ["non_finite", "simplices"]
    assert [warning.filename for warning in caught] == [__file__, __file__]


def test_large_numbers_are_finite():
    guard = Guard()
    assert guard.admit(np.full((4, 2), 3e38, dtype=np.float32), 1) is None
    assert guard.trips == ()


def test_what_is_no_array_of_points_is_left_to_the_stream():
    guard = Guard()
    for chunk in ([[np.nan]], np.array([np.nan]), np.array([[1]]), np.array([["a"]])):
        assert guard.admit(chunk, 1) is None


def test_without_that_check_the_stream_refuses_by_itself():
    monitor = ts.Monitor(ts.Stream(1), guard=Guard(GuardConfig(non_finite=False)))
    with pytest.raises(ValueError, match="finite"):
        monitor.push(np.array([[np.nan]]))


def test_the_fullest_subscription_counts():
    guard = quiet(queue=2, patience=1)
    monitor = ts.Monitor(ts.Stream(1, window=100), ts.CobordismTracker(scale=1.0), guard=guard)
    monitor.subscribe(kinds={"Merge"})
    monitor.subscribe()
    monitor.push(np.array([[0.0], [10.0], [20.0]]))
    assert (guard.tripped.what, guard.tripped.value) == ("queue", 3)


def test_the_latest_trips_are_kept():
    guard = quiet(simplices=10, on_trip="warn")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told(guard, n_simplices=[11, 0] * 150)
    assert guard.n_trips == 150
    assert len(guard.trips) == 100
    assert guard.trips[-1].step == 299


def test_the_state_is_plain():
    guard = Guard(GuardConfig(simplices=1))
    told(guard, n_simplices=[2])
    state = guard.state()
    assert state["tripped"] == state["trips"][0] == guard.tripped.to_dict()
    assert state["config"]["simplices"] == 1
    assert state["readings"]["simplices"] == 2
    assert (state["n_trips"], state["n_left_out"]) == (1, 0)


@pytest.mark.parametrize(
    ("trip", "message"),
    [
        (Trip("memory", 3.5 * 2**30, 2**30, 7, 7), "resident memory: 3,584.0 MiB, limit 1,024.0 MiB, at step 7"),
        (Trip("latency", 0.61, 0.5, 5, 7), "time of a push: 0.61 s, limit 0.5 s, at step 7, since step 5"),
        (Trip("queue", 1001, 1000, 7, 7), "events waiting in a subscription: 1,001, limit 1,000, at step 7"),
        (Trip("growth", 4.125, 4, 1, 7), "on no more landmarks: 4.12 times, limit 4 times, at step 7, since step 1"),
    ],
)
def test_a_trip_is_told_in_its_unit(trip, message):
    assert trip.message.endswith(message)


@pytest.mark.parametrize("config", [{"latency": 1}, 5])
def test_a_wrong_config_is_named(config):
    with pytest.raises(TypeError, match="config: expected a GuardConfig, got"):
        Guard(config)


def test_a_monitor_takes_no_other_guard():
    with pytest.raises(TypeError, match="guard: expected something with check and admit and observe"):
        ts.Monitor(ts.Stream(1), guard=object())


def test_pushes_of_many_threads_are_counted_one_by_one():
    guard = quiet(simplices=10**6)
    monitor = ts.Monitor(ts.Stream(1, window=10), guard=guard)
    seen = []
    guard.observe = lambda step, **readings: seen.append(step)
    threads = [threading.Thread(target=lambda: [monitor.push(np.zeros((1, 1))) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == list(range(1, 81))
