"""Records to write."""

import dataclasses

import pytest

from toposcope.telemetry import SCHEMA_VERSION, ProcessGauges, PushRecord

RECORD = PushRecord(
    schema=SCHEMA_VERSION,
    run_id="a run",
    seq=0,
    wall_time=1_700_000_000.5,
    monotonic_time=12.25,
    step=3,
    n_points=1000,
    n_window=4000,
    n_landmarks=256,
    n_left_out=2,
    n_added=5,
    n_expired=4,
    n_merged=3,
    n_evicted=1,
    n_late=7,
    n_dropped=6,
    n_events=8,
    n_intervals=300,
    epsilon=0.125,
    error_bound=0.25,
    n_bytes=1_000_000,
    fragmentation=0.5,
    n_queued_events=9,
    n_lost_events=10,
    blocked_seconds=0.5,
    n_queued_chunks=11,
    n_lost_chunks=12,
    feed_blocked_seconds=1.5,
    latency={"nearest": 0.25, "landmarks": 0.125, "persistence": 0.125, "push": 0.5, "track": 0.25, "total": 0.75},
    process=ProcessGauges(rss_bytes=10, cpu_seconds=1.0, n_threads=2, n_fds=None, available_bytes=20),
)


@pytest.fixture(name="record")
def _record():
    """Make a record; what is given takes the place of what it has."""

    def make(**changes):
        return dataclasses.replace(RECORD, **changes)

    return make
