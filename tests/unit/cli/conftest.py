"""Sources to watch, and the command line in a process of its own."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


def load_example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def heed_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(name="moving_ring", scope="session")
def _moving_ring():
    return load_example("moving_ring")


@pytest.fixture(name="ring_file")
def _ring_file(moving_ring, tmp_path):
    path = tmp_path / "ring.npy"
    np.save(path, np.concatenate(moving_ring.chunks()))
    return path


@pytest.fixture(name="prose")
def _prose(tmp_path):
    """Two subjects, each in many words that share their spelling; the second comes when the first has gone."""
    path = tmp_path / "prose.txt"
    rivers = [f"the river carried {n} boats down to the sea" for n in range(40)]
    engines = [f"compile module_{n} with optimisation level {n}" for n in range(40)]
    path.write_text("\n".join(rivers + engines) + "\n")
    return path


@pytest.fixture(name="start")
def _start():
    """Start the command line in another process; what is still running at the end is killed."""
    running = []

    def start(*arguments, **options):
        # Ctrl-C may be ignored where the tests run, and that is inherited.
        defaults = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "preexec_fn": heed_ctrl_c}
        options = {**defaults, **options}
        child = subprocess.Popen(
            [sys.executable, "-m", "toposcope", *map(str, arguments)],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            **options,
        )
        running.append(child)
        return child

    yield start
    for child in running:
        child.kill()
        child.communicate()
