"""One trace from what brings the points to what comes of them, and measurements beside it."""

import sys

import numpy as np
import pytest

import toposcope as ts
from toposcope.telemetry import OpenTelemetrySink

trace = pytest.importorskip("opentelemetry.sdk.trace")
metrics = pytest.importorskip("opentelemetry.sdk.metrics")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
export = pytest.importorskip("opentelemetry.sdk.metrics.export")


@pytest.fixture(name="spans")
def _spans():
    exporter = memory.InMemorySpanExporter()
    provider = trace.TracerProvider()
    provider.add_span_processor(trace.export.SimpleSpanProcessor(exporter))
    yield provider, exporter
    provider.shutdown()


@pytest.fixture(name="measured")
def _measured():
    reader = export.InMemoryMetricReader()
    provider = metrics.MeterProvider([reader])

    def read():
        scopes = reader.get_metrics_data().resource_metrics[0].scope_metrics
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    yield provider, read
    provider.shutdown()


def test_a_push_is_a_span_with_a_child_per_stage(spans, record):
    provider, exporter = spans
    OpenTelemetrySink(tracer_provider=provider, stage_spans=True).write(record())
    *stages, push = exporter.get_finished_spans()
    assert (push.name, push.end_time) == ("toposcope.push", 1_700_000_000_500_000_000)
    assert push.end_time - push.start_time == 750_000_000
    assert push.attributes["toposcope.n_points"] == 1000
    assert [span.name for span in stages] == ["toposcope.stage.push", "toposcope.stage.track"]
    assert all(span.parent.span_id == push.context.span_id for span in stages)
    assert [span.end_time - span.start_time for span in stages] == [500_000_000, 250_000_000]
    assert stages[0].start_time == push.start_time
    assert stages[1].start_time == stages[0].end_time


def test_a_push_is_one_span_with_its_stages_as_attributes(spans, record):
    provider, exporter = spans
    OpenTelemetrySink(tracer_provider=provider).write(record())
    (push,) = exporter.get_finished_spans()
    seconds = {name: value for name, value in push.attributes.items() if name.endswith("_seconds")}
    assert seconds == {f"toposcope.{stage}_seconds": value for stage, value in record().latency.items()}


def test_a_push_belongs_to_the_trace_in_which_it_happens(spans):
    provider, exporter = spans
    monitor = ts.Monitor(ts.Stream(n_dims=2), sinks=[OpenTelemetrySink(tracer_provider=provider)])
    with provider.get_tracer("the program").start_as_current_span("ingest"):
        monitor.push(np.zeros((3, 2)))
    finished = exporter.get_finished_spans()
    assert len({span.context.trace_id for span in finished}) == 1
    ingest = finished[-1]
    push = next(span for span in finished if span.name == "toposcope.push")
    assert push.parent.span_id == ingest.context.span_id
    assert ingest.start_time <= push.start_time <= push.end_time <= ingest.end_time


def test_measurements_add_up(measured, record):
    provider, read = measured
    sink = OpenTelemetrySink(meter_provider=provider)
    sink.write(record())
    sink.write(record(n_landmarks=7, n_window=None))
    found = read()
    assert found["toposcope.points"].data.data_points[0].value == 2000
    assert found["toposcope.points"].unit == "{point}"
    assert found["toposcope.blocked.time"].data.data_points[0].value == 1.0
    assert found["toposcope.landmarks.count"].data.data_points[0].value == 7
    assert found["toposcope.window.points"].data.data_points[0].value == 4000
    assert (found["toposcope.stream.memory"].unit, found["toposcope.push.duration"].unit) == ("By", "s")
    duration = found["toposcope.push.duration"].data.data_points[0]
    assert (duration.count, duration.sum) == (2, 1.5)
    assert len(found) == 12 + 9 + 1


def test_without_a_provider_nothing_happens(record):
    with OpenTelemetrySink() as sink:
        sink.write(record())


def test_without_the_api_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(ImportError, match=r'needs opentelemetry: pip install "toposcope\[otel\]"'):
        OpenTelemetrySink()
