"""``PersistenceLandscape``: grid, layers, names, shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from toposcope.vectorizers import PersistenceLandscape

F = [[[0.0, 4.0], [1.0, 3.0]]]


def test_layers_are_the_largest_tents_in_order() -> None:
    landscape = PersistenceLandscape(n_layers=3, n_bins=5)
    rows = landscape.fit_transform([[F[0], F[0][1:]]])
    shaped = landscape.unflatten(rows)
    assert shaped.shape == (1, 2, 3, 5)
    assert shaped[0, 0].tolist() == [[0, 1, 2, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]
    assert landscape.grids_[1].tolist() == [1, 1.5, 2, 2.5, 3]
    assert shaped[0, 1].tolist() == [[0, 0.5, 1, 0.5, 0], [0] * 5, [0] * 5]


def test_names() -> None:
    landscape = PersistenceLandscape(n_layers=2, n_bins=3, dims=[0]).fit([F])
    expected = [f"landscape_H0_k{k}_t{t}" for k in range(2) for t in ("0", "2", "4")]
    assert landscape.get_feature_names_out().tolist() == expected


def test_transform_does_not_bend_what_reaches_beyond_the_grid() -> None:
    # On a grid fitted on (0, 1), giotto-tda clips (0, 5) to it; here the tent goes on rising.
    landscape = PersistenceLandscape(n_layers=1, n_bins=3).fit([[[[0, 1]]]])
    assert landscape.transform([[[[0, 5]]]]).tolist() == [[0, 0.5, 1]]


def test_more_layers_than_intervals_are_zero() -> None:
    rows = PersistenceLandscape(n_layers=50, n_bins=9).fit_transform([F])
    assert np.count_nonzero(rows) == 7 + 3


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"n_layers": 0}, ValueError, "n_layers: expected an integer of at least 1, got 0"),
        ({"n_layers": "5"}, TypeError, "n_layers: expected an integer, got '5'"),
        ({"n_bins": -1}, ValueError, "n_bins: expected an integer of at least 1, got -1"),
        ({"range": (2, 1)}, ValueError, "range: expected finite low < high"),
    ],
)
def test_wrong_parameters(params: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        PersistenceLandscape(**params).fit([F])
