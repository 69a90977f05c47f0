"""The scale of most groups, against a recount by definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toposcope.pipeline.scale import group_counts, pairwise_distances, scale_of_most_groups, spanning_tree


def distances_of(points):
    points = np.asarray(points, dtype=float)
    return np.abs(points[:, np.newaxis] - points[np.newaxis])


def count_groups(distances, scale, min_mass):
    reachable = distances <= scale
    for _ in range(len(distances)):
        reachable = reachable @ reachable
    return len({tuple(row) for row in reachable if row.sum() >= min_mass})


def test_three_groups_are_told_apart():
    points = [0, 1, 2, 10, 11, 12, 30, 31, 32, 100]
    scale = scale_of_most_groups(distances_of(points), min_mass=3)
    assert scale == pytest.approx(np.sqrt(1 * 8))
    assert scale_of_most_groups(distances_of(points), min_mass=4) is None  # only one group is ever that large


@pytest.mark.parametrize("points", [[1], [1, 1, 1, 1], [1, 2, 3, 4]])
def test_without_two_groups_there_is_no_scale(points):
    assert scale_of_most_groups(distances_of(points), min_mass=3) is None


@given(st.lists(st.integers(0, 20), min_size=2, max_size=14), st.integers(1, 4))
def test_the_counts_are_right_everywhere(points, min_mass):
    distances = distances_of(points)
    for n_groups, low, high in group_counts(distances, min_mass):
        assert n_groups == count_groups(distances, low, min_mass)
        assert n_groups == count_groups(distances, (low + high) / 2, min_mass)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=14))
def test_the_tree_has_the_lengths_of_the_gaps(points):
    lengths = [length for length, _, _ in spanning_tree(distances_of(points))]
    assert lengths == sorted(np.diff(sorted(points)))


@pytest.mark.parametrize(
    ("metric", "expected"), [("euclidean", 5.0), ("manhattan", 7.0), ("chebyshev", 4.0), ("cosine", np.sqrt(2))]
)
def test_distances_are_those_of_the_stream(metric, expected):
    np.testing.assert_allclose(pairwise_distances([[3, 0], [0, 4]], metric), [[0, expected], [expected, 0]])
