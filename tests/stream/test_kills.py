"""Two hundred kills during ``Stream.save``: the old checkpoint or the new one, and nothing that stays behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "kill_saves.py"
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
