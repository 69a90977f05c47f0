"""Intervals followed by matchings."""

import numpy as np
import pytest

import toposcope as ts

INF = np.inf


def paths(found):
    return [(vine.first, vine.births.tolist(), vine.deaths.tolist()) for vine in found]


def test_intervals_that_move_little_keep_their_vines():
    moving = [[[0 + 0.1 * t, 5], [1, 3 - 0.1 * t]] for t in range(5)]
    vines = ts.vines(moving)
    np.testing.assert_allclose(vines[0].births, [0, 0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(vines[1].deaths, [3, 2.9, 2.8, 2.7, 2.6])
    assert [len(vine) for vine in vines] == [5, 5]
    assert vines[0].moments.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(vines[1].persistences, [2, 1.9, 1.8, 1.7, 1.6])


def test_what_goes_to_the_diagonal_ends_and_what_comes_from_it_begins():
    assert paths(ts.vines([[[0, 1]], [[50, 51]], []])) == [(0, [0], [1]), (1, [50], [51])]


def test_every_interval_is_in_one_vine_at_every_moment():
    rng = np.random.default_rng(0)
    diagrams = [ts.rips(rng.normal(size=(25, 2))) for _ in range(6)]
    for dim in (0, 1):
        vines = ts.vines(diagrams, dim)
        for t, diagram in enumerate(diagrams):
            there = [(v.births[t - v.first], v.deaths[t - v.first]) for v in vines if t in v.moments]
            assert sorted(there) == sorted(map(tuple, diagram[dim]))


def test_the_matching_is_the_one_that_attains_the_distance():
    rng = np.random.default_rng(1)
    a, b = (np.sort(rng.uniform(size=(8, 2)), axis=1) for _ in range(2))
    distance = ts.wasserstein_distance(a, b, order=1)
    went_on = [vine for vine in ts.vines([a, b], order=1) if len(vine) == 2]
    cost = sum(np.hypot(v.births[1] - v.births[0], v.deaths[1] - v.deaths[0]) for v in went_on)
    alone = [vine for vine in ts.vines([a, b], order=1) if len(vine) == 1]
    cost += sum(vine.persistences[0] / np.sqrt(2) for vine in alone)
    assert cost == pytest.approx(distance)


def test_intervals_without_end_are_matched_by_birth_whatever_the_order_they_come_in():
    vines = ts.vines([[[3, INF], [0, INF]], [[1, INF], [4, INF], [9, INF]]], dim=0)
    assert paths(vines) == [(0, [0, 1], [INF, INF]), (0, [3, 4], [INF, INF]), (1, [9], [INF])]


def test_short_vines_are_left_out_but_matched():
    assert len(ts.vines([[[0, 0.1], [0, 5]]] * 2)) == 2
    assert paths(ts.vines([[[0, 0.1], [0, 5]]] * 2, min_persistence=0.1)) == [(0, [0, 0], [5, 5])]


def test_nothing_gives_nothing():
    assert ts.vines([]) == ()
    assert ts.vines([[], []]) == ()
    assert ts.vines([ts.Diagram.from_arrays({0: [[0, 1]]})], dim=1) == ()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"diagrams": None}, TypeError, "diagrams: expected a sequence of diagrams, got NoneType"),
        ({"order": INF}, ValueError, "order: expected a finite number of at least 1, got inf"),
        ({"order": 0.5}, ValueError, "order: expected a finite number of at least 1, got 0.5"),
        ({"min_persistence": -1}, ValueError, "min_persistence: expected a number of at least 0, got -1"),
        ({"min_persistence": np.nan}, ValueError, "min_persistence: expected a number of at least 0, got nan"),
        ({"dim": 1.5}, TypeError, "dim: expected an integer, got 1.5"),
    ],
)
def test_other_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ts.vines(**{"diagrams": [[[0, 1]]], **arguments})
