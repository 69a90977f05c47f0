"""``ts.rips`` against ripser.py and GUDHI, on the field's standard inputs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import squareform

import toposcope as ts

STANDARD = Path(__file__).parent.parent / "data" / "standard"
pytestmark = pytest.mark.parity


class Case(NamedTuple):
    name: str
    max_dim: int
    threshold: float | None = None
    field: int = 2
    slow: bool = False


CASES = [
    Case("celegans_297", 2),
    Case("clifford_torus_50000", 1, 0.15, slow=True),
    Case("dragon_1000", 1),
    Case("dragon_2000", 1),
    Case("fractal_r_512", 2, slow=True),
    Case("klein_bottle_400", 2, field=3, slow=True),
    Case("klein_bottle_400", 1),
    Case("o3_1024", 3, 1.8),
    Case("o3_4096", 3, 1.4, slow=True),
    Case("o3_4096", 1, 0.8),
    Case("random_50_16", 7, slow=True),
    Case("random_50_16", 4),
    Case("sphere_3_192", 2),
]
PARAMS = [
    pytest.param(case, id=f"{case.name}-H{case.max_dim}-Z{case.field}", marks=[pytest.mark.slow] * case.slow)
    for case in CASES
]


def load(name: str) -> tuple[np.ndarray, str]:
    with np.load(STANDARD / f"{name}.npz") as file:
        return (file["points"], "euclidean") if "points" in file else (file["distances"], "precomputed")


def assert_same(got: ts.Diagram, want: list[np.ndarray], scale: float) -> None:
    """Equal within 1e-6 of the largest value: the peers round to float32, which may swap neighbours in the order and
    make intervals shorter than that rounding appear or vanish."""
    tolerance = 1e-6 * scale
    for dim, intervals in enumerate(want):
        ours, theirs = (long_intervals(d, tolerance) for d in (got[dim], intervals))
        assert len(ours) == len(theirs), f"H{dim}: {len(ours)} intervals, the peer has {len(theirs)}"
        for column in (0, 1):
            np.testing.assert_allclose(
                np.sort(ours[:, column]), np.sort(theirs[:, column]), rtol=0, atol=tolerance, err_msg=f"H{dim}"
            )


def long_intervals(intervals: np.ndarray, shortest: float) -> np.ndarray:
    intervals = np.asarray(intervals, float).reshape(-1, 2)
    return intervals[intervals[:, 1] - intervals[:, 0] > 2 * shortest]


@pytest.mark.parametrize("case", PARAMS)
def test_standard_input_as_gudhi_has_it(case: Case) -> None:
    gudhi = pytest.importorskip("gudhi.sklearn.rips_persistence")
    data, metric = load(case.name)
    got = ts.rips(data, case.max_dim, case.threshold, metric=metric, field=case.field)
    kind = "point cloud" if metric == "euclidean" else "lower distance matrix"
    peer = gudhi.RipsPersistence(
        homology_dimensions=list(range(case.max_dim + 1)),
        threshold=np.inf if case.threshold is None else case.threshold,
        homology_coeff_field=case.field,
        input_type=kind,
    )
    if metric == "precomputed":
        n = (1 + int(np.sqrt(1 + 8 * len(data)))) // 2
        square = np.zeros((n, n))
        square[np.triu_indices(n, 1)] = data
        data = [square.T[i, :i] for i in range(n)]
    (theirs,) = peer.fit_transform([data])
    assert_same(got, theirs, finite_max(got))


@pytest.mark.parametrize("case", PARAMS)
def test_standard_input_as_ripser_has_it(case: Case) -> None:
    ripser = pytest.importorskip("ripser")
    data, metric = load(case.name)
    got = ts.rips(data, case.max_dim, case.threshold, metric=metric, field=case.field)
    if metric == "precomputed":
        data = squareform(data)
    elif case.threshold is not None:
        # As a sparse matrix: from points, ripser.py would build the full one, of many GiB for the largest input.
        tree = cKDTree(data)
        data = tree.sparse_distance_matrix(tree, case.threshold, output_type="coo_matrix")
    peer = ripser.ripser(
        data,
        maxdim=case.max_dim,
        thresh=np.inf if case.threshold is None else case.threshold,
        coeff=case.field,
        distance_matrix=metric == "precomputed" or case.threshold is not None,
    )
    assert_same(got, peer["dgms"], finite_max(got))


def finite_max(diagram: ts.Diagram) -> float:
    return float(diagram.deaths[np.isfinite(diagram.deaths)].max())


@pytest.mark.filterwarnings("ignore:The input:UserWarning")
@pytest.mark.parametrize("seed", range(30))
def test_random_input_as_ripser_has_it(seed: int) -> None:
    ripser = pytest.importorskip("ripser")
    g = np.random.default_rng(seed)
    n, d = int(g.integers(3, 40)), int(g.integers(1, 6))
    points = g.integers(0, 4, (n, d)).astype(float) if seed % 2 else g.normal(size=(n, d))
    field = (2, 3, 5)[seed % 3]
    got = ts.rips(points, 2, field=field)
    assert_same(got, ripser.ripser(points, maxdim=2, coeff=field)["dgms"], 1.0 + float(np.abs(points).max()))
