"""Distances between diagrams: what they accept, what they return, and what they refuse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toposcope as ts

INF = float("inf")
A = ts.Diagram.from_arrays({0: [[0, 1], [0, INF]], 1: [[1, 1.5], [2, 6]]}, unit="diameter")
B = ts.Diagram.from_arrays({0: [[0, 3], [0, INF]], 1: [[2.5, 5.5]]}, unit="diameter")


def test_diagrams_are_compared_in_one_dimension() -> None:
    assert ts.bottleneck_distance(A, B) == 0.5
    assert ts.bottleneck_distance(A, B, 0) == 1.5
    assert ts.bottleneck_distance(A, B, dim=0) == ts.bottleneck_distance(A[0], B[0])
    assert ts.wasserstein_distance(A, B) == pytest.approx(np.sqrt(0.5**2 * 2 + 0.5**2 / 2))
    assert ts.wasserstein_distance(A, B, order=INF, ground=INF) == 0.5
    assert ts.wasserstein_distance(A, B, order=1, ground=1) == pytest.approx(1.0 + 0.5)


def test_a_matching_has_every_interval_once() -> None:
    distance, pairs = ts.bottleneck_distance(A, B[1].tolist(), matching=True)
    assert distance == 0.5
    assert pairs is not None
    assert pairs.dtype == np.int64
    assert pairs.tolist() == [[0, -1], [1, 0]]
    _, pairs = ts.wasserstein_distance(B, A, matching=True)
    assert pairs is not None
    assert pairs.tolist() == [[0, 1], [-1, 0]]
    _, none = ts.wasserstein_distance([], [], matching=True)
    assert none is not None
    assert none.shape == (0, 2)
    # Points of the diagonal are in it too.
    _, flat = ts.bottleneck_distance([[1, 1], [0, INF]], [[2, INF]], matching=True)
    assert flat is not None
    assert flat.tolist() == [[0, -1], [1, 0]]


def test_unequal_numbers_of_essential_intervals_are_infinitely_far_apart() -> None:
    one, two = [[0, INF], [0, 1]], [[0, INF], [1, INF]]
    assert ts.bottleneck_distance(one, two) == INF
    assert ts.wasserstein_distance(one, two, matching=True) == (INF, None)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, ">f8"])
def test_any_array_will_do(dtype: str) -> None:
    wide = np.zeros((4, 6), dtype)
    wide[3, ::3] = [3, 8]
    assert ts.bottleneck_distance(wide[::-2, ::3], []) == 2.5
    assert ts.bottleneck_distance(np.empty((0, 2)), []) == 0.0


intervals = st.lists(
    st.tuples(st.integers(-6, 6), st.integers(0, 6)).map(lambda pair: (pair[0] / 2, (pair[0] + pair[1]) / 2)),
    max_size=12,
)


@given(intervals, intervals, st.sampled_from([1, 2, 5, INF]), st.sampled_from([1, 2, INF]))
def test_the_matching_attains_the_distance(
    a: list[tuple[float, float]], b: list[tuple[float, float]], order: float, ground: float
) -> None:
    distance, pairs = ts.wasserstein_distance(a, b, order=order, ground=ground, matching=True)
    assert pairs is not None
    for column, n in ((0, len(a)), (1, len(b))):
        named = pairs[:, column][pairs[:, column] >= 0]
        assert sorted(named.tolist()) == list(range(n))
    lengths = []
    for i, j in pairs.tolist():
        x, y = (a[i] if i >= 0 else b[j]), (b[j] if j >= 0 else None)
        target = np.array(y) if i >= 0 and y is not None else np.full(2, sum(x) / 2)
        lengths.append(np.linalg.norm(np.array(x) - target, ground))
    total = np.linalg.norm(lengths, order) if lengths else 0.0
    assert total == pytest.approx(distance, rel=1e-12)
    assert ts.wasserstein_distance(b, a, order=order, ground=ground) == distance


@pytest.mark.parametrize(
    ("a", "message"),
    [
        ([[0.0, np.nan]], r"a: expected finite births and birth <= death, got \[0, NaN\) at 0"),
        ([[1.0, 0.5]], r"a: expected finite births and birth <= death, got \[1, 0.5\) at 0"),
        ([[-INF, 0.5]], r"a: expected finite births and birth <= death, got \[-inf, 0.5\) at 0"),
        ([[INF, INF]], r"a: expected finite births"),
        ([[0.0, 1.0, 2.0]], r"a: expected an array of shape \(n_intervals, 2\), got shape \(1, 3\)"),
        ([0.0, 1.0], r"a: expected an array of shape"),
        ([[0.0, 1.0], [2.0]], r"a: expected rows of equal length"),
        ([[-1e308, 1e308]], r"intervals: expected values of at most"),
    ],
)
def test_wrong_intervals_are_named(a: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ts.bottleneck_distance(a, [[0, 1]])
    with pytest.raises(ValueError, match=message.replace("a:", "b:")):
        ts.wasserstein_distance([[0, 1]], a)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="dim: expected an integer of at least 0, got -1"):
        ts.bottleneck_distance(A, B, -1)
    with pytest.raises(ValueError, match="dim: expected 0 to 1, the dimensions of a, got 2"):
        ts.bottleneck_distance(A, B, 2)
    with pytest.raises(ValueError, match="dim: expected 0 to 1, the dimensions of b, got 2"):
        ts.wasserstein_distance([], B, 2)
    with pytest.raises(TypeError, match=r"dim: expected an integer, got 1\.0"):
        ts.bottleneck_distance(A, B, 1.0)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="a: expected real numbers"):
        ts.bottleneck_distance([["x", "y"]], B)
    for order in (0.5, -1, np.nan):
        with pytest.raises(ValueError, match="order: expected a number of 1 to infinity"):
            ts.wasserstein_distance(A, B, order=order)
    with pytest.raises(ValueError, match=r"ground: expected a norm of 1 to infinity, got 0.5"):
        ts.wasserstein_distance(A, B, ground=0.5)
    with pytest.raises(TypeError, match="ground: expected a number"):
        ts.wasserstein_distance(A, B, ground="max")  # type: ignore[call-overload]


def test_units_are_not_mixed() -> None:
    radii = ts.Diagram.from_arrays({0: [], 1: [[1, 2]]}, unit="radius")
    with pytest.raises(ValueError, match="b: expected values in the unit of a, diameter, got radius"):
        ts.bottleneck_distance(A, radii)
    assert ts.bottleneck_distance(A[1], radii) == 2.0


PROGRAM = """
import numpy as np, toposcope as ts
g = np.random.default_rng(0)
a, b = (np.column_stack([x := g.uniform(0, 1, 60_000), x + g.uniform(5, 9, 60_000)]) for _ in range(2))
print("ready", flush=True)
ts.wasserstein_distance(a, b)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
def test_ctrl_c_is_heard() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(0.7)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
    # A tenth of a second to hear it; the rest is the interpreter's way out, on a machine that runs other things.
    assert time.monotonic() - sent < 2.0
    assert b"KeyboardInterrupt" in errors
