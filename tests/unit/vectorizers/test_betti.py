"""``BettiCurve``: grid, values, names, shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from toposcope.vectorizers import BettiCurve

F = [[[0.0, 1.0], [0.5, 2.0]]]


def test_the_grid_reaches_from_the_smallest_birth_to_the_largest_death_of_its_dimension() -> None:
    curve = BettiCurve(n_bins=3).fit([[[[0, 1]], [[2, 3]]], [[[-1, 0.5]], [[2.5, 4]]]])
    assert curve.grids_[0].tolist() == [-1, 0, 1]
    assert curve.grids_[1].tolist() == [2, 3, 4]


def test_transform_keeps_to_the_grid_of_fit() -> None:
    curve = BettiCurve(n_bins=3).fit([[[[0, 1]]]])
    rows = curve.transform([[[[0, 5]]], [[[0.5, 0.75]]], [[[-7, -3]]]])
    assert rows.tolist() == [[1, 1, 1], [0, 1, 0], [0, 0, 0]]
    assert curve.grids_[0].tolist() == [0, 0.5, 1]


def test_range_fixes_the_grid() -> None:
    X = [[*F, [[3, 5]]]]
    assert BettiCurve(n_bins=3, range=(0, 2)).fit(X).grids_[1].tolist() == [0, 1, 2]
    by_dim = BettiCurve(n_bins=3, range={1: (4, 6)}).fit(X)
    assert by_dim.grids_[0].tolist() == [0, 1, 2]
    assert by_dim.grids_[1].tolist() == [4, 5, 6]


def test_one_bin_and_no_interval() -> None:
    assert BettiCurve(n_bins=1).fit_transform([F]).tolist() == [[1]]
    assert BettiCurve(n_bins=3).fit([[[]]]).grids_[0].tolist() == [0, 0.5, 1]


def test_a_learned_range_without_room_is_widened() -> None:
    narrow = [[[(0.25, float(np.nextafter(0.25, 1)))]]]
    assert BettiCurve(n_bins=3).fit(narrow).grids_[0].tolist() == [-0.25, 0.25, 0.75]
    far = BettiCurve(n_bins=50).fit([[[(1e17, float(np.nextafter(1e17, 2e17)))]]]).grids_[0]
    assert (np.diff(far) > 0).all()


def test_names_and_shape() -> None:
    curve = BettiCurve(n_bins=5).fit([[*F, [[0, 0.25]]]])
    names = curve.get_feature_names_out()
    assert names[:5].tolist() == ["betti_H0_t0", "betti_H0_t0.5", "betti_H0_t1", "betti_H0_t1.5", "betti_H0_t2"]
    assert names[6] == "betti_H1_t0.0625"
    rows = curve.transform([[*F, []]])
    assert curve.unflatten(rows).tolist() == [[[1, 2, 1, 1, 0], [0, 0, 0, 0, 0]]]
    with pytest.raises(ValueError, match=r"features: expected shape \(n_diagrams, 10\), got \(1, 5\)"):
        curve.unflatten(rows[:, :5])


def test_names_stay_apart_on_a_narrow_grid() -> None:
    names = BettiCurve(n_bins=50, range=(1000, 1000.00001)).fit([F]).get_feature_names_out()
    assert len(set(names)) == 50
    neighbours = [float(np.nextafter(1.0, 2.0)), 1.0]
    names = BettiCurve(n_bins=2, range=(neighbours[1], neighbours[0])).fit([F]).get_feature_names_out()
    assert names.tolist() == ["betti_H0_t1.0", "betti_H0_t1.0000000000000002"]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"n_bins": 0}, ValueError, "n_bins: expected an integer of at least 1, got 0"),
        ({"n_bins": 2.5}, TypeError, "n_bins: expected an integer, got 2.5"),
        ({"n_bins": True}, TypeError, "n_bins: expected an integer, got True"),
        ({"range": (1, 1)}, ValueError, r"range: expected finite low < high, got \(1, 1\)"),
        ({"range": (0, float("inf"))}, ValueError, "range: expected finite low < high"),
        ({"range": (0, float("nan"))}, ValueError, "range: expected finite low < high"),
        ({"range": 3}, ValueError, r"range: expected \(low, high\) or \{dim: \(low, high\)\}, got 3"),
        ({"range": (0, 1, 2)}, ValueError, r"range: expected \(low, high\)"),
        ({"range": ("a", "b")}, ValueError, r"range: expected \(low, high\)"),
        ({"range": {0: (2, 1)}}, ValueError, r"range: expected finite low < high, got \(2, 1\)"),
        ({"range": (1e16, 1e16 + 4)}, ValueError, "range: expected room for 100 different float64 values"),
        ({"range": (-1.7e308, 1.7e308)}, ValueError, "range: expected room for 100 different float64 values"),
    ],
)
def test_wrong_parameters(params: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        BettiCurve(**params).fit([F])
