"""Streams against the batch engine, against their own windows, and against GUDHI."""

from __future__ import annotations

import datetime as dt
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toposcope as ts

#: Ties and duplicates everywhere.
grid_points = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12)
steps = st.lists(st.one_of(grid_points, st.integers(0, 6)), min_size=1, max_size=12)


def array(points: object, dtype: type = np.float32) -> np.ndarray:
    return np.array(points, dtype).reshape(-1, 2)


@settings(max_examples=500, deadline=None)
@given(steps=steps, window=st.integers(1, 30), dtype=st.sampled_from([np.float32, np.float64]))
def test_with_room_for_all_a_stream_is_rips_of_its_window(steps: list, window: int, dtype: type) -> None:
    stream = ts.Stream(2, window, max_landmarks=window, cover_radius=0)
    alive: deque[tuple[int, int]] = deque(maxlen=window)
    for step in steps:
        if isinstance(step, int):
            report = stream.evict(step)
            for _ in range(min(step, len(alive))):
                alive.popleft()
        else:
            report = stream.push(array(step, dtype))
            alive.extend(step)
        assert report.diagram == ts.rips(array(alive))
        assert report.error_bound == 0
        assert report.n_window == len(alive)


@settings(max_examples=100, deadline=None)
@given(
    points=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=5),
    window=st.integers(1, 30),
    max_landmarks=st.integers(1, 10),
    on_limit=st.sampled_from(["coarsen", "evict"]),
    half_life=st.one_of(st.none(), st.floats(0.5, 20)),
    min_mass=st.one_of(st.none(), st.floats(0, 3)),
)
def test_how_a_stream_is_cut_does_not_matter(
    points: list, cuts: list, window: int, max_landmarks: int, on_limit, half_life: float | None, min_mass: float | None
) -> None:
    once, often = (
        ts.Stream(2, window, max_landmarks=max_landmarks, on_limit=on_limit, half_life=half_life, min_mass=min_mass)
        for _ in range(2)
    )
    whole = once.push(array(points))
    for chunk in np.split(array(points), sorted(min(cut, len(points)) for cut in cuts)):
        last = often.push(chunk)
    assert whole.diagram == last.diagram
    for column in ("landmark_ids", "landmark_radii", "landmark_weights", "landmark_last_seen", "landmark_kept"):
        np.testing.assert_array_equal(getattr(whole, column), getattr(last, column))
    assert (whole.epsilon, whole.cover_radius, whole.n_window) == (last.epsilon, last.cover_radius, last.n_window)


@settings(max_examples=100, deadline=None)
@given(
    chunks=st.lists(grid_points, min_size=2, max_size=10),
    cut=st.integers(0, 9),
    max_landmarks=st.integers(1, 12),
    confirm_after=st.integers(0, 2),
)
def test_saved_and_loaded_between_any_two_pushes(
    chunks: list, cut: int, max_landmarks: int, confirm_after: int
) -> None:
    stream = ts.Stream(2, 25, max_landmarks=max_landmarks)
    tracker = ts.CobordismTracker(scale=1.0, confirm_after=confirm_after, include_continues=True)
    for at, chunk in enumerate(chunks):
        if at == cut % len(chunks):
            resumed = ts.Stream.restore(stream.snapshot()), ts.CobordismTracker.restore(tracker.snapshot())
        report = stream.push(array(chunk))
        events = tracker.observe(report)
        if at >= cut % len(chunks):
            again = resumed[0].push(array(chunk))
            assert again.diagram == report.diagram
            assert resumed[1].observe(again) == events
    assert (resumed[0].snapshot(), resumed[1].snapshot()) == (stream.snapshot(), tracker.snapshot())


@settings(max_examples=200, deadline=None)
@given(
    shards=st.lists(grid_points, min_size=2, max_size=4),
    rest=grid_points,
    window=st.integers(1, 12),
    max_landmarks=st.sampled_from([3, 6, 99]),
    dtypes=st.lists(st.sampled_from([np.float32, np.float64]), min_size=4, max_size=4),
)
def test_merged_shards_stand_for_the_union_of_their_windows(
    shards: list, rest: list, window: int, max_landmarks: int, dtypes: list
) -> None:
    streams = [ts.Stream(2, window, max_landmarks=max_landmarks) for _ in shards]
    for stream, shard, dtype in zip(streams, shards, dtypes, strict=False):
        stream.push(array(shard, dtype))
    whole = streams[0]
    for other in streams[1:]:
        report = whole.merge(other)
    alive = [shard[-window:] for shard in shards]
    for n_rest in (0, len(rest)):
        if n_rest:
            resumed = ts.Stream.restore(whole.snapshot())
            report = whole.push(array(rest, np.float64))
            assert resumed.push(array(rest, np.float64)).diagram == report.diagram
            assert resumed.snapshot() == whole.snapshot()
            # Points of the shards that are as young as the window is long stay, each beside the rest.
            kept = max(window - n_rest, 0)
            alive = [shard[-kept:] if kept else [] for shard in shards] + [rest[-window:]]
        points = array([point for part in alive for point in part])
        assert report.n_window == len(points)
        assert report.n_landmarks <= max_landmarks
        truth = ts.rips(points)
        if max_landmarks == 99:
            assert report.epsilon == 0
            assert report.diagram == truth
        for dim in (0, 1):
            distance = ts.bottleneck_distance(truth, report.diagram, dim)
            assert distance <= report.error_bound + 1e-9


@settings(max_examples=200, deadline=None)
@given(
    cells=st.lists(st.tuples(*[st.integers(0, 3)] * 3), max_size=40),
    spread=st.sampled_from([0.0, 0.3]),
    n_dims=st.sampled_from([2, 3]),
    window=st.integers(1, 30),
    max_landmarks=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_an_alpha_stream_is_within_epsilon_of_alpha_on_the_window(
    cells: list, spread: float, n_dims: int, window: int, max_landmarks: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    points = np.array(cells, np.float64).reshape(-1, 3)[:, :n_dims]
    points = points + spread * rng.uniform(size=points.shape)
    stream = ts.Stream(n_dims, window, max_landmarks=max_landmarks, max_dim=n_dims - 1, complex="alpha")
    for end in range(0, len(points) + 1, 7):
        report = stream.push(points[max(end - 7, 0) : end])
        truth = ts.alpha(points[max(end - window, 0) : end])
        assert report.diagram == ts.alpha(points[report.landmark_ids.astype(int)])
        assert report.error_bound == report.epsilon
        if max_landmarks >= window:
            assert report.diagram == truth
        for dim in range(n_dims):
            assert ts.bottleneck_distance(truth, report.diagram, dim) <= report.error_bound + 1e-9
            for birth, death in report.certified(dim):
                real = np.abs(truth[dim] - (birth, min(death, 1e9)))
                real[np.isinf(truth[dim])] = 0
                assert (real.max(axis=1) <= report.error_bound + 1e-9).any()


def noisy_cloud(rng: np.random.Generator, n: int) -> np.ndarray:
    """Rings and clusters in random positions, so that there is something to find in both dimensions."""
    angles = rng.uniform(0, 2 * np.pi, n)
    rings = np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(0.5, 2)
    return rings + rng.normal(scale=0.1, size=(n, 2)) + rng.choice([0.0, 4.0], size=(n, 1)) * (rng.random() < 0.5)


@pytest.mark.parity
@pytest.mark.parametrize("seed", range(200))
def test_the_error_bound_holds_by_gudhis_measure(seed: int) -> None:
    gudhi = pytest.importorskip("gudhi")
    rng = np.random.default_rng(seed)
    window = int(rng.integers(20, 60))
    stream = ts.Stream(
        2,
        window,
        max_landmarks=int(rng.integers(4, 25)),
        cover_radius=None if rng.random() < 0.5 else float(rng.uniform(0, 0.5)),
        on_limit=str(rng.choice(["coarsen", "evict"])),  # type: ignore[arg-type]
    )
    points = noisy_cloud(rng, 120)
    seen = 0
    for chunk in np.split(points, np.sort(rng.integers(0, 121, 4))):
        report = stream.push(chunk)
        seen += len(chunk)
        assert report.n_window is not None
        truth = ts.rips(points[seen - report.n_window : seen])
        for dim in (0, 1):
            distance = gudhi.bottleneck_distance(truth[dim], report.diagram[dim])
            assert distance <= report.error_bound + 1e-9
            # Every certified interval is close enough to a real one that it cannot be matched to nothing.
            for birth, death in report.certified(dim):
                real = np.abs(truth[dim] - (birth, min(death, 1e9)))
                real[np.isinf(truth[dim])] = 0
                assert (real.max(axis=1) <= report.error_bound + 1e-9).any()


@pytest.mark.parametrize("seed", range(100))
def test_every_feature_that_is_tracked_exists_in_the_full_window_at_the_scale(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stream = ts.Stream(2, window=60, max_landmarks=int(rng.integers(15, 50)))
    tracker = ts.CobordismTracker(scale=float(rng.uniform(0.3, 0.8)))
    points = noisy_cloud(rng, 150)
    for end in range(10, 151, 10):
        report = stream.push(points[end - 10 : end])
        assert all(event.certified for event in tracker.observe(report))
        assert report.n_window is not None
        assert tracker.scale is not None
        window = ts.rips(points[end - report.n_window : end])
        components, loops = window.betti(tracker.scale)
        assert components >= len(tracker.components)
        assert loops >= len(tracker.loops)


#: Places, steps of the clock (some of them back), and weights that are sums of few bits.
incoming = st.tuples(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(-3, 4), st.sampled_from([0.25, 0.5, 1.0, 3.0])
)


@settings(max_examples=300, deadline=None)
@given(
    chunks=st.lists(st.lists(incoming, max_size=8), min_size=1, max_size=8),
    seconds=st.one_of(st.none(), st.integers(1, 20)),
    half_life=st.one_of(st.none(), st.floats(0.5, 20)),
    min_mass=st.one_of(st.none(), st.floats(0, 4)),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_with_room_for_all_weights_times_and_diagrams_are_those_of_every_point(
    chunks: list, seconds: int | None, half_life: float | None, min_mass: float | None, dtype: type
) -> None:
    window = 12 if seconds is None else dt.timedelta(seconds=seconds)
    stream = ts.Stream(2, window, late="accept", half_life=half_life, min_mass=min_mass)
    clock, now, seen = 0.0, -np.inf, []
    for chunk in chunks:
        n_dropped = 0
        times = clock + np.cumsum([step for _, step, _ in chunk], dtype=np.float64)
        clock = times[-1] if len(chunk) else clock
        weights = [weight for *_, weight in chunk]
        report = stream.push(array([at for at, *_ in chunk], dtype), times, weights)
        for (at, _, weight), time in zip(chunk, times.tolist(), strict=True):
            if seconds is not None and time <= now - seconds:
                n_dropped += 1
                seen.append(None)
                continue
            now = max(now, time)
            for index, point in enumerate(seen):
                if point is not None:
                    point[3] &= index > len(seen) - 12 if seconds is None else point[1] > now - seconds
            # A place that nobody is at any more is forgotten, with what it weighed.
            alive = {point[0] for point in seen if point is not None and point[3]}
            seen = [point if point is not None and point[0] in alive else None for point in seen]
            seen.append([at, time, weight, True])
        mass: dict[tuple[int, int], float] = {}
        for index, point in enumerate(seen):
            if point is not None:
                age = len(seen) - 1 - index if seconds is None else now - point[1]
                left = 1.0 if half_life is None else 0.5 ** (age / half_life)
                mass[point[0]] = mass.get(point[0], 0.0) + point[2] * left
        assert report.n_landmarks == len(mass)
        np.testing.assert_allclose(sorted(report.landmark_weights), sorted(mass.values()), rtol=1e-12)
        np.testing.assert_array_equal(report.landmark_kept, report.landmark_weights >= (min_mass or 0.0))
        least = np.inf if min_mass is None else min(abs(m - min_mass) for m in (*mass.values(), np.inf))
        if least > 1e-9:
            kept = [place for place, weight in mass.items() if weight >= (min_mass or 0.0)]
            assert report.diagram == ts.rips(array(kept))
        resumed = ts.Stream.restore(stream.snapshot())
        np.testing.assert_array_equal(resumed.push(array([])).landmark_weights, report.landmark_weights)
        assert (report.stats.n_dropped, stream.n_seen) == (n_dropped, len(seen))
