"""Metrics as Prometheus wants them: names, units, values, and over HTTP."""

import re
import sys
import urllib.request

import numpy as np
import pytest

import toposcope as ts
from toposcope.telemetry import PrometheusSink

client = pytest.importorskip("prometheus_client")
parser = pytest.importorskip("prometheus_client.parser")

EXPECTED = {
    "toposcope_points_total": 1000,
    "toposcope_events_total": 8,
    "toposcope_landmarks_added_total": 5,
    "toposcope_landmarks_expired_total": 4,
    "toposcope_landmarks_merged_total": 3,
    "toposcope_landmarks_evicted_total": 1,
    "toposcope_late_points_total": 7,
    "toposcope_dropped_points_total": 6,
    "toposcope_lost_events_total": 10,
    "toposcope_lost_chunks_total": 12,
    "toposcope_blocked_seconds_total": 0.5,
    "toposcope_feed_blocked_seconds_total": 1.5,
    "toposcope_push_duration_seconds_sum": 0.75,
    "toposcope_push_duration_seconds_count": 1,
}
GAUGES = {
    "toposcope_last_push_timestamp_seconds": 1_700_000_000.5,
    "toposcope_window_points": 4000,
    "toposcope_landmarks": 256,
    "toposcope_landmarks_left_out": 2,
    "toposcope_diagram_intervals": 300,
    "toposcope_epsilon": 0.125,
    "toposcope_error_bound": 0.25,
    "toposcope_stream_memory_bytes": 1_000_000,
    "toposcope_pool_fragmentation_ratio": 0.5,
    "toposcope_queued_events": 9,
    "toposcope_queued_chunks": 11,
}


def test_counters_add_up_and_gauges_follow(record):
    sink = PrometheusSink()
    value = sink.registry.get_sample_value
    for n in (1, 2):
        sink.write(record())
        assert {name: value(name) for name in EXPECTED} == {name: n * x for name, x in EXPECTED.items()}
        assert {name: value(name) for name in GAUGES} == GAUGES
    assert value("toposcope_stage_seconds_total", {"stage": "track"}) == 0.5
    assert value("toposcope_push_duration_seconds_bucket", {"le": "1.0"}) == 2
    assert value("toposcope_push_duration_seconds_bucket", {"le": "0.5"}) == 0
    assert value("toposcope_build_info", {"version": ts.__version__}) == 1
    sink.write(record(n_window=None, fragmentation=None, n_landmarks=1))
    assert (value("toposcope_window_points"), value("toposcope_landmarks")) == (4000, 1)


def test_a_stage_of_a_later_version_disturbs_nothing(record):
    sink = PrometheusSink()
    sink.write(record(latency={"guard": 1.0, "push": 0.25, "total": 1.25}))
    assert sink.registry.get_sample_value("toposcope_stage_seconds_total", {"stage": "push"}) == 0.25


def test_names_keep_to_the_conventions(record):
    sink = PrometheusSink()
    sink.write(record())
    families = [
        family
        for family in parser.text_string_to_metric_families(sink.text())
        if family.name.startswith("toposcope") and not family.name.endswith("_created")  # the client's own
    ]
    assert len(families) == 12 + 11 + 3
    for family in families:
        assert family.documentation.endswith("."), family.name
        assert re.fullmatch(r"toposcope(_[a-z]+)+", family.name)
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|percent|count|sum)$", family.name)
        assert all(s.name.endswith("_total") for s in family.samples) == (family.type == "counter")
        # Labels of few values: none names a run, a file or a user.
        assert {label for s in family.samples for label in s.labels} <= {"stage", "le", "version"}
    assert sum(len(f.samples) for f in families) < 60


def test_it_is_served_until_it_is_closed():
    sink = PrometheusSink(port=0)
    with ts.Monitor(ts.Stream(n_dims=2), sinks=[sink]) as monitor:
        monitor.push(np.zeros((7, 2)))
        address = f"http://127.0.0.1:{sink.port}/metrics"
        text = urllib.request.urlopen(address, timeout=5).read().decode()
    assert "\ntoposcope_points_total 7.0\n" in text
    if sys.platform == "linux":
        assert "\nprocess_resident_memory_bytes " in text
    assert sink.port is None
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)
    sink.close()


def test_a_registry_can_be_shared_with_others_but_not_with_another_sink():
    registry = client.CollectorRegistry()
    client.Counter("requests", "Requests.", registry=registry).inc()
    sink = PrometheusSink(registry)
    assert "requests_total 1.0" in sink.text()
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        PrometheusSink(registry)


@pytest.mark.parametrize(("port", "error"), [(-1, ValueError), (65_536, ValueError), ("9464", TypeError)])
def test_bad_ports_are_refused(port, error):
    with pytest.raises(error, match="port: expected an integer"):
        PrometheusSink(port=port)


def test_a_port_that_is_taken_says_so():
    with PrometheusSink(port=0) as sink, pytest.raises(OSError, match="in use"):
        PrometheusSink(port=sink.port)


def test_without_the_client_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ImportError, match=r'needs prometheus_client: pip install "toposcope\[prometheus\]"'):
        PrometheusSink()
