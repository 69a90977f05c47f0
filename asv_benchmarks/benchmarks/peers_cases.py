"""``ts.rips`` on the cases of ``make peers``: the same inputs and questions, without the peers."""

import sys
from pathlib import Path

import numpy as np

import toposcope as ts

from .common import Benchmark, expect

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from peers.cases import CASES

#: Intervals and the sum of their finite lengths, by dimension. `make peers` compares the diagrams with those of GUDHI,
#: giotto-ph, holos-tda and ripser.py.
EXPECTED = {
    "sphere_3_192": [(192, 31.421626), (53, 4.557088), (1, 0.935136)],
    "random_50_16": [
        (50, 53.795229),
        (39, 3.0578815),
        (16, 0.42319896),
        (5, 0.083736123),
        (3, 0.016301451),
        (0, 0.0),
        (0, 0.0),
        (0, 0.0),
    ],
    "dragon_2000": [(2000, 7.4436136), (576, 1.0703534)],
    "fractal_r_512": [(512, 6.3696822), (438, 4.55683), (659, 1.572992)],
    "celegans_297": [(297, 56.0666), (107, 6.786561), (20, 0.39287616)],
    "klein_bottle_400": [(361, 158.76436), (257, 27.08375), (45, 2.9874544)],
    "o3_1024": [(1024, 492.4616), (576, 86.667198), (180, 15.714474), (7, 0.094778424)],
    "o3_4096": [(4096, 1263.1677), (2466, 246.61357), (811, 53.351719), (33, 0.32381292)],
    "clifford_torus_50000": [(50000, 910.09149), (14006, 140.60323)],
    "sphere_2000": [(2000, 101.37275), (562, 15.536314)],
    "cube_1000": [(1000, 66.29033), (475, 9.8953099), (103, 1.149496)],
    "circles_2000_768": [(2000, 1538.552), (1536, 19.110694)],
    "gaussian_1000_768": [(1000, 36406.22), (3560, 867.58005)],
}


class PeersCases(Benchmark):
    """Two threads, as in the comparison."""

    params = tuple(EXPECTED)
    param_names = ("case",)

    def prepare(self, name):
        case = next(case for case in CASES if case.name == name)
        given = case.make()
        self.array, self.arguments = given.array, (case.max_dim, case.threshold)
        metric = "euclidean" if given.kind == "points" else "precomputed"
        self.options = {"metric": metric, "field": case.field, "n_threads": 2}
        diagram = self.run()
        for dim, (count, total) in enumerate(EXPECTED[name]):
            expect(f"intervals of H{dim}", len(diagram[dim]), count)
            lengths = diagram[dim][:, 1] - diagram[dim][:, 0]
            expect(f"lengths of H{dim}", lengths[np.isfinite(lengths)].sum(), total, rtol=1e-7)

    def run(self):
        return ts.rips(self.array, *self.arguments, **self.options)

    def time_rips(self, name):
        self.run()

    def peakmem_rips(self, name):
        self.run()
