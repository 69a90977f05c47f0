"""Records as OpenTelemetry spans and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from toposcope._core import __version__
from toposcope._extras import import_extra

if TYPE_CHECKING:
    from toposcope.telemetry.record import PushRecord

_NAME = "toposcope"
#: Stages that follow each other; those left out are parts of "push".
_SEQUENCE = ("embed", "push", "track", "deliver", "vectorize")
#: Name of the instrument after "toposcope.", unit, description, field.
_COUNTERS = (
    ("points", "{point}", "Points pushed.", "n_points"),
    ("events", "{event}", "Events that the tracker drew.", "n_events"),
    ("landmarks.added", "{landmark}", "Landmarks that came.", "n_added"),
    ("landmarks.expired", "{landmark}", "Landmarks that went with their last point.", "n_expired"),
    ("landmarks.merged", "{landmark}", "Landmarks taken over by another.", "n_merged"),
    ("landmarks.evicted", "{landmark}", "Landmarks that had to go before their time.", "n_evicted"),
    ("points.late", "{point}", "Late points that were taken in.", "n_late"),
    ("points.dropped", "{point}", "Late points that were dropped.", "n_dropped"),
    ("events.lost", "{event}", "Events that subscribers had no room for.", "n_lost_events"),
    ("chunks.lost", "{chunk}", "Chunks that the ring had no room for.", "n_lost_chunks"),
    ("blocked.time", "s", "Time that pushes waited for subscribers.", "blocked_seconds"),
    ("feed.blocked.time", "s", "Time that those who feed the ring waited for room.", "feed_blocked_seconds"),
)
_GAUGES = (
    ("window.points", "{point}", "Points alive.", "n_window"),
    ("landmarks.count", "{landmark}", "Landmarks held.", "n_landmarks"),
    ("diagram.intervals", "{interval}", "Intervals of the diagram.", "n_intervals"),
    ("epsilon", "1", "Covering radius, in the distance of the stream's metric.", "epsilon"),
    ("error_bound", "1", "Bound on the bottleneck distance to the window's diagram.", "error_bound"),
    ("stream.memory", "By", "Memory that the stream holds.", "n_bytes"),
    ("pool.fragmentation", "1", "Share of holes in the simplex pool.", "fragmentation"),
    ("events.queued", "{event}", "Events that wait for subscribers.", "n_queued_events"),
    ("chunks.queued", "{chunk}", "Chunks that wait in the ring.", "n_queued_chunks"),
)


class OpenTelemetrySink:
    """Makes a span and measurements of every push; needs the extra ``otel``.

    The span ``toposcope.push`` is a child of the span in which the push happens, if there is one: what brings the
    points and what comes of them are one trace. There are no spans of single points.

    Only OpenTelemetry's API is used, so that without a provider, which the program sets up, all of this is a no-op.

    Parameters
    ----------
    tracer_provider : opentelemetry.trace.TracerProvider, optional
        What makes the spans; by default the program's.
    meter_provider : opentelemetry.metrics.MeterProvider, optional
        What makes the measurements; by default the program's.
    stage_spans : bool, default=False
        Whether every stage of a push is a span too, a child of the push's. Their seconds are attributes of that one
        anyhow, and a span takes some ten microseconds.

    Raises
    ------
    ImportError
        If OpenTelemetry is missing.

    Notes
    -----
    Export is best effort: the SDK's processors drop what they have no room for. Behind a :class:`BufferedSink` spans
    lose their parents, as another thread makes them. A :class:`JsonlSink` is what to rely on.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> sink = ts.telemetry.OpenTelemetrySink()
    >>> with ts.Monitor(ts.Stream(n_dims=2), sinks=[sink]) as monitor:
    ...     report = monitor.push(np.zeros((3, 2)))
    """

    def __init__(self, *, tracer_provider: Any = None, meter_provider: Any = None, stage_spans: bool = False) -> None:
        self._stage_spans = stage_spans
        self._trace = import_extra("opentelemetry.trace", "otel", "OpenTelemetrySink")
        metrics = import_extra("opentelemetry.metrics", "otel", "OpenTelemetrySink")
        self._tracer = self._trace.get_tracer(_NAME, __version__, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_NAME, __version__, meter_provider=meter_provider)
        self._counters = [
            (meter.create_counter(f"{_NAME}.{name}", unit, text).add, field) for name, unit, text, field in _COUNTERS
        ]
        self._gauges = [
            (meter.create_gauge(f"{_NAME}.{name}", unit, text).set, field) for name, unit, text, field in _GAUGES
        ]
        self._record_push = meter.create_histogram(f"{_NAME}.push.duration", "s", "Whole pushes.").record

    def write(self, record: PushRecord) -> None:
        """Make the span and the measurements of one record."""
        for add, field in self._counters:
            if n := getattr(record, field):
                add(n)
        for set_to, field in self._gauges:
            if (value := getattr(record, field)) is not None:
                set_to(value)
        self._record_push(record.latency.get("total", 0.0))
        self._make_spans(record)

    def close(self) -> None:
        """Do nothing: the providers are the program's, and end with it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _make_spans(self, record: PushRecord) -> None:
        latency = record.latency
        ended = _nanoseconds(record.wall_time)
        begun = ended - _nanoseconds(latency.get("total", 0.0))
        attributes = {
            "toposcope.run_id": record.run_id,
            "toposcope.step": record.step,
            "toposcope.n_points": record.n_points,
            "toposcope.n_landmarks": record.n_landmarks,
            "toposcope.n_events": record.n_events,
            "toposcope.error_bound": record.error_bound,
            **{f"toposcope.{stage}_seconds": seconds for stage, seconds in latency.items()},
        }
        push = self._tracer.start_span("toposcope.push", start_time=begun, attributes=attributes)
        if self._stage_spans:
            within, at = self._trace.set_span_in_context(push), begun
            for stage in _SEQUENCE:
                if stage in latency:
                    span = self._tracer.start_span(f"toposcope.stage.{stage}", within, start_time=at)
                    at += _nanoseconds(latency[stage])
                    span.end(at)
        push.end(ended)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
