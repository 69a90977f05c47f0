"""One rung in a process of its own: ``python -m toposcope.bench.rung QUESTION``, a JSON object, answered by another.

The baseline does all the same but the stream, so that what its peak of memory lacks is what the stream took, its
construction included.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.batch import rips
from toposcope.bench.config import LadderConfig
from toposcope.bench.memory import peak_bytes, reset_peak
from toposcope.bench.points import RingSource
from toposcope.distances import bottleneck_distance
from toposcope.stream import Stream

if TYPE_CHECKING:
    import numpy.typing as npt

    from toposcope._typing import Float64Array
    from toposcope.diagram import Diagram
    from toposcope.reports import Report

LARGEST_EXACT = 2000
"""Points up to which the diagram of the whole window is computed beside the stream's."""

_N_PRODUCTS = 31
#: Points of the stream that comes first and is not measured: it loads and starts what is used for the first time.
_FEW = 12
#: Distances computed here and in the engine can differ in their last bits.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one process measured; the baseline has nothing but the peak.

    Attributes
    ----------
    peak_bytes : int or None
        Peak of resident memory since just before the stream was made; None where the system does not tell.
    seconds : float
        From before the first chunk was made to after the last push.
    chunk_seconds : list of float
        Of each push.
    n_changes : list of int
        Landmarks that each push founded, let expire, merged or evicted.
    product_seconds : float
        Of the product of a chunk with the landmarks, float32, by NumPy: the median.
    n_landmarks : int
        At the end.
    degree_radius : float
        Largest finite death of the last diagram.
    degree_counts : list of int
        How many landmarks have 0, 1, … others within that radius.
    error_bound : float
        Of the last report.
    bottleneck : float or None
        Largest bottleneck distance, over the dimensions, to the diagram of the whole window; None if that was not
        computed.
    fragmentation : float or None
        Of the simplex pool at the end; None if it is empty.
    """

    peak_bytes: int | None
    seconds: float = 0.0
    chunk_seconds: list[float] = dataclasses.field(default_factory=list)
    n_changes: list[int] = dataclasses.field(default_factory=list)
    product_seconds: float = 0.0
    n_landmarks: int = 0
    degree_radius: float = 0.0
    degree_counts: list[int] = dataclasses.field(default_factory=list)
    error_bound: float = 0.0
    bottleneck: float | None = None
    fragmentation: float | None = None


def measure(config: LadderConfig, n_points: int, *, is_baseline: bool) -> Answer:
    """Run a rung, or all of it but the stream."""
    source = RingSource(config.seed, config.chunk, config.n_dims)
    n_chunks = source.n_chunks(n_points)
    chunk_seconds, n_changes = np.zeros(n_chunks), np.zeros(n_chunks, np.int64)
    _stream(config).push(source.points(0)[:_FEW])
    knows_peak = reset_peak()
    stream = None if is_baseline else _stream(config)
    report: Report | None = None
    started = time.perf_counter()
    for index in range(n_chunks):
        points = source.points(index)[: source.n_points_of(index, n_points)]
        if stream is None:
            continue
        report = None  # The caller's, and not to be counted twice.
        begun = time.perf_counter()
        report = stream.push(points)
        chunk_seconds[index] = time.perf_counter() - begun
        n_changes[index] = _n_changes(report)
    seconds = time.perf_counter() - started
    peak = peak_bytes() if knows_peak else None
    if report is None:
        return Answer(peak_bytes=peak)
    landmarks = source.at(report.landmark_ids)
    radius = _last_death(report.diagram)
    return Answer(
        peak_bytes=peak,
        seconds=seconds,
        chunk_seconds=chunk_seconds.tolist(),
        n_changes=n_changes.tolist(),
        product_seconds=_product_seconds(source.points(0)[:n_points], landmarks),
        n_landmarks=report.n_landmarks,
        degree_radius=radius,
        degree_counts=_degree_counts(landmarks, radius),
        error_bound=report.error_bound,
        bottleneck=_bottleneck(config, source, n_points, report.diagram),
        fragmentation=_fragmentation(report),
    )


def _stream(config: LadderConfig) -> Stream:
    return Stream(
        config.n_dims,
        config.window,
        max_landmarks=config.max_landmarks,
        max_dim=config.max_dim,
        memory_limit=config.memory_limit,
        n_threads=config.n_threads,
    )


def _n_changes(report: Report) -> int:
    stats = report.stats
    return stats.n_added + stats.n_expired + stats.n_merged + stats.n_evicted


def _product_seconds(points: npt.NDArray[np.float32], landmarks: npt.NDArray[np.float32]) -> float:
    """Return the median time of what no exact assignment of points to landmarks goes below."""
    columns = np.ascontiguousarray(landmarks.T)
    out = points @ columns
    times = []
    for _ in range(_N_PRODUCTS):
        begun = time.perf_counter()
        np.matmul(points, columns, out=out)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _last_death(diagram: Diagram) -> float:
    return float(np.max(diagram.deaths, initial=0.0, where=np.isfinite(diagram.deaths)))


def _degree_counts(landmarks: npt.NDArray[np.float32], radius: float) -> list[int]:
    positions: Float64Array = landmarks.astype(np.float64)
    reach = (radius * (1 + _ROUNDING)) ** 2
    degrees = [np.count_nonzero(((positions - one) ** 2).sum(axis=1) <= reach) - 1 for one in positions]
    return [int(count) for count in np.bincount(degrees)]


def _bottleneck(config: LadderConfig, source: RingSource, n_points: int, found: Diagram) -> float | None:
    if n_points > min(LARGEST_EXACT, config.window):
        return None
    points = source.at(np.arange(n_points, dtype=np.uint64))
    exact = rips(points, max_dim=config.max_dim, n_threads=config.n_threads)
    return max(bottleneck_distance(found, exact, dim) for dim in range(config.max_dim + 1))


def _fragmentation(report: Report) -> float | None:
    # After a diagram computed anew there is nothing in the pool.
    pool = report.stats.pool
    return pool.fragmentation if pool.slots else None


def main(question: str) -> None:
    """Answer a question on standard output."""
    asked: dict[str, Any] = json.loads(question)
    config = LadderConfig.from_dict(asked["config"])
    answer = measure(config, asked["n_points"], is_baseline=asked["is_baseline"])
    sys.stdout.write(json.dumps(dataclasses.asdict(answer)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
