"""``ts.FrozenReference``: what later points have of its shape, a test on diagrams, and confidence bands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import toposcope as ts


def ring(x: float = 0.0, n: int = 24, turn: float = 0.0) -> np.ndarray:
    angles = (np.arange(n) + turn) * 2 * np.pi / n
    return np.stack([x + np.cos(angles), np.sin(angles)], axis=1)


def drawn(rng: np.random.Generator, n: int, *, is_ring: bool) -> np.ndarray:
    angles, radius = rng.uniform(0, 2 * np.pi, n), 1.0 if is_ring else np.sqrt(rng.uniform(size=n))
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1) + 0.02 * rng.normal(size=(n, 2))


LOOK = {"scale": 0.6, "margin": 0.2}


def test_the_same_ring_drawn_anew_is_matched() -> None:
    seen = ts.FrozenReference(ring()).compare(ring(n=31, turn=0.5), **LOOK)
    assert (seen.is_same, seen.lost, seen.new, seen.changed) == (True, (), (), ())
    (old, new), (old_loop, new_loop) = seen.matched
    assert (old.id, old_loop.id) == (new.id, new_loop.id)
    assert max(old.landmarks) < 24 <= min(new.landmarks)
    assert old_loop.walks
    assert new_loop.walks
    assert (seen.n_reference, seen.scale, seen.margin, seen.certified) == (24, 0.6, 0.2, True)


def test_what_is_elsewhere_is_lost_and_new() -> None:
    seen = ts.FrozenReference(ring()).compare(np.concatenate([ring(9.0), ring(18.0)]), **LOOK)
    assert not seen.is_same
    assert seen.matched == ()
    assert [bool(feature.walks) for feature in seen.lost] == [False, True]
    assert [bool(feature.walks) for feature in seen.new] == [False, False, True, True]


def test_landmarks_tell_the_sides_apart_where_points_coincide() -> None:
    seen = ts.FrozenReference(np.tile(ring(), (2, 1))).compare(np.tile(ring(), (3, 1)), **LOOK)
    assert seen.is_same
    component = seen.matched[0]
    assert [feature.landmarks for feature in component] == [tuple(range(24)), tuple(range(48, 72))]
    assert [feature.mass for feature in component] == [48, 72]


def test_a_bridge_is_a_change() -> None:
    pair = np.concatenate([ring(), ring(4.0)])
    bridge = np.stack([np.linspace(1.4, 2.6, 4), np.zeros(4)], axis=1)
    seen = ts.FrozenReference(pair).compare(np.concatenate([pair, bridge]), **LOOK)
    (merge,) = seen.changed
    assert (merge.kind, len(merge.before), seen.is_same) == ("Merge", 2, False)


def test_the_margin_follows_the_coarser_side() -> None:
    reference = ts.FrozenReference(ring(), epsilon=0.02)
    seen = reference.compare(ring(turn=0.5), epsilon=0.05, scale=0.6)
    assert (seen.margin, seen.certified) == (0.2, True)
    assert not reference.compare(ring(turn=0.5), scale=0.6, margin=0.0).certified
    assert reference.compare(ring(turn=0.5)).scale > 0.26, "its own"


def test_the_other_way_round_everything_is_swapped() -> None:
    """On a small grid, full of ties."""
    rng = np.random.default_rng(6)
    grid = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), axis=-1).reshape(-1, 2)
    n_loops = 0
    for _ in range(100):
        one, other = (grid[rng.permutation(16)[: rng.integers(4, 13)]] for _ in range(2))
        look = {"scale": 1.2, "margin": 0.4}
        there = ts.FrozenReference(one).compare(other, **look)
        back = ts.FrozenReference(other).compare(one, **look)
        assert len(there.matched) == len(back.matched)
        assert (len(there.lost), len(there.new)) == (len(back.new), len(back.lost))
        swapped = {"Merge": "Split", "Split": "Merge", "Reorganise": "Reorganise"}
        assert sorted(e.kind for e in there.changed) == sorted(swapped[e.kind] for e in back.changed)
        # What is lost, matched or part of a change is all that the reference has.
        n_components = len(there.events) and sum(len(e.before) for e in there.events if not e.kind.startswith("Loop"))
        assert n_components == ts.rips(one, 0).betti(1.4)[0]
        n_loops += sum(bool(feature.walks) for feature in (*there.lost, *there.new))
    assert n_loops > 20


def test_voids_are_compared_on_request() -> None:
    i = np.arange(120)
    z = 1 - (2 * i + 1) / 120
    angles = i * np.pi * (3 - np.sqrt(5))
    sphere = np.stack([np.sqrt(1 - z**2) * np.cos(angles), np.sqrt(1 - z**2) * np.sin(angles), z], axis=1)
    seen = ts.FrozenReference(sphere).compare(sphere[25:], scale=0.75, margin=0.3, max_dim=2)
    assert [event.kind for event in seen.events] == ["Continue", "VoidDeath"]
    assert seen.lost[0].triangles


def test_cosine_is_by_direction() -> None:
    seen = ts.FrozenReference(ring(), metric="cosine").compare(7.0 * ring(turn=0.5), **LOOK)
    assert seen.is_same


def test_too_little_is_its_own_state() -> None:
    with pytest.raises(ts.NotEnoughDataError, match="scale: expected one"):
        ts.FrozenReference(ring(n=9)).compare(ring(n=9))
    with pytest.raises(ts.NotEnoughDataError, match="at least 40 in both samples, for 10 blocks, got 24"):
        ts.FrozenReference(ring()).test(ring(n=400))
    with pytest.raises(ts.NotEnoughDataError, match="at least 20 in the reference, got 9"):
        ts.FrozenReference(ring(n=9)).band()


def test_a_ring_and_a_disk_differ_and_two_rings_do_not() -> None:
    rng = np.random.default_rng(1)
    reference = ts.FrozenReference(drawn(rng, 400, is_ring=True))
    other = reference.test(drawn(rng, 400, is_ring=False), n_permutations=199)
    assert 1 / 200 <= other.p_value <= 0.02
    assert other.n_blocks == 10
    same = reference.test(drawn(rng, 400, is_ring=True), n_permutations=199)
    assert same.p_value > 0.05
    assert reference.test(drawn(rng, 400, is_ring=False), seed=3) != other


def test_p_values_are_even_where_nothing_differs() -> None:
    rng = np.random.default_rng(2)

    def p_value(seed: int) -> float:
        reference = ts.FrozenReference(rng.normal(size=(60, 2)))
        return reference.test(rng.normal(size=(70, 2)), dim=0, n_blocks=6, n_permutations=99, seed=seed).p_value

    values = np.array([p_value(seed) for seed in range(200)])
    for level in (0.1, 0.3, 0.5):
        # Three standard errors around the level.
        assert abs((values <= level).mean() - level) < 3 * np.sqrt(level * (1 - level) / 200)


def test_the_band_covers_the_circle() -> None:
    rng = np.random.default_rng(3)
    truth = ts.rips(ring(n=400), threshold=2.0)
    covered = 0
    for _ in range(20):
        sample = ring(n=400)[rng.integers(0, 400, 150)]
        band = ts.FrozenReference(sample).band(0.9, n_subsamples=50)
        covered += ts.bottleneck_distance(ts.rips(sample, threshold=2.0), truth) <= band.width
        assert band.level == 0.9
    assert covered >= 18
    dense = ts.FrozenReference(ring(n=600)).band(0.9)
    diagram = ts.rips(ring(n=600), threshold=2.0)
    assert len(dense.significant(diagram)) == 1
    assert dense.significant(diagram, 0).shape == (1, 2), "the one without end"


def test_a_saved_reference_is_the_same(tmp_path: Path) -> None:
    reference = ts.FrozenReference(ring(), epsilon=0.1, metric="cosine")
    reference.save(tmp_path / "r.npz")
    back = ts.FrozenReference.load(tmp_path / "r.npz")
    assert np.array_equal(back.points, reference.points)
    assert (back.epsilon, back.metric) == (0.1, "cosine")
    assert repr(back) == "FrozenReference(24 points in 2 dimensions, epsilon=0.1, metric='cosine')"
    whole = (tmp_path / "r.npz").read_bytes()
    for damaged in (b"", b"nothing of the kind", whole[: len(whole) // 2], whole[:80] + b"\0" * 80 + whole[160:]):
        (tmp_path / "r.npz").write_bytes(damaged)
        with pytest.raises(ts.CheckpointError, match=r"r\.npz: no reference"):
            ts.FrozenReference.load(tmp_path / "r.npz")
    np.savez(tmp_path / "later.npz", version=2)
    with pytest.raises(ts.CheckpointError, match="of version 2"):
        ts.FrozenReference.load(tmp_path / "later.npz")


def test_the_reference_is_frozen() -> None:
    points = ring()
    reference = ts.FrozenReference(points)
    points[:] = 0
    assert np.array_equal(reference.points, ring())
    with pytest.raises(ValueError, match="read-only"):
        reference.points[0] = 1.0


@pytest.mark.parametrize(
    ("use", "error", "told"),
    [
        (lambda: ts.FrozenReference(ring()[0]), ValueError, "points: expected an array of shape"),
        (lambda: ts.FrozenReference("ring"), TypeError, "points"),
        (lambda: ts.FrozenReference(np.empty((0, 2))), ValueError, "points: expected at least one point"),
        (lambda: ts.FrozenReference([[np.nan, 0.0]]), ValueError, "points: expected finite"),
        (lambda: ts.FrozenReference(ring(), epsilon=-1.0), ValueError, "epsilon"),
        (lambda: ts.FrozenReference(ring(), metric="manhattan"), ValueError, "metric: expected one of euclidean"),
        (lambda: ts.FrozenReference(ring()).compare(np.ones((3, 3))), ValueError, "points: expected 2 dimensions"),
        (lambda: ts.FrozenReference(ring()).compare(ring(), margin=-1), ValueError, "margin"),
        (lambda: ts.FrozenReference(ring()).compare(ring(), max_dim=3, scale=1.0), ValueError, "max_dim"),
        (lambda: ts.FrozenReference(ring()).test(ring(), dim=3), ValueError, "dim"),
        (lambda: ts.FrozenReference(ring()).test(ring(), n_blocks=1), ValueError, "n_blocks"),
        (lambda: ts.FrozenReference(ring()).test(ring(), n_permutations=0), ValueError, "n_permutations"),
        (lambda: ts.FrozenReference(ring()).test(ring(), seed=-1), ValueError, "seed"),
        (lambda: ts.FrozenReference(ring()).band(1.0), ValueError, "level: expected a number between 0 and 1"),
        (lambda: ts.FrozenReference(ring()).band(n_subsamples=0), ValueError, "n_subsamples"),
    ],
)
def test_wrong_arguments_are_named(use, error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        use()
