"""``ts.alpha``: what it accepts, what it refuses, and that it says why."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

import toposcope as ts

SQUARE = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], float)
CUBE = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3).astype(float)
INF = float("inf")


def test_a_square_is_a_loop_and_a_cube_a_void() -> None:
    diagram = ts.alpha(SQUARE)
    assert diagram[0].tolist() == [[0, 0.5], [0, 0.5], [0, 0.5], [0, INF]]
    assert diagram[1].tolist() == [[0.5, np.sqrt(0.5)]]
    assert diagram.info == ts.DiagramInfo(complex="alpha", unit="radius", metric="euclidean", field=2)
    cube = ts.alpha(CUBE, field=3)
    assert cube[1].tolist() == [[0.5, np.sqrt(0.5)]] * 5
    assert cube[2].tolist() == [[np.sqrt(0.5), np.sqrt(0.75)]]
    assert cube.info.field == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, np.float16, ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_dtype_and_order_gives_the_same(dtype: str, order: str) -> None:
    assert ts.alpha(np.array(CUBE, dtype=dtype, order=order)) == ts.alpha(CUBE.tolist())


def test_spaces_within_space_are_found() -> None:
    """Points on a plane or a line of space have the diagram that they have there."""
    g = np.random.default_rng(0)
    flat = g.integers(0, 20, (60, 2)).astype(float)
    in_plane = ts.alpha(flat)
    in_space = ts.alpha(np.column_stack([3 * flat[:, 0], 5 * flat[:, 1], 4 * flat[:, 0]]) / 5)
    assert in_space.max_dim == 2
    assert len(in_space[2]) == 0
    np.testing.assert_allclose(in_space[1].sum(0), ts.alpha(flat * [1, 1])[1].sum(0), rtol=1e-12)
    assert in_plane.max_dim == 1
    line = ts.alpha(np.outer([0, 1, 3, 7], [2, -1, 2]))
    assert line[0].tolist() == [[0, 1.5], [0, 3], [0, 6], [0, INF]]
    assert [len(line[1]), len(line[2])] == [0, 0]


def test_positions_count_once() -> None:
    points = np.random.default_rng(1).normal(size=(50, 3))
    assert ts.alpha(np.repeat(points, 3, axis=0)[::-1]) == ts.alpha(points)


def test_few_points() -> None:
    assert ts.alpha(np.zeros((0, 3))).n_intervals == 0
    assert ts.alpha(np.zeros((0, 2))).max_dim == 1
    assert ts.alpha([[3.0, 4.0]])[0].tolist() == [[0, INF]]
    assert ts.alpha(np.full((9, 3), -2.5))[0].tolist() == [[0, INF]]


@pytest.mark.parametrize("factor", [2.0**-1000, 2.0**1000])
def test_no_coordinate_is_too_large_or_too_small(factor: float) -> None:
    assert ts.alpha(CUBE * factor).deaths.tolist() == (ts.alpha(CUBE).deaths * factor).tolist()


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_threads_change_nothing(n_threads: int) -> None:
    points = np.random.default_rng(2).random((20_000, 3))
    assert ts.alpha(points, n_threads=n_threads) == ts.alpha(points[::-1])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros((4, 4)),), ValueError, "points: expected points in 2 or 3 dimensions, got 4 dimensions"),
        ((np.zeros((4, 1)),), ValueError, "points: expected points in 2 or 3 dimensions, got 1 dimensions"),
        ((np.zeros((4, 0)),), ValueError, "points: expected at least one coordinate per point"),
        ((np.zeros(4),), ValueError, "points: expected an array of shape"),
        (([[0.0, np.nan]],), ValueError, "points: expected finite coordinates, got NaN in row 0, column 1"),
        (([[0.0, 1.0], [np.inf, 0.0]],), ValueError, "points: expected finite coordinates, got inf in row 1, column 0"),
        (([["a", "b"]],), TypeError, "points: expected real numbers"),
        ((SQUARE, 2), ValueError, "max_dim: expected 0 to 1 for points in 2 dimensions, got 2"),
        ((CUBE, -1), ValueError, "max_dim"),
        ((CUBE, 1.5), TypeError, "max_dim"),
    ],
)
def test_wrong_arguments_are_named(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ts.alpha(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"), [("field", 4), ("field", 70_000), ("n_threads", 0), ("memory_limit", "lots")]
)
def test_wrong_options_are_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        ts.alpha(SQUARE, **{name: value})  # type: ignore[arg-type]


def test_the_memory_limit_holds() -> None:
    points = np.random.default_rng(3).random((30_000, 3))
    with pytest.raises(ts.MemoryLimitError, match="memory limit"):
        ts.alpha(points, memory_limit="10MiB")
    assert ts.alpha(points, memory_limit="200MiB") == ts.alpha(points)


def test_progress_names_its_stages() -> None:
    seen = []
    ts.alpha(np.random.default_rng(4).random((60_000, 3)), progress=lambda *report: seen.append(report))
    assert {"triangulation", "radii"} <= {stage for stage, _, _ in seen}
    assert all(0 <= done <= total for _, done, total in seen)


def test_an_exception_of_the_callback_stops_the_work() -> None:
    def refuse(stage: str, done: int, total: int) -> None:
        raise RuntimeError(stage)

    with pytest.raises(RuntimeError):
        ts.alpha(np.random.default_rng(5).random((100_000, 3)), progress=refuse)


@pytest.mark.parametrize("after", [0.3, 1.0])
def test_ctrl_c_acts_within_a_tenth_of_a_second(after: float) -> None:
    program = (
        "import _thread, sys, threading, time, numpy as np, toposcope as ts\n"
        "points = np.random.default_rng(6).random((400_000, 3))\n"
        "asked = []\n"
        "def ask():\n"
        f"    time.sleep({after}); asked.append(time.perf_counter()); _thread.interrupt_main()\n"
        "threading.Thread(target=ask).start()\n"
        "try:\n"
        "    ts.alpha(points)\n"
        "except KeyboardInterrupt:\n"
        "    print(time.perf_counter() - asked[0])\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    # Twice the promise, as other tests may be running.
    assert float(shown.stdout) < 0.2


def test_small_clouds_take_no_time() -> None:
    points = np.random.default_rng(7).random((10, 3))
    ts.alpha(points)
    start = time.perf_counter()
    for _ in range(100):
        ts.alpha(points)
    assert time.perf_counter() - start < 1.0
