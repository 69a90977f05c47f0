"""What ``estimate`` says, against what ``rips`` then needs."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix, csr_matrix
from scipy.spatial.distance import pdist, squareform

import toposcope as ts

STANDARD = Path(__file__).parents[1] / "data" / "standard"
SQUARE = [[0, 0], [0, 1], [1, 1], [1, 0]]


def cube(n, n_dims, seed=0):
    return np.random.default_rng(seed).random((n, n_dims))


def count(distances, threshold, top):
    """Count simplices by dimension, by trying all sets of points."""
    n = len(distances)
    return tuple(
        sum(all(distances[i, j] <= threshold for i, j in combinations(simplex, 2)) for simplex in sets)
        for sets in (combinations(range(n), dim + 1) for dim in range(top + 1))
    )


def forms_of(distances, threshold):
    near = np.where(distances <= threshold, distances, np.inf)
    sparse = coo_matrix(np.where(distances <= threshold, distances, 0.0))
    return {"square": distances, "condensed": squareform(distances), "some": near, "sparse": sparse}


@pytest.mark.parametrize(("n", "threshold", "max_dim"), [(2, 2.0, 1), (12, 0.6, 2), (30, 0.4, 2), (40, 0.25, 3)])
def test_few_simplices_are_counted_in_every_kind_of_input(n, threshold, max_dim):
    points = cube(n, 3)
    distances = squareform(pdist(points))
    expected = count(distances, threshold, max_dim + 1)
    found = ts.estimate(points, max_dim, threshold)
    assert found.simplices == expected
    assert found.standard_errors == (0.0,) * (max_dim + 2)
    assert (found.n_points, found.n_edges, found.threshold) == (n, expected[1], threshold)
    for form in forms_of(distances, threshold).values():
        assert ts.estimate(form, max_dim, threshold, metric="precomputed").simplices == expected


def test_without_a_threshold_it_counts_up_to_the_enclosing_radius():
    distances = squareform(pdist(cube(50, 3)))
    radius = distances.max(axis=1).min()
    for form in (cube(50, 3), distances):
        metric = "euclidean" if form is not distances else "precomputed"
        found = ts.estimate(form, metric=metric)
        assert found.threshold == pytest.approx(radius)
        assert found.simplices == count(distances, found.threshold, 2)
    sparse = csr_matrix(np.where(distances < 0.5, distances, 0.0))
    found = ts.estimate(sparse, metric="precomputed")
    assert found.n_edges == sparse.nnz // 2


def test_many_simplices_are_sampled_within_their_error():
    points = cube(1500, 3)
    found = ts.estimate(points, threshold=0.3)
    n_edges = int((pdist(points) <= 0.3).sum())
    assert found.standard_errors[1] > 0
    assert abs(found.n_edges - n_edges) <= 4 * found.standard_errors[1]
    assert found.standard_errors[1] < 0.1 * n_edges
    assert found == ts.estimate(points, threshold=0.3)


INPUTS = {
    "few": (SQUARE, {}),
    "all pairs": (cube(700, 3), {}),
    "all pairs, few edges": (cube(700, 3), {"threshold": 0.1}),
    "all pairs, many coordinates": (np.random.default_rng(0).normal(size=(400, 256)), {}),
    "cosine": (np.random.default_rng(1).normal(size=(400, 64)).astype(np.float32), {"metric": "cosine"}),
    "over Z/3": (cube(500, 3), {"field": 3}),
    "spatial index": (cube(9000, 2), {}),
    "edge list": (cube(9000, 3), {"threshold": 0.06}),
    "components": (cube(9000, 3), {"max_dim": 0}),
    "voids": (cube(250, 3), {"max_dim": 2}),
    "voids, near": (cube(1500, 3), {"max_dim": 2, "threshold": 0.15}),
}


@pytest.mark.parametrize("name", INPUTS)
def test_a_run_needs_no_more_and_not_much_less(name):
    points, options = INPUTS[name]
    cost = ts.estimate(points, **options, n_threads=2)
    assert sum(cost.parts.values()) == cost.bytes
    ts.rips(points, **options, n_threads=2, memory_limit=cost.bytes)
    looseness = 4 if options.get("max_dim", 1) > 1 else 3
    if cost.bytes > 1 << 20:
        with pytest.raises(ts.MemoryLimitError):
            ts.rips(points, **options, n_threads=2, memory_limit=cost.bytes // looseness)


@pytest.mark.parametrize("threshold", [0.2, 0.5])
def test_what_reading_distances_takes_is_in_it(threshold):
    distances = squareform(pdist(cube(800, 3)))
    for form in forms_of(distances, threshold).values():
        cost = ts.estimate(form, metric="precomputed", threshold=threshold)
        ts.rips(form, metric="precomputed", threshold=threshold, memory_limit=cost.bytes)
        with pytest.raises(ts.MemoryLimitError):
            ts.rips(form, metric="precomputed", threshold=threshold, memory_limit=cost.bytes // 3)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sphere_3_192", {"max_dim": 1}),
        ("sphere_3_192", {"max_dim": 2}),
        ("dragon_1000", {"max_dim": 1}),
        ("celegans_297", {"max_dim": 2}),
        ("klein_bottle_400", {"max_dim": 2}),
        ("fractal_r_512", {"max_dim": 1}),
        ("o3_1024", {"max_dim": 3, "threshold": 1.4}),
    ],
)
def test_standard_inputs_fit(name, options):
    with np.load(STANDARD / f"{name}.npz") as file:
        points, metric = file[file.files[0]], "precomputed" if "distances" in file else "euclidean"
    cost = ts.estimate(points, **options, metric=metric)
    ts.rips(points, **options, metric=metric, memory_limit=cost.bytes)


def test_the_form_is_named():
    forms = {ts.estimate(points, **options).form for points, options in INPUTS.values()}
    assert forms == {"all pairs", "spatial index", "edge list, lists", "edge list, rows", "spanning tree"}
    index = ts.estimate(INPUTS["spatial index"][0])
    assert (index.fallback, index.fallback_bytes > index.bytes) == ("all pairs", True)
    assert ts.estimate(SQUARE).fallback is None


def test_it_reads_as_a_few_lines():
    text = str(ts.estimate(SQUARE, n_threads=1))
    first, *simplices, engine, memory = text.splitlines()
    assert first == "4 points, 6 edges up to 1.41421"
    assert simplices == [f"    dimension {dim}: {n} simplices" for dim, n in enumerate([4, 6, 4])]
    assert engine == "engine: all pairs"
    assert memory.startswith("memory: ")
    assert "KiB" in memory
    assert "about" in str(ts.estimate(cube(3000, 3)))
    assert "if it has to go on with: all pairs" in str(ts.estimate(cube(5000, 2)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"points": [1, 2]}, ValueError, "points: expected an array of shape"),
        ({"points": [["a", "b"]]}, TypeError, "points: expected real numbers"),
        ({"points": [[0, np.nan]]}, ValueError, "points"),
        ({"max_dim": -1}, ValueError, "max_dim"),
        ({"max_dim": 13}, ValueError, "max_dim"),
        ({"max_dim": 1.5}, TypeError, "max_dim"),
        ({"threshold": -1}, ValueError, "threshold"),
        ({"threshold": "far"}, TypeError, "threshold"),
        ({"metric": "hamming"}, ValueError, "metric"),
        ({"metric": 3}, TypeError, "metric"),
        ({"metric": "precomputed"}, ValueError, "distances: expected a square matrix"),
        ({"field": 4}, ValueError, "field"),
        ({"n_threads": 0}, ValueError, "n_threads"),
        ({"points": [[1e308, 0], [-1e308, 0]]}, ValueError, "points: expected coordinates whose distances are finite"),
    ],
)
def test_wrong_input_is_refused_as_rips_does(arguments, error, message):
    arguments = {"points": [[0, 1, 2], [3, 4, 5]], **arguments}
    for function in (ts.estimate, ts.rips):
        with pytest.raises(error, match=message):
            function(**arguments)


def test_no_points_have_nothing():
    found = ts.estimate(np.empty((0, 3)))
    assert (found.n_points, found.simplices) == (0, (0, 0, 0))


def test_it_is_frozen():
    with pytest.raises(AttributeError):
        ts.estimate(SQUARE).bytes = 0
