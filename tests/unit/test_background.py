"""Diagrams that a stream computes beside its pushes."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import toposcope as ts

if TYPE_CHECKING:
    from numpy.typing import NDArray

posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks as POSIX has them")


def sphere(n: int, seed: int = 0) -> NDArray[np.float64]:
    points = np.random.default_rng(seed).normal(size=(n, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


def long_job(n_points: int = 300) -> ts.Stream:
    """A stream with seconds of work to do beside its pushes."""
    stream = ts.Stream(60, max_landmarks=n_points, background_dim=5, memory_limit=None)
    stream.push(np.random.default_rng(0).random((n_points, 60)))
    return stream


def test_voids_of_a_sphere() -> None:
    points = sphere(150)
    stream = ts.Stream(3, background_dim=2)
    assert stream.background_diagram() is None
    report = stream.push(points)
    assert report.diagram == ts.rips(points)
    found = stream.background_diagram(wait=True)
    assert found is not None
    assert found.diagram == ts.rips(points, max_dim=2)
    assert (found.step, found.n_seen, found.error_bound) == (1, 150, 0.0)
    np.testing.assert_array_equal(found.certified(), found.diagram[2])
    # Nothing has changed since: the next report has it, as of now.
    report = stream.push(points[:1])
    assert report.background is not None
    assert (report.background.step, report.background.n_seen) == (2, 151)
    assert report.background.diagram == found.diagram


def test_a_bound_comes_with_it() -> None:
    stream = ts.Stream(3, max_landmarks=60, background_dim=2)
    report = stream.push(sphere(1000))
    found = stream.background_diagram(wait=True)
    assert found is not None
    assert found.epsilon == report.epsilon > 0
    assert found.certified_above == 4 * found.epsilon
    lengths = np.diff(found.certified(0))
    assert (lengths > found.certified_above).all()
    assert len(found.certified(2)) == (np.diff(found.diagram[2]) > found.certified_above).sum()


def test_a_stream_without_it_has_none() -> None:
    stream = ts.Stream(3)
    assert stream.background_dim is None
    assert stream.push(sphere(10)).background is None
    assert stream.background_diagram(wait=True) is None


@pytest.mark.parametrize(
    ("dim", "error", "words"),
    [
        (1, ValueError, "above max_dim, which is 1"),
        (0, ValueError, "at least 1"),
        (99, ValueError, "at most 12"),
        (2.0, TypeError, "integer"),
        ("2", TypeError, "integer"),
    ],
)
def test_a_wrong_dimension_is_named(dim: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=rf"background_dim: .*{words}"):
        ts.Stream(3, background_dim=dim)  # type: ignore[arg-type]


def test_an_alpha_filtration_has_no_use_for_it() -> None:
    with pytest.raises(ValueError, match=r"background_dim: .* alpha"):
        ts.Stream(3, complex="alpha", background_dim=2)


def test_half_of_the_memory_is_set_aside() -> None:
    with_it = ts.Stream(3, max_landmarks=10**6, memory_limit="8MiB", background_dim=2)
    assert with_it.landmark_cap == ts.Stream(3, max_landmarks=10**6, memory_limit="4MiB").landmark_cap


def test_want_of_memory_is_told_to_who_asks() -> None:
    stream = ts.Stream(40, max_landmarks=10**6, memory_limit="2MiB", background_dim=4)
    points = np.random.default_rng(0).random((stream.landmark_cap, 40))
    stream.push(points)
    with pytest.raises(ts.MemoryLimitError, match="memory limit of 1048576 bytes"):
        stream.background_diagram(wait=True)
    assert stream.push(points[:1]).background is None
    stream.evict(stream.landmark_cap - 4)
    found = stream.background_diagram(wait=True)
    assert found is not None
    assert len(found.diagram[0]) == 5


def test_pushes_do_not_wait() -> None:
    stream = long_job()
    for _ in range(5):
        report = stream.push(np.random.default_rng(1).random((1, 60)))
        assert report.background is None
    assert stream.background_diagram() is None
    # Nor do those who want nothing more of it.
    begun = time.monotonic()
    stream.reset()
    del stream
    gc.collect()
    assert time.monotonic() - begun < 0.5


def test_a_saved_stream_goes_on_with_it() -> None:
    stream = ts.Stream(3, background_dim=2)
    stream.push(sphere(60))
    expected = stream.background_diagram(wait=True)
    again = pickle.loads(pickle.dumps(stream))
    assert again.background_dim == 2
    found = again.background_diagram(wait=True)
    assert expected is not None
    assert found.diagram == expected.diagram


def test_a_report_keeps_it_when_it_is_pickled() -> None:
    stream = ts.Stream(3, background_dim=2)
    stream.push(sphere(60))
    stream.background_diagram(wait=True)
    report = stream.push(sphere(0))
    again = pickle.loads(pickle.dumps(report))
    assert report.background is not None
    assert again.background.diagram == report.background.diagram


@posix
def test_ctrl_c_ends_the_waiting() -> None:
    code = """
import toposcope as ts, numpy as np, time
stream = ts.Stream(60, max_landmarks=400, background_dim=6, memory_limit=None)
stream.push(np.random.default_rng(0).random((400, 60)))
print("waiting", flush=True)
try:
    stream.background_diagram(wait=True)
except KeyboardInterrupt:
    print("interrupted", stream.push(np.zeros((1, 60))).step)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "waiting\n"
    time.sleep(0.1)
    sent = time.monotonic()
    child.send_signal(signal.SIGINT)
    # A process ends though there is work left beside the pushes.
    assert child.communicate(timeout=20)[0] == "interrupted 2\n"
    assert time.monotonic() - sent < 2.0
    assert child.returncode == 0


@posix
def test_a_fork_computes_anew() -> None:
    stream = ts.Stream(3, background_dim=2, n_threads=1)
    busy = long_job()
    stream.push(sphere(300))
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        # The threads are the parent's; here there are none.
        found = stream.background_diagram(wait=True)
        busy.push(np.zeros((1, 60)))
        del busy
        right = found is not None and found.diagram == ts.rips(sphere(300), max_dim=2, n_threads=1)
        os.write(sender, b"1" if right else b"0")
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, "rb") as file:
        assert file.read() == b"1"
    assert os.waitpid(child, 0)[1] == 0
    assert stream.background_diagram(wait=True) is not None
