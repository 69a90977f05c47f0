"""The whole path: source, embedder, stream, tracker, outputs."""

from __future__ import annotations

import dataclasses
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from toposcope import _core
from toposcope.exceptions import CheckpointError
from toposcope.pipeline.abort import ABORT_SCHEMA, AbortFile, Cause
from toposcope.pipeline.embedders import make_embedder, vectors_of
from toposcope.pipeline.explain import ExplainedEvent, explain_all
from toposcope.pipeline.monitor import Monitor
from toposcope.pipeline.outputs import RunFolder
from toposcope.pipeline.resume import batches_after, digest_of
from toposcope.pipeline.scale import pairwise_distances, scale_of_most_groups
from toposcope.pipeline.sources import Source, open_source
from toposcope.safety import CheckpointManager, Guard, config_hash
from toposcope.stream import Stream
from toposcope.telemetry import new_run_id
from toposcope.telemetry.opening import open_sink
from toposcope.tracking import CobordismTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from toposcope.embedding import Embedder
    from toposcope.pipeline.config import WatchConfig
    from toposcope.pipeline.embedders import Vectors
    from toposcope.pipeline.sources import Batch
    from toposcope.reports import Report
    from toposcope.safety import Checkpoint, CheckpointEntry
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
        There from the first item on, when the number of dimensions is known; of a run that goes on, from the start.
    guard : Guard or None
        What watches it.
    resumed_from : Checkpoint or None
        Where the run goes on.
    report_path : Path or None
        The report, after :meth:`close`.
    abort_path : Path or None
        The abort report, after :meth:`seal`, if the run was ended before its source.

    Raises
    ------
    ValueError, OSError, ImportError, Error
        If the source, the embedder, the folder for the outputs or the one for checkpoints cannot be used.

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
        self._checkpoints: CheckpointManager | None = None
        self._abort_file: AbortFile | None = None
        self._sinks: list[Sink] = []
        self._embed_seconds: float | None = None
        self.source: Source = open_source(config.source, file_format=config.file_format, columns=config.columns)
        try:
            self.embedder: Embedder | None = make_embedder(config.embedder, self.source.kind)
            self.embedder_name = self._embedder_name()
            self.metric = self._metric()
            self.min_mass = config.min_mass or (1 if self.embedder is None else TEXT_MIN_MASS)
            limits = config.guard_config()
            self.guard = None if limits is None else Guard(limits)
            self._checkpoints = self._claimed()
            self.resumed_from = self._found()
            self._progress = _Progress.of(self.resumed_from)
            self.run_id = new_run_id() if self.resumed_from is None else self.resumed_from.metadata.facts["run_id"]
            self._sinks = _open_sinks(config.telemetry)
            self._folder = self._opened()
            folders = [Path(folder) for folder in (config.out, config.checkpoint_dir) if folder is not None]
            self._abort_file = AbortFile(folders)
            self.monitor = None if self.resumed_from is None else self._restored(self.resumed_from)
        except BaseException:
            self.source.close()
            if self._checkpoints is not None:
                self._checkpoints.close()
            if self._abort_file is not None:
                self._abort_file.close()
            for sink in self._sinks:
                sink.close()
            raise
        self.report_path: Path | None = None
        self.abort_path: Path | None = None
        self._last_report: Report | None = None
        self._reason = "interrupted"
        self._cause: Cause | None = None
        self._is_torn = False
        self._sealed = False
        self._closed = False

    def batches(self) -> Iterator[Batch]:
        """Read the source, in the portions that :meth:`push` takes; a run that goes on passes over what it knows.

        Raises
        ------
        CheckpointError
            If the source holds something else than what was read before the checkpoint.
        """
        batches = self.source.batches(self.config.chunk, self.config.linger)
        done = self._progress
        if done.n_items and self.config.source != "-":
            batches = batches_after(batches, done.n_items, done.n_last, done.digest, self.source.name)
        yield from batches
        self._reason = "end of the source"

    def steps(self) -> Iterator[WatchStep]:
        """Read, push and write until the source ends."""
        for batch in self.batches():
            yield self.push(batch)

    def push(self, batch: Batch, vectors: Vectors | None = None) -> WatchStep:
        """Embed, push and write one portion of the source; make a checkpoint if one is due.

        Parameters
        ----------
        batch : Batch
            One of :meth:`batches`.
        vectors : array of shape (n_items, n_dims), optional
            What :meth:`embed` made of it. What is interrupted there has changed nothing.
        """
        if vectors is None:
            vectors = self.embed(batch)
        if self.monitor is None:
            self.monitor = self._monitor(vectors)
        step = self.monitor.stream.step
        try:
            report = self.monitor.push(vectors, items=batch.items)
            self._is_torn = True
            events = explain_all([event.explain() for event in report.events], self.min_mass)
            if self._folder is not None:
                self._folder.write(report, events)
            self._progress = self._progress.after(batch, wanted=self._checkpoints is not None)
            if self.monitor.tracker is None and self.n_items >= self.config.window:
                self._start_tracking(report)
            self._last_report = report
        except BaseException:
            self._is_torn = self.monitor.stream.step != step
            raise
        self._is_torn = False
        if self._checkpoints is not None and report.step % self.config.checkpoint_every == 0:
            self.checkpoint()
        return WatchStep(report, events, self.n_items, self.source.progress())

    def checkpoint(self) -> CheckpointEntry:
        """Make a checkpoint now, with the files that grow on the disk up to here.

        Raises
        ------
        CheckpointError
            If ``checkpoint_dir`` names no folder, nothing was pushed yet, or it was ended in the middle of a push.
        OSError
            If it cannot be written; earlier ones are as they were.
        """
        if self._checkpoints is None or self.monitor is None:
            raise CheckpointError("expected a folder for checkpoints and a push before, got neither or one of them")
        if self._is_torn:
            raise CheckpointError("the run was ended in the middle of a push: there is no whole state to be saved")
        state = self.monitor.state()
        marks = {} if self._folder is None else self._folder.mark()
        watched = {**dataclasses.asdict(self._progress), "marks": marks}
        state = dataclasses.replace(state, facts={**state.facts, "watched": watched})
        return self._checkpoints.save(state, self._metrics())

    @property
    def n_items(self) -> int:
        """Items read and pushed so far, those before a checkpoint included."""
        return self._progress.n_items

    @property
    def scale(self) -> float | None:
        """Scale at which the tracker looks; None as long as there is none."""
        tracker = None if self.monitor is None else self.monitor.tracker
        return None if tracker is None else tracker.scale

    def stop(self, reason: str) -> None:
        """Say why the run ends before its source does."""
        self._reason = reason

    def abort(self, cause: Cause) -> None:
        """Say what ends the run before its source does: :meth:`seal` will write it down. The first cause counts."""
        if self._cause is None:
            self._cause = cause
            self._reason = cause.reason

    def seal(self) -> None:
        """Make the last checkpoint, end the files that grow, write the abort report: what takes no time.

        How long it takes does not depend on how long the run was. More calls do nothing.

        Raises
        ------
        OSError
            If something cannot be written, unless the run is aborted anyway.
        """
        if self._sealed:
            return
        self._sealed = True
        self.source.close()
        assert self._abort_file is not None
        try:
            saved = self._last_checkpoint()
            if self.monitor is not None:
                self.monitor.close()
            for sink in self._sinks:  # without a single item there is no monitor to do it
                sink.close()
            if self._cause is not None:
                self.abort_path = self._abort_file.write(self._abort_report(self._cause, saved))
            if self._folder is not None:
                self._folder.seal(reason=self._reason, ended=_now(), scale=self.scale)
        finally:
            self._abort_file.close()
            if self._checkpoints is not None:
                self._checkpoints.close()

    def close(self) -> None:
        """Write everything and let go of everything; more calls do nothing."""
        self.seal()
        if self._closed:
            return
        self._closed = True
        if self._folder is not None:
            self.report_path = self._folder.summarise()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            self.close()
            return
        self.abort(Cause.of_error(error))
        # What broke first says why; what breaks after it, on the way out, does not.
        with suppress(Exception):
            self.close()

    def embed(self, batch: Batch) -> Vectors:
        """Return the batch's own numbers as float32, or its text embedded; changes nothing."""
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
            tracking_from = None if chosen_here else 1
            self._progress = dataclasses.replace(self._progress, n_dims=vectors.shape[1], tracking_from=tracking_from)
            self._folder.describe(n_dims=vectors.shape[1], tracking_from=tracking_from)
        return Monitor(
            stream, tracker, sinks=self._timed_sinks(), guard=self.guard, run_id=self.run_id, keep_points=True
        )

    def _timed_sinks(self) -> list[Sink]:
        sinks = self._sinks if self._folder is None else [self._folder.telemetry, *self._sinks]
        return [_EmbeddingTimed(sink, lambda: self._embed_seconds) for sink in sinks]

    def _claimed(self) -> CheckpointManager | None:
        """Return the folder of checkpoints, in which nobody else writes from now on."""
        config = self.config
        if config.checkpoint_dir is None:
            return None
        manager = CheckpointManager(
            config.checkpoint_dir, keep_last=config.keep_checkpoints, config=self.config.identity()
        )
        if not config.resume and manager.entries():
            raise CheckpointError(
                f"{manager.folder}: there are checkpoints of an earlier run: go on from them with --resume "
                "(resume=True), or name another folder"
            )
        manager.claim()
        return manager

    def _found(self) -> Checkpoint | None:
        """Return the checkpoint to go on from; None for a run that begins."""
        if self._checkpoints is None or not self._checkpoints.entries():
            return None
        return self._checkpoints.load()

    def _opened(self) -> RunFolder | None:
        if self.config.out is None:
            return None
        found = self.resumed_from
        if found is None:
            return RunFolder(self.config.out, self._description(), spool=self._checkpoints is not None)
        resumed = {"step": found.metadata.step, "n_items": self.n_items, "time": _now()}
        self._progress = dataclasses.replace(self._progress, resumed=(*self._progress.resumed, resumed))
        watched = found.metadata.facts["watched"]
        return RunFolder(self.config.out, self._description(), spool=True, marks=watched["marks"])

    def _restored(self, checkpoint: Checkpoint) -> Monitor:
        return Monitor.restore(checkpoint, sinks=self._timed_sinks(), guard=self.guard)

    def _metrics(self) -> Mapping[str, float]:
        report = self._last_report
        if report is None:
            return {}
        return {"error_bound": report.error_bound, "n_landmarks": report.n_landmarks}

    def _last_checkpoint(self) -> dict[str, Any] | None:
        """Make a checkpoint of where the run ends; return what became of it, None if none are made."""
        if self._checkpoints is None or self.monitor is None:
            return None
        newest = [entry for entry in self._checkpoints.entries() if entry.is_sound][-1:]
        problem = None
        if not newest or newest[0].path.name != self._checkpoints.path_of(self.monitor.stream.step).name:
            try:
                newest = [self.checkpoint()]
            except (CheckpointError, OSError) as error:
                if self._cause is None:
                    raise
                problem = str(error)
        file = None if not newest else str(newest[0].path)
        step = None if not newest or newest[0].metadata is None else newest[0].metadata.step
        return {"file": file, "step": step, "problem": problem}

    def _abort_report(self, cause: Cause, checkpoint: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "schema": ABORT_SCHEMA,
            "cause": cause.to_dict(),
            "time": _now(),
            "started": self._progress.started,
            "run_id": self.run_id,
            "version": _core.__version__,
            "config_hash": config_hash(self.config.identity()),
            "config": self.config.to_dict(),
            "state": self._state(),
            "checkpoint": checkpoint,
            "guard": None if self.guard is None else self.guard.state(),
        }

    def _state(self) -> dict[str, Any]:
        """Return where the run stands; ``is_whole`` is False if it was ended in the middle of a push."""
        state: dict[str, Any] = {"n_items": self.n_items, "is_whole": not self._is_torn, "scale": self.scale}
        if self.monitor is None:
            return {**state, "step": 0, "n_points": 0}
        tracker, report = self.monitor.tracker, self._last_report
        state |= {"step": self.monitor.stream.step, "n_points": self.monitor.stream.n_seen}
        state |= {"n_pushes": self.monitor.n_pushes, "n_events": self.monitor.n_events}
        if tracker is not None:
            state |= {"n_components": len(tracker.components), "n_loops": len(tracker.loops)}
        if report is not None:
            state |= {"n_window": report.n_window, "n_landmarks": report.n_landmarks}
            state |= {"n_intervals": report.diagram.n_intervals, "error_bound": report.error_bound}
        return state

    def _start_tracking(self, report: Report) -> None:
        """Choose a scale by the window, which has just become full, and look at it from the next push on."""
        assert self.monitor is not None
        kept = report.landmark_ids[report.landmark_kept]
        points = self.monitor.points(kept.tolist())
        if points is None:
            return  # All that is there weighs too little: the next push may bring more.
        distances = pairwise_distances(points, self.metric)
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
        self._progress = dataclasses.replace(self._progress, tracking_from=report.step + 1)
        if self._folder is not None:
            self._folder.describe(tracking_from=report.step + 1)

    def _tracker(self, scale: float | None, margin: float | None) -> CobordismTracker:
        config = self.config
        return CobordismTracker(
            scale=scale, margin=margin, max_dim=min(config.max_dim, 2), confirm_after=config.confirm_after
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
            "config_hash": config_hash(self.config.identity()),
            "version": _core.__version__,
            "started": self._progress.started,
            "embedder": self.embedder_name,
            "metric": self.metric,
            "n_landmarks": self.config.n_landmarks,
            "min_mass": self.min_mass,
            **self._progress.described(),
        }


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far a run is, in what its checkpoints keep besides the monitor.

    ``n_last`` items of the last batch have the SHA-256 ``digest``, by which the source is known again.
    """

    started: str
    n_items: int = 0
    n_last: int = 0
    digest: str = ""
    n_dims: int | None = None
    tracking_from: int | None = None
    resumed: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, checkpoint: Checkpoint | None) -> _Progress:
        """Return that of a checkpoint, or of a run that begins."""
        if checkpoint is None:
            return cls(_now())
        try:
            values = dict(checkpoint.metadata.facts["watched"])
            values.pop("marks")
            progress = cls(**{**values, "resumed": tuple(values["resumed"])})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(f"{checkpoint.path}: expected one of `toposcope watch`, got {error!r}") from None
        return progress

    def after(self, batch: Batch, *, wanted: bool) -> _Progress:
        """Return that after one more batch; its digest takes time and is made if it is wanted."""
        n_last, digest = len(batch.items), digest_of(batch) if wanted else ""
        return dataclasses.replace(self, n_items=self.n_items + n_last, n_last=n_last, digest=digest)

    def described(self) -> dict[str, Any]:
        """Return what ``run.json`` says of it."""
        known = {"n_dims": self.n_dims, "tracking_from": self.tracking_from, "resumed": list(self.resumed)}
        return {name: value for name, value in known.items() if value}


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
