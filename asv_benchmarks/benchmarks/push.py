"""``Stream.push``: a chunk of 1000 points in the steady state, beside the product of matrices that bounds it."""

import itertools

import numpy as np

import toposcope as ts

from . import datasets
from .common import Benchmark, expect

N_POINTS = 1000
WARM_UP, WINDOW = 8, 4
#: Dimensions and landmarks.
SIZES = {"128x256": (128, 256), "768x256": (768, 256), "768x512": (768, 512)}


class Push(Benchmark):
    """The window is full and points leave it as fast as they come."""

    params = tuple(SIZES)
    param_names = ("size",)

    def prepare(self, size):
        n_dims, n_landmarks = SIZES[size]
        chunks = datasets.chunks(2 * WARM_UP, N_POINTS, n_dims)
        self.stream = ts.Stream(n_dims=n_dims, window=WINDOW * N_POINTS, max_landmarks=n_landmarks, max_dim=1)
        for chunk in chunks[:WARM_UP]:
            report = self.stream.push(chunk)
        check(report, chunks[:WARM_UP].reshape(-1, n_dims), n_landmarks)
        self.chunks = itertools.cycle(chunks[WARM_UP:])

    def time_push(self, size):
        self.stream.push(next(self.chunks))


class Floor(Benchmark):
    """What no exact assignment of points to landmarks goes below: one matrix product."""

    params = tuple(SIZES)
    param_names = ("size",)

    def prepare(self, size):
        n_dims, n_landmarks = SIZES[size]
        rng = np.random.default_rng(5)
        self.points = rng.normal(size=(N_POINTS, n_dims)).astype(np.float32)
        self.landmarks = rng.normal(size=(n_dims, n_landmarks)).astype(np.float32)

    def time_matrix_product(self, size):
        self.points @ self.landmarks


def check(report, points, n_landmarks):
    """The diagram is that of the landmarks, and the landmarks are within epsilon of the window."""
    landmarks = points[report.landmark_ids]
    if not n_landmarks / 2 < report.n_landmarks <= n_landmarks:
        raise AssertionError(f"expected up to {n_landmarks} landmarks, got {report.n_landmarks}")
    batch = ts.rips(landmarks, max_dim=1)
    for dim in (0, 1):
        expect(f"H{dim}", report.diagram[dim], batch[dim])
    window = points[-WINDOW * N_POINTS :]
    squares = (window**2).sum(1)[:, None] - 2 * window @ landmarks.T + (landmarks**2).sum(1)
    farthest = np.sqrt(squares.min(axis=1).max())
    if farthest > report.epsilon * (1 + 1e-5):
        raise AssertionError(f"a point is {farthest} from the landmarks, epsilon is {report.epsilon}")
