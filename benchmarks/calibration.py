"""Is a calibrated tracker as quiet as it was asked to be? Streams in which nothing changes, and how often events come.

Each stream is of points drawn independently. A tracker is calibrated on ``--reference`` chunks, for one chunk with
events in ``--ert``, and then watches ``--chunks`` others of the same stream. The window holds ten chunks, every point
of it is a landmark, and the scale is the one that the tracker finds in a full window.

``--only`` and ``--seeds`` split the work into several runs, and ``--record`` appends the table of each to the page.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from worlds.record import append, heading

import toposcope as ts
from toposcope.calibration import N_PILOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toposcope.calibration import Calibration

    Draw = Callable[[np.random.Generator, int], np.ndarray]

PAGE = Path(__file__).parents[1] / "docs" / "performance" / "calibration.md"
CHUNK, WINDOW = 4, 40
#: What is measured and what was asked for may differ by as much.
FACTOR = 2.0


def gaussian(n_dims: int) -> Draw:
    return lambda rng, n: rng.normal(size=(n, n_dims))


def cube(n_dims: int) -> Draw:
    return lambda rng, n: rng.uniform(size=(n, n_dims))


def noisy_ring(n_dims: int) -> Draw:
    """A unit circle in a plane of the space, and Gaussian noise of root mean square length 0.1."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        angles = rng.uniform(0, 2 * np.pi, n)
        points = 0.1 / np.sqrt(n_dims) * rng.normal(size=(n, n_dims))
        points[:, 0] += np.cos(angles)
        points[:, 1] += np.sin(angles)
        return points

    return draw


def two_clusters(n_dims: int) -> Draw:
    """Two Gaussian clusters of root mean square radius 1, whose means are 4 apart."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        points = rng.normal(size=(n, n_dims)) / np.sqrt(n_dims)
        points[:, 0] += 4.0 * rng.integers(0, 2, n)
        return points

    return draw


@dataclass(frozen=True)
class Case:
    """A stream that stays as it is."""

    name: str
    n_dims: int
    draw: Draw


CASES = (
    *(Case("Gaussian", d, gaussian(d)) for d in (2, 8, 32)),
    *(Case("ring and noise", d, noisy_ring(d)) for d in (2, 16)),
    *(Case("two clusters", d, two_clusters(d)) for d in (2, 8)),
    *(Case("uniform cube", d, cube(d)) for d in (2, 3)),
)


@dataclass(frozen=True)
class Measured:
    """What became of a case: why it was not calibrated, or how often events were told."""

    case: Case
    seed: int
    calibration: Calibration | None
    why_not: str
    n_chunks: int
    n_alarms: int
    seconds: float

    @property
    def between(self) -> float:
        """Chunks between chunks with events."""
        return self.n_chunks / self.n_alarms if self.n_alarms else float("inf")


def fresh(case: Case) -> ts.Stream:
    return ts.Stream(case.n_dims, WINDOW, memory_limit=None, n_threads=1)


def automatic_scale(case: Case, rng: np.random.Generator) -> float | None:
    tracker = ts.CobordismTracker()
    tracker.observe(fresh(case).push(case.draw(rng, WINDOW)))
    return tracker.scale


def chunks(case: Case, rng: np.random.Generator, n: int) -> Iterator[np.ndarray]:
    return (case.draw(rng, CHUNK) for _ in range(n))


def measure(case: Case, given: argparse.Namespace, seed: int) -> Measured:
    started = time.perf_counter()
    rng = np.random.default_rng([seed, case.n_dims, *case.name.encode()])
    n_fill = WINDOW // CHUNK + 1
    try:
        tracker = ts.CobordismTracker.calibrate(
            chunks(case, rng, n_fill + N_PILOT + 2 + given.reference),
            given.ert,
            stream=fresh(case),
            scale=automatic_scale(case, rng),
        )
    except (ts.NotEnoughDataError, ValueError) as error:
        return Measured(case, seed, None, f"{error}", 0, 0, time.perf_counter() - started)
    stream, n_alarms = fresh(case), 0
    for number, chunk in enumerate(chunks(case, rng, n_fill + given.chunks)):
        told = any(not event.is_quiet for event in tracker.observe(stream.push(chunk)))
        n_alarms += told and number >= n_fill
    return Measured(case, seed, tracker.calibration, "", given.chunks, n_alarms, time.perf_counter() - started)


def row(measured: Measured, ert: float) -> str:
    case, why = measured.case, measured.calibration
    start = f"| {case.name} | {case.n_dims} | {measured.seed} | "
    if why is None:
        return f"{start}not calibrated: {measured.why_not} | | | | | |"
    low, high = why.interval
    promised = f"at least {why.expected:.0f}" if why.is_bound else f"{why.expected:.0f} ({low:.0f} to {high:.0f})"
    ratio = measured.between / ert
    return (
        f"{start}{why.scale:.2f} | {why.margin:.3f} | {promised} | {measured.n_alarms} in {measured.n_chunks} | "
        f"{measured.between:.0f} | {ratio:.2f} |"
    )


def verdict(runs: list[Measured], ert: float) -> str:
    """Say what all runs together come to, of those in which events were not rarer than asked for with any margin."""
    counted = [run for run in runs if run.calibration is not None and not run.calibration.is_bound]
    n_chunks, n_alarms = sum(run.n_chunks for run in counted), sum(run.n_alarms for run in counted)
    if not n_alarms:
        return "No stream had events.\n"
    between = n_chunks / n_alarms
    within = sum(1 / FACTOR <= run.between / ert <= FACTOR for run in counted)
    reached = "is" if 1 / FACTOR <= between / ert <= FACTOR else "is not"
    return (
        f"Together {n_alarms} chunks with events in {n_chunks}: one in {between:.0f}, asked for one in {ert:g}. "
        f"That {reached} within a factor of {FACTOR:g}; so are {within} of {len(counted)} rows by themselves.\n"
    )


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ert", type=float, default=1000.0)
    parser.add_argument("--reference", type=int, default=10_000, help="chunks to calibrate on (default 10000)")
    parser.add_argument("--chunks", type=int, default=20_000, help="chunks to watch (default 20000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of {', '.join(sorted({c.name for c in CASES}))}")
    parser.add_argument("--record", action="store_true", help=f"append to {PAGE.relative_to(PAGE.parents[2])}")
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    given = arguments(argv)
    runs = []
    for case in CASES:
        for seed in given.seeds:
            if not given.only or case.name in given.only:
                runs.append(measure(case, given, seed))
                print(row(runs[-1], given.ert), f"{runs[-1].seconds:.0f} s", flush=True)
    section = heading(shlex.join(["python", "benchmarks/calibration.py", *argv]), ())
    section += (
        "| stream | dimensions | seed | scale | margin | promised (5 to 95 %) | chunks with events | one in | share |\n"
    )
    section += "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    section += "".join(row(run, given.ert) + "\n" for run in runs) + "\n" + verdict(runs, given.ert)
    print(section)
    if given.record:
        append(PAGE, section)


if __name__ == "__main__":
    main(sys.argv[1:])
