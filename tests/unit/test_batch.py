"""``ts.rips``: what it accepts, what it refuses, and that it says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import scipy.sparse
from scipy.spatial.distance import pdist, squareform

import toposcope as ts

SQUARE = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], float)
CIRCLE = np.stack([np.cos(np.arange(12) * np.pi / 6), np.sin(np.arange(12) * np.pi / 6)], axis=1)
INF = float("inf")
#: Points and coordinates that keep the engine busy for many times the 20 ms between two calls of an observer.
LARGE = (1500, 6)


def test_square_has_one_loop() -> None:
    diagram = ts.rips(SQUARE)
    assert diagram[0].tolist() == [[0, 1], [0, 1], [0, 1], [0, INF]]
    assert diagram[1].tolist() == [[1, np.sqrt(2)]]
    assert diagram.info == ts.DiagramInfo(complex="rips", unit="diameter", metric="euclidean", field=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, np.bool_, np.float16, ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_dtype_and_order_gives_the_same(dtype: str, order: str) -> None:
    assert ts.rips(np.array(SQUARE, dtype=dtype, order=order)) == ts.rips(SQUARE)


def test_any_stride_gives_the_same() -> None:
    wide = np.zeros((8, 6))
    wide[::-2, ::3] = CIRCLE[:4]
    assert ts.rips(wide[::-2, ::3]) == ts.rips(CIRCLE[:4])
    unaligned = np.frombuffer(b"x" + SQUARE.tobytes(), np.uint8)[1:].view(np.float64).reshape(4, 2)
    assert ts.rips(unaligned) == ts.rips(SQUARE)
    readonly = SQUARE.copy()
    readonly.flags.writeable = False
    assert ts.rips(readonly) == ts.rips(SQUARE)


def test_all_forms_of_distances_give_the_same() -> None:
    condensed = pdist(CIRCLE)
    square = squareform(condensed)
    expected = ts.rips(square, metric="precomputed")
    assert expected == ts.rips(condensed, metric="precomputed")
    for form in (scipy.sparse.coo_matrix, scipy.sparse.csr_array, scipy.sparse.csc_matrix):
        assert expected == ts.rips(form(square), metric="precomputed", threshold=2.0)
    upper_only = scipy.sparse.triu(square)
    assert expected == ts.rips(upper_only, metric="precomputed", threshold=2.0)


def test_infinite_distances_are_no_edges() -> None:
    two_pairs = np.full((4, 4), INF)
    np.fill_diagonal(two_pairs, 0)
    two_pairs[0, 1] = two_pairs[1, 0] = 1
    two_pairs[2, 3] = two_pairs[3, 2] = 2
    expected = [[0, 1], [0, 2], [0, INF], [0, INF]]
    assert ts.rips(two_pairs, metric="precomputed")[0].tolist() == expected
    assert ts.rips(squareform(two_pairs, checks=False), metric="precomputed")[0].tolist() == expected


def test_absent_pairs_are_no_edges_and_explicit_zeros_are() -> None:
    entries = ([0.0, 1.0], ([0, 1], [1, 2]))
    sparse = scipy.sparse.coo_matrix(entries, shape=(4, 4))
    assert ts.rips(sparse, metric="precomputed")[0].tolist() == [[0, 1], [0, INF], [0, INF]]


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev"])
def test_metrics_agree_with_scipy(metric: str) -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    expected = ts.rips(pdist(points, {"manhattan": "cityblock"}.get(metric, metric)), metric="precomputed")
    got = ts.rips(points, metric=metric)
    for dim in range(2):
        np.testing.assert_allclose(got[dim], expected[dim], rtol=1e-12)


def test_cosine_is_the_chord() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    chord = np.sqrt(2 * pdist(points, "cosine"))
    expected = ts.rips(chord, metric="precomputed")
    got = ts.rips(points * np.linspace(0.1, 9, 20)[:, None], metric="cosine")
    for dim in range(2):
        np.testing.assert_allclose(got[dim], expected[dim], rtol=1e-9)


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("max_dim", [0, 1, 3])
def test_few_points(n: int, max_dim: int) -> None:
    diagram = ts.rips(np.arange(n, dtype=float).reshape(n, 1), max_dim=max_dim)
    assert len(diagram) == max_dim + 1
    assert diagram[0].tolist() == ([[0, 1]] if n == 2 else []) + ([[0, INF]] if n else [])
    assert all(len(diagram[dim]) == 0 for dim in range(1, max_dim + 1))


def test_points_need_coordinates() -> None:
    with pytest.raises(ValueError, match=r"at least one coordinate per point, got .* shape \[3, 0\]"):
        ts.rips(np.empty((3, 0)))
    assert ts.rips(np.empty((0, 0))).n_intervals == 0


def test_duplicates_leave_no_interval_of_zero_length() -> None:
    assert ts.rips([[0.0], [0.0], [1.0]])[0].tolist() == [[0, 1], [0, INF]]


def test_an_edge_of_the_thresholds_length_is_in() -> None:
    assert ts.rips([[0.0], [1.0]], threshold=1.0)[0].tolist() == [[0, 1], [0, INF]]
    below = np.nextafter(1.0, 0.0)
    assert ts.rips([[0.0], [1.0]], threshold=below)[0].tolist() == [[0, INF], [0, INF]]
    assert ts.rips(SQUARE, threshold=INF) == ts.rips(SQUARE)


def test_threshold_leaves_the_loop_open() -> None:
    assert ts.rips(SQUARE, threshold=1.2)[1].tolist() == [[1, INF]]


WRONG_VALUES = [
    ({"points": [[0.0, np.nan]]}, "points: expected finite coordinates, got NaN in row 0, column 1"),
    ({"points": [[0.0, INF]]}, "points: .* inf"),
    ({"points": [1.0, 2.0]}, r"points: .*shape \(2,\)"),
    ({"points": np.zeros((2, 2, 2))}, r"points: .*shape \(2, 2, 2\)"),
    ({"points": [[1.0], [1.0, 2.0]]}, "points: expected rows of equal length"),
    ({"points": [[1e300], [-1e300]]}, "points: expected coordinates whose distances are finite"),
    ({"points": [[0.0, 0.0]], "metric": "cosine"}, "points: .*zeros in row 0"),
    ({"metric": "sqeuclidean"}, "metric: .*triangle inequality"),
    ({"metric": "hamming"}, "metric: .*hamming"),
    ({"max_dim": -1}, "max_dim: .*-1"),
    ({"max_dim": 100}, "max_dim: .*100"),
    ({"threshold": -1.0}, "threshold: .*-1"),
    ({"threshold": np.nan}, "threshold: .*NaN"),
    ({"field": 4}, "field: expected a prime"),
    ({"field": 1}, "field: .*1"),
    ({"field": 2**40}, "field: .*1099511627776"),
    ({"method": "fast"}, "method: .*fast"),
    ({"n_threads": 0}, "n_threads: .*0"),
]
WRONG_TYPES = [
    ({"points": [["a", "b"]]}, "points: expected real numbers"),
    ({"points": np.array([[1 + 2j]])}, "points: .*complex128"),
    ({"points": np.array([[None]])}, "points: .*object"),
    ({"points": None}, "points: .*NoneType"),
    ({"max_dim": 1.5}, "max_dim: expected an integer"),
    ({"max_dim": True}, "max_dim: expected an integer"),
    ({"threshold": "far"}, "threshold: expected a number"),
    ({"metric": 2}, "metric: expected a name"),
    ({"method": None}, "method: expected a name"),
    ({"progress": "yes"}, "progress: expected a bool or a callable"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG_VALUES)
def test_wrong_values_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ts.rips(**{"points": SQUARE, **arguments})


@pytest.mark.parametrize(("arguments", "message"), WRONG_TYPES)
def test_wrong_types_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        ts.rips(**{"points": SQUARE, **arguments})


WRONG_DISTANCES = [
    (np.zeros((2, 3)), r"square matrix or a condensed one, got shape \(2, 3\)"),
    (np.zeros(4), "condensed matrix, got 4"),
    (np.array([[0, 1], [2, 0]]), r"symmetric matrix, got 2 at \(1, 0\) and 1 at \(0, 1\)"),
    (np.array([[0, -1], [-1, 0]]), "-1 between 1 and 0"),
    (np.array([[0, np.nan], [np.nan, 0]]), "NaN between 1 and 0"),
    (np.array([[1.0, 1], [1, 0]]), r"zeros on the diagonal, got 1 at \(0, 0\)"),
    (np.array([-1.0]), "-1 between 1 and 0"),
    (scipy.sparse.coo_matrix(([-1.0], ([0], [1])), shape=(2, 2)), "-1 between 0 and 1"),
    (scipy.sparse.coo_matrix(([1.0], ([0], [1])), shape=(2, 3)), r"square matrix, got shape \(2, 3\)"),
    (scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 1], [1, 0])), shape=(2, 2)), "symmetric"),
]


@pytest.mark.parametrize(("distances", "message"), WRONG_DISTANCES)
def test_wrong_distances_are_named(distances: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ts.rips(distances, metric="precomputed")


def test_rounding_asymmetry_is_allowed() -> None:
    matrix = squareform(pdist(CIRCLE))
    lower = np.tril(matrix)
    matrix = lower + lower.T * (1 + 1e-9)
    assert ts.rips(matrix, metric="precomputed") == ts.rips(lower + lower.T, metric="precomputed")


def test_progress_reports_and_never_changes_the_result() -> None:
    calls: list[tuple[str, int, int]] = []
    points = np.random.default_rng(0).normal(size=LARGE)
    diagram = ts.rips(points, max_dim=2, progress=lambda *call: calls.append(call))
    assert diagram == ts.rips(points, max_dim=2)
    assert len({stage for stage, _, _ in calls}) > 2
    shares = [done / total for _, done, total in calls]
    assert shares == sorted(shares)
    assert shares[0] >= 0.0
    assert calls[-1][0] == "done"
    assert shares[-1] == 1.0


@pytest.mark.parametrize("method", ["auto", "cohomology"])
@pytest.mark.parametrize("max_dim", [0, 1, 2])
def test_progress_ends_at_the_end_whatever_is_done(method: str, max_dim: int) -> None:
    for representatives in (False, True):
        calls: list[tuple[str, int, int]] = []
        ts.rips(
            CIRCLE,
            max_dim=max_dim,
            method=method,
            representatives=representatives,
            progress=lambda *call, calls=calls: calls.append(call),
        )
        shares = [done / total for _, done, total in calls]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


def test_a_raising_callback_stops_the_run() -> None:
    def stop(*_: object) -> None:
        raise RuntimeError("enough")

    points = np.random.default_rng(0).normal(size=LARGE)
    with pytest.raises(RuntimeError, match="enough"):
        ts.rips(points, max_dim=2, progress=stop)


def test_progress_bar_is_wiped(capsys: pytest.CaptureFixture[str]) -> None:
    points = np.random.default_rng(0).normal(size=LARGE)
    ts.rips(points, max_dim=2, progress=True)
    shown = capsys.readouterr()
    assert not shown.out
    assert "%" in shown.err
    assert shown.err.endswith("\r")


def test_the_interpreter_is_free_meanwhile() -> None:
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    ts.rips(np.random.default_rng(0).normal(size=LARGE), max_dim=2)
    done.set()
    thread.join()
    assert ticks > 10


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
@pytest.mark.parametrize("method", ["lune", "cohomology"])
def test_ctrl_c_stops_within_a_moment(method: str) -> None:
    program = (
        "import numpy as np, toposcope as ts\n"
        "points = np.random.default_rng(0).normal(size=(1500, 16))\n"
        "print('ready', flush=True)\n"
        f"ts.rips(points, max_dim=2, method={method!r})\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.7)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    # The promise is 100 ms; the rest is the interpreter's own way out, on a machine that runs other things.
    assert time.monotonic() - sent < 2.0
    assert "KeyboardInterrupt" in errors


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on address space that is kept")
def test_memory_that_the_system_refuses_ends_no_process() -> None:
    program = """
import resource
import numpy as np
import toposcope as ts
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, resource.RLIM_INFINITY))
try:
    ts.rips(np.zeros((60_000, 9)))
except ts.MemoryLimitError as error:
    print(error)
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert child.stdout.startswith("needs at least 14400000000 bytes, which the system refuses; ask for less")
    assert child.returncode == 0


@pytest.mark.parametrize("limit", [1 << 20, "1MiB", "0.001 GiB"])
@pytest.mark.parametrize("method", ["auto", "cohomology"])
def test_a_memory_limit_is_refused_before_it_is_passed(limit: int | str, method: str) -> None:
    points = np.random.default_rng(0).normal(size=(2000, 3))
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    lower = distances[np.triu_indices(len(points), 1)]
    for form in (distances, distances.astype(np.float32), lower, scipy.sparse.csr_array(distances)):
        with pytest.raises(ts.MemoryLimitError, match=r"needs \d+ bytes, over the memory limit of 10\d+ bytes; raise"):
            ts.rips(form, metric="precomputed", memory_limit=limit, method=method)


def test_a_memory_limit_changes_no_diagram() -> None:
    points = np.random.default_rng(0).normal(size=(100, 3))
    assert ts.rips(points, max_dim=2, memory_limit="1GiB") == ts.rips(points, max_dim=2)


@pytest.mark.parametrize(
    ("limit", "error"), [(0, ValueError), (-1, ValueError), ("lots", ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_a_wrong_memory_limit_is_named(limit: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="memory_limit: expected"):
        ts.rips([[0.0], [1.0]], memory_limit=limit)  # type: ignore[arg-type]


def test_far_too_many_vertices_are_refused_before_any_work() -> None:
    for n in (2**31, 2**32 - 1):
        two = scipy.sparse.coo_array(([1.0, 1.0], ([n - 1, 0], [0, n - 1])), shape=(n, n))
        started = time.monotonic()
        with pytest.raises(ts.MemoryLimitError, match=f"needs at least {17 * n + 32} bytes, which the system refuses"):
            ts.rips(two, metric="precomputed")
        assert time.monotonic() - started < 5


def test_a_sparse_matrix_adds_up_what_names_the_same_pair() -> None:
    twice = ([0.25, 0.75, 1.0], ([1, 1, 2], [0, 0, 0]))
    for n in (3, 100):
        diagram = ts.rips(scipy.sparse.coo_array(twice, shape=(n, n)), metric="precomputed")
        assert diagram[0].tolist() == [[0, 1], [0, 1]] + [[0, INF]] * (n - 2)


@pytest.mark.parametrize("argument", ["points", "distances"])
def test_masked_entries_are_refused(argument: str) -> None:
    masked = np.ma.masked_array(np.zeros((3, 3)), mask=np.eye(3) > 0)
    metric = "precomputed" if argument == "distances" else "euclidean"
    with pytest.raises(ValueError, match=f"{argument}: expected an array without masked entries, got 3 of them"):
        ts.rips(masked, metric=metric)
    assert ts.rips(np.ma.masked_array(np.zeros((3, 3))), metric=metric).n_intervals == 1
