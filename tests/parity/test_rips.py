"""``ts.rips`` against ripser.py and GUDHI, on the field's standard inputs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import gudhi
import numpy as np
import pytest
from gudhi.sklearn.rips_persistence import RipsPersistence
from ripser import ripser
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
    """Equal within 1e-6 of the largest value, as pairs: the bottleneck distance is at most that.

    The peers round to float32. That may swap neighbours in the order, and make intervals shorter than the rounding
    appear or vanish; both are within the distance, while a birth paired with another's death is not.
    """
    tolerance = 1e-6 * scale
    for dim, intervals in enumerate(want):
        ours, theirs = got[dim], np.asarray(intervals, float).reshape(-1, 2)
        assert np.isinf(ours[:, 1]).sum() == np.isinf(theirs[:, 1]).sum(), f"H{dim}: essential classes"
        if dim == 0:
            # All are born at 0, so that sorting pairs them; there may be as many as points, too many for matching.
            assert not ours[:, 0].any()
            assert not theirs[:, 0].any()
            deaths = [np.sort(array[array[:, 1] > tolerance, 1]) for array in (ours, theirs)]
            np.testing.assert_allclose(deaths[0], deaths[1], rtol=0, atol=tolerance)
        else:
            distance = gudhi.bottleneck_distance(ours, theirs)
            assert distance <= tolerance, f"H{dim}: {distance} apart"


@pytest.mark.parametrize("case", PARAMS)
def test_standard_input_as_gudhi_has_it(case: Case) -> None:
    data, metric = load(case.name)
    got = ts.rips(data, case.max_dim, case.threshold, metric=metric, field=case.field)
    kind = "point cloud" if metric == "euclidean" else "lower distance matrix"
    peer = RipsPersistence(
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
    data, metric = load(case.name)
    got = ts.rips(data, case.max_dim, case.threshold, metric=metric, field=case.field)
    if metric == "precomputed":
        data = squareform(data)
    elif case.threshold is not None:
        # As a sparse matrix: from points, ripser.py would build the full one, of many GiB for the largest input.
        tree = cKDTree(data)
        data = tree.sparse_distance_matrix(tree, case.threshold, output_type="coo_matrix")
    peer = ripser(
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
    g = np.random.default_rng(seed)
    n, d = int(g.integers(3, 40)), int(g.integers(1, 6))
    points = g.integers(0, 4, (n, d)).astype(float) if seed % 2 else g.normal(size=(n, d))
    field = (2, 3, 5)[seed % 3]
    got = ts.rips(points, 2, field=field)
    assert_same(got, ripser(points, maxdim=2, coeff=field)["dgms"], 1.0 + float(np.abs(points).max()))


def test_a_wrong_pairing_is_noticed() -> None:
    """The same births and the same deaths, paired otherwise, are another diagram."""
    ours = ts.Diagram.from_arrays({0: [], 1: [[1, 2], [1.5, 3]]})
    with pytest.raises(AssertionError, match="H1"):
        assert_same(ours, [np.empty((0, 2)), np.array([[1, 3], [1.5, 2]])], 3.0)
