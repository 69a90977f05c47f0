"""``ts.rips``: batch persistence of point clouds, and what a call costs beside its work."""

import numpy as np

import toposcope as ts

from . import datasets
from .common import Benchmark, expect

#: Points, largest dimension; intervals and sum of the finite lengths by dimension, as ripser.py 0.6.15 has them.
CASES = {
    "sphere_100": (datasets.sphere, (100,), 2, [(100, 21.455229), (21, 3.0009332), (1, 0.70571518)]),
    "sphere_400": (datasets.sphere, (400,), 1, [(400, 45.942385), (110, 6.7061996)]),
    "circles_300_in_64": (datasets.noisy_circles, (300, 64), 1, [(300, 74.637259), (64, 3.8212073)]),
}


class Rips(Benchmark):
    """Point clouds from small to medium."""

    params = tuple(CASES)
    param_names = ("cloud",)

    def prepare(self, case):
        make, size, self.max_dim, expected = CASES[case]
        self.points = make(*size)
        diagram = ts.rips(self.points, self.max_dim)
        for dim, (count, total) in enumerate(expected):
            expect(f"intervals of H{dim}", len(diagram[dim]), count)
            lengths = diagram[dim][:, 1] - diagram[dim][:, 0]
            # ripser.py computes in float32.
            expect(f"lengths of H{dim}", lengths[np.isfinite(lengths)].sum(), total, rtol=1e-5)

    def time_rips(self, case):
        ts.rips(self.points, self.max_dim)


class CallOverhead(Benchmark):
    """Three points: all that is measured is the way in and out."""

    def prepare(self):
        self.points = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
        expect("the triangle", ts.rips(self.points)[0], [[0, 3], [0, 4], [0, np.inf]])

    def time_rips_of_3_points(self):
        ts.rips(self.points)
