"""Numbers that other packages gave, with the conversion between their conventions and ours. No package is needed.

giotto-tda 0.6.2, GUDHI 3.13.0, persim 0.4.1, on Python 3.11.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape

F = [[[0, 1], [0.5, 2]]]
#: GUDHI leaves out both ends of [0, 2] and samples 4 values between.
TRIMMED = {"range": (0.4, 1.6), "n_bins": 4}


def test_betti_curve_of_giotto() -> None:
    assert BettiCurve(n_bins=5).fit_transform([F]).tolist() == [[1, 2, 1, 1, 0]]


def test_betti_curve_of_gudhi() -> None:
    assert BettiCurve(**TRIMMED).fit_transform([F]).tolist() == [[1, 2, 1, 1]]


def test_landscape_of_giotto() -> None:
    rows = PersistenceLandscape(n_layers=2, n_bins=5).fit_transform([F])
    assert rows.tolist() == [[0, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0, 0]]


def test_landscape_of_persims_landscaper() -> None:
    assert PersistenceLandscape(n_layers=1, n_bins=5).fit_transform([F]).tolist() == [[0, 0.5, 0.5, 0.5, 0]]


def test_landscape_of_gudhi_is_ours_times_the_root_of_two() -> None:
    rows = sqrt(2) * PersistenceLandscape(n_layers=2, **TRIMMED).fit_transform([F])
    assert rows[0] == pytest.approx([0.5657, 0.4243, 0.9899, 0.5657, 0, 0.2828, 0, 0], abs=5e-5)


def test_landscape_is_sampled_not_snapped_as_persims_approximate_one() -> None:
    # persim 0.4.1 moves births and deaths to the grid and gives 1.333 here.
    rows = PersistenceLandscape(n_layers=1, range=(0, 4), n_bins=10).fit_transform([[[[0, 3], [1, 4]]]])
    assert rows[0, 4] == pytest.approx(1.2222222222, abs=1e-10)


def test_image_of_gudhi_is_the_unweighted_density_at_nodes() -> None:
    image = PersistenceImage(sigma=1, n_bins=2, power=0, mode="density", persistence_range=(1, 1.5))
    assert image.fit_transform([F])[0] == pytest.approx([0.2831, 0.2809, 0.2809, 0.2831], abs=5e-5)


def test_image_of_persim_has_the_root_of_its_variance_and_is_transposed() -> None:
    image = PersistenceImage(sigma=sqrt(0.01), n_bins=(4, 2), birth_range=(0, 2), persistence_range=(0, 1))
    pixels = image.as_images(image.fit_transform([[[[1.75, 2.5]]]]))[0, 0].T
    assert pixels.shape == (4, 2)
    assert pixels.sum() == pytest.approx(0.7407, abs=5e-5)
    assert np.unravel_index(pixels.argmax(), pixels.shape) == (3, 1)


def test_amplitude_of_giotto_from_the_landscape() -> None:
    landscape = PersistenceLandscape(n_layers=1, n_bins=100)
    rows = landscape.fit_transform([F])
    step = np.diff(landscape.grids_[0])[0]
    assert sqrt((rows**2).sum() * step) == pytest.approx(0.5951315368, abs=1e-10)


@pytest.mark.parametrize(
    ("estimator", "distance"),
    [(BettiCurve(), 0.9949366763), (PersistenceLandscape(n_layers=1), 0.7070342667)],
    ids=["betti", "landscape"],
)
def test_pairwise_distance_of_giotto(estimator: BettiCurve | PersistenceLandscape, distance: float) -> None:
    rows = estimator.fit_transform([[[[0, 1]]], [[[0, 2]]]])
    step = np.diff(estimator.grids_[0])[0]
    assert sqrt(((rows[0] - rows[1]) ** 2).sum() * step) == pytest.approx(distance, abs=1e-10)
