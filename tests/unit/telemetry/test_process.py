"""What is told about the process is true, with psutil and without."""

import mmap
import os
import sys
import threading
import time

import pytest

from toposcope.telemetry.process import ProcessMeter, read_proc

#: Threads, descriptors and pages are read from /proc, which other systems have not; what is told there is tested below.
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells in files")


@needs_linux
def test_the_files_of_linux_agree_with_psutil():
    psutil = pytest.importorskip("psutil")
    process = psutil.Process()
    ours, theirs = read_proc(), process.as_dict(["memory_info", "cpu_times", "num_threads", "num_fds"])
    assert ours.rss_bytes == pytest.approx(theirs["memory_info"].rss, rel=0.05)
    assert ours.cpu_seconds == pytest.approx(theirs["cpu_times"].user + theirs["cpu_times"].system, abs=0.5)
    assert ours.n_threads == theirs["num_threads"]
    assert theirs["num_fds"] - ours.n_fds in {0, 1}  # psutil may count the one with which it looks
    assert ours.available_bytes == pytest.approx(psutil.virtual_memory().available, rel=0.2)


@needs_linux
@pytest.mark.parametrize("has_psutil", [True, False])
def test_gauges_follow_the_process(monkeypatch, has_psutil):
    if has_psutil:
        pytest.importorskip("psutil")
    else:
        monkeypatch.setitem(sys.modules, "psutil", None)
    meter = ProcessMeter(interval=0.0)
    before = meter.read()
    leave = threading.Event()
    waiting = threading.Thread(target=leave.wait)
    waiting.start()
    descriptor = os.open(os.devnull, os.O_RDONLY)
    # Pages of its own: an array might get some that others left resident.
    with mmap.mmap(-1, 50_000_000) as held:
        held.write(b"1" * len(held))
        after = meter.read()
    os.close(descriptor)
    leave.set()
    waiting.join()
    assert after.n_threads == before.n_threads + 1
    assert after.n_fds == before.n_fds + 1
    assert after.rss_bytes - before.rss_bytes > 0.8 * 50_000_000
    assert after.cpu_seconds >= before.cpu_seconds
    assert set(after.to_dict()) == set(type(after).__dataclass_fields__)


def test_a_meter_looks_once_in_a_while():
    meter = ProcessMeter(interval=0.05)
    looks = [meter.read() for _ in range(20)]
    assert looks[1:] == [None] * 19
    time.sleep(0.06)
    assert (meter.read() is None) == (looks[0] is None)


@pytest.mark.parametrize("broken", ["statm", "stat"])
def test_where_nothing_is_told_there_are_no_gauges(tmp_path, monkeypatch, broken):
    monkeypatch.setattr("toposcope.telemetry.process._SELF", tmp_path)
    assert read_proc() is None
    (tmp_path / broken).write_text("not what was expected")
    assert read_proc() is None
