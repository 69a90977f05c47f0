"""Sinks by name."""

import pytest

from toposcope.telemetry import CsvSink, JsonlSink, OpenTelemetrySink, ParquetSink, PrometheusSink
from toposcope.telemetry.opening import check_sink, open_sink


@pytest.mark.parametrize(
    ("kind", "expected", "package"),
    [("jsonl", JsonlSink, None), ("csv", CsvSink, None), ("parquet", ParquetSink, "pyarrow")],
)
def test_files_are_opened_where_they_are_said_to_be(tmp_path, kind, expected, package):
    if package:
        pytest.importorskip(package)
    path = tmp_path / "a:b"
    with open_sink(f"{kind}:{path}") as sink:
        assert (type(sink), sink.path) == (expected, path)


def test_metrics_are_served_on_the_port_that_is_named():
    pytest.importorskip("prometheus_client")
    with open_sink("prometheus:0") as sink:
        assert isinstance(sink, PrometheusSink)
        assert sink.port > 0


def test_opentelemetry_is_what_the_program_has_set_up():
    pytest.importorskip("opentelemetry")
    assert isinstance(open_sink("otel"), OpenTelemetrySink)


@pytest.mark.parametrize(
    "name",
    ["", "jsonl", "jsonl:", "csv:", "parquet", "xml:a", "prometheus:", "prometheus:x", "prometheus:65536", "otel:1"],
)
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match=r"telemetry: expected jsonl:PATH, .* got "):
        check_sink(name)
    with pytest.raises(ValueError, match="telemetry: expected"):
        open_sink(name)
