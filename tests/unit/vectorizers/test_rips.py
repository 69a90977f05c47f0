"""``VietorisRips``: what ``toposcope.rips`` gives for each cloud, in parallel."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import toposcope as ts
from toposcope.vectorizers import VietorisRips

RNG = np.random.default_rng(7)
CLOUDS = [RNG.normal(size=(n, 3)) for n in (12, 5, 20, 1)]


@pytest.mark.parametrize("n_threads", [None, 1, 3])
def test_each_cloud_gets_its_diagram(n_threads: int | None) -> None:
    vr = VietorisRips(max_dim=2, threshold=2.5, field=3, metric="manhattan", n_threads=n_threads)
    diagrams = vr.fit_transform(CLOUDS)
    expected = [ts.rips(cloud, 2, 2.5, field=3, metric="manhattan") for cloud in CLOUDS]
    assert diagrams == expected
    assert [d.info for d in diagrams] == [d.info for d in expected]
    assert diagrams[0].n_intervals > 12


def test_forms_of_input() -> None:
    clouds = RNG.normal(size=(3, 6, 2))
    expected = [ts.rips(cloud) for cloud in clouds]
    vr = VietorisRips()
    assert vr.transform(clouds) == expected
    assert vr.transform(cloud for cloud in clouds) == expected
    assert vr.transform([clouds[0].tolist()]) == expected[:1]
    objects = np.empty(3, dtype=object)
    objects[:] = list(clouds)
    assert vr.transform(objects) == expected
    distances = np.abs(clouds[:, :, None, 0] - clouds[:, None, :, 0])
    assert VietorisRips(metric="precomputed").transform(distances) == [ts.rips(cloud[:, :1]) for cloud in clouds]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((4, 3)), ValueError, r"X: .* got an array of shape \(4, 3\): a single cloud\? Then put it in a list"),
        (np.zeros(4), ValueError, r"X: expected a sequence of point clouds, .* got an array of shape \(4,\)"),
        (None, TypeError, "X: expected a sequence of point clouds, .* got NoneType"),
        ({0: CLOUDS[0]}, TypeError, "X: .* got dict"),
        ([], ValueError, "X: expected a sequence of point clouds, .* got none"),
    ],
)
def test_wrong_input(X: Any, error: type[Exception], message: str) -> None:
    for use in (VietorisRips().fit, VietorisRips().transform):
        with pytest.raises(error, match=message):
            use(X)


@pytest.mark.parametrize("clouds", [[np.zeros(3)], [CLOUDS[0], np.zeros(3), CLOUDS[1]]])
def test_errors_name_the_cloud(clouds: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match="points: expected an array of shape") as caught:
        VietorisRips().transform(clouds)
    assert caught.value.__notes__ == [f"in X[{len(clouds) // 2}]"]


def test_wrong_parameters() -> None:
    with pytest.raises(ValueError, match="max_dim: expected an integer of at least 0, got -1"):
        VietorisRips(max_dim=-1).fit_transform(CLOUDS)
    with pytest.raises(ValueError, match="n_threads: expected an integer of at least 1, got 0"):
        VietorisRips(n_threads=0).fit_transform(CLOUDS)


def test_clone_pickle_and_set_output() -> None:
    vr = VietorisRips(max_dim=0, threshold=1.5)
    for copy in (clone(vr), pickle.loads(pickle.dumps(vr)), vr.set_output(transform="pandas")):
        assert copy.get_params() == vr.get_params()
        assert copy.fit_transform(CLOUDS) == VietorisRips(max_dim=0, threshold=1.5).fit_transform(CLOUDS)


def test_one_failure_stops_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    running = threading.Event()

    def endless_or_broken(cloud: Any, *_: Any, progress: Any, **__: Any) -> Any:
        if cloud == "broken":
            running.wait()
            raise KeyboardInterrupt
        running.set()
        while True:
            progress("stage", 0, 1)
            time.sleep(0.001)

    monkeypatch.setattr("toposcope.vectorizers.rips.rips", endless_or_broken)
    with pytest.raises(KeyboardInterrupt):
        VietorisRips(n_threads=2).transform(["broken", "endless", "never begun"])


def test_ctrl_c_stops_every_thread() -> None:
    """As a user has it: SIGINT to the process, while its threads are deep in clouds that would take minutes."""
    code = (
        "import numpy as np\n"
        "from toposcope.vectorizers import VietorisRips\n"
        "clouds = list(np.random.default_rng(0).normal(size=(6, 400, 200)))\n"
        "print('ready', flush=True)\n"
        "VietorisRips(max_dim=4, n_threads=2).transform(clouds)\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        assert process.poll() is None
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        # The threads need a tenth of a second; the rest is leave for a busy machine to shut an interpreter down.
        assert time.monotonic() - started < 5
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0
