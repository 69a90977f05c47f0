"""`toposcope watch` when it is stopped, watched over, out of room, and gone on with."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from toposcope.cli import main, watch
from toposcope.pipeline import outputs
from toposcope.pipeline.diagram_spool import SPOOL_FILE, DiagramSpool
from toposcope.pipeline.outputs import FILES, RunFolder
from toposcope.safety import CheckpointManager
from toposcope.safety import guard as guard_module
from toposcope.telemetry import read_jsonl

pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

RING = ("--window", "200", "--chunk", "50", "--scale", "0.5")
N_PUSHES = 32
#: A machine that is busy with other tests as well; the figure that is promised is measured by `make watch-kills`.
PATIENCE = 10.0


def safely(tmp_path, *more):
    return (*RING, "--out", tmp_path / "out", "--checkpoint-dir", tmp_path / "ck", "--checkpoint-every", "5", *more)


def run(ring_file, *options):
    return main(["watch", str(ring_file), *map(str, options)])


def aborted(folder):
    return json.loads((folder / "abort.json").read_text())


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def n_records(out):
    return len(read_jsonl(out / "telemetry.jsonl").records) if (out / "telemetry.jsonl").exists() else 0


def feed(start, ring_file, tmp_path, *more):
    """A run that has read all of the ring and waits for more."""
    rows = "\n".join(f"{x},{y}" for x, y in np.load(ring_file)) + "\n"
    child = start("watch", "-", "--format", "csv", *safely(tmp_path, *more), stdin=subprocess.PIPE)
    child.stdin.write(rows)
    child.stdin.flush()
    wait_for(lambda: n_records(tmp_path / "out") >= N_PUSHES)
    return child


def the_events(folder):
    return (folder / "events.jsonl").read_bytes()


@pytest.fixture(name="whole")
def _whole(ring_file, tmp_path):
    out = tmp_path / "whole"
    assert run(ring_file, *RING, "--out", out) == 0
    return out


# signals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("signum", "name"), [(signal.SIGINT, "SIGINT"), (signal.SIGTERM, "SIGTERM")])
def test_a_signal_leaves_a_checkpoint_and_a_report_of_it(start, ring_file, tmp_path, signum, name):
    child = feed(start, ring_file, tmp_path)
    sent = time.monotonic()
    child.send_signal(signum)
    said = child.communicate(timeout=60)[1]
    assert time.monotonic() - sent < PATIENCE
    assert child.returncode == 128 + signum
    assert f"why it ended: {tmp_path / 'out' / 'abort.json'}" in said
    told = aborted(tmp_path / "out")
    assert told["cause"] == {"kind": "signal", "message": f"stopped by {name}", "signal": signum, "name": name}
    newest = CheckpointManager(tmp_path / "ck").load()
    assert told["checkpoint"] == {"file": str(newest.path), "step": N_PUSHES, "problem": None}
    state = told["state"]
    assert (state["step"], state["n_points"], state["n_items"], state["is_whole"]) == (N_PUSHES, 1600, 1600, True)
    assert state["n_events"] == len(the_events(tmp_path / "out").splitlines())
    assert (state["n_landmarks"], state["error_bound"], state["scale"]) == (200, 0.0, 0.5)
    assert told["config_hash"] == newest.metadata.config_hash
    assert told["guard"]["n_trips"] == 0
    run_json = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (run_json["reason"], run_json["run_id"]) == ("signal", told["run_id"])
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {*FILES, "abort.json"}


def test_a_run_that_was_stopped_goes_on(start, ring_file, tmp_path, whole, capsys):
    """Killed at a push of its own choosing, by a signal that it sends itself in the middle of it."""
    program = f"""
import os, signal, sys
from toposcope.cli import run_process
from toposcope.pipeline.watch import StreamPipeline
push = StreamPipeline.push
def kill_at_the_13th(self, batch, vectors=None):
    step = push(self, batch, vectors)
    if step.report.step == 13:
        os.kill(os.getpid(), signal.SIGTERM)
    return step
StreamPipeline.push = kill_at_the_13th
sys.argv = {["toposcope", "watch", str(ring_file), *map(str, safely(tmp_path))]!r}
run_process()
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode == 143, child.stderr
    assert aborted(tmp_path / "out")["state"]["step"] == 13
    assert run(ring_file, *safely(tmp_path, "--resume")) == 0
    assert f"going on after push 13, from {tmp_path / 'ck' / 'step-000000000013.ckpt'}" in capsys.readouterr().err
    assert the_events(tmp_path / "out") == the_events(whole)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FILES)


def test_the_second_signal_ends_it_at_once(start, ring_file, tmp_path):
    """While it writes its last checkpoint, which takes as long as one likes."""
    program = f"""
import sys, time
from toposcope.cli import run_process
from toposcope.pipeline.watch import StreamPipeline
def wait(self):
    print("sealing", flush=True)
    time.sleep(60)
StreamPipeline.seal = wait
sys.argv = {["toposcope", "watch", "-", "--format", "csv", *map(str, safely(tmp_path))]!r}
run_process()
"""
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    child = subprocess.Popen([sys.executable, "-c", program], **options)
    try:
        child.stdin.write("\n".join(f"{x},{y}" for x, y in np.load(ring_file)) + "\n")
        child.stdin.flush()
        wait_for(lambda: n_records(tmp_path / "out") >= N_PUSHES)
        child.send_signal(signal.SIGTERM)
        while child.stdout.readline() != "sealing\n":
            assert child.poll() is None
        sent = time.monotonic()
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=60)[1]
    finally:
        child.kill()
        child.wait()
    assert time.monotonic() - sent < PATIENCE
    assert child.returncode == 143
    assert "Traceback" not in said
    assert CheckpointManager(tmp_path / "ck").load().metadata.step == 30


def test_text_that_is_being_embedded_is_let_go(prose, tmp_path):
    """At once: nothing has changed yet."""
    program = f"""
import os, signal, sys, time
from toposcope.cli import run_process
from toposcope.embedding import HashingEmbedder
embed = HashingEmbedder.embed
def hang(self, texts):
    texts = list(texts)
    if "compile module_0 with optimisation level 0" in texts:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    return embed(self, texts)
HashingEmbedder.embed = hang
sys.argv = ["toposcope", "watch", {str(prose)!r}, "--chunk", "10", "--out", {str(tmp_path / "out")!r},
            "--checkpoint-dir", {str(tmp_path / "ck")!r}]
run_process()
"""
    began = time.monotonic()
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode == 143, child.stderr
    assert time.monotonic() - began < 30
    told = aborted(tmp_path / "out")
    assert (told["state"]["step"], told["state"]["n_items"], told["checkpoint"]["step"]) == (4, 40, 4)


def test_a_push_that_does_not_end_is_broken_off(ring_file, tmp_path):
    """What it would have done is not saved, what was before it is."""
    program = f"""
import os, signal, sys, time
from toposcope import Monitor
from toposcope.cli import run_process
push = Monitor.push
def hang(self, chunk, items=None):
    if self.stream.step == 7:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    return push(self, chunk, items)
Monitor.push = hang
sys.argv = {["toposcope", "watch", str(ring_file), *map(str, safely(tmp_path))]!r}
run_process()
"""
    began = time.monotonic()
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode == 143, child.stderr
    assert time.monotonic() - began < 30
    told = aborted(tmp_path / "out")
    assert (told["state"]["step"], told["state"]["is_whole"], told["checkpoint"]["step"]) == (7, True, 7)


def test_what_takes_too_long_at_the_end_is_left_to_be_made_later(ring_file, tmp_path, monkeypatch, capsys):
    def features_forever(diagrams, features):
        features.write_bytes(b"half of it")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        monkeypatch.setattr(outputs, "write_features", features_forever)
        assert run(ring_file, *safely(tmp_path)) == 143
    finally:
        signal.signal(signal.SIGTERM, before)
    out = tmp_path / "out"
    assert f"no time for features and report: `toposcope report {out}` makes them" in capsys.readouterr().err
    left = {path.name for path in out.iterdir()}
    assert left == {*FILES, SPOOL_FILE} - {"features.parquet", "report.html"}
    monkeypatch.undo()
    assert main(["report", str(out)]) == 0
    assert (out / "features.parquet").exists()
    assert (out / "report.html").exists()


def test_a_killed_run_can_be_reported_and_gone_on_with(start, ring_file, tmp_path, capsys):
    child = feed(start, ring_file, tmp_path)
    child.kill()
    child.wait()
    out = tmp_path / "out"
    assert main(["report", str(out)]) == 0
    assert "diagrams.parquet is missing" not in (out / "report.html").read_text()
    rows = "\n".join(f"{x},{y}" for x, y in np.load(ring_file)[-100:]) + "\n"
    again = start("watch", "-", "--format", "csv", *safely(tmp_path, "--resume"), stdin=subprocess.PIPE)
    said = again.communicate(rows, timeout=60)[1]
    assert again.returncode == 0, said
    assert "going on after push 30" in said
    assert [record["step"] for record in read_jsonl(out / "telemetry.jsonl").records] == list(range(1, 33))


# guard ----------------------------------------------------------------------------------------------------------------


def test_a_guard_ends_a_run_with_all_of_it_saved(ring_file, tmp_path, monkeypatch, capsys):
    readings = iter([10**6] * 8 + [10**9] * 99)
    monkeypatch.setattr(guard_module, "resident_bytes", lambda: next(readings))
    assert run(ring_file, *safely(tmp_path, "--guard", "raise", "--max-memory", "64MiB")) == watch.EXIT_TRIPPED == 3
    assert "guard: resident memory: 953.7 MiB, limit 64.0 MiB, at step 9" in capsys.readouterr().err
    told = aborted(tmp_path / "out")
    assert told["cause"]["kind"] == "guard"
    assert told["cause"]["trip"] == told["guard"]["tripped"]
    assert (told["cause"]["trip"]["what"], told["cause"]["trip"]["since"]) == ("memory", 9)
    assert told["state"]["step"] == told["checkpoint"]["step"] == 9
    assert n_records(tmp_path / "out") == 9
    monkeypatch.undo()
    assert run(ring_file, *safely(tmp_path, "--resume")) == 0


def test_by_default_it_warns(ring_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(guard_module, "resident_bytes", lambda: 10**9)
    assert run(ring_file, *RING, "--max-memory", "64MiB") == 0
    assert "toposcope: warning: guard: resident memory: 953.7 MiB" in capsys.readouterr().err
    assert run(ring_file, *RING, "--max-memory", "64MiB", "--guard", "off") == 0
    assert "guard" not in capsys.readouterr().err


# a disk that is full --------------------------------------------------------------------------------------------------


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_ends_a_run_and_says_so(ring_file, tmp_path, monkeypatch, capsys, whole):
    write = DiagramSpool.write
    monkeypatch.setattr(DiagramSpool, "write", lambda self, step, d: full() if step == 12 else write(self, step, d))
    assert run(ring_file, *safely(tmp_path)) == 1
    assert "toposcope: error: No space left on device" in capsys.readouterr().err
    told = aborted(tmp_path / "out")
    assert (told["cause"]["kind"], told["cause"]["type"]) == ("disk", "OSError")
    assert (told["state"]["step"], told["state"]["is_whole"]) == (12, False)
    assert told["checkpoint"]["step"] == 10
    assert "in the middle of a push" in told["checkpoint"]["problem"]
    monkeypatch.undo()
    assert run(ring_file, *safely(tmp_path, "--resume")) == 0
    assert the_events(tmp_path / "out") == the_events(whole)


def test_a_checkpoint_that_cannot_be_written_ends_a_run(ring_file, tmp_path, monkeypatch):
    save = CheckpointManager.save
    monkeypatch.setattr(CheckpointManager, "save", lambda self, s, m: full() if s.step >= 15 else save(self, s, m))
    assert run(ring_file, *safely(tmp_path)) == 1
    told = aborted(tmp_path / "out")
    assert (told["cause"]["kind"], told["state"]["step"], told["state"]["is_whole"]) == ("disk", 15, True)
    assert told["checkpoint"]["step"] == 10
    assert "No space left on device" in told["checkpoint"]["problem"]


def test_events_that_are_lost_end_a_run(ring_file, tmp_path, monkeypatch, capsys):
    def refuse(self, report, events):
        self._events.n_dropped = 1
        return write(self, report, events)

    write = RunFolder.write
    monkeypatch.setattr(RunFolder, "write", refuse)
    assert run(ring_file, *RING, "--out", tmp_path / "out") == 1
    assert "events.jsonl: events cannot be written" in capsys.readouterr().err
    assert aborted(tmp_path / "out")["cause"]["kind"] == "disk"


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_files_that_may_not_grow_end_a_run_with_a_report(start, ring_file, tmp_path):
    """The reserve is within the limit, the diagrams are not."""
    child = start("watch", ring_file, *safely(tmp_path), preexec_fn=limit_files)
    said = child.communicate(timeout=60)[1]
    assert child.returncode == 1
    assert f"toposcope: error: {tmp_path / 'out' / SPOOL_FILE}: File too large" in said
    assert aborted(tmp_path / "out")["cause"]["kind"] == "disk"
    entries = CheckpointManager(tmp_path / "ck").verify()
    assert entries
    assert all(entry.is_sound for entry in entries)


def test_an_error_is_reported_with_a_checkpoint_of_what_came_before(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text("x,y\n" + "1,2\n" * 75 + "3\n")
    assert run(path, *safely(tmp_path)) == 1
    told = aborted(tmp_path / "out")
    assert told["cause"]["kind"] == "error"
    assert "bad.csv, line 77: expected 2 cells, got 1" in told["cause"]["message"]
    assert (told["state"]["n_items"], told["checkpoint"]["step"]) == (50, 1)
    path.write_text("x,y\n" + "1,2\n" * 75 + "3,4\n")
    assert run(path, *safely(tmp_path, "--resume")) == 0
    assert [r["n_points"] for r in read_jsonl(tmp_path / "out" / "telemetry.jsonl").records] == [50, 26]


def test_without_an_out_folder_the_report_goes_to_the_checkpoints(ring_file, tmp_path, monkeypatch):
    monkeypatch.setattr(guard_module, "resident_bytes", lambda: 10**9)
    folder = tmp_path / "ck"
    assert run(ring_file, *RING, "--checkpoint-dir", folder, "--guard", "raise", "--max-memory", "1MiB") == 3
    assert aborted(folder)["state"]["step"] == 1


def test_resume_begins_where_there_is_nothing_yet(ring_file, tmp_path, whole):
    assert run(ring_file, *safely(tmp_path, "--resume")) == 0
    assert the_events(tmp_path / "out") == the_events(whole)


def test_resume_with_damaged_checkpoints_alone_is_an_error(ring_file, tmp_path, capsys):
    assert run(ring_file, *safely(tmp_path)) == 0
    before = the_events(tmp_path / "out")
    for path in (tmp_path / "ck").glob("*.ckpt"):
        os.truncate(path, 100)
    assert run(ring_file, *safely(tmp_path, "--resume")) == 1
    assert "expected a sound checkpoint, got 3 that are damaged" in capsys.readouterr().err
    assert the_events(tmp_path / "out") == before


def test_resume_goes_on_from_the_one_before_a_damaged_one(ring_file, tmp_path, capsys, whole):
    assert run(ring_file, *safely(tmp_path)) == 0
    os.truncate(tmp_path / "ck" / "step-000000000032.ckpt", 100)
    assert run(ring_file, *safely(tmp_path, "--resume")) == 0
    said = capsys.readouterr().err
    assert "warning: " in said
    assert "cut short" in said
    assert "going on after push 30" in said
    assert the_events(tmp_path / "out") == the_events(whole)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--resume",), "resume: expected a checkpoint_dir to go on from, got none"),
        (("--checkpoint-every", "0"), "expected a whole number of at least 1, got 0"),
        (("--max-memory", "lots"), "max_memory: expected a size such as"),
        (("--max-latency", "0"), "max_latency: expected a finite number of seconds above 0, got 0"),
        (("--guard", "panic"), "invalid choice: 'panic'"),
    ],
)
def test_wrong_options_are_wrong_usage(ring_file, capsys, given, told):
    with pytest.raises(SystemExit) as stopped:
        run(ring_file, *given)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err
