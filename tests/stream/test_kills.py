"""Kills during ``Stream.save`` and ``toposcope watch``: what is left is whole, and can be gone on with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "kill_saves.py"
WATCHES = Path(__file__).parent / "kill_watches.py"
N_KILLS = 200


def test_a_killed_save_leaves_the_old_checkpoint_or_the_new_one() -> None:
    """The script looks at every checkpoint itself; here it is made sure that the kills came where they count."""
    found = subprocess.run([sys.executable, str(SCRIPT), str(N_KILLS)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    counts = json.loads(found.stdout)
    print(counts)
    assert counts["kills"] == N_KILLS
    assert counts["milliseconds"] > 1
    assert counts["inside"] >= 0.3 * N_KILLS
    assert counts["writing"] >= 0.05 * N_KILLS
    assert counts["new"] >= 1


@pytest.mark.timeout(600)
def test_a_killed_watch_goes_on_to_the_same_events() -> None:
    """Two of each kind; `make watch-kills` does fifty. The script compares what comes out with a run left alone."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    found = subprocess.run([sys.executable, str(WATCHES), "2", "2"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    print(told)
    for name in ("SIGTERM", "SIGKILL"):
        assert told[name]["kills"] >= 2
    assert told["SIGTERM"]["torn"] == 0
