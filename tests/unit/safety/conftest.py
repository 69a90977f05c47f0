"""A monitor that sees something happen, and what it says when nobody disturbs it."""

import numpy as np
import pytest

import toposcope as ts

N_CHUNKS = 12


def chunks():
    rng = np.random.default_rng(7)
    for step in range(N_CHUNKS):
        centre = 4.0 * rng.integers(0, 3)
        yield rng.normal((centre, step % 4), 0.2, (15, 2)).astype(np.float32)


def new_monitor(**options):
    stream = ts.Stream(n_dims=2, window=40, max_landmarks=40)
    return ts.Monitor(stream, ts.CobordismTracker(scale=1.0, confirm_after=1), **options)


def plain(events):
    return [event.to_dict() for event in events]


@pytest.fixture(name="monitor")
def _monitor():
    """One that has taken half of the chunks."""
    monitor = new_monitor()
    for step, chunk in enumerate(chunks()):
        if step < N_CHUNKS // 2:
            monitor.push(chunk, items=[f"{step}.{i}" for i in range(len(chunk))])
    return monitor


@pytest.fixture(name="rest")
def _rest():
    return list(chunks())[N_CHUNKS // 2 :]
