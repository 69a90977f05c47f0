"""``ts.cech`` against alpha filtrations, GUDHI's and ours: the same persistence, and hardly a simplex in common."""

from __future__ import annotations

import gudhi
import numpy as np
import pytest

import toposcope as ts

pytestmark = pytest.mark.parity

_GRID = np.stack(np.meshgrid(*[np.arange(3.0)] * 3), axis=-1).reshape(-1, 3)
_RING = np.stack([np.cos(np.arange(24) * np.pi / 12), np.sin(np.arange(24) * np.pi / 12)], axis=1)
CASES = {
    "plane": (np.random.default_rng(0).random((60, 2)), 1),
    "space": (np.random.default_rng(1).random((32, 3)), 2),
    "sphere": ((x := np.random.default_rng(2).normal(size=(30, 3))) / np.linalg.norm(x, axis=1)[:, None], 2),
    "ring": (_RING, 1),
    "grid in the plane": (np.unique(_GRID[:, :2], axis=0) * [1.0, 0.1], 1),
    "grid": (_GRID, 2),
    "integers": (np.random.default_rng(3).integers(0, 6, (40, 3)).astype(float), 1),
    "duplicates": (np.repeat(np.random.default_rng(4).random((20, 2)), 2, axis=0), 1),
    "nearly coplanar": (np.random.default_rng(5).random((25, 3)) * [1, 1, 1e-14], 2),
    "far from the origin": (np.random.default_rng(6).random((40, 2)) + 1e6, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_as_alpha(name: str) -> None:
    points, max_dim = CASES[name]
    got = ts.cech(points, max_dim)
    tree = gudhi.AlphaComplex(points=points, precision="exact").create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    ours = ts.alpha(points, max_dim)
    scale = float(np.ptp(points, axis=0).max())
    for dim in range(max_dim + 1):
        theirs = np.sqrt(tree.persistence_intervals_in_dimension(dim).reshape(-1, 2))
        for other in (theirs, ours[dim]):
            distance = ts.bottleneck_distance(got[dim], other)
            assert distance <= 1e-9 * scale, f"H{dim}: {distance} apart"


@pytest.mark.parametrize("name", ["ring", "grid", "grid in the plane", "integers", "duplicates"])
def test_ties_leave_no_short_intervals(name: str) -> None:
    points, max_dim = CASES[name]
    ours, other = ts.cech(points, max_dim), ts.alpha(points, max_dim)
    assert [len(intervals) for intervals in ours] == [len(intervals) for intervals in other]
    for dim in range(max_dim + 1):
        np.testing.assert_allclose(ours[dim], other[dim], rtol=1e-15)


def test_the_diagonal_of_a_simplex_in_any_space() -> None:
    """What no alpha filtration of the peers reaches: R⁶, by rips for H0 and by hand for the regular simplex."""
    points = np.random.default_rng(7).normal(size=(30, 6))
    np.testing.assert_allclose(ts.cech(points)[0], ts.rips(points)[0] / 2, rtol=1e-14)
    corners = ts.cech(np.eye(6), 4)
    assert corners[4].tolist() == [[np.sqrt(4 / 5), np.sqrt(5 / 6)]]
