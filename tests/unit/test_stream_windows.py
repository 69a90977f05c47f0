"""What a stream makes of weights and of times out of order."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pytest

import toposcope as ts


def line(*xs: float) -> np.ndarray:
    return np.array(xs, np.float64)[:, np.newaxis]


# weights ------------------------------------------------------------


def test_weights_add_up() -> None:
    stream = ts.Stream(1, cover_radius=1)
    report = stream.push(line(0, 0.5, 9), weights=[2, 0.5, 3])
    assert report.landmark_weights.dtype == np.float64
    assert report.landmark_weights.tolist() == [2.5, 3]
    assert stream.push(line(0, 9)).landmark_weights.tolist() == [3.5, 4]
    resumed = pickle.loads(pickle.dumps(stream))
    assert resumed.push(line(9), weights=np.float32([0.5])).landmark_weights.tolist() == [3.5, 4.5]
    assert stream.push(line(0)[:0], weights=[]).landmark_weights.tolist() == [3.5, 4]


def test_merged_weights_add_up() -> None:
    stream, other = ts.Stream(1), ts.Stream(1)
    stream.push(line(0, 1), weights=[0.5, 2])
    other.push(line(1, 2), weights=[0.25, 4])
    assert stream.merge(other).landmark_weights.tolist() == [0.5, 2.25, 4]


@pytest.mark.parametrize(
    ("weights", "error", "told"),
    [
        ([1.0], ValueError, "weights: expected one weight for each of 2 points, got 1"),
        ([1.0, 0.0], ValueError, "weights: expected weights above 0 and at most 1e270, got 0 at 1"),
        ([-2.0, 1.0], ValueError, "weights: expected weights above 0"),
        ([np.nan, 1.0], ValueError, "weights: expected weights above 0 and at most 1e270, got NaN at 0"),
        ([1.0, np.inf], ValueError, "weights: expected weights above 0"),
        ([[1.0, 1.0]], ValueError, "weights: expected an array of shape"),
        (1.0, ValueError, "weights: expected an array of shape"),
        (["a", "b"], TypeError, "weights: expected real numbers"),
        ([1j, 1], TypeError, "weights: expected real numbers"),
    ],
)
def test_wrong_weights_are_named_and_nothing_has_happened(weights: Any, error: type, told: str) -> None:
    stream = ts.Stream(1)
    stream.push(line(0))
    before = stream.snapshot()
    with pytest.raises(error, match=told):
        stream.push(line(1, 2), weights=weights)
    assert stream.snapshot() == before


def test_a_monitor_hands_weights_on() -> None:
    monitor = ts.Monitor(ts.Stream(1), ts.CobordismTracker(scale=1.0))
    report = monitor.push(line(0, 1), weights=[0.5, 2])
    assert [feature.mass for event in report.events for feature in event.after] == [2.5]


# times out of order ------------------------------------------------------------


def test_late_points_are_taken_in_with_their_own_times_or_dropped() -> None:
    stream = ts.Stream(1, dt.timedelta(seconds=10), late="accept")
    report = stream.push(line(0, 1, 2), times=[20, 15, 9])
    assert (report.landmark_ids.tolist(), report.n_points, stream.n_seen) == ([0, 1], 3, 3)
    assert (report.stats.n_late, report.stats.n_dropped) == (1, 1)
    report = stream.push(line(0), times=[12])
    assert (report.stats.n_late, report.stats.n_dropped) == (1, 0)
    # The one at 15 leaves; the landmark at 0 does not, for all that came to it late.
    report = stream.push(line(5), times=[25])
    assert (report.landmark_ids.tolist(), report.landmark_last_seen.tolist()) == ([0, 4], [0, 4])


def test_late_points_need_to_be_asked_for() -> None:
    stream = ts.Stream(1, 9)
    assert (stream.late, ts.Stream(1, late="accept").late) == ("raise", "accept")
    stream.push(line(0), times=[5.0])
    with pytest.raises(ValueError, match=r'run backwards.*unless late is "accept", got 4 at 0 after 5'):
        stream.push(line(1), times=[4.0])
    assert stream.step == 1


def test_in_a_window_counted_in_points_times_are_labels() -> None:
    stream = ts.Stream(1, 2, late="accept")
    report = stream.push(line(0, 1, 2), times=[30, 10, 20])
    assert (report.landmark_ids.tolist(), report.stats.n_late, report.stats.n_dropped) == ([1, 2], 2, 0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_times_that_are_none_are_refused_in_any_order(wrong: float) -> None:
    stream = ts.Stream(1, dt.timedelta(seconds=10), late="accept")
    with pytest.raises(ValueError, match=r"times: expected finite times, got .* at 1"):
        stream.push(line(0, 1), times=[5.0, wrong])
    assert stream.n_seen == 0


@pytest.mark.parametrize(
    ("late", "error", "told"),
    [
        ("drop", ValueError, 'late: expected "raise" or "accept", got "drop"'),
        (True, TypeError, "late: expected a name, got bool"),
    ],
)
def test_other_ways_with_late_points_are_refused(late: Any, error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        ts.Stream(1, late=late)


def test_items_of_late_points_are_found_by_their_landmarks() -> None:
    monitor = ts.Monitor(ts.Stream(1, dt.timedelta(seconds=10), late="accept"))
    report = monitor.push(line(0, 1, 2), items=["now", "too late", "late"], times=[20, 5, 15])
    assert monitor.items(report.landmark_ids.tolist()) == ["now", "late"]


# half-life and smallest mass ------------------------------------------------------------


def test_weights_halve_with_points_or_with_seconds() -> None:
    counted = ts.Stream(1, half_life=1)
    assert counted.push(line(0, 1, 2)).landmark_weights.tolist() == [0.25, 0.5, 1]
    timed = ts.Stream(1, dt.timedelta(hours=1), half_life=60, late="accept")
    assert timed.push(line(0, 1, 0), times=[0, 120, 60]).landmark_weights.tolist() == [0.75, 1]
    assert (counted.half_life, ts.Stream(1).half_life) == (1.0, None)


def test_landmarks_that_weigh_too_little_are_held_and_left_out() -> None:
    stream = ts.Stream(1, half_life=2, min_mass=0.5)
    report = stream.push(line(0, 1, 4, 9))
    assert report.landmark_kept.tolist() == [False, True, True, True]
    assert report.landmark_kept.dtype == np.bool_
    assert (report.n_landmarks, report.n_left_out) == (4, 1)
    assert report.diagram == ts.rips(line(1, 4, 9))
    report = ts.Stream.restore(stream.snapshot()).push(line(0))
    assert report.landmark_kept.tolist() == [True, False, True, True]
    assert report.diagram == ts.rips(line(0, 4, 9))
    assert not ts.Stream(1).push(line(0, 1)).n_left_out


def test_a_tracker_sees_what_is_kept_alone() -> None:
    stream, tracker = ts.Stream(1, min_mass=2), ts.CobordismTracker(scale=1.0)
    (event,) = tracker.observe(stream.push(line(0, 0, 5)))
    assert (event.kind, event.after[0].landmarks) == ("ComponentBirth", (0,))
    events = tracker.observe(ts.Stream.restore(stream.snapshot()).push(line(5)))
    assert [(event.kind, event.after[0].landmarks) for event in events] == [("ComponentBirth", (2,))]


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"half_life": 0}, ValueError, "half_life: expected a finite number of points or seconds above 0, got 0"),
        ({"half_life": -1.0}, ValueError, "half_life: expected"),
        ({"half_life": np.nan}, ValueError, "half_life: expected"),
        ({"half_life": np.inf}, ValueError, "half_life: expected"),
        ({"half_life": "1 day"}, TypeError, "half_life: expected a number"),
        ({"half_life": dt.timedelta(1)}, TypeError, "half_life: expected a number"),
        ({"min_mass": -1}, ValueError, "min_mass: expected a finite weight of at least 0, got -1"),
        ({"min_mass": np.nan}, ValueError, "min_mass: expected"),
        ({"min_mass": np.inf}, ValueError, "min_mass: expected"),
        ({"min_mass": [1.0, 2.0]}, TypeError, "min_mass: expected a number"),
    ],
)
def test_wrong_half_lives_and_masses_are_named(arguments: dict[str, Any], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        ts.Stream(1, **arguments)


def test_streams_that_fade_otherwise_are_not_merged() -> None:
    stream = ts.Stream(1, half_life=5)
    with pytest.raises(ValueError, match="other: expected a stream with half_life 5, as this one, got none"):
        stream.merge(ts.Stream(1))
    stream.merge(ts.Stream(1, half_life=5, min_mass=1, late="accept"))
    assert (stream.min_mass, stream.late) == (None, "raise")


def test_items_of_landmarks_left_out_are_there_when_they_come_in() -> None:
    monitor = ts.Monitor(ts.Stream(1, min_mass=2), ts.CobordismTracker(scale=1.0))
    monitor.push(line(0, 0, 5), items=["a", "b", "c"])
    (event,) = monitor.push(line(5), items=["d"]).events
    assert monitor.items(event.after[0].landmarks) == ["c"]
