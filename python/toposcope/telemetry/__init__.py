"""What a monitor measures about itself, and where the measurements go.

One typed :class:`PushRecord` is made for every push and handed to every sink. :class:`JsonlSink` writes one line per
record and survives being killed at any moment; :func:`read_jsonl` reads such files back, skipping and counting lines
that a crash has torn.
"""

from toposcope.telemetry.jsonl import JsonlContents, JsonlSink, read_jsonl
from toposcope.telemetry.record import SCHEMA_VERSION, PushRecord, Sink, new_run_id

__all__ = [
    "SCHEMA_VERSION",
    "JsonlContents",
    "JsonlSink",
    "PushRecord",
    "Sink",
    "new_run_id",
    "read_jsonl",
]
