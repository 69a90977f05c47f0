"""``ts.rips`` gives one diagram for one set of distances, whatever carries them and whoever computes."""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.spatial.distance import squareform

import toposcope as ts

#: More of everything in `make exhaustive`.
TRIALS = int(os.environ.get("TOPOSCOPE_TRIALS", "1"))
METHODS = ("auto", "lune", "cohomology")


def forms(square: np.ndarray) -> list[object]:
    """The same distances in every form that `metric="precomputed"` takes."""
    lower = np.tril(np.where(np.isfinite(square), square, 0.0), -1)
    rows, columns = np.nonzero(np.tril(np.isfinite(square), -1))
    return [square, squareform(square, checks=False), coo_matrix((lower[rows, columns], (rows, columns)), square.shape)]


@pytest.mark.parametrize("seed", range(40 * TRIALS))
def test_width_form_order_method_and_threads_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, max_dim = int(rng.integers(1, 30)), int(rng.integers(0, 3))
    values = int(rng.choice([4, 1000]))
    # Distances that float32 holds, a few of them absent.
    distances = rng.integers(0, values, n * (n - 1) // 2) / 8
    distances[rng.uniform(size=len(distances)) < 0.1 * (seed % 2)] = np.inf
    square = squareform(distances) if n > 1 else np.zeros((1, 1))
    threshold = [None, values / 10][seed // 2 % 2]
    field = (2, 3)[seed // 4 % 2]
    expected = ts.rips(square, max_dim, threshold, metric="precomputed", field=field, n_threads=1)
    order = rng.permutation(n)
    for matrix in (square, square[np.ix_(order, order)]):
        for given in (*forms(matrix), *forms(matrix.astype(np.float32))):
            for method in METHODS:
                options = {"metric": "precomputed", "field": field, "method": method}
                got = ts.rips(given, max_dim, threshold, **options, n_threads=1 + seed % 4)
                assert all(np.array_equal(got[dim], expected[dim]) for dim in range(max_dim + 1))


@pytest.mark.parametrize("seed", range(10 * TRIALS))
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine"])
def test_points_of_either_width_have_one_diagram(seed: int, metric: str) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(int(rng.integers(1, 60)), int(rng.integers(1, 20)))).astype(np.float32)
    if seed % 2:
        points = np.round(2 * points) + np.float32(0.5)
    # Normalised rows keep their width, and with it its rounding.
    widths = [np.float32] if metric == "cosine" else [np.float32, np.float64]
    expected = ts.rips(points, metric=metric, n_threads=1)
    order = rng.permutation(len(points))
    for width in widths:
        wide = points.astype(width)
        for given in (wide, np.asfortranarray(wide), wide[order], np.repeat(wide, 2, axis=1)[:, ::2]):
            for method in METHODS:
                got = ts.rips(given, metric=metric, method=method, n_threads=1 + seed % 4)
                assert all(np.array_equal(got[dim], expected[dim]) for dim in range(2))


def test_a_stream_reads_rows_whatever_their_order_in_memory() -> None:
    points = np.random.default_rng(5).normal(size=(50, 4))
    reports = []
    for given in (points, np.asfortranarray(points), np.repeat(points, 2, axis=0)[::2]):
        stream = ts.Stream(n_dims=4, window=100, max_landmarks=60, cover_radius=0)
        reports.append(stream.push(given).diagram)
    assert len(reports[0][1]) > 0
    assert all(np.array_equal(report[1], reports[0][1]) for report in reports)
