"""``Stream.push``: a chunk of 1000 points in 128 dimensions, 256 landmarks, in the steady state."""

import itertools

import numpy as np

import toposcope as ts

from . import datasets
from .common import Benchmark, expect

N_DIMS, N_POINTS, N_LANDMARKS = 128, 1000, 256
WARM_UP, WINDOW = 8, 4


class Push(Benchmark):
    """The window is full and points leave it as fast as they come."""

    def prepare(self):
        chunks = datasets.chunks(2 * WARM_UP, N_POINTS, N_DIMS)
        self.stream = ts.Stream(n_dims=N_DIMS, window=WINDOW * N_POINTS, max_landmarks=N_LANDMARKS, max_dim=1)
        for chunk in chunks[:WARM_UP]:
            report = self.stream.push(chunk)
        check(report, chunks[:WARM_UP].reshape(-1, N_DIMS))
        self.chunks = itertools.cycle(chunks[WARM_UP:])

    def time_push(self):
        self.stream.push(next(self.chunks))


class Floor(Benchmark):
    """What no exact assignment of points to landmarks goes below: one matrix product."""

    def prepare(self):
        rng = np.random.default_rng(5)
        self.points = rng.normal(size=(N_POINTS, N_DIMS)).astype(np.float32)
        self.landmarks = rng.normal(size=(N_DIMS, N_LANDMARKS)).astype(np.float32)

    def time_matrix_product(self):
        self.points @ self.landmarks


def check(report, points):
    """The diagram is that of the landmarks, and the landmarks are within epsilon of the window."""
    landmarks = points[report.landmark_ids]
    if not N_LANDMARKS / 2 < report.n_landmarks <= N_LANDMARKS:
        raise AssertionError(f"expected up to {N_LANDMARKS} landmarks, got {report.n_landmarks}")
    batch = ts.rips(landmarks, max_dim=1)
    for dim in (0, 1):
        expect(f"H{dim}", report.diagram[dim], batch[dim])
    window = points[-WINDOW * N_POINTS :]
    squares = (window**2).sum(1)[:, None] - 2 * window @ landmarks.T + (landmarks**2).sum(1)
    farthest = np.sqrt(squares.min(axis=1).max())
    if farthest > report.epsilon * (1 + 1e-5):
        raise AssertionError(f"a point is {farthest} from the landmarks, epsilon is {report.epsilon}")
