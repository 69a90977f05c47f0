"""`toposcope watch` from a file to a folder."""

import errno
import json
import os
import pty
import signal
import subprocess
import time

import numpy as np
import pytest

from toposcope.cli import main
from toposcope.pipeline.diagram_file import DiagramWriter
from toposcope.pipeline.outputs import FILES
from toposcope.telemetry import read_jsonl

parquet = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("sklearn")

RING = ("--window", "200", "--chunk", "200", "--scale", "0.5")


def told(folder):
    """Push, kind and cause of the events of a run, sorted."""
    events = read_jsonl(folder / "events.jsonl").records
    return sorted(((e["step"], e["kind"], e.get("cause")) for e in events), key=str)


def test_the_moving_ring_is_told_as_listed(ring_file, moving_ring, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["watch", str(ring_file), *RING, "--out", str(out)]) == 0
    assert told(out) == moving_ring.EXPECTED
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    captured = capsys.readouterr()
    assert captured.out.count("push ") == len(moving_ring.EXPECTED)
    assert "push 5: LoopDeath, broken (confirmed, certified, scales 0.5 to 0.5)\n    before: loop 1" in captured.out
    assert "1600 items in 8 pushes" in captured.err
    assert f"report: {out / 'report.html'}" in captured.err


def test_the_folder_says_what_was_run(ring_file, tmp_path):
    out = tmp_path / "out"
    assert main(["watch", str(ring_file), *RING, "--out", str(out)]) == 0
    run = json.loads((out / "run.json").read_text())
    assert run["config"]["source"] == str(ring_file)
    assert (run["metric"], run["embedder"], run["n_dims"], run["scale"]) == ("euclidean", "none", 2, 0.5)
    assert run["reason"] == "end of the source"
    records = read_jsonl(out / "telemetry.jsonl").records
    assert [record["step"] for record in records] == list(range(1, 9))
    assert {record["run_id"] for record in records} == {run["run_id"]}
    assert "embed" not in records[0]["latency"]
    assert parquet.read_table(out / "features.parquet")["step"].to_pylist() == list(range(1, 9))
    assert set(parquet.read_table(out / "diagrams.parquet")["step"].to_pylist()) == set(range(1, 9))


def test_a_second_run_takes_the_place_of_the_first(ring_file, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for _ in range(2):
        assert main(["watch", str(ring_file), *RING, "--out", str(out)]) == 0
    assert len(read_jsonl(out / "telemetry.jsonl").records) == 8
    assert (out / "notes.txt").read_text() == "mine"


def test_text_is_told_in_its_own_words(prose, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["watch", str(prose), "--window", "20", "--chunk", "10", "--min-mass", "3", "--out", str(out)]) == 0
    run = json.loads((out / "run.json").read_text())
    assert (run["embedder"], run["metric"], run["min_mass"]) == ("hashing", "cosine", 3)
    latency = read_jsonl(out / "telemetry.jsonl").records[-1]["latency"]
    assert next(iter(latency)) == "embed"
    assert latency["total"] > latency["embed"] > 0
    captured = capsys.readouterr()
    assert "events are looked for from here on, at scale" in captured.err


def test_records_go_where_they_are_asked_to(prose, tmp_path):
    out, table, frame = tmp_path / "out", tmp_path / "run.csv", tmp_path / "run.parquet"
    sinks = ("--telemetry", f"csv:{table}", "--telemetry", f"parquet:{frame}")
    assert main(["watch", str(prose), "--window", "20", "--chunk", "10", "--out", str(out), *sinks]) == 0
    records = read_jsonl(out / "telemetry.jsonl").records
    rows = parquet.read_table(frame).to_pylist()
    assert [row["latency.embed"] for row in rows] == [record["latency"]["embed"] for record in records]
    assert [row["latency.total"] for row in rows] == [record["latency"]["total"] for record in records]
    assert len(table.read_text().splitlines()) == 1 + len(records) == 9
    run = json.loads((out / "run.json").read_text())
    assert run["config"]["telemetry"] == [f"csv:{table}", f"parquet:{frame}"]


def test_records_need_no_folder(ring_file, tmp_path, capsys):
    path = tmp_path / "run.jsonl"
    assert main(["watch", str(ring_file), *RING, "--telemetry", f"jsonl:{path}"]) == 0
    assert [record["step"] for record in read_jsonl(path).records] == list(range(1, 9))


def test_a_run_without_items_leaves_no_half_file(tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    assert main(["watch", str(empty), "--telemetry", f"parquet:{tmp_path / 'run.parquet'}"]) == 1
    assert not list(tmp_path.glob("*.part"))


def test_sinks_of_no_kind_are_wrong_usage(ring_file, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["watch", str(ring_file), "--telemetry", "xml:run.xml"])
    assert stopped.value.code == 2
    assert "telemetry: expected jsonl:PATH, csv:PATH" in capsys.readouterr().err


def test_one_sink_that_cannot_be_opened_leaves_none_open(ring_file, tmp_path, capsys):
    good, bad = tmp_path / "run.parquet", tmp_path / "no-such-folder" / "run.csv"
    assert main(["watch", str(ring_file), "--telemetry", f"parquet:{good}", "--telemetry", f"csv:{bad}"]) == 1
    assert "no-such-folder" in capsys.readouterr().err
    assert parquet.read_table(good).num_rows == 0


def test_nothing_is_written_without_a_folder(ring_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["watch", str(ring_file), *RING]) == 0
    assert list(tmp_path.iterdir()) == [ring_file]
    assert "report:" not in capsys.readouterr().err


def test_small_groups_are_written_and_not_shown(ring_file, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["watch", str(ring_file), *RING, "--min-mass", "1000", "--out", str(out)]) == 0
    events = read_jsonl(out / "events.jsonl").records
    assert len(events) == 8
    assert not any(event["is_notable"] for event in events)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "0 events shown of 8" in captured.err


def test_items_cannot_steer_the_terminal(tmp_path, capsys):
    path = tmp_path / "sly.jsonl"
    path.write_text(json.dumps({"vector": [0, 0], "text": "red \x1b[31m bell \x07 é"}) + "\n")
    assert main(["watch", str(path), "--scale", "1"]) == 0
    assert "        red �[31m bell � é\n" in capsys.readouterr().out


def test_an_old_terminal_gets_escapes(tmp_path, start, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    path = tmp_path / "points.jsonl"
    path.write_text(json.dumps({"vector": [0, 0], "text": "é"}) + "\n")
    out, err = start("watch", path, "--scale", "1").communicate(timeout=60)
    assert "        \\xe9\n" in out
    assert "error" not in err.replace("error bound", "")


def test_an_error_in_the_middle_leaves_what_was_found(tmp_path, capsys):
    path, out = tmp_path / "bad.csv", tmp_path / "out"
    path.write_text("x,y\n" + "1,2\n" * 10 + "3\n")
    assert main(["watch", str(path), "--chunk", "5", "--scale", "1", "--out", str(out)]) == 1
    assert "bad.csv, line 12: expected 2 cells, got 1" in capsys.readouterr().err
    assert json.loads((out / "run.json").read_text())["reason"].startswith("error: ")
    assert len(read_jsonl(out / "telemetry.jsonl").records) == 2
    assert (out / "report.html").exists()


def test_what_a_killed_run_left_can_be_reported(ring_file, tmp_path, start, capsys):
    out = tmp_path / "out"
    rows = "\n".join(f"{x},{y}" for x, y in np.load(ring_file)) + "\n"
    child = start("watch", "-", "--format", "csv", *RING, "--out", out, stdin=subprocess.PIPE)
    child.stdin.write(rows)
    child.stdin.flush()
    wait_for(lambda: (out / "telemetry.jsonl").exists() and len(read_jsonl(out / "telemetry.jsonl").records) >= 7)
    child.kill()
    child.wait()
    assert told(out)[:2] == [(1, "ComponentBirth", None), (3, "LoopBirth", "closed")]
    assert main(["report", str(out)]) == 0
    assert "diagrams.parquet is missing or was not finished" in (out / "report.html").read_text()


def test_ctrl_c_on_a_terminal_leaves_it_clean(ring_file, tmp_path, start):
    pytest.importorskip("rich")
    out = tmp_path / "out"
    terminal, other_end = pty.openpty()
    child = start("watch", "-", *RING, "--format", "csv", "--out", out, stdin=subprocess.PIPE, stderr=other_end)
    os.close(other_end)
    child.stdin.write("\n".join(f"{x},{y}" for x, y in np.load(ring_file)) + "\n")
    child.stdin.flush()
    wait_for(lambda: (out / "telemetry.jsonl").exists() and len(read_jsonl(out / "telemetry.jsonl").records) >= 7)
    child.send_signal(signal.SIGINT)
    drawn = read_terminal(terminal)
    assert child.wait(timeout=60) == 130
    assert b"Traceback" not in drawn
    assert drawn.rindex(b"\x1b[?25h") > drawn.rindex(b"\x1b[?25l")  # the cursor is shown again
    assert drawn.rstrip().endswith(b"report.html")


def test_without_a_scale_it_says_so(tmp_path, capsys):
    path = tmp_path / "few.txt"
    path.write_text("one line of text\nanother line of text\n")
    assert main(["watch", str(path)]) == 0
    assert "no scale was found" in capsys.readouterr().err


def test_a_run_without_intervals_has_no_features(tmp_path, capsys):
    np.save(tmp_path / "same.npy", np.ones((5, 2)))
    out = tmp_path / "out"
    assert main(["watch", str(tmp_path / "same.npy"), "--threshold", "0", "--scale", "0", "--out", str(out)]) == 0
    assert (out / "report.html").exists()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_everything_written(ring_file, tmp_path, start, signum):
    out = tmp_path / "out"
    rows = "\n".join(f"{x},{y}" for x, y in np.load(ring_file)) + "\n"
    child = start("watch", "-", "--format", "csv", *RING, "--out", out, stdin=subprocess.PIPE)
    child.stdin.write(rows)
    child.stdin.flush()  # and no end of file: the child goes on waiting
    wait_for(lambda: (out / "telemetry.jsonl").exists() and len(read_jsonl(out / "telemetry.jsonl").records) >= 7)
    child.send_signal(signum)
    assert child.wait(timeout=60) == 128 + signum
    assert "Traceback" not in child.stderr.read()
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, "abort.json"])
    assert json.loads((out / "run.json").read_text())["reason"] == "signal"
    assert set(parquet.read_table(out / "diagrams.parquet")["step"].to_pylist()) >= set(range(1, 8))


def test_a_signal_that_the_shell_ignores_stays_ignored(ring_file, start):
    ignore = lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)  # noqa: E731
    child = start("watch", "-", "--format", "csv", *RING, stdin=subprocess.PIPE, preexec_fn=ignore)
    child.stdin.write("\n".join(f"{x},{y}" for x, y in np.load(ring_file)[:500]) + "\n")
    child.stdin.flush()
    assert child.stdout.readline().startswith("push 1")
    child.send_signal(signal.SIGINT)
    child.stdin.close()
    child.stdin = None
    assert child.wait(timeout=60) == 0


def test_a_live_source_is_pushed_when_it_falls_silent(start, tmp_path):
    out = tmp_path / "out"
    options = ("--format", "jsonl", "--linger", "0.1", "--scale", "1", "--out", out)
    child = start("watch", "-", *options, stdin=subprocess.PIPE)
    child.stdin.write('{"vector": [0, 0]}\n{"vector": [0.5, 0]}\n')
    child.stdin.flush()
    wait_for(lambda: (out / "telemetry.jsonl").exists() and read_jsonl(out / "telemetry.jsonl").records)
    child.stdin.write('{"vector": [9, 9]}\n')
    child.stdin.close()
    child.stdin = None
    assert child.wait(timeout=60) == 0
    assert [record["n_points"] for record in read_jsonl(out / "telemetry.jsonl").records] == [2, 1]
    assert told(out) == [(1, "ComponentBirth", None), (2, "ComponentBirth", None)]


def test_a_reader_who_goes_away_ends_the_run(ring_file, tmp_path, start):
    out = tmp_path / "out"
    child = start("watch", ring_file, *RING, "--out", out)
    child.stdout.close()
    child.stdout = None
    assert child.wait(timeout=60) == 141
    assert "Traceback" not in child.stderr.read()
    assert (out / "report.html").exists()


def test_a_terminal_gets_a_bar_and_a_pipe_gets_plain_lines(ring_file, start):
    pytest.importorskip("rich")
    terminal, other_end = pty.openpty()
    child = start("watch", ring_file, *RING, stderr=other_end)
    os.close(other_end)
    lines = child.stdout.read().splitlines()
    assert child.wait(timeout=60) == 0
    assert lines[0].startswith("push 1: ComponentBirth")
    assert not any("\x1b" in line for line in lines)
    drawn = read_terminal(terminal)
    assert b"\x1b[" in drawn
    assert b"1600 items in 8 pushes" in drawn


def test_what_broke_first_is_said_and_not_what_breaks_after_it(ring_file, tmp_path, monkeypatch, capsys):
    def fill_up(self, *args):
        raise OSError(errno.ENOSPC, "No space left on device")

    def be_closed(self):
        raise ValueError("Operation on closed file")

    monkeypatch.setattr(DiagramWriter, "write", fill_up)
    monkeypatch.setattr(DiagramWriter, "close", be_closed)
    assert main(["watch", str(ring_file), "--out", str(tmp_path / "out")]) == 1
    errors = capsys.readouterr().err
    assert "toposcope: error: No space left on device" in errors
    assert "closed file" not in errors


@pytest.mark.parametrize("package", ["pyarrow", "sklearn"])
def test_a_missing_extra_is_named_before_anything_runs(ring_file, tmp_path, monkeypatch, capsys, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    assert main(["watch", str(ring_file), "--out", str(tmp_path / "out")]) == 1
    assert f'--out needs {package}: pip install "toposcope[cli]"' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_rich_there_are_plain_lines(ring_file, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "rich", None)
    monkeypatch.setitem(__import__("sys").modules, "rich.console", None)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["watch", str(ring_file), *RING]) == 0
    assert "1600 items" in capsys.readouterr().err


def read_terminal(terminal):
    drawn = b""
    try:
        while piece := os.read(terminal, 65536):
            drawn += piece
    except OSError:
        pass  # how a terminal says that nobody is left at its other end
    os.close(terminal)
    return drawn


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def test_light_landmarks_are_left_out_of_diagrams_and_events(ring_file, tmp_path):
    fading = ("--half-life", "20", "--landmark-min-mass", "0.5")
    events = []
    for name, more in (("all", ()), ("kept", fading)):
        out = tmp_path / name
        assert main(["watch", str(ring_file), *RING, *more, "--out", str(out)]) == 0
        events.append(read_jsonl(out / "events.jsonl").records)
    run = json.loads((tmp_path / "kept" / "run.json").read_text())
    assert (run["config"]["half_life"], run["config"]["landmark_min_mass"]) == (20.0, 0.5)
    # The twenty youngest points are what is left.
    masses = [max(feature["mass"] for feature in event[-1]["after"] + event[-1]["before"]) for event in events]
    assert masses[1] < 20 < masses[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--half-life", "0"), "half_life: expected a finite number above 0, got 0.0"),
        (("--half-life", "soon"), "expected a number of at least 0, got soon"),
        (("--landmark-min-mass", "inf"), "landmark_min_mass: expected a finite number of at least 0, got inf"),
    ],
)
def test_wrong_half_lives_and_masses_are_wrong_usage(ring_file, capsys, given, told):
    with pytest.raises(SystemExit) as stopped:
        main(["watch", str(ring_file), *given])
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err
