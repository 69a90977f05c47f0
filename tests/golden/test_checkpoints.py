"""Checkpoints that earlier versions have written are read, and gone on from to the events that those versions told.

``python tests/golden/test_checkpoints.py`` writes the folder of the present format, if it is not there: once for every
format that is released.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toposcope as ts
from toposcope.safety import CheckpointManager
from toposcope.safety.checkpoint_file import FORMAT

FOLDERS = sorted((Path(__file__).parent / "checkpoints").glob("format-*"))
N_BEFORE, N_AFTER = 6, 6
#: Whole numbers apart, so that no processor rounds them.
PLACES = [[0, 1], [5], [6, 11], [0], [9, 12], [2, 3], [4], [1], [20], [0, 5], [8], [7]]


def chunk(step: int) -> np.ndarray:
    return np.array(PLACES[step], dtype=np.float32)[:, np.newaxis]


def told(monitor: ts.Monitor) -> list[dict]:
    events = [e for step in range(N_BEFORE, N_BEFORE + N_AFTER) for e in monitor.push(chunk(step)).events]
    return json.loads(json.dumps([event.to_dict() for event in events]))


def what_was_known(now: Any, then: Any) -> Any:
    """Only fields that were there then: later versions may tell more."""
    if isinstance(then, dict):
        return {name: what_was_known(now.get(name), before) for name, before in then.items()}
    if isinstance(then, list) and isinstance(now, list) and len(now) == len(then):
        return [what_was_known(a, b) for a, b in zip(now, then, strict=True)]
    return now


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_is_read_and_gone_on_from(folder: Path) -> None:
    (entry,) = CheckpointManager(folder).verify()
    assert entry.is_sound, entry.problem
    monitor = ts.Monitor.restore(CheckpointManager(folder).load())
    assert monitor.items([0, 1, 4]) == ["step 0, 0.0", "step 0, 1.0", "step 2, 11.0"]
    then = json.loads((folder / "events.json").read_text())
    assert len(then) > 5
    assert what_was_known(told(monitor), then) == then


def test_there_is_one_of_every_format() -> None:
    assert [folder.name for folder in FOLDERS] == [f"format-{n}" for n in range(1, FORMAT + 1)]


def main() -> None:
    folder = Path(__file__).parent / "checkpoints" / f"format-{FORMAT}"
    if folder.exists():
        return
    monitor = ts.Monitor(ts.Stream(1, window=8), ts.CobordismTracker(scale=1.5, confirm_after=1), run_id="golden")
    for step in range(N_BEFORE):
        monitor.push(chunk(step), items=[f"step {step}, {x[0]}" for x in chunk(step)])
    with CheckpointManager(folder, config={"golden": FORMAT}) as manager:
        manager.save(monitor, metrics={"n_events": monitor.n_events})
    (folder / ".lock").unlink()
    (folder / "events.json").write_text(json.dumps(told(monitor), indent=1) + "\n")


if __name__ == "__main__":
    main()
