"""What a monitor adds to a push: a record for its sinks, and points that are handed over.

``benchmarks/telemetry.py`` puts the same beside the push that it belongs to, and tracking as well.
"""

import itertools
import tempfile
from pathlib import Path

import numpy as np

import toposcope as ts

from . import datasets
from .common import Benchmark, expect
from .push import N_POINTS, SIZES, WARM_UP, WINDOW


class Record(Benchmark):
    """A push of one point into a small stream: what is done for its record is the most of it."""

    params = ("none", "jsonl", "buffered", "csv", "prometheus")
    param_names = ("sink",)

    def prepare(self, sink):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "run"
        made = {
            "none": list,
            "jsonl": lambda: [ts.telemetry.JsonlSink(path)],
            "buffered": lambda: [ts.telemetry.BufferedSink(ts.telemetry.JsonlSink(path))],
            "csv": lambda: [ts.telemetry.CsvSink(path)],
            "prometheus": lambda: [ts.telemetry.PrometheusSink()],
        }
        self.monitor = ts.Monitor(ts.Stream(n_dims=1, window=10, n_threads=1), sinks=made[sink]())
        self.points = np.zeros((1, 1), dtype=np.float32)
        self.monitor.push(self.points)
        expect("pushes", self.monitor.n_pushes, 1)
        expect("failures", self.monitor.n_sink_failures, 0)

    def teardown(self, sink):
        self.monitor.close()
        self.folder.cleanup()

    def time_push(self, sink):
        self.monitor.push(self.points)


class Handover(Benchmark):
    """A chunk that is copied, or taken over: filling it is in neither."""

    params = ("array", "buffer")
    param_names = ("chunk",)
    #: A buffer can be pushed once.
    number = 1

    def prepare(self, chunk):
        n_dims, n_landmarks = SIZES["768x256"]
        chunks = datasets.chunks(2 * WARM_UP, N_POINTS, n_dims)
        self.stream = ts.Stream(n_dims=n_dims, window=WINDOW * N_POINTS, max_landmarks=n_landmarks)
        for points in chunks[:WARM_UP]:
            self.stream.push(points)
        points = next(itertools.islice(chunks, WARM_UP, None))
        self.chunk = points
        if chunk == "buffer":
            self.chunk = ts.ChunkBuffer(*points.shape)
            np.asarray(self.chunk)[:] = points
            expect("buffer", np.asarray(self.chunk), points)

    def time_push(self, chunk):
        self.stream.push(self.chunk)
