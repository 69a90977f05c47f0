"""Records as metrics that Prometheus collects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from toposcope._core import __version__
from toposcope._extras import import_extra
from toposcope._typing import integer
from toposcope.telemetry.schema import STAGES

if TYPE_CHECKING:
    from toposcope.telemetry.record import PushRecord

#: Upper ends in seconds: a chunk of a thousand points takes milliseconds, the voids of many landmarks seconds.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: Name without prefix, and ``_total`` that the client adds; what it says; the field that it sums up.
_COUNTERS = (
    ("points", "Points pushed.", "n_points"),
    ("events", "Events that the tracker drew.", "n_events"),
    ("landmarks_added", "Landmarks that came.", "n_added"),
    ("landmarks_expired", "Landmarks that went with their last point.", "n_expired"),
    ("landmarks_merged", "Landmarks taken over by another for want of room.", "n_merged"),
    ("landmarks_evicted", "Landmarks that had to go before their time.", "n_evicted"),
    ("late_points", "Late points that were taken in.", "n_late"),
    ("dropped_points", "Late points that were dropped.", "n_dropped"),
    ("lost_events", "Events that subscribers had no room for.", "n_lost_events"),
    ("lost_chunks", "Chunks that the ring had no room for.", "n_lost_chunks"),
    ("blocked_seconds", "Time that pushes waited for subscribers.", "blocked_seconds"),
    ("feed_blocked_seconds", "Time that those who feed the ring waited for room.", "feed_blocked_seconds"),
)
#: The same for what goes up and down; a missing value leaves the gauge as it was.
_GAUGES = (
    ("last_push_timestamp_seconds", "When the last push ended, since 1970.", "wall_time"),
    ("window_points", "Points alive.", "n_window"),
    ("landmarks", "Landmarks held.", "n_landmarks"),
    ("landmarks_left_out", "Landmarks that weigh too little to be part of the diagram.", "n_left_out"),
    ("diagram_intervals", "Intervals of the diagram.", "n_intervals"),
    ("epsilon", "Covering radius, in the distance of the stream's metric.", "epsilon"),
    ("error_bound", "Bound on the bottleneck distance to the window's diagram.", "error_bound"),
    ("stream_memory_bytes", "Memory that the stream holds.", "n_bytes"),
    ("pool_fragmentation_ratio", "Share of holes in the simplex pool.", "fragmentation"),
    ("queued_events", "Events that wait for subscribers.", "n_queued_events"),
    ("queued_chunks", "Chunks that wait in the ring.", "n_queued_chunks"),
)


class PrometheusSink:
    """Keeps Prometheus metrics of the pushes; needs prometheus-client, the extra ``prometheus``.

    Names begin with ``toposcope_``, units are seconds and bytes, counters end in ``_total``. The only label there is is
    the ``stage`` of ``toposcope_stage_seconds_total``.

    Parameters
    ----------
    registry : prometheus_client.CollectorRegistry, optional
        Where the metrics are registered, once: a second sink needs another one. By default one of its own, to which
        the client's ``process_*`` metrics are added.
    port : int, optional
        Serve the registry over HTTP, for Prometheus to collect; 0 takes a free port. By default nothing is served.
    address : str, default="127.0.0.1"
        Where to serve it. There is no authentication: other machines see it if this lets them.

    Attributes
    ----------
    registry : prometheus_client.CollectorRegistry
        Where the metrics are.
    port : int or None
        Where they are served.

    Raises
    ------
    ImportError
        If prometheus-client is missing.
    ValueError
        If the registry has such metrics already.
    OSError
        If the port cannot be had.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> sink = ts.telemetry.PrometheusSink()
    >>> with ts.Monitor(ts.Stream(n_dims=2), sinks=[sink]) as monitor:
    ...     report = monitor.push(np.zeros((3, 2)))
    >>> sink.registry.get_sample_value("toposcope_points_total")
    3.0
    """

    def __init__(self, registry: Any = None, *, port: int | None = None, address: str = "127.0.0.1") -> None:
        client = import_extra("prometheus_client", "prometheus", "PrometheusSink")
        self._client = client
        if port is not None:
            integer(port, "port", at_least=0, at_most=65_535)
        self.registry = registry
        if registry is None:
            self.registry = client.CollectorRegistry()
            client.ProcessCollector(registry=self.registry)
        options = {"namespace": "toposcope", "registry": self.registry}
        self._counters = [(client.Counter(name, text, **options).inc, field) for name, text, field in _COUNTERS]
        self._gauges = [(client.Gauge(name, text, **options).set, field) for name, text, field in _GAUGES]
        duration = client.Histogram("push_duration_seconds", "Whole pushes.", buckets=_BUCKETS, **options)
        self._observe_push = duration.observe
        by_stage = client.Counter("stage_seconds", "Time by stage of a push.", ["stage"], **options)
        self._stages = {stage: by_stage.labels(stage).inc for stage in STAGES if stage != "total"}
        client.Info("build", "The version of toposcope.", **options).info({"version": __version__})
        self.port: int | None = None
        self._server: Any = None
        if port is not None:
            self._server, self._thread = client.start_http_server(port, addr=address, registry=self.registry)
            self.port = self._server.server_port

    def write(self, record: PushRecord) -> None:
        """Add one record to the metrics."""
        for increase, field in self._counters:
            if n := getattr(record, field):
                increase(n)
        for set_to, field in self._gauges:
            if (value := getattr(record, field)) is not None:
                set_to(value)
        for stage, seconds in record.latency.items():
            if stage == "total":
                self._observe_push(seconds)
            elif stage in self._stages:
                self._stages[stage](seconds)

    def text(self) -> str:
        """Return the metrics as Prometheus reads them, for a server that is there already."""
        return str(self._client.generate_latest(self.registry).decode())

    def close(self) -> None:
        """Stop serving; the metrics stay. More calls do nothing."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            self._thread.join()
            self.port = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
