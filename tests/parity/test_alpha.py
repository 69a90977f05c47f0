"""``ts.alpha`` against GUDHI's ``AlphaComplex`` with exact predicates, whose values are squared."""

from __future__ import annotations

from collections.abc import Callable

import gudhi
import numpy as np
import pytest
from scipy.spatial import cKDTree

import toposcope as ts

pytestmark = pytest.mark.parity

Points = np.ndarray
_GRID = np.stack(np.meshgrid(*[np.arange(7.0)] * 3), axis=-1).reshape(-1, 3)
_TURN = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, -0.6], [0.36, 0.48, 0.8]])


def _on_sphere(g: np.random.Generator) -> Points:
    points = g.normal(size=(500, 3))
    return np.concatenate([points / np.linalg.norm(points, axis=1, keepdims=True), np.zeros((1, 3))])


def _on_cylinder(_: np.random.Generator) -> Points:
    turn, height = np.meshgrid(np.arange(25) * (2 * np.pi / 25), np.arange(8.0))
    return np.stack([np.cos(turn), np.sin(turn), height], axis=-1).reshape(-1, 3)


CASES: dict[str, Callable[[np.random.Generator], Points]] = {
    "plane": lambda g: g.random((2000, 2)),
    "space": lambda g: g.random((2000, 3)),
    "far from the origin": lambda g: g.random((500, 3)) + 1e6,
    "grid in the plane": lambda _: _GRID[:49, :2] * [1.0, 2.0],
    "grid": lambda _: _GRID,
    "grid of tenths": lambda _: _GRID * 0.1,
    "turned grid": lambda _: _GRID @ _TURN.T,
    "integers in the plane": lambda g: g.integers(0, 30, (500, 2)).astype(float),
    "integers": lambda g: g.integers(0, 8, (300, 3)).astype(float),
    "duplicates": lambda g: np.repeat(g.random((200, 3)), 3, axis=0),
    "coplanar": lambda g: np.round(64 * g.random((400, 2))) @ np.array([[1.0, 0, 1], [0, 1, 2]]),
    "nearly coplanar": lambda g: g.random((400, 3)) * [1, 1, 1e-14],
    "collinear": lambda _: np.outer(np.arange(30.0) ** 2, [1.0, -2.0, 3.0]),
    "circle": lambda g: _on_cylinder(g)[:25],
    "cylinder": _on_cylinder,
    "sphere and its centre": _on_sphere,
    "torus": lambda g: _torus(g, 3000),
}


def _torus(g: np.random.Generator, n: int) -> Points:
    u, v = 2 * np.pi * g.random((2, n))
    return np.stack([(2 + np.cos(u)) * np.cos(v), (2 + np.cos(u)) * np.sin(v), np.sin(u)], axis=1)


def _of_gudhi(points: Points, field: int = 2) -> list[np.ndarray]:
    tree = gudhi.AlphaComplex(points=points, precision="exact").create_simplex_tree()
    tree.compute_persistence(homology_coeff_field=field)
    dims = range(points.shape[1])
    return [np.sqrt(tree.persistence_intervals_in_dimension(dim)).reshape(-1, 2) for dim in dims]


def assert_same(got: ts.Diagram, want: list[np.ndarray], scale: float) -> None:
    """The same intervals to 11 digits: as many, each near one of the other side; much shorter ones are noise."""
    tolerance = 1e-11 * scale
    for dim, intervals in enumerate(want):
        ours, theirs = (a[a[:, 1] - a[:, 0] > 100 * tolerance] for a in (got[dim], intervals))
        assert len(ours) == len(theirs), f"H{dim}"
        assert np.isinf(ours[:, 1]).sum() == np.isinf(theirs[:, 1]).sum()
        for some, others in [(ours, theirs), (theirs, ours)]:
            some, others = (a[np.isfinite(a[:, 1])] for a in (some, others))  # noqa: PLW2901
            if len(some):
                # Radii of nearly flat simplices on the hull may be huge: nearness is relative there.
                distance, at = cKDTree(others).query(some)
                assert (distance <= tolerance + 1e-10 * others[at].max(axis=1)).all(), f"H{dim}: {distance.max()}"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("field", [2, 3])
def test_as_gudhi_has_it(name: str, field: int) -> None:
    points = CASES[name](np.random.default_rng(5))
    assert_same(ts.alpha(points, field=field), _of_gudhi(points, field), float(np.ptp(points)))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["space", "torus", "plane"])
def test_a_hundred_thousand_points(kind: str) -> None:
    g = np.random.default_rng(6)
    n = 100_000
    points = _torus(g, n) if kind == "torus" else g.random((n, 2 if kind == "plane" else 3))
    assert_same(ts.alpha(points), _of_gudhi(points), float(np.ptp(points)))
