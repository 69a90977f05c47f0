"""What a monitor measures about itself, and where the measurements go.

One typed :class:`PushRecord` is made for every push and handed to every sink. :class:`JsonlSink` writes one line per
record and survives being killed at any moment; :func:`read_jsonl` reads such files back, skipping and counting lines
that a crash has torn. :class:`CsvSink` and :class:`ParquetSink` write tables, :class:`PrometheusSink` and
:class:`OpenTelemetrySink` feed what watches a service, and :class:`BufferedSink` puts a thread between a push and any
of them.
"""

import importlib
from typing import TYPE_CHECKING, Any

from toposcope.telemetry.record import SCHEMA_VERSION, PushRecord, Sink, new_run_id

if TYPE_CHECKING:
    from toposcope.telemetry.buffer import BufferedSink, flush_on_signals
    from toposcope.telemetry.csv_file import CsvSink
    from toposcope.telemetry.jsonl import JsonlContents, JsonlSink, read_jsonl
    from toposcope.telemetry.opentelemetry import OpenTelemetrySink
    from toposcope.telemetry.parquet_file import ParquetSink
    from toposcope.telemetry.process import ProcessGauges
    from toposcope.telemetry.prometheus import PrometheusSink

__all__ = [
    "SCHEMA_VERSION",
    "BufferedSink",
    "CsvSink",
    "JsonlContents",
    "JsonlSink",
    "OpenTelemetrySink",
    "ParquetSink",
    "ProcessGauges",
    "PrometheusSink",
    "PushRecord",
    "Sink",
    "flush_on_signals",
    "new_run_id",
    "read_jsonl",
]

#: Loaded when they are asked for: importing toposcope has to stay quick.
_MODULES = {
    "BufferedSink": "buffer",
    "CsvSink": "csv_file",
    "JsonlContents": "jsonl",
    "JsonlSink": "jsonl",
    "OpenTelemetrySink": "opentelemetry",
    "ParquetSink": "parquet_file",
    "ProcessGauges": "process",
    "PrometheusSink": "prometheus",
    "flush_on_signals": "buffer",
    "read_jsonl": "jsonl",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
