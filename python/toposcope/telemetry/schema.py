"""The columns of a record where it has to be flat: in CSV and Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGES = ("embed", "nearest", "landmarks", "persistence", "push", "track", "deliver", "vectorize", "total")
"""Stages that ``latency`` knows; ``nearest``, ``landmarks`` and ``persistence`` are parts of ``push``."""


class Column(NamedTuple):
    """A value of a record.

    Attributes
    ----------
    name : str
        Of the field; for what lies within one, both names with a dot between them.
    type : {"int", "float", "str"}
        What it is.
    unit : str
        What it counts or is measured in; empty for names.
    optional : bool
        Whether it may be missing: null in JSON and Parquet, an empty cell in CSV.
    """

    name: str
    type: str
    unit: str
    optional: bool = False


COLUMNS = (
    Column("schema", "int", ""),
    Column("run_id", "str", ""),
    Column("seq", "int", "records"),
    Column("wall_time", "float", "seconds"),
    Column("monotonic_time", "float", "seconds"),
    Column("step", "int", "steps"),
    Column("n_points", "int", "points"),
    Column("n_window", "int", "points", optional=True),
    Column("n_landmarks", "int", "landmarks"),
    Column("n_left_out", "int", "landmarks"),
    Column("n_added", "int", "landmarks"),
    Column("n_expired", "int", "landmarks"),
    Column("n_merged", "int", "landmarks"),
    Column("n_evicted", "int", "landmarks"),
    Column("n_late", "int", "points"),
    Column("n_dropped", "int", "points"),
    Column("n_events", "int", "events"),
    Column("n_intervals", "int", "intervals"),
    Column("epsilon", "float", "distance"),
    Column("error_bound", "float", "distance"),
    Column("n_bytes", "int", "bytes"),
    Column("fragmentation", "float", "share", optional=True),
    Column("n_queued_events", "int", "events"),
    Column("n_lost_events", "int", "events"),
    Column("blocked_seconds", "float", "seconds"),
    Column("n_queued_chunks", "int", "chunks", optional=True),
    Column("n_lost_chunks", "int", "chunks"),
    Column("feed_blocked_seconds", "float", "seconds"),
    *(Column(f"latency.{stage}", "float", "seconds", optional=True) for stage in STAGES),
    Column("process.rss_bytes", "int", "bytes", optional=True),
    Column("process.cpu_seconds", "float", "seconds", optional=True),
    Column("process.n_threads", "int", "threads", optional=True),
    Column("process.n_fds", "int", "files", optional=True),
    Column("process.available_bytes", "int", "bytes", optional=True),
)
"""Every value of a record, in the order of its fields."""

_PATHS = tuple(column.name.partition(".") for column in COLUMNS)


def flat(record: Mapping[str, Any]) -> list[Any]:
    """Return the values of a record's dictionary in the order of :data:`COLUMNS`, None for those that are missing."""
    return [record.get(outer) if not dot else (record.get(outer) or {}).get(inner) for outer, dot, inner in _PATHS]
