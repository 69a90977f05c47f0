"""``ts.Stream``: what it accepts, what it refuses, what it reports, what survives a file."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toposcope as ts
from toposcope.reports import PoolStats

SQUARE = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], np.float32)


def line(*xs: float) -> np.ndarray:
    return np.array(xs, np.float64)[:, np.newaxis]


# reports ------------------------------------------------------------


def test_report_of_a_square() -> None:
    report = ts.Stream(2, window=10).push(SQUARE)
    assert (report.step, report.n_points, report.first_index, report.n_window) == (1, 4, 0, 4)
    assert report.diagram == ts.rips(SQUARE)
    assert report.diagram.info == ts.rips(SQUARE).info
    assert (report.epsilon, report.error_bound, report.n_landmarks) == (0.0, 0.0, 4)
    assert report.landmark_ids.dtype == np.uint64
    assert report.landmark_ids.tolist() == [0, 1, 2, 3]
    assert report.landmark_weights.tolist() == [1, 1, 1, 1]
    assert report.landmark_last_seen.tolist() == [0, 1, 2, 3]
    assert report.landmark_radii.tolist() == [0, 0, 0, 0]
    assert report.events == ()
    assert report.features is None
    assert (report.stats.n_added, report.stats.n_expired, report.stats.n_merged, report.stats.n_evicted) == (4, 0, 0, 0)
    assert report.stats.n_bytes >= 4 * 2 * 4
    assert set(report.stats.latency) == {"nearest", "landmarks", "persistence"}
    assert all(seconds >= 0 for seconds in report.stats.latency.values())


def test_report_is_frozen_and_replaceable() -> None:
    report = ts.Stream(2).push(SQUARE)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.step = 2  # type: ignore[misc]
    light = dataclasses.replace(report, cospan=None, features=np.zeros(3))
    assert light.cospan is None
    assert light.diagram is report.diagram


def test_a_report_can_be_pickled_without_its_cospan() -> None:
    report = ts.Stream(2).push(SQUARE)
    again = pickle.loads(pickle.dumps(report))
    assert again.cospan is None
    assert again.diagram == report.diagram
    assert again.stats == report.stats
    assert again.landmark_ids.tolist() == report.landmark_ids.tolist()


def test_certified_intervals_are_longer_than_twice_the_error_bound() -> None:
    stream = ts.Stream(1, cover_radius=1.0, max_dim=0)
    report = stream.push(line(0, 1, 10, 14, 13))
    assert report.error_bound == 2.0
    assert report.diagram[0].tolist() == [[0, 4], [0, 10], [0, np.inf]]
    assert report.certified(0).tolist() == [[0, 10], [0, np.inf]]
    with pytest.raises(IndexError, match="dim: expected 0 to 0"):
        report.certified(1)


def test_threshold_reaches_the_diagram() -> None:
    report = ts.Stream(2, threshold=1.0).push(SQUARE)
    assert report.diagram == ts.rips(SQUARE, threshold=1.0)
    assert report.diagram[1].tolist() == [[1, np.inf]]
    assert report.diagram.threshold == 1.0
    assert ts.Stream(2, threshold=float("inf")).push(SQUARE).diagram.threshold is None


def test_what_outlasts_the_threshold_is_certified_by_what_was_seen_of_it() -> None:
    report = ts.Stream(2).push(SQUARE)
    seen = {0: [[0, np.inf]], 1: [[0.1, 0.2], [0.1, np.inf], [0.9, np.inf], [1, np.inf]]}
    report = dataclasses.replace(report, diagram=ts.Diagram.from_arrays(seen, threshold=1.0), epsilon=0.1)
    assert report.certified(1).tolist() == [[0.1, np.inf]]
    assert report.certified(0).tolist() == [[0, np.inf]]
    exact = dataclasses.replace(report, epsilon=0.0)
    assert exact.certified(1).tolist() == seen[1]


def test_a_loop_cut_off_by_the_threshold_is_not_certified_by_that() -> None:
    # Points in the square are covered by its corners within √2 / 2: the corners' loop says nothing of the window.
    rng = np.random.default_rng(0)
    stream = ts.Stream(2, max_landmarks=4, cover_radius=0.75, threshold=1.2)
    report = stream.push(np.concatenate([SQUARE, rng.uniform(size=(200, 2)).astype(np.float32)]))
    assert report.diagram[1].tolist() == [[1, np.inf]]
    assert len(report.certified(1)) == 0


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "chebyshev"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_metrics_are_those_of_rips(metric: str, dtype: type) -> None:
    points = np.random.default_rng(1).normal(size=(30, 9)).astype(dtype)
    assert ts.Stream(9, metric=metric).push(points).diagram == ts.rips(points, metric=metric)


@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_dimensions_are_those_asked_for(max_dim: int) -> None:
    points = np.random.default_rng(2).normal(size=(20, 3))
    report = ts.Stream(3, max_dim=max_dim).push(points)
    assert len(report.diagram) == max_dim + 1
    assert report.diagram == ts.rips(points, max_dim=max_dim)


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_alpha_stream_has_the_diagrams_of_alpha(n_dims: int, dtype: type) -> None:
    points = np.random.default_rng(8).normal(size=(60, n_dims)).astype(dtype)
    stream = ts.Stream(n_dims, window=40, max_dim=n_dims - 1, complex="alpha")
    for chunk in np.split(points, 6):
        report = stream.push(chunk)
    assert report.diagram == ts.alpha(points[20:])
    assert report.diagram.info == ts.alpha(points).info
    assert ts.Stream(n_dims, complex="alpha", max_dim=0).push(points).diagram == ts.alpha(points, 0)


def test_bounds_of_radii_are_half_of_those_of_diameters() -> None:
    chunk = np.array([[0, 0], [0, 1], [0, 6], [0, 9]], np.float32)
    radii = ts.Stream(2, cover_radius=1.0, complex="alpha").push(chunk)
    diameters = ts.Stream(2, cover_radius=1.0).push(chunk)
    assert (radii.epsilon, radii.error_bound, radii.certified_above) == (1, 1, 2)
    assert (diameters.epsilon, diameters.error_bound, diameters.certified_above) == (1, 2, 4)
    assert radii.diagram[0].tolist() == [[0, 1.5], [0, 3], [0, np.inf]]
    assert radii.certified(0).tolist() == [[0, 3], [0, np.inf]]
    assert diameters.certified(0).tolist() == [[0, 6], [0, np.inf]]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"n_dims": 1}, "n_dims: expected 2 or 3 with an alpha filtration, got 1"),
        ({"n_dims": 4}, "n_dims: expected 2 or 3 with an alpha filtration, got 4"),
        ({"metric": "cosine"}, "metric: expected euclidean with an alpha filtration, got cosine"),
        ({"threshold": 1.0}, "threshold: expected none with an alpha filtration, .*, got 1"),
        ({"max_dim": 2}, "max_dim: expected 0 to 1 with an alpha filtration of points in 2 dimensions, got 2"),
        ({"complex": "cech"}, 'complex: expected "rips" or "alpha", got "cech"'),
    ],
)
def test_what_has_no_alpha_filtration_is_named(parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        ts.Stream(**{"n_dims": 2, "complex": "alpha", **parameters})
    with pytest.raises(TypeError, match="complex: expected a name"):
        ts.Stream(2, complex=None)  # type: ignore[arg-type]


def test_no_events_are_told_of_alpha_streams() -> None:
    stream, tracker = ts.Stream(2, complex="alpha"), ts.CobordismTracker(scale=1.0)
    with pytest.raises(ValueError, match=r'report: expected that of a stream with complex "rips", .* radii'):
        tracker.observe(stream.push(SQUARE))
    with pytest.raises(ValueError, match=r"tracker: expected none, .*'alpha'"):
        ts.Monitor(stream, tracker)
    with ts.Monitor(stream) as monitor:
        assert monitor.push(SQUARE).diagram == ts.alpha(SQUARE)


# chunks ------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4", np.int64, np.float16])
def test_every_dtype_and_order_gives_the_same(dtype: str, order: str) -> None:
    assert ts.Stream(2).push(np.array(SQUARE, dtype=dtype, order=order)).diagram == ts.rips(SQUARE)


def test_any_stride_gives_the_same() -> None:
    wide = np.zeros((8, 6))
    wide[::-2, ::3] = SQUARE
    assert ts.Stream(2).push(wide[::-2, ::3]).diagram == ts.rips(SQUARE)


def test_an_empty_chunk_is_a_push() -> None:
    stream = ts.Stream(2)
    empty = stream.push(np.empty((0, 2)))
    assert (empty.step, empty.n_landmarks, empty.n_window, empty.diagram.n_intervals) == (1, 0, 0, 0)
    stream.push(SQUARE)
    assert stream.push(np.empty((0, 2), np.float32)).diagram == ts.rips(SQUARE)


def test_float32_is_kept_in_half_the_memory() -> None:
    points = np.random.default_rng(3).normal(size=(50, 200))
    single = ts.Stream(200).push(points.astype(np.float32)).stats.n_bytes
    assert ts.Stream(200).push(points).stats.n_bytes - single == 50 * 200 * 4


def test_the_array_is_not_looked_at_again() -> None:
    chunk = SQUARE.copy()
    stream = ts.Stream(2)
    stream.push(chunk)
    chunk[:] = np.nan
    assert stream.push(np.empty((0, 2))).diagram == ts.rips(SQUARE)


@pytest.mark.parametrize(
    ("chunk", "error", "told"),
    [
        ([[0.0, 1.0]], TypeError, "chunk: expected an array of shape .* got a list"),
        ("points", TypeError, "chunk: .* str"),
        (None, TypeError, "chunk"),
        (np.zeros(2), ValueError, r"chunk: .*shape \(2,\)"),
        (np.zeros((1, 2, 2)), ValueError, r"chunk: .*shape \(1, 2, 2\)"),
        (np.zeros((4, 3)), ValueError, "2 coordinates per point, got 3"),
        (np.zeros((4, 0)), ValueError, r"at least one coordinate per point, .*\[4, 0\]"),
        (np.zeros((4, 2), complex), TypeError, "chunk: .*complex128"),
        (np.zeros((4, 2), object), TypeError, "chunk: .*object"),
        (np.array([[0.0, np.nan]]), ValueError, "NaN in row 0, column 1"),
        (np.array([[0.0, 1.0], [np.inf, 0.0]]), ValueError, "inf in row 1, column 0"),
    ],
)
def test_wrong_chunks_are_named_and_change_nothing(chunk: object, error: type, told: str) -> None:
    stream = ts.Stream(2)
    stream.push(SQUARE)
    before = stream.snapshot()
    with pytest.raises(error, match=told):
        stream.push(chunk)
    assert stream.snapshot() == before


def test_cosine_needs_directions() -> None:
    with pytest.raises(ValueError, match="zeros in row 1"):
        ts.Stream(2, metric="cosine").push(np.array([[1.0, 0.0], [0.0, 0.0]]))


# parameters ------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "error", "told"),
    [
        ({"n_dims": 0}, ValueError, "n_dims"),
        ({"n_dims": 2.0}, TypeError, "n_dims"),
        ({"n_dims": np.array([1, 2])}, TypeError, "n_dims"),
        ({"window": 0}, ValueError, "window"),
        ({"window": 1.5}, TypeError, "window: .* datetime.timedelta"),
        ({"window": "1h"}, TypeError, "window"),
        ({"window": True}, TypeError, "window"),
        ({"window": dt.timedelta(0)}, ValueError, "window"),
        ({"window": dt.timedelta.max}, ValueError, "window"),
        ({"max_landmarks": 0}, ValueError, "max_landmarks"),
        ({"cover_radius": -1}, ValueError, "cover_radius"),
        ({"cover_radius": float("nan")}, ValueError, "cover_radius"),
        ({"cover_radius": "1"}, TypeError, "cover_radius"),
        ({"cover_radius": 10**400}, ValueError, "cover_radius"),
        ({"threshold": np.array([1.0, 2.0])}, TypeError, "threshold"),
        ({"memory_limit": "99999999TiB"}, ValueError, "memory_limit"),
        ({"memory_limit": "9" * 400}, ValueError, "memory_limit"),
        ({"metric": "precomputed"}, ValueError, "metric: .* between points"),
        ({"max_dim": -1}, ValueError, "max_dim"),
        ({"max_dim": 13}, ValueError, "max_dim"),
        ({"metric": "sqeuclidean"}, ValueError, "triangle inequality"),
        ({"metric": "precomputed"}, ValueError, "metric"),
        ({"metric": None}, TypeError, "metric"),
        ({"threshold": -1.0}, ValueError, "threshold"),
        ({"threshold": float("nan")}, ValueError, "threshold"),
        ({"memory_limit": "lots"}, ValueError, "memory_limit"),
        ({"memory_limit": 0}, ValueError, "memory_limit"),
        ({"memory_limit": 1000}, ts.MemoryLimitError, "at least one landmark"),
        ({"on_limit": "grow"}, ValueError, "on_limit"),
        ({"on_limit": 1}, TypeError, "on_limit"),
        ({"n_threads": 0}, ValueError, "n_threads"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, object], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        ts.Stream(**{"n_dims": 2, **parameters})  # type: ignore[arg-type]


def test_parameters_can_be_read() -> None:
    stream = ts.Stream(3, dt.timedelta(minutes=1), max_landmarks=7, cover_radius=0.5, max_dim=2, metric="cosine",
                       threshold=1.5, memory_limit="1MiB", on_limit="evict", n_threads=1)  # fmt: skip
    for it in (stream, ts.Stream.restore(stream.snapshot())):
        assert (it.n_dims, it.window, it.max_landmarks) == (3, dt.timedelta(minutes=1), 7)
        assert (it.cover_radius, it.max_dim, it.metric, it.threshold) == (0.5, 2, "cosine", 1.5)
        assert it.complex == "rips"
        assert (it.memory_limit, it.on_limit, it.n_threads, it.landmark_cap) == (2**20, "evict", 1, 7)
    assert "window=datetime.timedelta(seconds=60)" in repr(stream)
    alpha = ts.Stream(3, complex="alpha", max_dim=2)
    assert ts.Stream.restore(alpha.snapshot()).complex == "alpha"
    assert "complex='alpha'" in repr(alpha)
    assert ts.Stream(3).memory_limit == 64 * 2**20
    assert ts.Stream(3, memory_limit=None).memory_limit is None


# windows and limits ------------------------------------------------------------


def test_a_window_of_points_slides() -> None:
    stream = ts.Stream(1, window=3)
    assert stream.push(line(0, 1, 2, 3)).landmark_ids.tolist() == [1, 2, 3]
    report = stream.evict(2)
    assert (report.landmark_ids.tolist(), report.n_window, report.n_points, report.step) == ([3], 1, 0, 2)
    assert stream.evict(n_points=9).n_window == 0
    assert (stream.n_seen, stream.step) == (4, 3)


def test_a_window_of_time_slides() -> None:
    stream = ts.Stream(1, dt.timedelta(seconds=10))
    stream.push(line(0, 1), times=[0, 5])
    report = stream.push(line(2), times=np.array([10.0]))
    assert (report.landmark_ids.tolist(), report.n_window) == ([1, 2], None)
    assert stream.evict(before=10.0).landmark_ids.tolist() == [2]


def test_times_may_be_dates() -> None:
    stream = ts.Stream(1, dt.timedelta(milliseconds=20))
    times = np.array(
        ["2026-01-01T00:00:00.000", "2026-01-01T00:00:00.010", "2026-01-01T00:00:00.025"], "datetime64[ms]"
    )
    assert stream.push(line(0, 1, 2), times).landmark_ids.tolist() == [1, 2]
    with pytest.raises(ValueError, match="NaT"):
        stream.push(line(3), np.array(["NaT"], "datetime64[s]"))


@pytest.mark.parametrize(
    ("times", "error", "told"),
    [
        (None, ValueError, "times: expected one time per point"),
        ([0.0], ValueError, "0 at 0 after 5"),
        ([6.0, 7.0], ValueError, "one time for each of 1 points, got 2"),
        ([float("nan")], ValueError, "NaN at 0"),
        ([[6.0]], ValueError, r"times: .*shape \(1, 1\)"),
        (["noon"], TypeError, "times"),
    ],
)
def test_wrong_times_are_named(times: object, error: type, told: str) -> None:
    stream = ts.Stream(1, dt.timedelta(seconds=10))
    stream.push(line(0), times=[5.0])
    before = stream.snapshot()
    with pytest.raises(error, match=told):
        stream.push(line(1), times=times)
    assert stream.snapshot() == before


def test_evict_takes_what_the_window_counts_in() -> None:
    counted, timed = ts.Stream(1, 5), ts.Stream(1, dt.timedelta(seconds=5))
    with pytest.raises(ValueError, match="before: expected a window of time"):
        counted.evict(before=1.0)
    with pytest.raises(ValueError, match="n_points: expected a window counted"):
        timed.evict(1)
    with pytest.raises(ValueError, match="before: expected a time"):
        timed.evict(before=float("nan"))
    for wrong in ({}, {"n_points": 1, "before": 1.0}):
        with pytest.raises(TypeError, match="either n_points or before"):
            counted.evict(**wrong)
    with pytest.raises(ValueError, match="n_points"):
        counted.evict(-1)


def test_raising_at_the_limit_changes_nothing() -> None:
    stream = ts.Stream(1, max_landmarks=2, on_limit="raise")
    stream.push(line(0, 1))
    before = stream.snapshot()
    with pytest.raises(ts.MemoryLimitError, match="max_landmarks"):
        stream.push(line(0, 1, 2))
    assert stream.snapshot() == before


def test_coarsening_and_evicting_keep_to_the_limit() -> None:
    coarse = ts.Stream(1, max_landmarks=2).push(line(0, 10, 11))
    assert (coarse.landmark_ids.tolist(), coarse.epsilon, coarse.stats.n_merged) == ([0, 1], 1.0, 1)
    short = ts.Stream(1, max_landmarks=2, on_limit="evict").push(line(0, 10, 11))
    assert (short.landmark_ids.tolist(), short.epsilon, short.n_window) == ([1, 2], 0.0, 2)
    assert short.stats.n_evicted == 1


def test_the_memory_limit_decides_how_many_landmarks() -> None:
    def bytes_for(m: int, n_dims: int) -> int:
        slots = (m + 1) + (m + 1) // 8 + 4
        fixed, per_landmark = 163_840 + 264 * n_dims, 600 + 28 * n_dims
        return fixed + per_landmark * (m + 1) + 28 * (m + 1) ** 2 + 32 * slots**2

    for n_dims, limit in [(2, "300kB"), (768, "8MiB")]:
        stream = ts.Stream(n_dims, memory_limit=limit, max_landmarks=10_000)
        assert stream.memory_limit is not None
        assert bytes_for(stream.landmark_cap, n_dims) <= stream.memory_limit
        assert stream.memory_limit < bytes_for(stream.landmark_cap + 1, n_dims)


def test_reset_forgets() -> None:
    stream = ts.Stream(1, 3)
    new = stream.snapshot()
    stream.push(line(0, 1))
    stream.reset()
    assert stream.snapshot() == new
    assert (stream.n_seen, stream.step) == (0, 0)


# merging ------------------------------------------------------------


def test_the_other_streams_points_are_counted_on() -> None:
    ours, theirs = ts.Stream(1, window=3), ts.Stream(1, window=3)
    ours.push(line(0, 1, 2, 3, 4))
    theirs.push(line(10, 11))
    report = ours.merge(theirs)
    assert (report.step, report.first_index, report.n_points, report.n_window) == (2, 5, 2, 5)
    assert report.landmark_ids.tolist() == [2, 3, 4, 5, 6]
    assert (ours.n_seen - report.landmark_last_seen).tolist() == [3, 2, 1, 2, 1]
    assert (ours.n_seen, theirs.n_seen, theirs.step) == (7, 2, 1)
    assert report.diagram == ts.rips(line(2, 3, 4, 10, 11))
    assert ours.push(line(20)).landmark_ids.tolist() == [3, 4, 5, 6, 7]
    assert ours.push(line(21, 22)).n_window == 3


def test_the_later_clock_counts() -> None:
    early, late = (ts.Stream(1, dt.timedelta(seconds=10)) for _ in range(2))
    early.push(line(0, 1, 2), times=[0, 5, 9])
    late.push(line(3, 4), times=[1, 12])
    report = early.merge(late)
    assert report.landmark_ids.tolist() == [1, 2, 4]
    assert report.landmark_last_seen.tolist() == [2, 3, 4]
    with pytest.raises(ValueError, match="11 at 0 after 12"):
        early.push(line(5), times=[11])


def test_merging_needs_another_stream_that_is_alike() -> None:
    stream = ts.Stream(2)
    stream.push(SQUARE)
    before = stream.snapshot()
    with pytest.raises(ValueError, match="other: expected another stream, got the stream itself"):
        stream.merge(stream)
    with pytest.raises(TypeError, match="other: expected a Stream, got"):
        stream.merge(SQUARE)  # type: ignore[arg-type]
    unlike: list[tuple[dict[str, Any], str]] = [
        ({"n_dims": 3}, "n_dims 2, as this one, got 3"),
        ({"window": dt.timedelta(1)}, "a window counted in points, as this one, got of time"),
        ({"metric": "cosine"}, "metric euclidean, as this one, got cosine"),
        ({"complex": "alpha"}, "complex rips, as this one, got alpha"),
        ({"max_dim": 2}, "max_dim 1, as this one, got 2"),
        ({"threshold": 2.0}, "threshold none, as this one, got 2"),
    ]
    for parameters, told in unlike:
        with pytest.raises(ValueError, match=f"other: expected a stream with {told}"):
            stream.merge(ts.Stream(**{"n_dims": 2, **parameters}))
    full = ts.Stream(2, max_landmarks=5, on_limit="raise")
    full.push(SQUARE)
    other = ts.Stream(2)
    other.push(SQUARE + 5)
    with pytest.raises(ts.MemoryLimitError, match="max_landmarks"):
        full.merge(other)
    assert (full.n_seen, full.step) == (4, 1)
    assert stream.snapshot() == before


def test_a_copy_is_as_good_as_any_other() -> None:
    stream = ts.Stream(2)
    report = stream.push(SQUARE)
    twice = stream.merge(copy.deepcopy(stream))
    assert twice.diagram == report.diagram
    assert twice.landmark_ids.tolist() == [0, 1, 2, 3]
    assert twice.landmark_weights.tolist() == [2, 2, 2, 2]
    assert twice.n_window == 8


def test_a_tracker_follows_a_merge() -> None:
    stream, other = ts.Stream(1), ts.Stream(1)
    tracker = ts.CobordismTracker(scale=1.0)
    tracker.observe(stream.push(line(0, 1, 3, 4)))
    other.push(line(2))
    assert [event.kind for event in tracker.observe(stream.merge(other))] == ["Merge"]


def test_threads_that_merge_each_other_do_not_wait_for_each_other() -> None:
    streams = ts.Stream(1, max_landmarks=8), ts.Stream(1, max_landmarks=8)
    for stream in streams:
        stream.push(line(*range(8)))

    def work(ours: ts.Stream, theirs: ts.Stream) -> None:
        for _ in range(20):  # the counts grow as Fibonacci's numbers do
            ours.merge(theirs)

    threads = [threading.Thread(target=work, args=order) for order in (streams, streams[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [stream.step for stream in streams] == [21, 21]


# snapshots and files ------------------------------------------------------------


def pushed() -> ts.Stream:
    stream = ts.Stream(2, window=30, max_landmarks=8)
    stream.push(np.random.default_rng(4).normal(size=(50, 2)).astype(np.float32))
    return stream


def test_the_continuation_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    stream = pushed()
    stream.save(tmp_path / "stream.ckpt")
    copies = [ts.Stream.load(tmp_path / "stream.ckpt"), pickle.loads(pickle.dumps(stream)), copy.deepcopy(stream)]
    for chunk in np.random.default_rng(5).normal(size=(5, 7, 2)):
        report = stream.push(chunk)
        for other in copies:
            assert other.push(chunk).diagram == report.diagram
            assert other.snapshot() == stream.snapshot()


def test_saving_replaces_whole_files_or_none(tmp_path: Path) -> None:
    path = tmp_path / "stream.ckpt"
    stream = pushed()
    stream.save(path)
    first = path.read_bytes()
    stream.push(SQUARE)
    stream.save(str(path))
    assert path.read_bytes() != first
    assert [p.name for p in tmp_path.iterdir()] == ["stream.ckpt"]
    with pytest.raises(FileNotFoundError):
        stream.save(tmp_path / "no such folder" / "stream.ckpt")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stream.ckpt"
    stream = pushed()
    stream.save(path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    stream.push(SQUARE)
    with pytest.raises(OSError, match="No space"):
        stream.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["stream.ckpt"]


def test_every_damage_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "stream.ckpt"
    good = pushed().snapshot()
    rng = np.random.default_rng(6)
    damages = [good[:n] for n in (*range(40), *rng.integers(40, len(good), 50).tolist())]
    for at in (*range(40), *rng.integers(40, len(good), 200).tolist()):
        flipped = bytearray(good)
        flipped[at] ^= 1 << int(rng.integers(8))
        damages.append(bytes(flipped))
    damages.append(good + b"\0")
    for damaged in damages:
        path.write_bytes(damaged)
        with pytest.raises(ts.CheckpointError, match=r"stream\.ckpt"):
            ts.Stream.load(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a toposcope checkpoint"),
        (b"PK\x03\x04 something else altogether", "not a toposcope checkpoint"),
        (b"TOPOSCPE", "cut short"),
        (ts.CobordismTracker().snapshot(), "holds TRCK, expected STRM"),
    ],
)
def test_the_reason_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(ts.CheckpointError, match=told) as caught:
        ts.Stream.load(path)
    assert str(path) in str(caught.value)


def test_restore_needs_bytes(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="snapshot: expected bytes, got str"):
        ts.Stream.restore("text")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        ts.Stream.load(tmp_path / "nowhere")
    assert ts.Stream.restore(memoryview(pushed().snapshot())).n_seen == 50  # type: ignore[arg-type]


# threads and signals ------------------------------------------------------------


def test_threads_push_one_after_another() -> None:
    stream = ts.Stream(8, window=10_000, max_landmarks=32)
    chunks = np.random.default_rng(7).normal(size=(8, 5, 100, 8))
    reports: list[ts.Report] = []

    def work(mine: np.ndarray) -> None:
        reports.extend(stream.push(chunk) for chunk in mine)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in chunks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.n_seen == 4000
    assert sorted(report.step for report in reports) == list(range(1, 41))
    assert sorted(report.first_index for report in reports) == list(range(0, 4000, 100))


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_stops_a_push_without_effect() -> None:
    code = """
import numpy as np, os, signal, threading, time, toposcope as ts
stream = ts.Stream(64, window=10**6, max_landmarks=400)
stream.push(np.zeros((1, 64)))
before = stream.snapshot()
points = np.random.default_rng(0).normal(size=(300_000, 64)).astype(np.float32)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    stream.push(points)
except KeyboardInterrupt:
    print("stopped", stream.snapshot() == before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "stopped True", done.stderr
    assert signal.SIGINT


def test_times_of_any_year_are_told_apart() -> None:
    stream = ts.Stream(2, window=dt.timedelta(days=1))
    early, late = (np.array([day] * 4, "datetime64[D]") for day in ("1066-10-14", "9999-12-31"))
    stream.push(SQUARE, times=early)
    assert stream.push(SQUARE, times=late).landmark_ids.tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize(("place", "error"), [("nowhere/s.ckpt", FileNotFoundError), (".", IsADirectoryError)])
def test_a_place_that_cannot_hold_a_file_is_named(tmp_path: Path, place: str, error: type[OSError]) -> None:
    stream = ts.Stream(2)
    with pytest.raises(error) as told:
        stream.save(tmp_path / place)
    assert told.value.filename == str(tmp_path if place == "." else tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("chunk", "metric"), [([[np.nan, 0]], "euclidean"), ([[0.0, 0.0]], "cosine"), ([[1e300, 0]], "euclidean")]
)
def test_wrong_points_are_the_chunks(chunk: list[list[float]], metric: str) -> None:
    stream = ts.Stream(2, metric=metric)
    with pytest.raises(ValueError, match=r"^chunk: expected"):
        stream.push(np.array([[1.0, 1.0], [-1e300, 0.0], *chunk]))
    assert stream.step == 0


@pytest.mark.parametrize(("n_dims", "side", "most_stay"), [(2, 9, 5000), (3, 4, 2000)])
def test_critical_simplices_make_up_the_diagram_and_keep_their_ids(n_dims, side, most_stay):
    points = np.random.default_rng(5).integers(0, side, (300, n_dims)).astype(np.float32)
    stream, known, n_stayed = ts.Stream(n_dims, 60, max_dim=n_dims - 1), {}, 0
    for chunk in np.split(points, 100):
        report, critical = stream.push(chunk), stream.critical_simplices()
        pool, parts = report.stats.pool, [getattr(critical, f.name) for f in dataclasses.fields(critical)]
        assert pool.live == sum(map(len, parts)) == pool.n_inserted - pool.n_retired
        if not pool.live:
            known = {}
            continue
        assert [part.vertices.shape[1] for part in parts] == [1, 2, 2, 3, 3, 4]
        assert all(part.ids.dtype == part.vertices.dtype == np.uint64 for part in parts)
        np.testing.assert_array_equal(critical.founds.vertices[:, 0], report.landmark_ids)
        bars = [report.diagram[dim] if dim < n_dims else np.empty((0, 2)) for dim in (0, 1, 2)]
        for part, ends in zip(parts, [bar[:, end] for bar in bars for end in (0, 1)], strict=True):
            np.testing.assert_array_equal(part.values, np.sort(ends[np.isfinite(ends)]))
            corners = points[part.vertices]
            lengths = np.linalg.norm(corners[:, :, np.newaxis].astype(float) - corners[:, np.newaxis], axis=-1)
            np.testing.assert_allclose(lengths.max(axis=(1, 2)), part.values)
        now = {
            (role, tuple(row)): number
            for role, part in enumerate(parts)
            for row, number in zip(part.vertices.tolist(), part.ids.tolist(), strict=True)
        }
        stayed = known.keys() & now.keys()
        assert all(known[name] == now[name] for name in stayed)
        assert len(set(now.values()) | {known[name] for name in known.keys() - stayed}) == len(
            now.keys() | known.keys()
        )
        n_stayed, known = n_stayed + len(stayed), now
    assert n_stayed > most_stay


def test_the_pool_reports_its_slots_bytes_and_past():
    points = np.random.default_rng(6).random((200, 2)).astype(np.float32)
    stream = ts.Stream(2, 50)
    assert stream.push(points[:50]).stats.pool == PoolStats(0, 0, 0, 0, 0, 0.0, 0, 0, 0)
    pools = [stream.push(chunk).stats.pool for chunk in np.split(points[50:], 50)]
    for pool in pools:
        assert pool.fragmentation == (pool.slots - pool.live) / pool.slots
        assert 29 * pool.live < pool.live_bytes <= pool.bytes <= pool.peak_bytes
    assert any(pool.fragmentation for pool in pools)
    assert stream.push(points[:0]).stats.pool == pools[-1]
    stream.reset()
    assert stream.push(points[:1]).stats.pool.n_retired == pools[-1].n_inserted


def test_holes_are_closed_when_asked_and_ids_stay():
    points = np.random.default_rng(8).random((200, 2)).astype(np.float32)
    stream = ts.Stream(2, 50, defragment_at=(1.0, 1.0))
    assert stream.defragment_at == (1.0, 1.0)
    chunks = [points[:50], *np.split(points[50:], 50)]
    pools = [stream.push(chunk).stats.pool for chunk in chunks]
    assert pools[-1].fragmentation > 0
    assert pools[-1].n_defragmented == 0
    before = stream.critical_simplices()
    stream.defragment()
    after = stream.critical_simplices()
    np.testing.assert_array_equal(after.joins.ids, before.joins.ids)
    pool = stream.push(points[:0]).stats.pool
    assert (pool.fragmentation, pool.n_defragmented) == (0.0, 1)
    assert pickle.loads(pickle.dumps(stream)).defragment_at == (1.0, 1.0)


@pytest.mark.parametrize(
    ("shares", "error"),
    [
        ((0.0, 0.5), ValueError),
        ((0.6, 0.5), ValueError),
        ((0.5, 1.5), ValueError),
        ((0.5, float("nan")), ValueError),
        ((0.5, "x"), TypeError),
        (0.5, TypeError),
        ((0.5,), TypeError),
    ],
)
def test_wrong_shares_are_named(shares, error):
    with pytest.raises(error, match="defragment_at"):
        ts.Stream(2, defragment_at=shares)


def test_without_loops_nothing_is_critical():
    stream = ts.Stream(2, 50, max_dim=0)
    stream.push(np.eye(2))
    assert stream.push(np.ones((1, 2))).stats.pool.live == 0
    kills = stream.critical_simplices().kills
    assert (len(kills), kills.vertices.shape) == (0, (0, 3))


# totals -------------------------------------------------------------


def test_totals_add_up_what_reports_say() -> None:
    stream = ts.Stream(2, window=50, max_landmarks=20)
    assert stream.totals == ts.StreamTotals(0, 0, 0, 0, 0, 0, 0, 0, 0.0)
    rng = np.random.default_rng(0)
    reports = [stream.push(rng.normal(size=(30, 2))) for _ in range(6)] + [stream.evict(10)]
    totals = stream.totals
    assert (totals.n_steps, totals.n_points) == (7, 180)
    for name in ("n_added", "n_expired", "n_merged", "n_evicted", "n_late", "n_dropped"):
        assert getattr(totals, name) == sum(getattr(report.stats, name) for report in reports), name
    assert totals.busy_seconds == pytest.approx(sum(sum(r.stats.latency.values()) for r in reports), abs=1e-6)
    with pytest.raises(ValueError, match="finite"):
        stream.push(np.full((1, 2), np.nan))
    stream.reset()
    assert stream.totals == totals
    assert ts.Stream.restore(stream.snapshot()).totals.n_points == 0


def test_totals_wait_for_no_push() -> None:
    stream = ts.Stream(3, window=10_000, max_landmarks=400, max_dim=2, memory_limit=None)
    stream.push(np.random.default_rng(0).normal(size=(10, 3)))
    begun, ended = threading.Event(), threading.Event()

    def push() -> None:
        begun.set()
        stream.push(np.random.default_rng(1).normal(size=(4000, 3)))
        ended.set()

    pushing = threading.Thread(target=push)
    pushing.start()
    begun.wait()
    n_looks = 0
    while not ended.is_set():
        totals = stream.totals
        n_looks += 1
        assert totals.n_points in {10, 4010}
    pushing.join()
    # Had they waited, there would have been one or two: what a push takes.
    assert n_looks > 20
    assert stream.totals.n_points == 4010
