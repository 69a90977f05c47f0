"""``ts.CobordismTracker.calibrate``: margins for an expected number of chunks between events."""

from __future__ import annotations

import numpy as np
import pytest

import toposcope as ts
from toposcope.calibration import N_MARGINS, N_PILOT, _choose, _law


def stream() -> ts.Stream:
    return ts.Stream(2, 30, memory_limit=None, n_threads=1)


def chunks(n: int, seed: int = 0, size: int = 6) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).normal(size=(n, size, 2)))


@pytest.fixture(scope="module")
def tracker() -> ts.CobordismTracker:
    return ts.CobordismTracker.calibrate(chunks(1300), 100, stream=stream(), scale=1.6)


def test_it_is_as_quiet_as_it_promises(tracker: ts.CobordismTracker) -> None:
    why = tracker.calibration
    assert why is not None
    assert (why.ert, why.scale, why.is_bound) == (100.0, 1.6, False)
    # The window turns over in five chunks, and the sixth push shows it; the first that a tracker sees is not counted.
    assert why.n_chunks == 1300 - 6 - (N_PILOT + 1) - 1
    assert len(why.margins) == len(why.n_alarms) >= N_MARGINS
    assert np.all(np.diff(why.margins) > 0)
    assert why.margins[-1] == 3.2
    assert why.n_alarms[0] > 20 * why.n_alarms[-1]
    assert 0 < why.margin < 3.2
    assert why.interval[0] <= why.expected <= why.interval[1]
    assert why.expected == pytest.approx(100, rel=0.1)
    watched, n_alarms = stream(), 0
    for number, chunk in enumerate(chunks(2000, seed=1)):
        told = any(not event.is_quiet for event in tracker.observe(watched.push(chunk)))
        n_alarms += told and number >= 6
    assert 10 <= n_alarms <= 40, "20 are expected"


def test_a_calibrated_tracker_has_seen_nothing(tracker: ts.CobordismTracker) -> None:
    fresh = ts.CobordismTracker.calibrate(chunks(1300), 100, stream=stream(), scale=1.6)
    assert (fresh.is_tracking, fresh.components) == (False, ())
    assert fresh.calibration is not None
    assert tracker.calibration is not None
    assert fresh.calibration.margin == tracker.calibration.margin
    back = ts.CobordismTracker.restore(fresh.snapshot())
    assert back.calibration is None
    report = stream().push(chunks(1)[0])
    fresh.observe(report)
    assert fresh.margin == fresh.calibration.margin


def test_reports_points_and_chunks_come_to_the_same(tracker: ts.CobordismTracker) -> None:
    calibrate = ts.CobordismTracker.calibrate
    points = np.concatenate(chunks(1300))
    of_points = calibrate(points, 100, stream=stream(), chunk_size=6, scale=1.6)
    pushed = stream()
    of_reports = calibrate((pushed.push(chunk) for chunk in chunks(1300)), 100, scale=1.6)
    for other in (of_points, of_reports):
        assert other.calibration is not None
        assert tracker.calibration is not None
        assert np.array_equal(other.calibration.n_alarms, tracker.calibration.n_alarms)
        assert other.calibration.interval == tracker.calibration.interval


def test_the_scale_can_be_found() -> None:
    made = ts.CobordismTracker.calibrate(chunks(900), 50, stream=stream())
    assert made.calibration is not None
    assert made.scale == made.calibration.scale > 0.5


def test_not_enough_data_is_its_own_state() -> None:
    calibrate = ts.CobordismTracker.calibrate
    with pytest.raises(ts.NotEnoughDataError, match=r"at least 1000 chunks, .* ert=10000, .* got 0"):
        calibrate(chunks(300), 10_000, stream=stream(), scale=1.6)
    with pytest.raises(ts.NotEnoughDataError, match=r"at least 1 chunks, .* got 0"):
        calibrate(chunks(4), 10, stream=stream(), scale=1.6)
    with pytest.raises(ts.NotEnoughDataError, match="scale can be found"):
        calibrate(chunks(3, size=2), 10, stream=stream())
    still = np.tile(np.array([[0.0, 0.0], [9.0, 9.0]]), (3, 1))
    with pytest.raises(ts.NotEnoughDataError, match="only 0 of 92"):
        calibrate([still + 0.001 * i for i in range(400)], 50, stream=stream(), scale=5.0)


def test_events_rarer_than_asked_for_need_no_margin() -> None:
    still = np.tile(np.array([[0.0, 0.0], [9.0, 9.0]]), (3, 1))
    made = ts.CobordismTracker.calibrate([still + 0.001 * i for i in range(400)], 20, stream=stream(), scale=5.0)
    why = made.calibration
    assert why is not None
    assert (why.margin, why.is_bound, why.n_alarms.sum()) == (0.0, True, 0)
    assert why.expected == pytest.approx(92 / 3), "the rule of three"


def test_a_scale_at_which_nothing_helps_is_refused() -> None:
    with pytest.raises(ValueError, match="scale: expected one at which a margin makes events as rare as one in 100"):
        ts.CobordismTracker.calibrate(chunks(500), 100, stream=stream(), scale=0.3)


def test_the_law_is_found_again() -> None:
    margins = np.linspace(0.0, 3.0, N_MARGINS)
    rng = np.random.default_rng(5)
    for curve in (0.0, 1.0):
        found = []
        for _ in range(200):
            counts = rng.poisson(2000 * np.exp(-3.0 * margins - curve * margins**2))
            found.append(_choose(margins, counts, 4000, 1000.0)[0])
        # Where 4 are expected of 4000.
        true = np.log(500) / 3 if curve == 0 else (np.sqrt(9 + 4 * np.log(500)) - 3) / 2
        rates = np.exp(-3.0 * np.array(found) - curve * np.array(found) ** 2) / np.exp(-3.0 * true - curve * true**2)
        assert abs(np.median(rates) - 1) < 0.25
        assert (np.abs(np.log2(rates)) < 1).mean() > 0.95
    law = _law(margins, counts, 4.0)
    assert np.all(np.diff(law(margins[6:])) <= 0)


@pytest.mark.parametrize(
    ("use", "error", "told"),
    [
        (
            {"reference": np.ones((9, 2))},
            TypeError,
            "reference: expected an iterable of reports, or points and a stream",
        ),
        ({"reference": 5}, TypeError, "reference: expected an iterable of reports"),
        ({"reference": ["report"]}, TypeError, "reference: expected reports, or chunks and a stream=, got str"),
        ({"reference": np.ones((9, 2)), "stream": stream()}, ValueError, "chunk_size: expected how many points"),
        ({"reference": np.ones((9, 2)), "stream": stream(), "chunk_size": 0}, ValueError, "chunk_size"),
        ({"reference": [], "ert": 0.5}, ValueError, "ert: expected a finite number of chunks of at least 1, got 0.5"),
        ({"reference": [], "ert": "1000"}, TypeError, "ert"),
        ({"reference": [], "seed": -1}, ValueError, "seed"),
        ({"reference": [], "confirm_after": -1}, ValueError, "confirm_after"),
    ],
)
def test_wrong_arguments_are_named(use: dict[str, object], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        ts.CobordismTracker.calibrate(**{"scale": 1.0, **use})  # type: ignore[arg-type]
