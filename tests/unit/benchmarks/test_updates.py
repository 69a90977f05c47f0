"""What an update saves: one round of each table, with diagrams that are compared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "updates.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize(
    ("arguments", "n_rows"),
    [
        (("changes", "--rounds", "1"), 6),
        (("shares", "--rounds", "1"), 18),
        (("chunks", "--rounds", "2"), 5),
        (("million", "--points", "3000"), 2),
    ],
)
def test_every_table_has_its_rows(arguments: tuple[str, ...], n_rows: int) -> None:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    rows = [line.count("|") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + n_rows
    assert len(set(rows)) == 1, done.stdout


def test_a_wrong_table_is_named() -> None:
    done = run("speed")
    assert done.returncode == 2
    assert "invalid choice: 'speed'" in done.stderr
