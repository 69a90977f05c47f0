"""The vectorizers on 200 diagrams of 500 intervals."""

from math import pi, sqrt

import numpy as np

from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape

from . import datasets
from .common import Benchmark, expect

VECTORIZERS = {
    "betti": BettiCurve(n_bins=100, dims=[1]),
    "landscape": PersistenceLandscape(n_layers=5, n_bins=100, dims=[1]),
    "image": PersistenceImage(sigma=0.1, n_bins=50, mode="integral", dims=[1]),
    "density": PersistenceImage(sigma=0.1, n_bins=50, mode="density", dims=[1]),
}


class Transform(Benchmark):
    """From diagrams to one array."""

    params = tuple(VECTORIZERS)
    param_names = ("vectorizer",)

    def prepare(self, name):
        self.diagrams = datasets.diagrams(200, 500)
        self.vectorizer = VECTORIZERS[name].fit(self.diagrams)
        rows = self.vectorizer.unflatten(self.vectorizer.transform(self.diagrams))
        for index in (0, 199):
            NAIVE[name](self.diagrams[index][1], self.vectorizer.grids_[1], rows[index, 0])

    def time_transform(self, name):
        self.vectorizer.transform(self.diagrams)


class Fit(Benchmark):
    """Learning the grids."""

    def prepare(self):
        self.diagrams = datasets.diagrams(200, 500)
        grid = BettiCurve(n_bins=2).fit(self.diagrams).grids_[1]
        every = np.concatenate([diagram[1] for diagram in self.diagrams])
        expect("range", grid, [every.min(), every.max()])

    def time_fit(self):
        BettiCurve().fit(self.diagrams)


def naive_betti(pairs, nodes, row):
    births, deaths = pairs.T
    expect("betti", row, [np.sum((births <= t) & (t < deaths)) for t in nodes])


def naive_landscape(pairs, nodes, rows):
    births, deaths = pairs.T
    for at in (0, 33, 66, 99):
        tents = np.sort(np.maximum(0, np.minimum(nodes[at] - births, deaths - nodes[at])))[::-1]
        expect("landscape", rows[:, at], tents[: len(rows)])


def surface(pairs, birth, persistence, sigma=0.1):
    births, persistences = pairs[:, 0], pairs[:, 1] - pairs[:, 0]
    squares = (birth - births) ** 2 + (persistence - persistences) ** 2
    return np.sum(persistences * np.exp(-squares / (2 * sigma**2))) / (2 * pi * sigma**2)


def naive_density(pairs, axes, pixels):
    for row, column in ((0, 0), (20, 30), (49, 49)):
        expect("density", pixels[row, column], surface(pairs, axes[0][column], axes[1][row]))


def naive_image(pairs, axes, pixels):
    """Integrate by the three-point Gauss–Legendre rule: a pixel is narrow beside sigma."""
    rule = ((-sqrt(0.6), 5 / 18), (0.0, 8 / 18), (sqrt(0.6), 5 / 18))
    for row, column in ((0, 0), (20, 30)):
        (left, right), (low, high) = axes[0][column : column + 2], axes[1][row : row + 2]
        values = [
            wx * wy * surface(pairs, left + (right - left) * (1 + x) / 2, low + (high - low) * (1 + y) / 2)
            for x, wx in rule
            for y, wy in rule
        ]
        expect("image", pixels[row, column], sum(values) * (right - left) * (high - low), rtol=1e-6)


NAIVE = {"betti": naive_betti, "landscape": naive_landscape, "density": naive_density, "image": naive_image}
