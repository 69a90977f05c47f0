"""The whole path: source, embedder, stream, tracker, outputs."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from toposcope import _core
from toposcope.pipeline.embedders import make_embedder, vectors_of
from toposcope.pipeline.explain import ExplainedEvent, Item, explain
from toposcope.pipeline.monitor import Monitor
from toposcope.pipeline.outputs import RunFolder
from toposcope.pipeline.scale import pairwise_distances, scale_of_most_groups
from toposcope.pipeline.sources import Source, open_source
from toposcope.stream import Stream
from toposcope.telemetry import new_run_id
from toposcope.telemetry.opening import open_sink
from toposcope.tracking import CobordismTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from toposcope.embedding import Embedder
    from toposcope.pipeline.config import WatchConfig
    from toposcope.pipeline.embedders import Vectors
    from toposcope.pipeline.sources import Batch
    from toposcope.reports import Report
    from toposcope.telemetry import PushRecord, Sink


TEXT_MIN_MASS = 5
"""Sentences of a group that is worth a word, unless told otherwise."""
MARGIN_SHARE = 0.05
"""The margin as a share of a scale that is chosen here."""


@dataclass(frozen=True, slots=True)
class WatchStep:
    """What one push of the pipeline gave.

    Attributes
    ----------
    report : Report
        Diagram, bound, measurements.
    events : tuple of ExplainedEvent
        The events with the items they are about.
    n_items : int
        Items read so far.
    progress : float or None
        Share of the source that was read; None where the end is not known.
    """

    report: Report
    events: tuple[ExplainedEvent, ...]
    n_items: int
    progress: float | None


class StreamPipeline:
    r"""Reads a source, embeds what is text, watches the stream, and writes what it finds.

    Parameters
    ----------
    config : WatchConfig
        What to do.

    Attributes
    ----------
    config : WatchConfig
        What is done.
    source : Source
        The opened source.
    embedder : Embedder or None
        What turns its text into vectors; None for numbers.
    embedder_name, metric, min_mass : str, str, int
        What ``auto`` and None became.
    monitor : Monitor or None
        There from the first item on, when the number of dimensions is known.
    report_path : Path or None
        The report, after :meth:`close`.

    Raises
    ------
    ValueError, OSError, ImportError, Error
        If the source, the embedder or the folder for the outputs cannot be used.

    Examples
    --------
    >>> from pathlib import Path
    >>> from toposcope.pipeline.config import WatchConfig
    >>> from toposcope.pipeline.watch import StreamPipeline
    >>> _ = Path("points.csv").write_text("x,y\n0,0\n9,9\n")
    >>> with StreamPipeline(WatchConfig(source="points.csv", chunk=1, scale=1.0)) as pipeline:
    ...     for step in pipeline.steps():
    ...         print([(found.title, found.sides[0].items) for found in step.events])
    [('ComponentBirth', ('row 1',))]
    [('ComponentBirth', ('row 2',))]
    """

    def __init__(self, config: WatchConfig) -> None:
        self.config = config
        self.source: Source = open_source(config.source, file_format=config.file_format, columns=config.columns)
        try:
            self.embedder: Embedder | None = make_embedder(config.embedder, self.source.kind)
            self.embedder_name = self._embedder_name()
            self.metric = self._metric()
            self.min_mass = config.min_mass or (1 if self.embedder is None else TEXT_MIN_MASS)
            self.run_id = new_run_id()
            self._sinks = _open_sinks(config.telemetry)
            self._folder = self._open_folder()
        except BaseException:
            self.source.close()
            raise
        self._embed_seconds: float | None = None
        self.monitor: Monitor | None = None
        self.report_path: Path | None = None
        self._n_items = 0
        self._reason = "interrupted"
        self._closed = False

    def batches(self) -> Iterator[Batch]:
        """Read the source, in the portions that :meth:`push` takes."""
        yield from self.source.batches(self.config.chunk, self.config.linger)
        self._reason = "end of the source"

    def steps(self) -> Iterator[WatchStep]:
        """Read, push and write until the source ends."""
        for batch in self.batches():
            yield self.push(batch)

    def push(self, batch: Batch) -> WatchStep:
        """Embed, push and write one portion of the source."""
        vectors = self._embed(batch)
        if self.monitor is None:
            self.monitor = self._monitor(vectors)
        items = [Item(name, vector) for name, vector in zip(batch.items, vectors, strict=True)]
        report = self.monitor.push(vectors, items=items)
        events = tuple(explain(event, self.monitor.items, self.min_mass) for event in report.events)
        if self._folder is not None:
            self._folder.write(report, events)
        self._n_items += len(items)
        if self.monitor.tracker is None and self._n_items >= self.config.window:
            self._start_tracking(report)
        return WatchStep(report, events, self._n_items, self.source.progress())

    @property
    def scale(self) -> float | None:
        """Scale at which the tracker looks; None as long as there is none."""
        tracker = None if self.monitor is None else self.monitor.tracker
        return None if tracker is None else tracker.scale

    def stop(self, reason: str) -> None:
        """Say why the run ends before its source does."""
        self._reason = reason

    def close(self) -> None:
        """Write everything and let go of everything; more calls do nothing."""
        if self._closed:
            return
        self._closed = True
        self.source.close()
        if self.monitor is not None:
            self.monitor.close()
        for sink in self._sinks:  # without a single item there is no monitor to do it
            sink.close()
        if self._folder is not None:
            self.report_path = self._folder.finish(reason=self._reason, ended=_now(), scale=self.scale)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _embed(self, batch: Batch) -> Vectors:
        started = time.perf_counter()
        vectors = vectors_of(batch, self.embedder)
        if self.embedder is not None:
            self._embed_seconds = time.perf_counter() - started
        return vectors

    def _monitor(self, vectors: Vectors) -> Monitor:
        config = self.config
        stream = Stream(
            n_dims=vectors.shape[1],
            window=config.window,
            max_landmarks=config.n_landmarks,
            max_dim=config.max_dim,
            metric=self.metric,
            threshold=config.threshold,
            half_life=config.half_life,
            min_mass=config.landmark_min_mass,
            memory_limit=config.memory_limit,
            n_threads=config.n_threads,
        )
        chosen_here = self.embedder is not None and config.scale is None
        tracker = None if chosen_here else self._tracker(config.scale, config.margin)
        if self._folder is not None:
            self._folder.describe(n_dims=vectors.shape[1], tracking_from=None if chosen_here else 1)
        sinks = self._sinks if self._folder is None else [self._folder.telemetry, *self._sinks]
        timed = [_EmbeddingTimed(sink, lambda: self._embed_seconds) for sink in sinks]
        return Monitor(stream, tracker, sinks=timed, run_id=self.run_id)

    def _open_folder(self) -> RunFolder | None:
        if self.config.out is None:
            return None
        try:
            return RunFolder(self.config.out, self._description())
        except BaseException:
            for sink in self._sinks:
                sink.close()
            raise

    def _start_tracking(self, report: Report) -> None:
        """Choose a scale by the window, which has just become full, and look at it from the next push on."""
        assert self.monitor is not None
        kept = report.landmark_ids[report.landmark_kept]
        items = [item for item in self.monitor.items(kept.tolist()) if item is not None]
        if not items:
            return  # All that is there weighs too little: the next push may bring more.
        distances = pairwise_distances(np.stack([item.vector for item in items]), self.metric)
        end = scale_of_most_groups(distances, self.min_mass)
        margin = self.config.margin
        if end is not None and margin is None:
            margin = max(MARGIN_SHARE * end, 4 * report.epsilon)
        if end is None or margin is None or margin >= end:
            # Too few groups, or landmarks too coarse to tell them apart: the tracker looks for a gap of its own.
            self.monitor.tracker = self._tracker(None, self.config.margin)
        else:
            # A component counts if it is one up to the end of the interval, so that is where the groups are.
            self.monitor.tracker = self._tracker(end - margin / 2, margin)
        if self._folder is not None:
            self._folder.describe(tracking_from=report.step + 1)

    def _tracker(self, scale: float | None, margin: float | None) -> CobordismTracker:
        config = self.config
        return CobordismTracker(
            scale=scale, margin=margin, max_dim=min(config.max_dim, 1), confirm_after=config.confirm_after
        )

    def _embedder_name(self) -> str:
        if self.embedder is None:
            return "none"
        return "hashing" if self.config.embedder == "auto" else self.config.embedder

    def _metric(self) -> str:
        if self.config.metric != "auto":
            return self.config.metric
        return "euclidean" if self.embedder is None else "cosine"

    def _description(self) -> dict[str, Any]:
        return {
            "config": self.config.to_dict(),
            "run_id": self.run_id,
            "version": _core.__version__,
            "started": _now(),
            "embedder": self.embedder_name,
            "metric": self.metric,
            "n_landmarks": self.config.n_landmarks,
            "min_mass": self.min_mass,
        }


class _EmbeddingTimed:
    """A sink that adds to a push's record how long its texts took to embed, which happens before the push."""

    def __init__(self, sink: Sink, seconds: Callable[[], float | None]) -> None:
        self._sink = sink
        self._seconds = seconds

    def write(self, record: PushRecord) -> None:
        if (seconds := self._seconds()) is not None:
            latency = {"embed": seconds, **record.latency, "total": seconds + record.latency["total"]}
            record = dataclasses.replace(record, latency=latency)
        self._sink.write(record)

    def flush(self, timeout: float | None) -> bool:
        flush = getattr(self._sink, "flush", None)
        return flush is None or bool(flush(timeout))

    def close(self) -> None:
        self._sink.close()


def _open_sinks(names: Iterable[str]) -> list[Sink]:
    """Open all or none."""
    sinks: list[Sink] = []
    try:
        for name in names:
            sinks.append(open_sink(name))  # noqa: PERF401 (those before one that fails have to be closed)
    except BaseException:
        for sink in sinks:
            sink.close()
        raise
    return sinks


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
