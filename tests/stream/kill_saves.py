"""Kill processes with SIGKILL while they save a stream over an earlier checkpoint, and look at what is left.

    python tests/stream/kill_saves.py [KILLS]

Prints counts as JSON; a checkpoint that does not load, or is neither the old nor the new one, ends it with a traceback.
Every child is forked, so that hundreds of kills take seconds: it tells when it begins, saves, and tells that it has
saved. The instants are spread evenly from the first step of a save to a little after its last.

- ``inside``: killed before the save was told to be done
- ``writing``: killed while the new file had its temporary name, which it leaves behind
- ``new``: the new checkpoint was in place; ``new_but_not_told``: and nobody had been told yet
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import toposcope as ts

#: A state of some megabytes, so that a save takes several milliseconds, with few landmarks, so that it loads fast.
N_DIMS, N_LANDMARKS = 4096, 128
#: Saves whose median is the time that one takes; kills between two more of them.
N_TIMED, N_KILLS_BETWEEN = 11, 10
#: Of that time, the last instant.
LAST = 1.25


def two_states() -> list[ts.Stream]:
    """The same stream, and what it has become a little later."""
    points = np.random.default_rng(0).normal(size=(2 * N_LANDMARKS, N_DIMS)).astype(np.float32)
    streams = []
    for n_points in (N_LANDMARKS, 2 * N_LANDMARKS):
        stream = ts.Stream(N_DIMS, max_landmarks=N_LANDMARKS, max_dim=0, memory_limit=None, n_threads=1)
        stream.push(points[:n_points])
        streams.append(stream)
    return streams


def save_in_child(stream: ts.Stream, path: Path, delay: float | None) -> tuple[bool, float]:
    """Save in a child, and kill it so many seconds after it has begun; whether it has saved, and seconds until then."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            stream.snapshot()  # A fork pays for each page that it touches first; a process that saves often does not.
            os.write(writer, b"b")
            stream.save(path)
            os.write(writer, b"s")
        finally:
            os._exit(0)
    os.close(writer)
    try:
        os.read(reader, 1)
        begun = time.perf_counter()
        if delay is not None:
            time.sleep(delay)
            os.kill(pid, signal.SIGKILL)
        saved = os.read(reader, 1) == b"s"
        seconds = time.perf_counter() - begun
        os.waitpid(pid, 0)
        return saved, seconds
    finally:
        os.close(reader)


def run(n_kills: int, folder: Path) -> dict[str, int | float]:
    """Kill so often, and count where the kills have come."""
    path = folder / "stream.ckpt"
    streams = two_states()
    snapshots = [stream.snapshot() for stream in streams]
    shares = [LAST * (index + random.random()) / n_kills for index in range(n_kills)]
    random.shuffle(shares)
    streams[0].save(path)  # What is imported by the first save is there in every child.
    seconds = [save_whole(streams[0], path) for _ in range(N_TIMED)]
    current, parts = 0, set[str]()
    counts = collections.Counter(inside=0, writing=0, new=0, new_but_not_told=0)
    for index, share in enumerate(shares):
        if index % N_KILLS_BETWEEN == 0:
            seconds.append(save_whole(streams[current], path))
            parts = set()
        saved, _ = save_in_child(streams[1 - current], path, share * statistics.median(seconds[-N_TIMED:]))
        content = ts.Stream.load(path).snapshot()
        is_new = content == snapshots[1 - current]
        assert is_new or content == snapshots[current], "neither the old checkpoint nor the new one"
        assert is_new or not saved, "a checkpoint is lost that was told to be saved"
        left = set(folder.iterdir()) - {path}
        assert len(left) <= 1, f"what killed saves have left adds up: {left}"
        counts["inside"] += not saved
        counts["writing"] += bool(left - parts)
        counts["new"] += is_new
        counts["new_but_not_told"] += is_new and not saved
        current, parts = current ^ is_new, left
    save_whole(streams[current], path)
    return {"kills": n_kills, "milliseconds": round(1e3 * statistics.median(seconds), 2), **counts}


def save_whole(stream: ts.Stream, path: Path) -> float:
    """Save in a child that nobody kills; seconds that it took."""
    saved, seconds = save_in_child(stream, path, None)
    assert saved
    assert list(path.parent.iterdir()) == [path], "a save has not removed what a killed one has left"
    return seconds


def main() -> None:
    n_kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(n_kills, Path(folder))))


if __name__ == "__main__":
    main()
