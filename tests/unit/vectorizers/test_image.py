"""``PersistenceImage``: axes, mass, modes, names, shape."""

from __future__ import annotations

from math import erf, exp, pi, sqrt
from typing import Any

import numpy as np
import pytest

from toposcope.vectorizers import PersistenceImage

F = [[[0.0, 1.0], [0.5, 2.0]]]


def test_axes_reach_over_births_and_from_the_diagonal_to_the_largest_persistence() -> None:
    image = PersistenceImage(n_bins=2).fit([[F[0], [[1, 2], [3, 3.5]]]])
    births, persistences = image.grids_[0]
    assert births.tolist() == [0, 0.25, 0.5]
    assert persistences.tolist() == [0, 0.75, 1.5]
    assert [axis.tolist() for axis in image.grids_[1]] == [[1, 2, 3], [0, 0.5, 1]]
    nodes = PersistenceImage(n_bins=3, mode="density").fit([F]).grids_[0]
    assert [axis.tolist() for axis in nodes] == [[0, 0.25, 0.5], [0, 0.75, 1.5]]


def test_diagrams_of_components_alone_have_an_image() -> None:
    # All births are 0; giotto-tda's step is then 0 and its image all zeros.
    image = PersistenceImage(sigma=0.1, n_bins=20)
    rows = image.fit_transform([[[[0, 0.5], [0, 0.75]]], [[[0, 0.25]]]])
    births = image.grids_[0][0]
    assert (births[0], births[-1]) == pytest.approx((-0.3, 0.3))
    # The kernel of 0.75, at the upper edge, is cut in half; 0.27 % lies beyond three sigma.
    assert rows[0].sum() == pytest.approx(0.9973 * (0.5 * normal_cdf(2.5) + 0.75 / 2), rel=1e-3)
    assert rows[1].sum() == pytest.approx(0.9973 * 0.25 * normal_cdf(2.5), rel=1e-2)
    assert np.abs(rows[0] - rows[1]).max() > 1e-3


def normal_cdf(z: float) -> float:
    return (1 + erf(z / sqrt(2))) / 2


def test_mass_does_not_depend_on_the_resolution() -> None:
    ranges = {"birth_range": (-2, 3), "persistence_range": (-2, 4)}
    sums = [PersistenceImage(n_bins=n, **ranges).fit_transform([F]).sum() for n in (1, 7, (30, 11))]
    assert sums == pytest.approx([2.5] * 3, rel=1e-12)
    squares = PersistenceImage(power=2, **ranges).fit_transform([F]).sum()
    assert squares == pytest.approx(1 + 1.5**2, rel=1e-12)
    counts = PersistenceImage(power=0, **ranges).fit_transform([F]).sum()
    assert counts == pytest.approx(2, rel=1e-12)


def test_density_is_the_value_at_a_node() -> None:
    image = PersistenceImage(sigma=0.5, n_bins=(2, 3), mode="density", birth_range=(0, 1), persistence_range=(0, 2))
    pixels = image.as_images(image.fit_transform([[[[0.0, 2.0]]]]))
    peak = 2 / (2 * pi * 0.25)
    expected = [[peak * exp(-2 * (x**2 + (y - 2) ** 2)) for x in (0, 1)] for y in (0, 1, 2)]
    assert pixels[0, 0] == pytest.approx(np.array(expected), rel=1e-12)


def test_rows_are_persistence_and_columns_birth() -> None:
    image = PersistenceImage(sigma=0.05, n_bins=(4, 12), birth_range=(0, 4), persistence_range=(0, 12))
    rows = image.fit_transform([[[[2.5, 12]], [[0.5, 1]]]])
    pixels = image.as_images(rows)
    assert pixels.shape == (1, 2, 12, 4)
    assert np.unravel_index(pixels[0, 0].argmax(), (12, 4)) == (9, 2)
    assert np.unravel_index(pixels[0, 1].argmax(), (12, 4)) == (0, 0)
    names = image.get_feature_names_out()
    assert names[rows[0].argmax()] == "pi_H0_b02_p09"
    assert names[48] == "pi_H1_b00_p00"
    assert np.array_equal(image.unflatten(rows), pixels)


def test_axes_by_dimension() -> None:
    image = PersistenceImage(n_bins=1, birth_range={1: (5, 6)}, persistence_range={0: (1, 2)}).fit([[F[0], F[0]]])
    assert [axis.tolist() for axis in image.grids_[0]] == [[0, 0.5], [1, 2]]
    assert [axis.tolist() for axis in image.grids_[1]] == [[5, 6], [0, 1.5]]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"sigma": 0}, ValueError, "sigma: expected a positive, finite number, got 0.0"),
        ({"sigma": -1.0}, ValueError, "sigma: expected a positive"),
        ({"sigma": float("inf")}, ValueError, "sigma: expected a positive, finite number, got inf"),
        ({"sigma": "1"}, TypeError, "sigma: expected a number, got '1'"),
        ({"power": -1}, ValueError, "power: expected a non-negative, finite number, got -1.0"),
        ({"power": float("nan")}, ValueError, "power: expected a non-negative, finite number, got nan"),
        ({"mode": "exact"}, ValueError, 'mode: expected "integral" or "density", got \'exact\''),
        ({"n_bins": 0}, ValueError, "n_bins: expected an integer of at least 1, got 0"),
        ({"n_bins": (3, 0)}, ValueError, "n_bins: expected an integer of at least 1, got 0"),
        ({"n_bins": (3, 3, 3)}, ValueError, r"n_bins: expected an integer or two of them, got \(3, 3, 3\)"),
        ({"n_bins": 2.0}, TypeError, "n_bins: expected an integer, got 2.0"),
        ({"birth_range": (1, 0)}, ValueError, "birth_range: expected finite low < high"),
        ({"persistence_range": 1}, ValueError, r"persistence_range: expected \(low, high\)"),
    ],
)
def test_wrong_parameters(params: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        PersistenceImage(**params).fit([F])
