"""The monitor's own promises, with doubles in place of the stream and the tracker."""

import asyncio
import gc
import signal
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import toposcope as ts
from toposcope.exceptions import TelemetryWarning
from toposcope.pipeline.monitor import Monitor
from toposcope.telemetry import SCHEMA_VERSION, JsonlSink, PushRecord, read_jsonl


@dataclass(frozen=True)
class Report:
    step: int
    n_points: int
    first_index: int
    n_window: int
    n_landmarks: int
    landmark_ids: np.ndarray
    diagram: ts.Diagram
    stats: SimpleNamespace
    epsilon: float = 0.0
    error_bound: float = 0.0
    cospan: object | None = "distances"
    events: tuple = ()
    features: np.ndarray | None = None


STATS = SimpleNamespace(
    n_added=1,
    n_expired=2,
    n_merged=3,
    n_evicted=4,
    n_late=5,
    n_dropped=6,
    n_left_out=7,
    n_bytes=1000,
    pool=SimpleNamespace(slots=8, fragmentation=0.25),
    latency={"nearest": 0.001, "persistence": 0.002},
)


class Stream:
    """Keeps the last ``window`` points, each of them a landmark, and fails when it is asked to."""

    def __init__(self, window=4, delay=0.0):
        self.window = window
        self.delay = delay
        self.chunks = []
        self.n_seen = 0
        self.threads = set()

    def push(self, chunk, times=None, weights=None):
        self.threads.add(threading.current_thread())
        if np.isnan(chunk).any():
            raise ValueError("points: expected finite values")
        time.sleep(self.delay)
        self.chunks.append(np.array(chunk))
        first, self.n_seen = self.n_seen, self.n_seen + len(chunk)
        ids = np.arange(max(0, self.n_seen - self.window), self.n_seen, dtype=np.uint64)
        diagram = ts.Diagram.from_arrays({0: [[0, np.inf]]})
        return Report(len(self.chunks), len(chunk), first, len(ids), len(ids), ids, diagram, STATS)


@dataclass(frozen=True)
class Grown:
    seq: int
    step: int
    kind: str = "Grown"
    identities: tuple = ()
    confidence: float = 1.0


class Tracker:
    def observe(self, report):
        return [Grown(seq=report.step, step=report.step)]


class Vectorizer:
    def transform(self, diagrams):
        return np.array([[diagram.n_intervals, 7.0] for diagram in diagrams])


def rows(n, start=0):
    return np.arange(start, start + n, dtype=np.float32)[:, np.newaxis]


def test_a_report_carries_events_and_features():
    monitor = Monitor(Stream(), Tracker(), Vectorizer())
    report = monitor.push(rows(3))
    assert report.events == (Grown(1, 1),)
    assert report.cospan is None
    np.testing.assert_array_equal(report.features, [1.0, 7.0])
    assert (monitor.n_pushes, monitor.n_events) == (1, 1)


def test_without_tracker_and_vectorizer_there_is_neither():
    report = Monitor(Stream()).push(rows(3))
    assert report.events == ()
    assert report.features is None
    assert report.cospan == "distances"


def test_items_are_kept_for_landmarks_alive_and_a_bounded_number_of_others():
    monitor = Monitor(Stream(window=3))
    monitor.push(rows(2), items=["a", "b"])
    monitor.push(rows(2), items=["c", "d"])
    assert monitor.items([0, 1, 2, 3, 9]) == ["a", "b", "c", "d", None]  # 0 is gone, and not yet forgotten
    for start in range(0, 12_000, 3):
        monitor.push(rows(3), items=[f"{start}", "x", "y"])
    assert monitor.items([0, 1]) == [None, None]
    assert len(monitor._items) < 5000


def test_points_without_items_have_none():
    monitor = Monitor(Stream(window=10))
    monitor.push(rows(2))
    monitor.push(rows(1), items=["c"])
    assert monitor.items([0, 1, 2]) == [None, None, "c"]


def test_items_have_to_be_as_many_as_points():
    monitor = Monitor(Stream())
    with pytest.raises(ValueError, match="items: expected one for each of the 3 points, got 2"):
        monitor.push(rows(3), items=["a", "b"])
    assert monitor.stream.chunks == []


def test_every_push_leaves_a_record(tmp_path):
    path = tmp_path / "run.jsonl"
    with Monitor(Stream(), Tracker(), sinks=[JsonlSink(path)], run_id="a run") as monitor:
        monitor.push(rows(3))
        monitor.push(rows(2))
    first, second = read_jsonl(path).records
    assert (first["schema"], first["run_id"], first["seq"], second["seq"]) == (SCHEMA_VERSION, "a run", 0, 1)
    assert (second["step"], second["n_points"], second["n_window"], second["n_landmarks"]) == (2, 2, 4, 4)
    assert [second[f"n_{name}"] for name in ("added", "expired", "merged", "evicted", "bytes")] == [1, 2, 3, 4, 1000]
    assert (second["n_events"], second["n_intervals"], second["fragmentation"]) == (1, 1, 0.25)
    assert second["monotonic_time"] > first["monotonic_time"]
    stages = second["latency"]
    assert list(stages) == ["nearest", "persistence", "push", "track", "deliver", "vectorize", "total"]
    assert stages["total"] == pytest.approx(sum(stages[s] for s in ("push", "track", "vectorize", "deliver")))
    assert set(second) == set(PushRecord.__dataclass_fields__)


def test_a_failing_sink_warns_once_and_disturbs_nothing(tmp_path):
    class Broken:
        def write(self, record):
            raise RuntimeError("no disk")

        def close(self):
            """Nothing to close."""

    good = JsonlSink(tmp_path / "run.jsonl")
    monitor = Monitor(Stream(), sinks=[Broken(), good])
    with pytest.warns(TelemetryWarning, match="no disk"):
        monitor.push(rows(1))
    monitor.push(rows(1))
    monitor.close()
    assert monitor.n_sink_failures == 2
    assert good.n_written == 2


def test_a_refused_chunk_changes_nothing(tmp_path):
    sink = JsonlSink(tmp_path / "run.jsonl")
    monitor = Monitor(Stream(), Tracker(), sinks=[sink])
    subscription = monitor.subscribe()
    with pytest.raises(ValueError, match="finite"):
        monitor.push(np.full((1, 1), np.nan))
    assert (monitor.n_pushes, sink.n_written, subscription.n_received) == (0, 0, 0)
    monitor.push(rows(1))
    monitor.close()


class InterruptedOnce(Tracker):
    """Fails on its second report as if Ctrl-C had come, and insists on getting every report in order."""

    def __init__(self, error=KeyboardInterrupt):
        self.error = error
        self.seen = []

    def observe(self, report):
        if report.step == 2 and self.error is not None:
            error, self.error = self.error, None
            raise error
        self.seen.append(report.step)
        return super().observe(report)


def test_an_interrupted_tracker_catches_up():
    monitor = Monitor(Stream(), tracker := InterruptedOnce())
    events = monitor.subscribe()
    monitor.push(rows(1))
    with pytest.raises(KeyboardInterrupt):
        monitor.push(rows(1), items=["kept"])
    assert monitor.items([1]) == ["kept"]
    report = monitor.push(rows(1))
    assert tracker.seen == [1, 2, 3]
    assert [event.step for event in report.events] == [2, 3]
    assert [event.step for event in events.drain()] == [1, 2, 3]


def test_a_refused_report_is_not_offered_again():
    monitor = Monitor(Stream(), tracker := InterruptedOnce(ValueError("another stream")))
    monitor.push(rows(1))
    with pytest.raises(ValueError, match="another stream"):
        monitor.push(rows(1))
    monitor.push(rows(1))
    assert tracker.seen == [1, 3]


def test_a_report_lost_on_its_way_does_not_stop_a_monitor():
    stream = ts.Stream(n_dims=1, window=100)
    monitor = Monitor(stream, ts.CobordismTracker(scale=1.0))
    assert [event.kind for event in monitor.push(np.zeros((1, 1))).events] == ["ComponentBirth"]
    stream.push(np.full((1, 1), 5.0))  # as if Ctrl-C had come before the report was in anyone's hands
    with pytest.warns(ts.TrackingWarning, match="reports before step 3 are lost"):
        report = monitor.push(np.full((1, 1), 9.0))
    assert [event.kind for event in report.events] == ["ComponentBirth"] * 3
    assert [event.kind for event in monitor.push(np.full((1, 1), 20.0)).events] == ["ComponentBirth"]


def test_a_report_lost_before_an_interrupted_tracker_does_not_stop_a_monitor():
    class Interrupted(ts.CobordismTracker):
        def observe(self, report):
            if report.step == 3 and len(monitor._untracked) == 1:
                raise KeyboardInterrupt
            return super().observe(report)

    stream = ts.Stream(n_dims=1, window=100)
    monitor = Monitor(stream, Interrupted(scale=1.0))
    monitor.push(np.zeros((1, 1)))
    stream.push(np.full((1, 1), 5.0))
    with pytest.raises(KeyboardInterrupt):
        monitor.push(np.full((1, 1), 9.0))
    with pytest.warns(ts.TrackingWarning, match="reports before step 3 are lost"):
        report = monitor.push(np.full((1, 1), 20.0))
    assert [event.step for event in report.events] == [3, 3, 3, 4]


def test_events_lost_on_their_way_do_not_stop_a_monitor():
    class Interrupted(ts.CobordismTracker):
        interrupts = 1

        def observe(self, report):
            events = super().observe(report)
            if report.step == 2 and self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            return events

    monitor = Monitor(ts.Stream(n_dims=1, window=100), Interrupted(scale=1.0))
    monitor.push(np.zeros((1, 1)))
    with pytest.raises(KeyboardInterrupt):
        monitor.push(np.full((1, 1), 5.0))
    with pytest.warns(ts.TrackingWarning, match="the events of step 2 are lost"):
        report = monitor.push(np.full((1, 1), 9.0))
    assert [(event.step, event.kind) for event in report.events] == [(3, "ComponentBirth")]
    assert len(monitor.tracker.components) == 3


@pytest.mark.filterwarnings("ignore::toposcope.TrackingWarning")
def test_an_interrupt_while_tracking_starts_anew_does_not_stop_a_monitor():
    class Interrupted(ts.CobordismTracker):
        interrupts = 1

        def reset(self):
            if self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            super().reset()

    stream = ts.Stream(n_dims=1, window=100)
    monitor = Monitor(stream, Interrupted(scale=1.0))
    monitor.push(np.zeros((1, 1)))
    stream.push(np.full((1, 1), 5.0))  # as if Ctrl-C had come before the report was in anyone's hands
    with pytest.raises(KeyboardInterrupt):
        monitor.push(np.full((1, 1), 9.0))
    report = monitor.push(np.full((1, 1), 20.0))
    assert [(event.step, event.kind) for event in report.events] == [(3, "ComponentBirth")] * 3 + [
        (4, "ComponentBirth")
    ]
    assert [event.kind for event in monitor.push(np.full((1, 1), 40.0)).events] == ["ComponentBirth"]


@pytest.mark.filterwarnings("ignore::toposcope.TrackingWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers on this system")
def test_interrupts_at_any_moment_leave_a_monitor_usable():
    def interrupt(*_):
        raise KeyboardInterrupt

    rng = np.random.default_rng(0)
    monitor = Monitor(ts.Stream(3, window=400, max_landmarks=200), ts.CobordismTracker(scale=0.5, margin=0.0))
    n_interrupts = 0
    # What is raised in a callback of the collector, as others here have them, goes nowhere but to pytest.
    gc.disable()
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            chunk = rng.normal(size=(60, 3))
            try:
                signal.setitimer(signal.ITIMER_REAL, float(rng.uniform(0.0005, 0.03)))
                monitor.push(chunk, items=list(range(60)))
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                n_interrupts += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
    assert n_interrupts > 10
    report = monitor.push(rng.normal(size=(60, 3)))
    assert report.step == monitor.stream.step
    assert monitor.push(rng.normal(size=(60, 3))).step == report.step + 1


def test_a_failing_vectorizer_costs_no_events():
    class Unfitted:
        def transform(self, diagrams):
            raise RuntimeError("not fitted")

    monitor = Monitor(Stream(), Tracker(), Unfitted())
    events = monitor.subscribe()
    with pytest.raises(RuntimeError, match="not fitted"):
        monitor.push(rows(1))
    assert len(events.drain()) == 1
    monitor.vectorizer = None
    assert monitor.push(rows(1)).step == 2


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"stream": None}, "stream: expected something with push, got None"),
        ({"stream": Stream}, "stream: .* got <class"),
        ({"tracker": 3}, "tracker: expected something with observe, got 3"),
        ({"vectorizer": "betti"}, "vectorizer: expected something with transform"),
        ({"sinks": ["run.jsonl"]}, "sinks: expected something with write and close, got 'run.jsonl'"),
    ],
)
def test_what_could_only_fail_in_a_push_is_refused_before_it(parts, message):
    with pytest.raises(TypeError, match=message):
        Monitor(**{"stream": Stream(), **parts})


def test_evicting_is_tracked_like_a_push():
    monitor = Monitor(ts.Stream(n_dims=1, window=10), ts.CobordismTracker(scale=1.0))
    monitor.push(np.array([[0.0], [9.0]], dtype=np.float32), items=["left", "right"])
    report = monitor.evict(1)
    assert [(event.kind, monitor.items(event.landmarks_before)) for event in report.events] == [
        ("ComponentDeath", ["left"])
    ]
    assert [event.kind for event in monitor.push(np.array([[0.0]], dtype=np.float32)).events] == ["ComponentBirth"]


def test_subscribers_get_events_from_the_next_push_on():
    monitor = Monitor(Stream(), Tracker())
    first = monitor.subscribe()
    monitor.push(rows(1))
    second = monitor.subscribe()
    monitor.push(rows(1))
    assert [event.seq for event in first.drain()] == [1, 2]
    assert [event.seq for event in second.drain()] == [2]
    second.close()
    monitor.push(rows(1))
    assert [event.seq for event in first.drain()] == [3]
    assert second.drain() == []


def test_subscribers_can_go_back_to_a_number():
    monitor = Monitor(Stream(), Tracker(), history=5)
    for _ in range(8):
        monitor.push(rows(1))
    again = monitor.subscribe(since=6)
    assert len(again) == 3
    monitor.push(rows(1))
    assert [event.seq for event in again.drain()] == [6, 7, 8, 9]
    assert (again.n_received, again.n_dropped) == (4, 0)
    monitor.push(rows(1))
    assert [event.seq for event in again.drain()] == [10]
    assert [event.seq for event in monitor.subscribe(since=11).drain()] == []
    assert [event.seq for event in monitor.subscribe().drain()] == []


def test_the_past_takes_none_of_the_room():
    monitor = Monitor(Stream(), Tracker())
    for _ in range(10):
        monitor.push(rows(1))
    subscription = monitor.subscribe(since=1, capacity=1, on_lag="block")
    monitor.push(rows(1))
    assert [event.seq for event in subscription.drain()] == list(range(1, 12))
    assert (subscription.blocked_seconds, subscription.since) == (0.0, 1)


def test_a_number_that_is_forgotten_is_said_to_be():
    monitor = Monitor(Stream(), Tracker(), history=3)
    for _ in range(8):
        monitor.push(rows(1))
    with pytest.raises(
        ts.LaggedError, match=r"since: expected a number from 6 on, .* got 2: 4 events are gone"
    ) as lagged:
        monitor.subscribe(since=2)
    assert lagged.value.n_missed == 4
    assert monitor._subscriptions == []


def test_a_monitor_without_history_replays_nothing():
    monitor = Monitor(Stream(), Tracker(), history=0)
    monitor.push(rows(1))
    subscription = monitor.subscribe(since=1)
    monitor.push(rows(1))
    with pytest.raises(ts.LaggedError, match="since: 1 events before the next one are not known to this monitor"):
        subscription.drain()
    assert [event.seq for event in subscription.drain()] == [2]


def test_a_reader_that_is_ahead_of_a_restored_tracker_gets_nothing_twice():
    monitor = Monitor(Stream(), Tracker())
    subscription = monitor.subscribe(since=4)
    for _ in range(6):
        monitor.push(rows(1))
    assert [event.seq for event in subscription.drain()] == [4, 5, 6]


def test_a_tracker_that_counts_anew_does_not_mix_with_what_was_before():
    class Counting:
        def __init__(self):
            self.seq = 0

        def observe(self, report):
            self.seq += 1
            return [Grown(self.seq - 1, report.step)]

    monitor = Monitor(Stream(), Counting())
    for _ in range(3):
        monitor.push(rows(1))
    monitor.tracker = Counting()
    monitor.push(rows(1))
    assert [(event.seq, event.step) for event in monitor.subscribe(since=0).drain()] == [(0, 4)]


def test_replay_goes_through_a_restored_tracker():
    chunks = [np.full((1, 1), 5.0 * x) for x in range(8)]
    stream, tracker = ts.Stream(n_dims=1, window=3), ts.CobordismTracker(scale=1.0)
    monitor = Monitor(stream, tracker)
    expected = monitor.subscribe()
    for chunk in chunks[:4]:
        monitor.push(chunk)
    kept = stream.snapshot(), tracker.snapshot()
    for chunk in chunks[4:]:
        monitor.push(chunk)
    told = {event.seq: event for event in expected.drain()}
    done = 5  # the reader has dealt with these, and then the process dies

    restored = Monitor(ts.Stream.restore(kept[0]), ts.CobordismTracker.restore(kept[1]))
    going_on = restored.subscribe(since=done + 1)
    for chunk in chunks[4:]:
        restored.push(chunk)
    rest = going_on.drain()
    assert [event.seq for event in rest] == list(range(done + 1, max(told) + 1))
    assert all(event == told[event.seq] for event in rest)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"since": -1}, ValueError, "since: expected an integer of at least 0, got -1"),
        ({"since": 1.5}, TypeError, "since: expected an integer, got 1.5"),
    ],
)
def test_bad_numbers_to_go_back_to_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Monitor(Stream()).subscribe(**arguments)


@pytest.mark.parametrize(("history", "error"), [(-1, ValueError), ("all", TypeError)])
def test_bad_histories_are_refused(history, error):
    with pytest.raises(error, match="history: expected an integer"):
        Monitor(Stream(), history=history)


def test_replay_leaves_no_gap_while_others_push():
    monitor = Monitor(Stream(window=1000), Tracker(), history=10_000)
    pushing = threading.Thread(target=lambda: [monitor.push(rows(1)) for _ in range(400)])
    pushing.start()
    subscriptions = []
    while pushing.is_alive():
        subscriptions.append(monitor.subscribe(since=1, capacity=10_000))
        time.sleep(0.001)
    pushing.join()
    assert len(subscriptions) > 3
    for subscription in subscriptions:
        assert [event.seq for event in subscription.drain()] == list(range(1, 401))


def test_records_say_what_subscribers_cost(tmp_path):
    sink = JsonlSink(tmp_path / "run.jsonl")
    with Monitor(Stream(), Tracker(), sinks=[sink]) as monitor:
        slow = monitor.subscribe(capacity=2)
        patient = monitor.subscribe(capacity=1, on_lag="block")
        reading = threading.Thread(target=lambda: [time.sleep(0.02) or next(iter(patient)) for _ in range(5)])
        reading.start()
        for _ in range(5):
            monitor.push(rows(1))
        reading.join()
    records = read_jsonl(sink.path).records
    assert [record["n_lost_events"] for record in records] == [0, 0, 1, 1, 1]
    assert sum(record["n_lost_events"] for record in records) == slow.n_dropped
    assert sum(record["blocked_seconds"] for record in records) == pytest.approx(patient.blocked_seconds)
    assert patient.blocked_seconds > 0.02
    assert all(record["latency"]["deliver"] >= record["blocked_seconds"] for record in records)
    assert records[-1]["n_queued_events"] >= 2


def test_flushing_asks_all_sinks_within_the_time_there_is():
    class Sink:
        def __init__(self, outcome):
            self.outcome = outcome
            self.timeouts = []

        def write(self, record):
            """Nothing to keep."""

        def close(self):
            """Nothing to close."""

        def flush(self, timeout):
            self.timeouts.append(timeout)
            return self.outcome

    good, bad = Sink(outcome=True), Sink(outcome=False)
    assert Monitor(Stream(), sinks=[good]).flush()
    assert not Monitor(Stream(), sinks=[bad, good]).flush(1.0)
    assert good.timeouts[0] is None
    assert 0 < good.timeouts[1] <= bad.timeouts[0] <= 1.0
    with pytest.raises(TypeError, match="timeout: expected a number"):
        Monitor(Stream()).flush("soon")


def test_closing_ends_subscriptions_and_refuses_more():
    monitor = Monitor(Stream(), Tracker())
    subscription = monitor.subscribe()
    monitor.push(rows(1))
    monitor.close()
    monitor.close()
    assert [event.seq for event in subscription] == [1]
    with pytest.raises(ValueError, match="closed monitor"):
        monitor.push(rows(1))
    with pytest.raises(ValueError, match="closed monitor"):
        monitor.subscribe()


def test_closing_frees_a_push_that_waits_for_a_reader():
    monitor = Monitor(Stream(), Tracker())
    monitor.subscribe(capacity=1, on_lag="block")
    monitor.push(rows(1))
    pushing = threading.Thread(target=monitor.push, args=(rows(1),))
    pushing.start()
    time.sleep(0.02)
    assert pushing.is_alive()
    monitor.close()
    pushing.join(timeout=5)
    assert not pushing.is_alive()


def test_threads_push_one_after_another():
    monitor = Monitor(Stream(window=1000), Tracker())
    subscription = monitor.subscribe()
    threads = [
        threading.Thread(target=lambda name=name: [monitor.push(rows(2), items=[name, name]) for _ in range(50)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.seq for event in subscription.drain()] == list(range(1, 201))
    items = monitor.items(range(400))
    assert all(items[i] == items[i + 1] for i in range(0, 400, 2))
    assert sorted(items) == ["a"] * 100 + ["b"] * 100 + ["c"] * 100 + ["d"] * 100


# run ------------------------------------------------------------------------------------------------------------------


def sizes(stream):
    return [len(chunk) for chunk in stream.chunks]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([rows(1, i)[0] for i in range(25)], [10, 10, 5]),
        ([rows(7), rows(7, 7), rows(7, 14)], [10, 10, 1]),
        ([rows(35)], [10, 10, 10, 5]),
        ([rows(10)], [10]),
        ([rows(0), rows(3)], [3]),
        ([], []),
    ],
)
def test_a_source_is_cut_by_size(blocks, expected):
    stream = Stream()
    reports = list(Monitor(stream).run(blocks, chunk_size=10, chunk_seconds=None))
    assert sizes(stream) == expected
    assert [report.step for report in reports] == list(range(1, len(expected) + 1))
    pushed = np.concatenate([np.empty((0, 1)), *stream.chunks])
    np.testing.assert_array_equal(pushed[:, 0], np.arange(sum(expected)))


def test_a_source_is_cut_by_time():
    def slow():
        for i in range(6):
            if i == 4:
                time.sleep(0.05)
            yield rows(1, i)

    stream = Stream()
    list(Monitor(stream).run(slow(), chunk_size=1000, chunk_seconds=0.03))
    assert sum(sizes(stream)) == 6
    assert len(sizes(stream)) >= 2  # the fifth row found a chunk that was due


def test_what_came_before_a_failure_is_pushed_first():
    def failing():
        yield rows(3)
        raise OSError("the line went dead")

    stream, reports = Stream(), []
    with pytest.raises(OSError, match="the line went dead"):
        reports.extend(Monitor(stream).run(failing()))
    assert sizes(stream) == [3]


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (3, TypeError, "source: expected an iterable or an asynchronous iterable, got int"),
        ([[1.0, 2.0]], TypeError, "source: expected arrays of shape .* got list"),
        ([np.zeros((1, 2, 3))], TypeError, r"got ndarray of dtype float64 and shape \(1, 2, 3\)"),
        ([np.array(["a"])], TypeError, "source: expected numeric arrays"),
        ([np.zeros(3), np.zeros(2)], ValueError, "source: expected rows of 3 dimensions like those before, got 2"),
    ],
)
def test_sources_of_something_else_are_refused(source, error, message):
    with pytest.raises(error, match=message):
        list(Monitor(Stream()).run(source))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"chunk_size": 0}, ValueError, "chunk_size: expected an integer of at least 1"),
        ({"chunk_size": 1.5}, TypeError, "chunk_size: expected an integer"),
        ({"chunk_seconds": -1}, ValueError, "chunk_seconds: expected seconds, at least 0"),
        ({"chunk_seconds": "1"}, TypeError, "chunk_seconds: expected a number"),
    ],
)
def test_bad_chunks_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Monitor(Stream()).run([], **arguments)


async def feed(blocks, delay=0.0):
    for block in blocks:
        await asyncio.sleep(delay)
        yield block


async def test_an_asynchronous_source_is_pushed_in_another_thread():
    stream = Stream()
    reports = [report async for report in Monitor(stream).run(feed([rows(7), rows(7)]), chunk_size=10)]
    assert sizes(stream) == [10, 4]
    assert [report.step for report in reports] == [1, 2]
    assert threading.main_thread() not in stream.threads


async def test_a_synchronous_source_can_be_run_asynchronously():
    stream = Stream()
    reports = [report async for report in Monitor(stream).run([rows(7), rows(7)], chunk_size=10)]
    assert (len(reports), sizes(stream)) == (2, [10, 4])
    assert threading.main_thread() not in stream.threads


async def test_the_loop_goes_on_while_a_push_takes_its_time():
    stream = Stream(delay=0.3)
    n_ticks = 0

    async def tick():
        nonlocal n_ticks
        while True:
            await asyncio.sleep(0.005)
            n_ticks += 1

    ticking = asyncio.create_task(tick())
    async for _ in Monitor(stream).run(feed([rows(3)])):
        pass
    ticking.cancel()
    assert n_ticks >= 5


async def test_a_silent_asynchronous_source_is_cut_by_time():
    go_on = asyncio.Event()

    async def source():
        yield rows(2)
        await go_on.wait()
        yield rows(1)

    stream = Stream()
    run = aiter(Monitor(stream).run(source(), chunk_seconds=0.02))
    await anext(run)  # comes while the source is silent
    go_on.set()
    assert [report.step async for report in run] == [2]
    assert sizes(stream) == [2, 1]


async def test_an_asynchronous_failure_comes_after_what_was_before_it():
    async def failing():
        yield rows(3)
        raise OSError("the line went dead")

    stream = Stream()
    with pytest.raises(OSError, match="the line went dead"):
        async for _ in Monitor(stream).run(failing()):
            pass
    assert sizes(stream) == [3]


async def test_leaving_early_closes_the_source():
    closed = []

    async def source():
        try:
            while True:
                yield rows(10)
        finally:
            closed.append(True)

    run = aiter(Monitor(Stream()).run(source(), chunk_size=10))
    await anext(run)
    await run.aclose()
    assert closed == [True]
    assert len(asyncio.all_tasks()) == 1


def test_an_asynchronous_source_needs_an_asynchronous_loop():
    with pytest.raises(TypeError, match="use `async for report in"):
        iter(Monitor(Stream()).run(feed([])))
