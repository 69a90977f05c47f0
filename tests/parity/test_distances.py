"""``ts.bottleneck_distance`` and ``ts.wasserstein_distance`` against GUDHI's Hera and POT."""

from __future__ import annotations

import gudhi
import gudhi.hera
import gudhi.wasserstein
import numpy as np
import pytest

import toposcope as ts

pytestmark = pytest.mark.parity
INF = float("inf")


def diagram(seed: int, n: int) -> np.ndarray:
    """Intervals, most of them short; for odd seeds on a lattice, with ties, duplicates and zero lengths."""
    g = np.random.default_rng(seed)
    births = g.uniform(0, 1, n)
    intervals = np.column_stack([births, births + g.exponential(0.2, n)])
    return np.round(intervals * 8) / 8 if seed % 2 else intervals


def pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    g = np.random.default_rng(1000 + seed)
    return diagram(2 * seed, int(g.integers(0, 120))), diagram(2 * seed + seed % 3, int(g.integers(0, 120)))


@pytest.mark.parametrize("seed", range(40))
def test_bottleneck_is_gudhis(seed: int) -> None:
    a, b = pair(seed)
    got = ts.bottleneck_distance(a, b)
    np.testing.assert_allclose(got, gudhi.bottleneck_distance(a, b), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(got, gudhi.hera.bottleneck_distance(a, b, delta=0), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("ground", [1, 2, INF])
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_wasserstein_is_that_of_pot(seed: int, order: float, ground: float) -> None:
    a, b = pair(seed)
    a, b = a[a[:, 0] < a[:, 1]], b[b[:, 0] < b[:, 1]]
    expected = gudhi.wasserstein.wasserstein_distance(a, b, order=order, internal_p=ground)
    np.testing.assert_allclose(
        ts.wasserstein_distance(a, b, order=order, ground=ground), expected, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize(("order", "ground"), [(1, 1), (1, 2), (1, INF), (2, 2), (2, INF), (3, 1.5)])
@pytest.mark.parametrize("seed", range(8))
def test_wasserstein_is_within_the_error_of_hera(seed: int, order: float, ground: float) -> None:
    a, b = pair(seed)
    got = ts.wasserstein_distance(a, b, order=order, ground=ground)
    theirs = gudhi.hera.wasserstein_distance(a, b, order=order, internal_p=ground, delta=1e-3)
    # Theirs is the length of some matching, so never less than the distance.
    assert got * (1 - 1e-9) <= theirs <= got * (1 + 1e-3) + 1e-12


def test_essential_intervals_are_treated_as_in_gudhi() -> None:
    a, b = np.array([[0, INF], [0, 1], [3, INF]]), np.array([[2.9, INF], [0.2, INF], [0, 0.5]])
    assert ts.bottleneck_distance(a, b) == pytest.approx(gudhi.bottleneck_distance(a, b), rel=1e-12)
    for order in (1, 2):
        expected, pairs = gudhi.wasserstein.wasserstein_distance(a, b, order=order, internal_p=2, matching=True)
        got, ours = ts.wasserstein_distance(a, b, order=order, matching=True)
        assert got == pytest.approx(expected, rel=1e-12)
        assert ours is not None
        # Their finite part is numbered without the essential intervals, so that its indices name others: (0, 0) here.
        assert [0, 1] in pairs.tolist()
        assert [2, 0] in pairs.tolist()
        assert ours.tolist() == [[0, 1], [1, 2], [2, 0]]
    assert gudhi.bottleneck_distance(a, b[:1]) == INF
    assert ts.bottleneck_distance(a, b[:1]) == INF


def test_golden_numbers() -> None:
    """As measured with GUDHI 3.13 and persim 0.4."""
    far, near = [[0, 10]], [[0.3, 10.7]]
    assert ts.wasserstein_distance(far, near, order=1, ground=INF) == pytest.approx(0.7, rel=1e-12)
    assert ts.wasserstein_distance(far, near, order=1) == pytest.approx(0.7615773106, rel=1e-9)
    assert ts.wasserstein_distance([[0, 1]], [], order=1, ground=INF) == 0.5
    assert ts.wasserstein_distance([[0, 1]], [], order=1) == pytest.approx(0.70710678, rel=1e-8)
    a, b = [[0, INF], [0, 1]], [[0.2, INF], [0, 0.5]]
    assert ts.wasserstein_distance(a, b, order=1, ground=INF) == pytest.approx(0.7, rel=1e-12)
    assert ts.bottleneck_distance(a, b) == 0.5
