"""``ts.cech``: what it accepts, what it refuses, and that it says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import toposcope as ts

TRIANGLE = np.eye(3)
CUBE = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3).astype(float)
INF = float("inf")


def test_three_balls_meet_in_pairs_first() -> None:
    diagram = ts.cech(TRIANGLE, field=3)
    assert diagram[0].tolist() == [[0, np.sqrt(0.5)]] * 2 + [[0, INF]]
    assert diagram[1].tolist() == [[np.sqrt(0.5), np.sqrt(2 / 3)]]
    assert diagram.info == ts.DiagramInfo(complex="cech", unit="radius", metric="euclidean", field=3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, np.float16, ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_dtype_and_order_gives_the_same(dtype: str, order: str) -> None:
    assert ts.cech(np.array(CUBE, dtype=dtype, order=order), 2) == ts.cech(CUBE.tolist(), 2)


def test_a_threshold_is_inclusive() -> None:
    assert ts.cech([[0.0], [1.0]], threshold=0.5)[0].tolist() == [[0, 0.5], [0, INF]]
    assert ts.cech([[0.0], [1.0]], threshold=np.nextafter(0.5, 0))[0].tolist() == [[0, INF], [0, INF]]
    cube = ts.cech(CUBE, 2, threshold=np.sqrt(0.5))
    assert cube[2].tolist() == [[np.sqrt(0.5), INF]]
    assert cube.threshold == np.sqrt(0.5)
    assert ts.cech(CUBE, threshold=INF) == ts.cech(CUBE)


def test_threads_change_nothing() -> None:
    points = np.random.default_rng(0).normal(size=(60, 4))
    one = ts.cech(points, n_threads=1)
    assert all(ts.cech(points, n_threads=n) == one for n in (2, 3))


def test_few_points() -> None:
    assert ts.cech(np.empty((0, 5)), 3).max_dim == 3
    assert ts.cech(np.full((4, 2), 7.0), 3)[0].tolist() == [[0, INF]]
    assert ts.cech([[1.0, 2.0]], 12).n_intervals == 1


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="max_dim: expected an integer of at most 12, got 13"):
        ts.cech(TRIANGLE, 13)
    with pytest.raises(ValueError, match="threshold: expected a length of at least 0, got -1"):
        ts.cech(TRIANGLE, threshold=-1)
    with pytest.raises(ValueError, match="threshold: expected a length of at least 0, got NaN"):
        ts.cech(TRIANGLE, threshold=np.nan)
    with pytest.raises(ValueError, match="field: expected a prime up to 65521, got 4"):
        ts.cech(TRIANGLE, field=4)
    with pytest.raises(ValueError, match="n_threads: expected an integer of at least 1, got 0"):
        ts.cech(TRIANGLE, n_threads=0)
    with pytest.raises(ValueError, match="points: expected an array of shape"):
        ts.cech([1.0, 2.0])
    with pytest.raises(ValueError, match="points: expected finite coordinates, got NaN in row 1, column 0"):
        ts.cech([[0.0], [np.nan]])
    with pytest.raises(TypeError, match="progress: expected a bool or a callable"):
        ts.cech(TRIANGLE, progress=1)  # type: ignore[arg-type]


def test_too_much_is_refused_before_it_is_begun() -> None:
    points = np.random.default_rng(0).normal(size=(3000, 3))
    start = time.monotonic()
    with pytest.raises(ts.MemoryLimitError, match=r"needs at least [0-9]+ bytes, which the system refuses"):
        ts.cech(points, 3)
    with pytest.raises(ts.MemoryLimitError, match="over the memory limit of 67108864 bytes"):
        ts.cech(points[:300], memory_limit="64MiB")
    assert time.monotonic() - start < 2.0
    with pytest.raises(ts.MemoryLimitError, match="over the memory limit"):
        ts.cech(points[:300], threshold=100.0, memory_limit="16MiB")
    assert ts.cech(points[:300], threshold=0.1, memory_limit="16MiB").n_intervals > 0


def test_progress_is_reported_and_may_stop_it() -> None:
    seen = []
    ts.cech(np.random.default_rng(0).normal(size=(150, 3)), progress=lambda *step: seen.append(step))
    assert {"complex"} <= {stage for stage, _, _ in seen}

    def stop(*_: object) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        ts.cech(np.random.default_rng(0).normal(size=(150, 3)), progress=stop)


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
def test_ctrl_c_is_heard() -> None:
    program = (
        "import numpy as np, toposcope as ts\n"
        "print('ready', flush=True)\n"
        "ts.cech(np.random.default_rng(0).normal(size=(500, 3)))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(0.7)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
    # The promise is 100 ms; the rest is the interpreter's own way out, on a machine that runs other things.
    assert time.monotonic() - sent < 2.0
    assert b"KeyboardInterrupt" in errors
