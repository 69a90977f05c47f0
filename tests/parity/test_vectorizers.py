"""The vectorizers against GUDHI and persim on random diagrams: formulas agree to 1e-12."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape

pytestmark = pytest.mark.parity
each_seed = pytest.mark.parametrize("seed", range(20))


def random_diagrams(seed: int) -> list[np.ndarray]:
    """Five diagrams of one dimension; every other one on a lattice, where values and nodes meet."""
    rng = np.random.default_rng(seed)
    diagrams = []
    for size in rng.integers(1, 40, 5):
        pairs = rng.uniform(-1, 3, (size, 2)) if seed % 2 else rng.integers(-4, 12, (size, 2)) / 4
        pairs = np.sort(pairs, axis=1)
        diagrams.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return [d for d in diagrams if len(d)] or [np.array([[0.0, 1.0]])]


def ours(vectorizer: Any, diagrams: list[np.ndarray]) -> np.ndarray:
    return vectorizer.fit_transform([[diagram] for diagram in diagrams])


@pytest.fixture
def representations() -> Any:
    return pytest.importorskip("gudhi.representations")


@each_seed
def test_betti_curve_of_gudhi(representations: Any, seed: int) -> None:
    diagrams = random_diagrams(seed)
    curve = BettiCurve(n_bins=33)
    rows = ours(curve, diagrams)
    theirs = representations.BettiCurve(predefined_grid=curve.grids_[0]).fit_transform(diagrams)
    assert np.array_equal(rows, theirs)


@each_seed
def test_landscape_of_gudhi(representations: Any, seed: int) -> None:
    diagrams = random_diagrams(seed)
    rows = ours(PersistenceLandscape(n_layers=4, n_bins=33), diagrams)
    theirs = representations.Landscape(num_landscapes=4, resolution=33, keep_endpoints=True).fit_transform(diagrams)
    np.testing.assert_allclose(sqrt(2) * rows, theirs, rtol=1e-12, atol=1e-14)


@each_seed
@pytest.mark.parametrize("power", [0, 1, 2.5])
def test_image_of_gudhi(representations: Any, seed: int, power: float) -> None:
    diagrams = random_diagrams(seed)
    ranges = {"birth_range": (-1.5, 3), "persistence_range": (0, 4)}
    rows = ours(PersistenceImage(sigma=0.3, n_bins=(7, 11), power=power, mode="density", **ranges), diagrams)
    theirs = representations.PersistenceImage(
        bandwidth=0.3, resolution=[7, 11], im_range=[-1.5, 3, 0, 4], weight=lambda point: point[1] ** power
    ).fit_transform([np.asarray(d) for d in diagrams])
    np.testing.assert_allclose(rows, theirs, rtol=1e-12, atol=1e-12 * theirs.max())


@each_seed
@pytest.mark.parametrize("power", [1, 2])
def test_image_of_persim(seed: int, power: float) -> None:
    persim = pytest.importorskip("persim")
    diagrams = random_diagrams(seed)
    imager = persim.PersistenceImager(
        birth_range=(-1, 3),
        pers_range=(0, 4),
        pixel_size=0.25,
        weight_params={"n": power},
        kernel_params={"sigma": [[0.04, 0.0], [0.0, 0.04]]},
    )
    theirs = np.array([imager.transform(diagram, skew=True).T for diagram in diagrams])
    image = PersistenceImage(sigma=0.2, n_bins=16, power=power, birth_range=(-1, 3), persistence_range=(0, 4))
    pixels = image.as_images(ours(image, diagrams))[:, 0]
    np.testing.assert_allclose(pixels, theirs, rtol=1e-12, atol=1e-12 * theirs.max())


@each_seed
def test_landscape_of_persims_landscaper_on_its_own_grid(seed: int) -> None:
    """persim moves births and deaths to the grid: where they are on it, the values agree."""
    landscapes = pytest.importorskip("persim.landscapes")
    diagrams = [np.round(diagram * 4) / 4 for diagram in random_diagrams(seed)]
    diagrams = [diagram[diagram[:, 0] < diagram[:, 1]] for diagram in diagrams]
    for diagram in diagrams:
        if not len(diagram):
            continue
        theirs = landscapes.PersLandscapeApprox(start=-1, stop=3, num_steps=17, dgms=[diagram], hom_deg=0).values
        landscape = PersistenceLandscape(n_layers=len(theirs), n_bins=17, range=(-1, 3))
        rows = landscape.unflatten(ours(landscape, [diagram]))[0, 0]
        np.testing.assert_allclose(rows, theirs, rtol=1e-12, atol=1e-14)
