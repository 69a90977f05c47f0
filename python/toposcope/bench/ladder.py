"""Runs the rungs, each in a fresh process beside a fresh baseline."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope import _core
from toposcope.bench.points import RingSource
from toposcope.bench.records import Chunk, DegreeCount, Rung
from toposcope.bench.rung import Answer
from toposcope.exceptions import Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from toposcope.bench.config import LadderConfig

SMOKE = "TOPOSCOPE_BENCH_SMOKE"
"""Environment variable that lets a debug build run, for those who want to know that it does and not how fast."""

PERCENTILES = (50, 90, 99)
GOAL_FACTOR, GOAL_SECONDS = 2.0, 0.003
"""The goal for the 99th percentile of a push: so many products of matrices, and so many seconds."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """All that one command measured."""

    config: LadderConfig
    environment: dict[str, Any]
    rungs: list[Rung]
    chunks: list[Chunk]
    degrees: list[DegreeCount]


def climb(config: LadderConfig, on_rung: Callable[[Rung], object]) -> Ladder:
    """Measure every rung.

    Parameters
    ----------
    config : LadderConfig
        What to run.
    on_rung : callable
        Called with each rung as it comes.

    Raises
    ------
    Error
        If the build is one whose times mean nothing, or a process fails.
    """
    if _core.BUILD_PROFILE != "release" and SMOKE not in os.environ:
        raise Error(f"toposcope._core is a {_core.BUILD_PROFILE} build: install a release build to time it")
    ladder = Ladder(config=config, environment=_environment(config), rungs=[], chunks=[], degrees=[])
    for n_points in config.sizes:
        for repeat in range(config.repeats):
            baseline = _ask(config, n_points, is_baseline=True)
            answer = _ask(config, n_points, is_baseline=False)
            ladder.rungs.append(_rung(config, n_points, repeat, baseline, answer))
            ladder.chunks.extend(_chunks(config, n_points, repeat, answer))
            ladder.degrees.extend(
                DegreeCount(n_points=n_points, repeat=repeat, degree=degree, n_landmarks=count)
                for degree, count in enumerate(answer.degree_counts)
                if count
            )
            on_rung(ladder.rungs[-1])
    return ladder


def _environment(config: LadderConfig) -> dict[str, Any]:
    """Return when, where and with what it is measured, and how to do it again."""
    return {
        "started": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        "command": config.command,
        "toposcope": f"{_core.__version__} ({_core.BUILD_PROFILE})",
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "n_cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def percentiles_of(seconds: list[float]) -> tuple[float, float, float, float]:
    """Return the 50th, 90th and 99th percentiles, and the largest."""
    p50, p90, p99 = np.percentile(seconds, PERCENTILES).tolist()
    return p50, p90, p99, max(seconds)


def _ask(config: LadderConfig, n_points: int, *, is_baseline: bool) -> Answer:
    question = {"config": config.to_dict(), "n_points": n_points, "is_baseline": is_baseline}
    child = subprocess.run(  # noqa: S603 (our own module, with numbers)
        [sys.executable, "-m", "toposcope.bench.rung", json.dumps(question)],
        env=os.environ | dict.fromkeys(_THREAD_VARIABLES, str(config.n_threads)),
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode != 0:
        raise Error(f"the run of {n_points:,} points failed: {_reason(child.returncode, child.stderr)}")
    return Answer(**json.loads(child.stdout.splitlines()[-1]))


def _reason(code: int, errors: str) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    lines = errors.strip().splitlines()
    return lines[-1] if lines else f"exit status {code}"


def _rung(config: LadderConfig, n_points: int, repeat: int, baseline: Answer, answer: Answer) -> Rung:
    push_seconds = sum(answer.chunk_seconds)
    p50, p90, p99, longest = percentiles_of(answer.chunk_seconds)
    stream_bytes = _above(answer.peak_bytes, baseline.peak_bytes)
    degrees = range(len(answer.degree_counts))
    return Rung(
        n_points=n_points,
        repeat=repeat,
        n_chunks=len(answer.chunk_seconds),
        seconds=answer.seconds,
        push_seconds=push_seconds,
        points_per_second=n_points / push_seconds,
        p50_seconds=p50,
        p90_seconds=p90,
        p99_seconds=p99,
        max_seconds=longest,
        product_seconds=answer.product_seconds,
        p50_over_product=p50 / answer.product_seconds,
        p99_over_goal=p99 / goal_seconds(answer.product_seconds),
        peak_bytes=answer.peak_bytes,
        baseline_bytes=baseline.peak_bytes,
        stream_bytes=stream_bytes,
        memory_limit=config.memory_limit,
        overshoot_bytes=_above(stream_bytes, config.memory_limit),
        fragmentation=answer.fragmentation,
        n_landmarks=answer.n_landmarks,
        degree_radius=answer.degree_radius,
        degree_mean=sum(d * answer.degree_counts[d] for d in degrees) / answer.n_landmarks,
        degree_max=len(answer.degree_counts) - 1,
        error_bound=answer.error_bound,
        bottleneck=answer.bottleneck,
    )


def goal_seconds(product_seconds: float) -> float:
    """Return what the 99th percentile of a push should be at most."""
    return GOAL_FACTOR * product_seconds + GOAL_SECONDS


def _above(value: int | None, base: int | None) -> int | None:
    """Return by how much a size is larger than another; None if one of them is not known."""
    return None if value is None or base is None else max(0, value - base)


def _chunks(config: LadderConfig, n_points: int, repeat: int, answer: Answer) -> list[Chunk]:
    source = RingSource(config.seed, config.chunk, config.n_dims)
    return [
        Chunk(
            n_points=n_points,
            repeat=repeat,
            chunk=index,
            n_chunk_points=source.n_points_of(index, n_points),
            seconds=seconds,
            n_changes=n_changes,
        )
        for index, (seconds, n_changes) in enumerate(zip(answer.chunk_seconds, answer.n_changes, strict=True))
    ]
