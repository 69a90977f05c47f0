"""What a monitor costs beside its stream: telemetry, tracking, and the copy of a chunk, as tables in Markdown.

    python benchmarks/telemetry.py [telemetry] [tracking] [handover] [--rounds 200] [--sizes 128x256 768x256]

Everything is a ratio of two things done in turn, in one process, to the same chunks of 1000 points, on one thread, in
the steady state. `telemetry` pushes each chunk into two monitors, which change places every time, one with a sink and
one without, tracks both, and compares their reports; the first row is the same with no sink on either side, which
shows what the machine makes of equal work. What a record and its sink take *in place*, within a push that has just
used the caches for something else, is measured by itself too, as the machine's noise is often larger. `tracking`
takes the stages of a push out of its record. `handover` pushes an array, which is copied, and a `ChunkBuffer`, which
is taken over.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import toposcope as ts

sys.path.insert(0, str(Path(__file__).parent.parent / "asv_benchmarks"))
from benchmarks import datasets
from benchmarks.push import N_POINTS, SIZES, WARM_UP, WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

N_RESAMPLES = 2000


def sinks(folder: Path) -> dict[str, Callable[[], list[Any]]]:
    """What is put behind a monitor."""
    telemetry = ts.telemetry
    return {
        "none, twice": list,
        "JSON lines": lambda: [telemetry.JsonlSink(folder / "run.jsonl")],
        "JSON lines, buffered": lambda: [telemetry.BufferedSink(telemetry.JsonlSink(folder / "buffered.jsonl"))],
        "CSV": lambda: [telemetry.CsvSink(folder / "run.csv")],
        "Parquet": lambda: [telemetry.ParquetSink(folder / "run.parquet")],
        "Prometheus": lambda: [telemetry.PrometheusSink()],
        "OpenTelemetry, SDK": lambda: [opentelemetry_sink()],
        "OpenTelemetry, buffered": lambda: [telemetry.BufferedSink(opentelemetry_sink())],
    }


def opentelemetry_sink() -> Any:
    """With the SDK's own batching, into an exporter that keeps nothing."""
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 (an extra)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult  # noqa: PLC0415

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            del spans
            return SpanExportResult.SUCCESS

    tracing = TracerProvider(shutdown_on_exit=False)
    tracing.add_span_processor(BatchSpanProcessor(Nowhere()))
    return ts.telemetry.OpenTelemetrySink(tracer_provider=tracing, meter_provider=MeterProvider(shutdown_on_exit=False))


def stream(n_dims: int, n_landmarks: int) -> ts.Stream:
    return ts.Stream(n_dims, window=WINDOW * N_POINTS, max_landmarks=n_landmarks, n_threads=1, memory_limit=None)


def tracker(n_dims: int, scale: float = 1.5) -> ts.CobordismTracker:
    """Make one that looks at so many square roots of the dimension, as noise is."""
    return ts.CobordismTracker(scale=scale * n_dims**0.5, margin=0.0)


def clusters(n_dims: int, n_chunks: int) -> Iterator[np.ndarray]:
    pool = datasets.chunks(2 * WARM_UP, N_POINTS, n_dims)
    for at in range(n_chunks):
        yield pool[at % len(pool)]


def rings(n_dims: int, n_chunks: int) -> Iterator[np.ndarray]:
    """Four circles that turn in planes of their own, with noise."""
    rng = np.random.default_rng(6)
    for at in range(n_chunks):
        points = rng.normal(scale=0.02, size=(N_POINTS, n_dims))
        circle, angle = np.arange(N_POINTS) % 4, rng.uniform(0, 2 * np.pi, N_POINTS) + 0.01 * at
        points[np.arange(N_POINTS), 2 * circle] += np.cos(angle)
        points[np.arange(N_POINTS), 2 * circle + 1] += np.sin(angle)
        yield points.astype(np.float32)


def paired(chunks: Iterator[np.ndarray], first: Callable[[Any], Any], second: Callable[[Any], Any]) -> np.ndarray:
    """Return the seconds of both for every chunk, in two columns; who comes first changes every time."""
    rows = []
    for at, chunk in enumerate(chunks):
        row = [0.0, 0.0]
        reports = [None, None]
        for side in ((0, 1), (1, 0))[at % 2]:
            begun = time.perf_counter()
            reports[side] = (first, second)[side](chunk)
            row[side] = time.perf_counter() - begun
        if reports[0].diagram != reports[1].diagram:
            raise SystemExit("the two sides do not agree: their times mean nothing")
        rows.append(row)
    return np.array(rows[WARM_UP:])


def interval(times: np.ndarray) -> tuple[float, float, float]:
    """Return the median of the ratios of the second to the first, and its 95 % interval by resampling."""
    ratios = times[:, 1] / times[:, 0]
    drawn = np.random.default_rng(0).choice(ratios, size=(N_RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(np.median(ratios)), float(low), float(high)


def telemetry(sizes: list[str], rounds: int) -> None:
    print("| dimensions, landmarks | sink | push without | more, median | 95 % interval | in place | of the push |")
    print("|---|---|---|---|---|---|---|")
    for size in sizes:
        n_dims, n_landmarks = SIZES[size]
        with tempfile.TemporaryDirectory() as folder:
            for name, make in sinks(Path(folder)).items():
                plain = ts.Monitor(stream(n_dims, n_landmarks), tracker(n_dims))
                records: list[Any] = []
                behind = [*made, Keeping(records)] if (made := make()) else []
                with ts.Monitor(stream(n_dims, n_landmarks), tracker(n_dims), sinks=behind) as measured:
                    times = paired(clusters(n_dims, rounds + WARM_UP), plain.push, measured.push)
                ratio, low, high = interval(times)
                in_place = np.zeros(len(times))
                if records:
                    # What a push takes after the last stage of its record: to make it and to give it to the sink.
                    in_place = times[:, 1] - [record.latency["total"] for record in records[WARM_UP:]]
                print(
                    f"| {n_dims}, {n_landmarks} | {name} | {np.median(times[:, 0]) * 1e3:.2f} ms | {ratio - 1:+.2%} "
                    f"| {low - 1:+.2%} to {high - 1:+.2%} | {np.median(in_place) * 1e6:.0f} µs "
                    f"| {np.median(in_place / times[:, 1]):.2%} |",
                    flush=True,
                )


class Keeping:
    """A sink that keeps the records."""

    def __init__(self, records: list[Any]) -> None:
        self.records = records

    def write(self, record: Any) -> None:
        self.records.append(record)

    def close(self) -> None:
        """There is nothing to close."""


def tracking(sizes: list[str], rounds: int) -> None:
    print("| points | dimensions, landmarks | push | tracking | of a push, median | in all | events |")
    print("|---|---|---|---|---|---|---|")
    for size in sizes:
        n_dims, n_landmarks = SIZES[size]
        for name, source, scale in WATCHED:
            records: list[Any] = []
            observer = tracker(n_dims, scale)
            with ts.Monitor(stream(n_dims, n_landmarks), observer, sinks=[Keeping(records)]) as monitor:
                for chunk in source(n_dims, rounds + WARM_UP):
                    monitor.push(chunk)
            if not observer.is_tracking:
                raise SystemExit(f"{name}: the tracker has found no scale, so that there is nothing to time")
            steady = records[WARM_UP:]
            push, track = (np.array([record.latency[stage] for record in steady]) * 1e3 for stage in ("push", "track"))
            print(
                f"| {name} | {n_dims}, {n_landmarks} | {np.median(push):.2f} ms | {np.median(track):.2f} ms "
                f"| {np.median(track / push):.1%} | {track.sum() / push.sum():.1%} "
                f"| {sum(record.n_events for record in steady)} |",
                flush=True,
            )


def handover(sizes: list[str], rounds: int) -> None:
    print(
        "| dimensions, landmarks | chunk | push of an array | taken over, median | 95 % interval | a copy by itself |"
    )
    print("|---|---|---|---|---|---|")
    for size in sizes:
        n_dims, n_landmarks = SIZES[size]
        copied, taken = stream(n_dims, n_landmarks), stream(n_dims, n_landmarks)
        ready: list[ts.ChunkBuffer] = []

        def chunks(n_dims: int = n_dims, ready: list[ts.ChunkBuffer] = ready) -> Iterator[np.ndarray]:
            for chunk in clusters(n_dims, rounds + WARM_UP):
                buffer = ts.ChunkBuffer(*chunk.shape)
                np.asarray(buffer)[:] = chunk
                ready.append(buffer)
                yield chunk

        def take(_: np.ndarray, taken: ts.Stream = taken, ready: list[ts.ChunkBuffer] = ready) -> ts.Report:
            return taken.push(ready.pop())

        times = paired(chunks(), copied.push, take)
        ratio, low, high = interval(times)
        chunk = next(clusters(n_dims, 1))
        print(
            f"| {n_dims}, {n_landmarks} | {chunk.nbytes / 1e6:.2f} MB | {np.median(times[:, 0]) * 1e3:.2f} ms "
            f"| {ratio - 1:+.2%} | {low - 1:+.2%} to {high - 1:+.2%} | {seconds_of_a_copy(chunk) * 1e3:.2f} ms |",
            flush=True,
        )


def seconds_of_a_copy(chunk: np.ndarray, n: int = 50) -> float:
    """Return what copying takes into memory that was not there before, as a push has it."""
    times = []
    for _ in range(n):
        begun = time.perf_counter()
        chunk.copy()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


#: What is tracked, and at which scale. Within the noise every push tells of many components that come and go.
WATCHED = (
    ("four clusters", clusters, 1.5),
    ("four clusters, within their noise", clusters, 1.32),
    ("four rings that turn", rings, 0.04),
)
TABLES = {"telemetry": telemetry, "tracking": tracking, "handover": handover}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)}; by default all")
    parser.add_argument("--rounds", type=int, default=200, help="pushes of a row (default: 200)")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["128x256", "768x256"])
    arguments = parser.parse_args()
    if unknown := set(arguments.tables) - set(TABLES):
        parser.error(f"expected some of {', '.join(TABLES)}, got {', '.join(sorted(unknown))}")
    if arguments.rounds < 2:
        parser.error(f"--rounds: expected at least 2, got {arguments.rounds}")
    for name in arguments.tables or TABLES:
        print(f"\n{name}\n")
        TABLES[name](arguments.sizes, arguments.rounds)


if __name__ == "__main__":
    main()
