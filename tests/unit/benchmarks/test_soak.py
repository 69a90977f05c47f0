"""The soak: what it takes for growth, and a few seconds of it, with a leak and without."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "soak.py"
SHORT = ("--points", "40000", "--chunk", "250", "--n-dims", "4", "--max-landmarks", "64", "--window", "2000")

#: The soak reads resident memory from files that only Linux has.
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process read and reset its memory")


@pytest.fixture
def soak() -> Any:
    spec = importlib.util.spec_from_file_location("soak", SCRIPT)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


POINTS = np.arange(1, 501) * 20_000
MEMORY = np.full(500, 45e6)


def test_the_fit_is_that_of_least_squares_over_the_blocks(soak: Any) -> None:
    memory = MEMORY + np.random.default_rng(0).normal(0, 1e4, 500)
    line = soak.fit(POINTS, memory)
    x, y = (values.reshape(20, 25).mean(axis=1) for values in (POINTS / 1e6, memory))
    coefficients, covariance = np.polyfit(x, y, 1, cov=True)
    assert line.slope == pytest.approx(coefficients[0])
    assert line.standard_error == pytest.approx(covariance[0, 0] ** 0.5)
    assert line.span == pytest.approx(9.5)


def test_noise_steps_and_little_growth_are_no_leak(soak: Any) -> None:
    noise = np.random.default_rng(1).normal(0, 1e6, 500)
    assert not soak.fit(POINTS, MEMORY).grows
    assert not soak.fit(POINTS, MEMORY + noise).grows
    assert not soak.fit(POINTS, MEMORY - POINTS).grows
    assert not soak.fit(POINTS, MEMORY + 10_000 * (POINTS / 1e6)).grows
    assert not soak.fit(POINTS, MEMORY + 65_536 * (POINTS > 5e6)).grows
    # A short run is not held to less than the step in which the allocator asks for memory.
    assert not soak.fit(POINTS / 100, MEMORY + 100_000 * (POINTS > 5e6)).grows


def test_growth_is_found_within_noise(soak: Any) -> None:
    noise = np.random.default_rng(2).normal(0, 5e4, 500)
    assert soak.fit(POINTS, MEMORY + noise + 40_000 * (POINTS / 1e6)).grows
    assert soak.fit(POINTS, MEMORY + POINTS).grows


def test_more_than_the_limit_fails(soak: Any, capsys: pytest.CaptureFixture[str]) -> None:
    samples = np.stack([POINTS, MEMORY], axis=1).astype(int).tolist()
    found = {"samples": samples, "peak": 45_000_000}
    assert soak.verdict(found, {"peak": 44_000_000}, 1_000_000) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "peak above the baseline 1,000,000 bytes, limit 1,000,000"
    assert soak.verdict(found, {"peak": 43_999_999}, 1_000_000) == 1
    assert capsys.readouterr().out.endswith("FAILED: 1 bytes more than the limit\n")


@needs_linux
def test_a_few_seconds_of_it_pass(soak: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main([*SHORT]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("40,000 points in 4 dimensions, toposcope ")
    assert lines[2].startswith("slope ")
    assert "FAILED" not in lines[-1]


@needs_linux
def test_a_planted_leak_is_found(soak: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main([*SHORT, "--leak", "100000"]) == 1
    assert "FAILED: memory grows" in capsys.readouterr().out


def test_too_few_points_are_refused() -> None:
    command = [sys.executable, str(SCRIPT), "--points", "1000"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "expected at least 40 chunks and samples" in refused.stderr
