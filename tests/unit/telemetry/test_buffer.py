"""Nothing that was taken is lost or doubled, whatever ends the process, and nobody waits for a slow sink."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import toposcope as ts
from toposcope.exceptions import TelemetryWarning
from toposcope.telemetry import BufferedSink, JsonlSink, flush_on_signals, read_jsonl


class Kept:
    """A sink that keeps what it gets, by calls; it waits for permission if it is told to."""

    def __init__(self, *, waits=False):
        self.calls = []
        self.n_closed = 0
        self.may_go_on = threading.Event()
        if not waits:
            self.may_go_on.set()

    def write_many(self, records):
        assert self.may_go_on.wait(10)
        self.calls.append(list(records))

    def write(self, record):
        self.write_many([record])

    def close(self):
        self.n_closed += 1

    @property
    def records(self):
        return [record for call in self.calls for record in call]


def until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_records_go_when_there_are_enough():
    with BufferedSink(kept := Kept(), max_records=3, max_seconds=60) as sink:
        for n in range(2):
            sink.write(n)
        time.sleep(0.05)
        assert (kept.calls, len(sink)) == ([], 2)
        sink.write(2)
        until(lambda: kept.calls == [[0, 1, 2]])


def test_records_go_when_the_first_is_old():
    with BufferedSink(kept := Kept(), max_seconds=0.05) as sink:
        begun = time.monotonic()
        sink.write(0)
        sink.write(1)
        until(lambda: kept.calls == [[0, 1]])
        assert time.monotonic() - begun >= 0.05


def test_records_go_when_someone_asks_and_at_the_end():
    sink = BufferedSink(kept := Kept(), max_seconds=60)
    sink.write(0)
    assert sink.flush()
    assert kept.records == [0]
    assert sink.flush(0.0)
    sink.write(1)
    sink.close()
    sink.close()
    assert (kept.records, kept.n_closed) == ([0, 1], 1)
    with pytest.raises(ValueError, match="write to a closed sink"):
        sink.write(2)


def test_a_sink_that_takes_one_at_a_time_gets_one_at_a_time():
    class Single:
        def __init__(self):
            self.records = []

        def write(self, record):
            self.records.append(record)

        def close(self):
            """Nothing to close."""

    with BufferedSink(single := Single()) as sink:
        for n in range(5):
            sink.write(n)
    assert single.records == [0, 1, 2, 3, 4]


def test_a_slow_sink_costs_the_oldest_records_and_no_time():
    sink = BufferedSink(kept := Kept(waits=True), max_records=1, capacity=10)
    sink.write(-1)
    until(lambda: len(sink) == 0)  # in the sink's hands, which holds it back
    begun = time.monotonic()
    for n in range(25):
        sink.write(n)
    assert time.monotonic() - begun < 1
    assert not sink.flush(0.01)
    assert (len(sink), sink.n_dropped) == (10, 15)
    kept.may_go_on.set()
    assert sink.flush(5)
    assert kept.records == [-1, *range(15, 25)]
    sink.close()


def test_a_sink_that_hangs_does_not_hold_up_the_end(monkeypatch):
    monkeypatch.setattr("toposcope.telemetry.buffer._GRACE", 0.05)
    sink = BufferedSink(kept := Kept(waits=True), max_records=1)
    sink.write(0)
    until(lambda: len(sink) == 0)
    sink.write(1)
    with pytest.warns(TelemetryWarning, match="took more than 0.05 s: 1 records are dropped"):
        sink.close()
    assert (sink.n_dropped, kept.n_closed) == (1, 0)
    kept.may_go_on.set()


def test_a_failing_sink_is_told_of_once_where_someone_can_hear_it():
    class Broken(Kept):
        def write_many(self, records):
            raise RuntimeError("no line")

    sink = BufferedSink(Broken(), max_seconds=0.0)
    sink.write(0)
    until(lambda: sink.n_failures == 1)
    with pytest.warns(TelemetryWarning, match=r"failed: RuntimeError\('no line'\); see n_failures"):
        sink.flush()
    sink.write(1)
    assert sink.flush()
    assert sink.n_failures == 2
    sink.close()


def test_what_is_behind_it_is_flushed_too():
    class Holding(Kept):
        def flush(self, timeout):
            return timeout is None

    with BufferedSink(Holding()) as sink:
        assert sink.flush()
        assert not sink.flush(1.0)


def test_many_threads_lose_and_double_nothing():
    with BufferedSink(kept := Kept(), max_records=7, max_seconds=0.001) as sink:
        threads = [
            threading.Thread(target=lambda name=name: [sink.write((name, n)) for n in range(500)]) for name in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(kept.records) == [(name, n) for name in range(4) for n in range(500)]
    for name in range(4):
        assert [n for who, n in kept.records if who == name] == list(range(500))


# Windows has none: there is no second process that could write what the first one holds.
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_after_a_fork_each_process_writes_what_is_its_own(tmp_path):
    path = tmp_path / "run.jsonl"
    sink = BufferedSink(JsonlSink(path), max_seconds=60)
    sink.write({"from": "parent"})
    child = os.fork()
    if child == 0:
        sink.write({"from": "child"})
        os._exit(0 if sink.flush(5) else 1)
    assert os.waitpid(child, 0)[1] == 0
    sink.close()
    assert [record["from"] for record in read_jsonl(path).records] == ["child", "parent"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_records": 0}, ValueError, "max_records: expected an integer of at least 1"),
        ({"capacity": 0}, ValueError, "capacity: expected an integer of at least 1"),
        ({"max_seconds": -1}, ValueError, "max_seconds: expected seconds, at least 0"),
        ({"max_seconds": "1"}, TypeError, "max_seconds: expected a number"),
        ({"sink": "run.jsonl"}, TypeError, "sink: expected something with write and close, got 'run.jsonl'"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        BufferedSink(**{"sink": Kept(), **arguments})


# The end of a process ---------------------------------------------------------------------------------------------

PROGRAM = """
import signal, sys, time
import toposcope as ts
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where the tests run
sink = ts.telemetry.BufferedSink(ts.telemetry.JsonlSink(sys.argv[1]), max_seconds=60)
def run():
    for seq in range(100):
        sink.write({"seq": seq})
"""
ENDS = """
run()
"""
RAISES = """
run()
raise RuntimeError("of the program")
"""
WAITS = """
with ts.telemetry.flush_on_signals(sink):
    run()
    print("ready", flush=True)
    time.sleep(60)
"""
#: Writes all the time, so that the signal comes while the sink is at work.
BUSY = """
with ts.telemetry.flush_on_signals(sink):
    run()
    print("ready", flush=True)
    while True:
        sink.write({"seq": -1})
"""


def start(program, path):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM + program, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def seqs(path):
    return [record["seq"] for record in read_jsonl(path).records if record["seq"] >= 0]


@pytest.mark.parametrize(("program", "code"), [(ENDS, 0), (RAISES, 1)])
def test_the_end_of_a_program_loses_nothing(tmp_path, program, code):
    child = start(program, path := tmp_path / "run.jsonl")
    child.communicate(timeout=30)
    assert child.returncode == code
    assert seqs(path) == list(range(100))


@pytest.mark.parametrize("program", [WAITS, BUSY], ids=["waiting", "writing"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_loses_nothing_and_ends_the_process_as_ever(tmp_path, program, signum):
    with start(program, path := tmp_path / "run.jsonl") as child:
        assert child.stdout.readline() == "ready\n"
        begun = time.monotonic()
        child.send_signal(signum)
        _, errors = child.communicate(timeout=30)
    assert time.monotonic() - begun < 2.5
    if signum == signal.SIGTERM:
        assert child.returncode == -signal.SIGTERM
    else:
        assert "KeyboardInterrupt" in errors
    assert seqs(path) == list(range(100))


def test_handlers_are_chained_and_put_back():
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda signum, frame: heard.append(signum))
    try:
        mine = signal.getsignal(signal.SIGUSR1)
        with BufferedSink(kept := Kept(), max_seconds=60) as sink:
            with flush_on_signals(sink, signals=[signal.SIGUSR1]):
                sink.write(0)
                signal.raise_signal(signal.SIGUSR1)
                assert (kept.records, heard) == ([0], [signal.SIGUSR1])
            assert signal.getsignal(signal.SIGUSR1) is mine
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with flush_on_signals(signals=[signal.SIGUSR1]):
            assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_monitor_is_flushed_with_all_its_sinks():
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    kept = [Kept(), Kept()]
    try:
        with (
            ts.Monitor(ts.Stream(n_dims=1), sinks=[BufferedSink(k, max_seconds=60) for k in kept]) as monitor,
            flush_on_signals(monitor, signals=[signal.SIGUSR1]),
        ):
            monitor.push(np.zeros((1, 1)))
            signal.raise_signal(signal.SIGUSR1)
            assert [len(k.records) for k in kept] == [1, 1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_other_threads_are_told_that_they_cannot():
    outcome = []

    def attempt():
        try:
            with flush_on_signals():
                outcome.append("entered")
        except ValueError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert outcome == ["flush_on_signals: expected the main thread, as Python has handlers nowhere else"]
