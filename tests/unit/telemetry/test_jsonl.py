"""The promises of the sink: one whole line per record, whatever kills the writer, and no exception into the loop."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from toposcope.exceptions import TelemetryWarning
from toposcope.telemetry import JsonlSink, read_jsonl

WRITER = """
import sys
from toposcope.exceptions import TelemetryWarning
from toposcope.telemetry import JsonlSink
sink = JsonlSink(sys.argv[1])
filler = "x" * 700
seq = 0
print("ready", flush=True)
while True:
    sink.write({"run": sys.argv[2], "seq": seq, "filler": filler})
    seq += 1
"""


def test_records_come_back_as_written(tmp_path):
    path = tmp_path / "run.jsonl"
    with JsonlSink(path) as sink:
        sink.write({"seq": 0, "text": "ünïcode\nand a line break", "ids": [1, 2]})
        sink.write({"seq": 1})
    contents = read_jsonl(path)
    assert contents.records == [{"seq": 0, "text": "ünïcode\nand a line break", "ids": [1, 2]}, {"seq": 1}]
    assert contents.n_skipped == 0
    assert (sink.n_written, sink.n_dropped) == (2, 0)
    assert path.read_bytes().count(b"\n") == 2


def test_nothing_is_buffered_in_the_process(tmp_path):
    path = tmp_path / "run.jsonl"
    with JsonlSink(path) as sink:
        sink.write({"seq": 0})
        assert read_jsonl(path).records == [{"seq": 0}]


def test_an_existing_file_is_continued(tmp_path):
    path = tmp_path / "run.jsonl"
    for seq in range(3):
        with JsonlSink(path) as sink:
            sink.write({"seq": seq})
    assert [record["seq"] for record in read_jsonl(path).records] == [0, 1, 2]


def test_values_that_json_cannot_say_become_null(tmp_path):
    path = tmp_path / "run.jsonl"
    with JsonlSink(path) as sink:
        sink.write({"a": math.nan, "b": [math.inf, -math.inf], "c": np.float32(0.5), "d": np.array([1, 2]), 3: True})
    assert read_jsonl(path).records == [{"a": None, "b": [None, None], "c": 0.5, "d": [1, 2], "3": True}]
    assert b"NaN" not in path.read_bytes()


def test_a_value_of_no_plain_type_is_the_callers_error(tmp_path):
    with JsonlSink(tmp_path / "run.jsonl") as sink, pytest.raises(TypeError, match="not JSON serializable"):
        sink.write({"a": object()})


def test_a_torn_last_line_is_ended_before_the_next_record(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_bytes(b'{"seq":0}\n{"seq":1,"te')
    with JsonlSink(path) as sink:
        sink.write({"seq": 2})
        sink.write({"seq": 3})
    contents = read_jsonl(path)
    assert [record["seq"] for record in contents.records] == [0, 2, 3]
    assert contents.n_skipped == 1


def test_the_reader_skips_and_counts_damage(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_bytes(b'{"seq":0}\n\n[1,2]\n"text"\n\xff\xfe\n\x00\x00\n{"seq":1}\n' + b"[" * 100_000 + b'\n{"seq":2}')
    contents = read_jsonl(path)
    assert [record["seq"] for record in contents.records] == [0, 1, 2]
    assert contents.n_skipped == 5


@pytest.mark.parametrize("n_kills", [12])
def test_kill_9_tears_at_most_the_last_line(tmp_path, n_kills):
    path = tmp_path / "run.jsonl"
    for kill in range(n_kills):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(kill)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            n_before = path.stat().st_size
            while path.stat().st_size < n_before + 50_000 + 4_001 * kill:
                pass
            child.send_signal(signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
    contents = read_jsonl(path)
    assert contents.n_skipped <= n_kills
    for kill in range(n_kills):
        seqs = [record["seq"] for record in contents.records if record["run"] == str(kill)]
        assert len(seqs) > 50
        assert seqs == list(range(len(seqs)))  # nothing but the end is ever missing


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_drops_counts_and_warns_once():
    sink = JsonlSink("/dev/full")
    with pytest.warns(TelemetryWarning, match="records are being dropped"):
        sink.write({"seq": 0})
    for seq in range(1, 5):
        sink.write({"seq": seq})  # warnings are errors here: there is no second one
    assert (sink.n_written, sink.n_dropped) == (0, 5)
    sink.close()


def test_a_line_cut_short_by_the_disk_does_not_spoil_the_next(tmp_path, monkeypatch):
    path = tmp_path / "run.jsonl"
    whole_write = os.write
    with JsonlSink(path) as sink:
        sink.write({"seq": 0})
        monkeypatch.setattr(os, "write", lambda descriptor, line: whole_write(descriptor, line[:4]))
        with pytest.warns(TelemetryWarning, match="only a part of the line"):
            sink.write({"seq": 1})
        monkeypatch.setattr(os, "write", whole_write)
        sink.write({"seq": 2})
    contents = read_jsonl(path)
    assert [record["seq"] for record in contents.records] == [0, 2]
    assert contents.n_skipped == 1
    assert (sink.n_written, sink.n_dropped) == (2, 1)


def test_a_closed_sink_refuses_and_closes_twice(tmp_path):
    sink = JsonlSink(tmp_path / "run.jsonl")
    sink.close()
    sink.close()
    with pytest.raises(ValueError, match="write to a closed sink"):
        sink.write({})


def test_a_path_that_cannot_be_opened_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no-such-folder"):
        JsonlSink(tmp_path / "no-such-folder" / "run.jsonl")


def test_threads_share_a_sink(tmp_path):
    path = tmp_path / "run.jsonl"
    with JsonlSink(path) as sink, warnings.catch_warnings():
        threads = [
            threading.Thread(target=lambda name=name: [sink.write({"name": name, "seq": seq}) for seq in range(200)])
            for name in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    contents = read_jsonl(path)
    assert contents.n_skipped == 0
    assert sink.n_written == 1600
    for name in range(8):
        assert [record["seq"] for record in contents.records if record["name"] == name] == list(range(200))


def test_lines_are_compact_json(tmp_path):
    path = tmp_path / "run.jsonl"
    with JsonlSink(path) as sink:
        sink.write({"a": 1, "b": [1, 2]})
    assert path.read_text() == '{"a":1,"b":[1,2]}\n'
    assert json.loads(path.read_text()) == {"a": 1, "b": [1, 2]}
