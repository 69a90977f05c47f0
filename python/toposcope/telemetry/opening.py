"""Sinks by name, as the command line says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toposcope.telemetry.csv_file import CsvSink
from toposcope.telemetry.jsonl import JsonlSink
from toposcope.telemetry.opentelemetry import OpenTelemetrySink
from toposcope.telemetry.parquet_file import ParquetSink
from toposcope.telemetry.prometheus import PrometheusSink

if TYPE_CHECKING:
    from toposcope.telemetry.record import Sink

_FILES: dict[str, type[JsonlSink | CsvSink | ParquetSink]] = {
    "jsonl": JsonlSink,
    "csv": CsvSink,
    "parquet": ParquetSink,
}
_PROMETHEUS_PORT = 9464
SINKS = "jsonl:PATH, csv:PATH, parquet:PATH, prometheus, prometheus:PORT or otel"
"""What :func:`open_sink` understands, in words."""


def check_sink(name: str) -> None:
    """Refuse what :func:`open_sink` would not understand, without opening anything.

    Raises
    ------
    ValueError
        If it is none of :data:`SINKS`.
    """
    kind, colon, rest = name.partition(":")
    is_file = kind in _FILES and rest != ""
    is_port = kind == "prometheus" and (not colon or (rest.isascii() and rest.isdigit() and int(rest) < 2**16))
    if not is_file and not is_port and name != "otel":
        raise ValueError(f"telemetry: expected {SINKS}, got {name!r}")


def open_sink(name: str) -> Sink:
    """Return the sink that a name such as ``"csv:run.csv"`` stands for.

    Parameters
    ----------
    name : str
        ``"jsonl:PATH"``, ``"csv:PATH"`` or ``"parquet:PATH"``; ``"prometheus"`` or ``"prometheus:PORT"``, served on
        this machine alone, by default on port 9464; or ``"otel"``, for the providers that the program has set up.

    Raises
    ------
    ValueError
        If it is none of these.
    ImportError
        If what the sink needs is missing.
    OSError
        If the file or the port cannot be had.

    Examples
    --------
    >>> from toposcope.telemetry.opening import open_sink
    >>> with open_sink("csv:run.csv") as sink:
    ...     print(sink.path)
    run.csv
    """
    check_sink(name)
    kind, _, rest = name.partition(":")
    if kind in _FILES:
        return _FILES[kind](rest)
    return OpenTelemetrySink() if kind == "otel" else PrometheusSink(port=int(rest or _PROMETHEUS_PORT))
