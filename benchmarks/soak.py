"""Push ten million points through a ``Stream`` with a memory limit, and see whether its memory grows.

    python benchmarks/soak.py [--points 10000000] [--memory-limit 4MiB]

A child pushes and writes down its resident memory at even distances; another does all the same but the stream. It fails

- if memory grows: a line is fitted to what comes after the first fifth. Neighbouring samples are alike, so it is fitted
  to the means of twenty blocks, and the lower end of the one-sided 99 % interval of its slope is what counts. Growth is
  more than 10 KiB per million points, and more than 128 KiB over the whole fit, which is what glibc asks for at once;
- if the peak above the other child's is more than the limit.

The ring that is streamed goes around once in fifty thousand points: some 25 landmarks come or go with every push.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np

import toposcope as ts
from toposcope import _core
from toposcope._typing import byte_count
from toposcope.bench.memory import peak_bytes, reset_peak, resident_bytes
from toposcope.bench.points import RingSource

MILLION = 1_000_000
#: Share of the samples that is not fitted: landmarks and allocator find their places.
WARM_UP = 0.2
N_BLOCKS = 20
#: Of Student's distribution with 18 degrees of freedom, one-sided.
T_99 = 2.552
#: Growth that is no leak: by million points, and altogether.
ALLOWED_SLOPE = 10 * 2**10
ALLOWED_STEP = 128 * 2**10
ROUND_POINTS = 50_000


class Fit(NamedTuple):
    """A line through the blocks, in bytes per million points."""

    slope: float
    standard_error: float
    #: Millions of points from the first block to the last.
    span: float

    @property
    def allowed(self) -> float:
        """The slope that the system's own steps can make."""
        return max(ALLOWED_SLOPE, ALLOWED_STEP / self.span)

    @property
    def grows(self) -> bool:
        """Whether memory grows beyond noise."""
        return self.slope - T_99 * self.standard_error > self.allowed


def fit(points: np.ndarray, resident: np.ndarray) -> Fit:
    """Fit a line to the samples after the warm-up."""
    n = len(points) // N_BLOCKS * N_BLOCKS
    x = points[-n:].reshape(N_BLOCKS, -1).mean(axis=1) / MILLION
    y = resident[-n:].reshape(N_BLOCKS, -1).mean(axis=1)
    x_centred = x - x.mean()
    slope = float(x_centred @ y / (x_centred @ x_centred))
    residuals = y - y.mean() - slope * x_centred
    variance = float(residuals @ residuals) / (N_BLOCKS - 2)
    return Fit(slope, (variance / float(x_centred @ x_centred)) ** 0.5, float(x[-1] - x[0]))


def child(given: argparse.Namespace) -> None:
    """Push, or do all but that, and say what was resident when."""
    source = RingSource(given.seed, given.chunk, given.n_dims, round_points=ROUND_POINTS)
    n_chunks = source.n_chunks(given.points)
    every = max(1, n_chunks // given.samples)
    samples = np.zeros((n_chunks // every, 2), np.int64)
    make(given).push(source.points(0)[:12])  # What is loaded when first used is in both.
    reset_peak()
    stream = make(given) if given.only == "stream" else None
    leak = []
    started, pushing, changes, n_landmarks = time.perf_counter(), 0.0, 0, 0
    for index in range(n_chunks):
        points = source.points(index)
        if stream is not None:
            begun = time.perf_counter()
            report = stream.push(points)
            pushing += time.perf_counter() - begun
            stats, n_landmarks = report.stats, report.n_landmarks
            changes += stats.n_added + stats.n_expired + stats.n_merged + stats.n_evicted
            del report
            if given.leak:
                leak.append(b"x" * given.leak)
        if (index + 1) % every == 0:
            samples[(index + 1) // every - 1] = (index + 1) * given.chunk, resident_bytes()
    seconds = time.perf_counter() - started
    found = {"peak": peak_bytes(), "seconds": seconds, "pushing": pushing, "changes": changes / n_chunks}
    print(json.dumps({**found, "n_landmarks": n_landmarks, "samples": samples.tolist()}))


def make(given: argparse.Namespace) -> ts.Stream:
    return ts.Stream(
        given.n_dims,
        given.window,
        max_landmarks=given.max_landmarks,
        memory_limit=given.memory_limit,
        n_threads=given.threads,
    )


def ask(argv: list[str], which: str) -> dict[str, list[list[int]] | float]:
    """Run a child to its end."""
    command = [sys.executable, __file__, *argv, "--only", which]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def verdict(found: dict, baseline: dict, limit: int) -> int:
    """Print what was found; 1 if memory grows, or is more than the limit."""
    samples = np.array(found["samples"])
    samples = samples[int(WARM_UP * len(samples)) :]
    line = fit(samples[:, 0], samples[:, 1])
    held = max(0, int(found["peak"]) - int(baseline["peak"]))
    print(
        f"slope {line.slope:+,.0f} ± {line.standard_error:,.0f} bytes per million points over {line.span:.2f} million, "
        f"{len(samples)} samples; up to {line.allowed:,.0f} beyond noise is allowed"
    )
    print(f"peak above the baseline {held:,} bytes, limit {limit:,}")
    if line.grows:
        print("FAILED: memory grows")
    if held > limit:
        print(f"FAILED: {held - limit:,} bytes more than the limit")
    return int(line.grows or held > limit)


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10 * MILLION, help="pushed in all (default ten million)")
    parser.add_argument("--chunk", type=int, default=1000, help="points of a push (default 1000)")
    parser.add_argument("--n-dims", type=int, default=16, help="coordinates of a point (default 16)")
    parser.add_argument("--window", type=int, default=5000, help="points that are alive (default 5000)")
    parser.add_argument("--max-landmarks", type=int, default=256, help="landmarks kept at most (default 256)")
    parser.add_argument("--memory-limit", default="4MiB", help="what the stream may hold (default 4MiB)")
    parser.add_argument("--samples", type=int, default=500, help="of resident memory, roughly (default 500)")
    parser.add_argument("--threads", type=int, help="worker threads (default all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--leak", type=int, default=0, metavar="BYTES", help="keep so many with every push, to see it fail"
    )
    parser.add_argument("--only", choices=["stream", "baseline"], help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.points < given.chunk * N_BLOCKS * 2 or given.samples < N_BLOCKS * 2:
        parser.error(f"expected at least {2 * N_BLOCKS} chunks and samples")
    return given


def main(argv: list[str]) -> int:
    given = arguments(argv)
    if given.only:
        child(given)
        return 0
    limit = byte_count(given.memory_limit, "memory_limit")
    print(f"{given.points:,} points in {given.n_dims} dimensions, toposcope {ts.__version__} ({_core.BUILD_PROFILE})")
    baseline, found = ask(argv, "baseline"), ask(argv, "stream")
    print(
        f"{found['seconds']:.1f} s, {found['pushing']:.1f} of them pushing; {found['n_landmarks']} landmarks, "
        f"{found['changes']:.1f} of them come or go with each push"
    )
    return verdict(found, baseline, limit)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
