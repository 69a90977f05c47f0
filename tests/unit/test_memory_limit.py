"""What the system sees of a memory limit: the most that a process ever had resident."""

import subprocess
import sys
from pathlib import Path

import pytest

LIMIT = 2 << 30
BUILD = """
import numpy as np
import toposcope as ts

points = np.random.default_rng(0).standard_normal((20_000, 768), dtype=np.float32)
"""
COMPUTE = """
try:
    ts.rips(points, memory_limit="2GiB")
except ts.MemoryLimitError:
    print("refused")
else:
    print("finished")
"""
REPORT = """
from pathlib import Path

lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
"""


def most_resident(script: str) -> tuple[list[str], int]:
    """What a process of its own prints, and the most bytes it had resident."""
    command = [sys.executable, "-c", script + REPORT]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return lines[:-1], int(lines[-1]) << 10


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks the kernel of Linux")
def test_a_cloud_in_high_dimension_stays_within_its_limit() -> None:
    _, before = most_resident(BUILD)
    outcome, after = most_resident(BUILD + COMPUTE)
    assert outcome in (["finished"], ["refused"])
    assert after - before <= LIMIT
