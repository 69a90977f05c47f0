"""Saved, ranked, pruned, damaged, restored."""

import errno
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import toposcope as ts
from toposcope import _files
from toposcope.safety import CheckpointManager, checkpoint_file
from toposcope.safety.checkpoint_file import SavedState

from .conftest import plain


def names(manager):
    return [entry.path.name for entry in manager.entries()]


def steps(manager):
    return [entry.metadata.step for entry in manager.entries() if entry.is_sound]


def save_many(manager, monitor, values, metric="loss"):
    """One checkpoint a push, with these values of a metric."""
    for value in values:
        monitor.push(np.zeros((1, 2), np.float32))
        manager.save(monitor, metrics={} if value is None else {metric: value})


def cut(path, n_bytes):
    os.truncate(path, path.stat().st_size - n_bytes)


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


# what comes back ------------------------------------------------------------------------------------------------------


def test_a_restored_monitor_goes_on_to_the_same_events(monitor, rest, tmp_path):
    manager = CheckpointManager(tmp_path)
    manager.save(monitor)
    manager.close()
    again = ts.Monitor.restore(CheckpointManager(tmp_path).load())
    assert (again.run_id, again.n_pushes, again.n_events) == (monitor.run_id, monitor.n_pushes, monitor.n_events)
    n_events = 0
    for chunk in rest:
        items = [f"later {i}" for i in range(len(chunk))]
        theirs, ours = monitor.push(chunk, items=items), again.push(chunk, items=items)
        assert plain(ours.events) == plain(theirs.events)
        assert ours.diagram == theirs.diagram
        n_events += len(ours.events)
        for event in ours.events:
            ids = (*event.landmarks_before, *event.landmarks_after)
            assert again.items(ids) == monitor.items(ids)
    assert n_events > 5
    assert again.n_events == monitor.n_events


def test_a_monitor_without_a_tracker_can_be_given_one_later(tmp_path, rest):
    monitor = ts.Monitor(ts.Stream(2, window=40))
    monitor.push(rest[0])
    with CheckpointManager(tmp_path) as manager:
        manager.save(monitor)
        again = ts.Monitor.restore(manager.load())
    assert again.tracker is None
    for one in (monitor, again):
        one.tracker = ts.CobordismTracker(scale=1.0)
    assert plain(again.push(rest[1]).events) == plain(monitor.push(rest[1]).events) != []


def test_metadata_say_what_it_is(monitor, tmp_path):
    with CheckpointManager(tmp_path, config={"window": 40}) as manager:
        entry = manager.save(monitor, metrics={"loss": 0.5})
    known = entry.metadata
    assert (known.step, known.n_seen, known.version) == (6, 90, ts.__version__)
    assert known.config_hash == ts.safety.config_hash({"window": 40})
    assert (known.metrics, known.config) == ({"loss": 0.5}, {"window": 40})
    assert set(known.sections) == {"stream", "items", "tracker"}
    assert entry.n_bytes == entry.path.stat().st_size
    assert CheckpointManager(tmp_path).entries() == [entry]
    shown = entry.to_dict()
    assert shown["sha256"] == known.sha256
    assert json.dumps(shown)


def test_by_default_the_configuration_is_the_streams(monitor, tmp_path):
    with CheckpointManager(tmp_path) as manager:
        config = manager.save(monitor).metadata.config
    assert (config["window"], config["metric"], config["max_landmarks"]) == (40, "euclidean", 40)


def test_the_hash_of_a_configuration_knows_no_order():
    assert ts.safety.config_hash({"a": 1, "b": (2, 3)}) == ts.safety.config_hash({"b": [2, 3], "a": 1})
    assert ts.safety.config_hash({"a": 1}) != ts.safety.config_hash({"a": 2})


def test_another_configuration_is_not_gone_on_from(monitor, tmp_path):
    with CheckpointManager(tmp_path, config={"window": 40, "chunk": (1, 2)}) as manager:
        manager.save(monitor)
        assert manager.load().metadata.step == 6
    other = CheckpointManager(tmp_path, config={"window": 50, "chunk": (1, 2)})
    with pytest.raises(ts.CheckpointError, match=r"another configuration: window was 40, is 50$"):
        other.load()


def test_items_that_json_cannot_hold_need_a_pack(tmp_path):
    monitor = ts.Monitor(ts.Stream(1))
    monitor.push(np.zeros((1, 1)), items=[object()])
    with CheckpointManager(tmp_path) as manager:
        with pytest.raises(TypeError, match=r"items: expected what JSON can hold, or a pack that takes them; .*object"):
            manager.save(monitor)
        assert manager.entries() == []
        manager.save(monitor.state(pack=lambda items: b"%d items" % len(items)))
        again = ts.Monitor.restore(manager.load(), unpack=lambda packed: [packed.decode()])
    assert again.items([0]) == ["1 items"]


def test_what_is_no_checkpoint_of_a_monitor_is_said_so(monitor, tmp_path):
    state = monitor.state()
    facts = {name: value for name, value in state.facts.items() if name != "n_events"}
    with CheckpointManager(tmp_path) as manager:
        manager.save(SavedState(6, 90, state.sections, facts, {}))
        with pytest.raises(ts.CheckpointError, match="expected a checkpoint of a monitor, got KeyError"):
            ts.Monitor.restore(manager.load())


# ranking and pruning --------------------------------------------------------------------------------------------------


def test_the_last_are_kept(monitor, tmp_path):
    with CheckpointManager(tmp_path, keep_last=2) as manager:
        save_many(manager, monitor, [None] * 5)
        assert steps(manager) == [10, 11]


@pytest.mark.parametrize(
    ("mode", "values", "kept"),
    [
        ("min", [1.0, 0.5, 3.0, 0.7, 2.0], [8, 10, 11]),
        ("max", [1.0, 0.5, 3.0, 0.7, 2.0], [9, 11]),
        ("min", [0.5, 0.5, 0.5, 9.0, 9.0], [8, 9, 11]),  # of equal ones the newer
        ("max", [np.nan, 0.1, np.inf, np.nan, np.nan], [8, 11]),  # no number is the worst
        ("min", [None, 0.3, 0.2, None, None], [8, 9, 11]),  # and so is none
    ],
)
def test_the_best_are_kept_besides(monitor, tmp_path, mode, values, kept):
    with CheckpointManager(tmp_path, keep_last=1, keep_best=2, metric="loss", mode=mode) as manager:
        save_many(manager, monitor, values)
        assert steps(manager) == kept


def test_the_best_can_be_asked_for(monitor, tmp_path):
    with CheckpointManager(tmp_path, keep_last=9, metric="loss") as manager:
        assert manager.best() is None
        save_many(manager, monitor, [None, np.nan])
        assert manager.best() is None
        save_many(manager, monitor, [2.0, 1.0, 3.0])
        assert manager.best().metadata.metrics == {"loss": 1.0}
    with pytest.raises(ValueError, match="metric: expected the name of a metric to rank by, got None"):
        CheckpointManager(tmp_path).best()


def test_a_dry_run_deletes_nothing(monitor, tmp_path):
    with CheckpointManager(tmp_path, keep_last=9) as manager:
        save_many(manager, monitor, [None] * 4)
    few = CheckpointManager(tmp_path, keep_last=1)
    gone = few.prune(dry_run=True)
    assert [path.name[-7:] for path in gone] == ["07.ckpt", "08.ckpt", "09.ckpt"]
    assert len(few.entries()) == 4
    with few:
        assert few.prune() == gone
    assert steps(few) == [10]


def test_damaged_ones_are_neither_counted_nor_deleted(monitor, tmp_path):
    with CheckpointManager(tmp_path, keep_last=2) as manager:
        save_many(manager, monitor, [None] * 2)
        cut(manager.path_of(8), 1)
        save_many(manager, monitor, [None])
        assert steps(manager) == [7, 9]
        save_many(manager, monitor, [None] * 2)
        assert steps(manager) == [10, 11]
        assert [entry.path for entry in manager.entries() if not entry.is_sound] == [manager.path_of(8)]


def test_going_back_sets_later_ones_aside(monitor, tmp_path):
    with CheckpointManager(tmp_path, keep_last=9) as manager:
        save_many(manager, monitor, [None] * 3)
        flip(manager.path_of(9), 100)
        moved = manager.go_back(7)
        assert [path.name for path in moved] == ["step-000000000008.ckpt.later", "step-000000000009.ckpt.later"]
        assert steps(manager) == [7]
        assert manager.load().metadata.step == 7
        with pytest.raises(ts.CheckpointError, match="expected a checkpoint of step 8, got those of 7"):
            manager.go_back(8)


# damage ---------------------------------------------------------------------------------------------------------------


def test_every_length_is_too_short(monitor, tmp_path):
    with CheckpointManager(tmp_path) as manager:
        path = manager.save(monitor).path
    content = path.read_bytes()
    for n_bytes in [*range(80), *range(80, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:n_bytes])
        (entry,) = manager.entries()
        assert "cut short" in entry.problem or "without metadata" in entry.problem, n_bytes
    path.write_bytes(content + b"\0")
    assert "damaged: expected" in manager.entries()[0].problem


def test_every_flipped_bit_is_found(monitor, tmp_path):
    with CheckpointManager(tmp_path) as manager:
        path = manager.save(monitor).path
    content = path.read_bytes()
    for at in [*range(80), *range(80, len(content), 53), len(content) - 1]:
        path.write_bytes(content)
        flip(path, at)
        (entry,) = manager.verify()
        assert entry.problem, at
        with warnings.catch_warnings(action="ignore", category=ts.CheckpointWarning), pytest.raises(ts.CheckpointError):
            manager.load()
    path.write_bytes(content)
    assert manager.verify()[0].is_sound


def rewritten(path, change, format_=checkpoint_file.FORMAT):
    """Change the metadata, and put the right digest before them."""
    content = path.read_bytes()
    head = checkpoint_file._HEAD
    length = head.unpack(content[: head.size])[2]
    values = json.loads(content[head.size : head.size + length])
    change(values)
    text = json.dumps(values).encode()
    digest = checkpoint_file.hashlib.sha256(text).digest()
    packed = head.pack(checkpoint_file.MAGIC, format_, len(text), digest)
    path.write_bytes(packed + text + content[head.size + length :])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda values: values.pop("step"), "damaged: its metadata cannot be understood"),
        (lambda values: values.pop("metrics"), "damaged: its metadata cannot be understood"),
        (lambda values: values.update(step=-1), "damaged: its metadata hold values of the wrong kind"),
        (lambda values: values.update(step="six"), "damaged: its metadata hold values of the wrong kind"),
        (lambda values: values.update(facts=[]), "damaged: its metadata hold values of the wrong kind"),
        (lambda values: values.update(step=5), "its name says step 6, its metadata say 5"),
        (lambda values: values["sections"].update(stream=10**15), "cut short: expected 1000000000"),
        (lambda values: values["sections"].update(stream=-1), "damaged: its metadata hold values of the wrong kind"),
        (lambda values: values.update(surprise=1), "damaged: its metadata cannot be understood"),
    ],
)
def test_metadata_that_lie_are_found(monitor, tmp_path, change, message):
    with CheckpointManager(tmp_path) as manager:
        path = manager.save(monitor).path
    rewritten(path, change)
    assert message in manager.entries()[0].problem


def test_another_version_is_said_so(monitor, tmp_path):
    with CheckpointManager(tmp_path) as manager:
        path = manager.save(monitor).path
    rewritten(path, lambda values: None, format_=2)
    assert "of another version: expected format 1, got 2" in manager.entries()[0].problem


def test_a_snapshot_of_another_version_is_found_by_looking_deeply(monitor, tmp_path):
    state = monitor.state()
    sections = {**state.sections, "stream": b"toposcope stream from the future"}
    with CheckpointManager(tmp_path) as manager:
        manager.save(SavedState(6, 90, sections, state.facts, {}))
        assert manager.entries()[0].is_sound
        assert not manager.verify()[0].is_sound
        manager.save(SavedState(7, 90, {**state.sections}, state.facts, {}))
        assert "its metadata say step 7, its stream 6" in manager.verify()[1].problem
        manager.save(SavedState(8, 90, {"items": b""}, state.facts, {}))
        assert "there is no stream in it" in manager.verify()[2].problem


def test_a_file_of_another_kind_is_without_metadata(monitor, tmp_path):
    manager = CheckpointManager(tmp_path)
    monitor.stream.save(manager.path_of(3))
    assert "without metadata: expected a checkpoint of a monitor" in manager.entries()[0].problem


def test_what_is_damaged_is_passed_over_with_a_warning(monitor, tmp_path):
    with CheckpointManager(tmp_path) as manager:
        save_many(manager, monitor, [None] * 3)
    flip(manager.path_of(9), -1)
    cut(manager.path_of(8), 5)
    with pytest.warns(ts.CheckpointWarning, match="going back to the one before") as caught:
        assert manager.load().metadata.step == 7
    assert len(caught) == 2
    with pytest.raises(ts.CheckpointError, match="damaged"):
        manager.load(9)
    flip(manager.path_of(7), -1)
    with (
        pytest.warns(ts.CheckpointWarning),
        pytest.raises(ts.CheckpointError, match="expected a sound checkpoint, got 3 that are damaged"),
    ):
        manager.load()


def test_an_empty_folder_has_none(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        manager = CheckpointManager(folder)
        assert manager.entries() == []
        with pytest.raises(ts.CheckpointError, match="expected a sound checkpoint, got 0"):
            manager.load()
        with pytest.raises(ts.CheckpointError, match="expected a checkpoint of step 1, got those of none"):
            manager.load(1)
    assert not (tmp_path / "missing").exists()


def test_a_file_is_no_folder(monitor, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file"):
        CheckpointManager(tmp_path / "file").entries()
    with pytest.raises(FileExistsError):
        CheckpointManager(tmp_path / "file").save(monitor)


def test_other_files_are_left_alone(monitor, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "step-1.ckpt").write_text("not by this name")
    with CheckpointManager(tmp_path, keep_last=1) as manager:
        save_many(manager, monitor, [None] * 3)
    assert names(manager) == ["step-000000000009.ckpt"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


# several processes ----------------------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_and_named(monitor, tmp_path):
    first, second = CheckpointManager(tmp_path), CheckpointManager(tmp_path)
    first.save(monitor)
    with pytest.raises(ts.CheckpointError, match=f"process {os.getpid()} writes its checkpoints here"):
        second.save(monitor)
    with pytest.raises(ts.CheckpointError, match="writes its checkpoints here"):
        second.prune()
    assert second.prune(dry_run=True) == []
    assert len(second.entries()) == len(second.verify()) == 1
    first.close()
    second.save(monitor)
    second.close()


CLAIM = """
import sys, time
from toposcope.safety import CheckpointManager
CheckpointManager(sys.argv[1]).claim()
print("claimed", flush=True)
time.sleep(60)
"""


def test_a_killed_writer_holds_nothing(monitor, tmp_path):
    child = subprocess.Popen([sys.executable, "-c", CLAIM, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "claimed\n"
        with pytest.raises(ts.CheckpointError, match=f"process {child.pid} writes its checkpoints here"):
            CheckpointManager(tmp_path).save(monitor)
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    with CheckpointManager(tmp_path) as manager:
        manager.save(monitor)


def _save_often(folder, n_times):
    monitor = ts.Monitor(ts.Stream(2, window=10))
    with CheckpointManager(folder, keep_last=2) as manager:
        for _ in range(n_times):
            monitor.push(np.random.default_rng(0).normal(size=(5, 2)))
            manager.save(monitor)


def test_readers_see_whole_checkpoints_while_another_process_writes(tmp_path):
    writer = multiprocessing.get_context("spawn").Process(target=_save_often, args=(tmp_path, 100))
    writer.start()
    reader = CheckpointManager(tmp_path)
    n_looks = n_seen = 0
    while writer.is_alive():
        entries = reader.verify()
        assert all(entry.is_sound for entry in entries), [entry.problem for entry in entries]
        n_looks += 1
        n_seen += len(entries)
        if entries:
            assert reader.load().metadata.step >= entries[0].metadata.step
    writer.join()
    assert writer.exitcode == 0
    assert n_looks > 5
    assert n_seen > 5
    assert steps(reader) == [99, 100]


def test_what_a_killed_writer_left_is_removed(monitor, tmp_path):
    part = tmp_path / ".step-000000000004.ckpt.abcd1234.part"
    other = tmp_path / ".something.else.part"
    part.write_bytes(b"half")
    other.write_bytes(b"mine")
    with CheckpointManager(tmp_path) as manager:
        manager.save(monitor)
    assert not part.exists()
    assert other.exists()


def test_many_threads_may_push_while_one_saves(tmp_path):
    monitor = ts.Monitor(ts.Stream(2, window=50), ts.CobordismTracker(scale=1.0))
    monitor.push(np.zeros((1, 2)))
    done = threading.Event()

    def push():
        while not done.is_set():
            monitor.push(np.random.default_rng(1).normal(size=(3, 2)))

    threads = [threading.Thread(target=push) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with CheckpointManager(tmp_path, keep_last=30) as manager:
            for _ in range(20):
                manager.save(monitor)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert all(entry.is_sound for entry in manager.verify())


# a disk that is full --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["write", "fsync", "rename"])
def test_a_save_that_fails_changes_nothing(monitor, tmp_path, monkeypatch, at):
    with CheckpointManager(tmp_path, keep_last=1) as manager:
        manager.save(monitor)
        monitor.push(np.zeros((1, 2), np.float32))

        def fail(*args, **kwargs):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        targets = {"write": (checkpoint_file, "_HEAD"), "fsync": (os, "fsync"), "rename": (_files.Path, "replace")}
        target, name = targets[at]
        replacement = type("Full", (), {"pack": fail}) if at == "write" else fail
        monkeypatch.setattr(target, name, replacement)
        with pytest.raises(OSError, match="No space left on device"):
            manager.save(monitor)
        monkeypatch.undo()
        assert steps(manager) == [6]
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "step-000000000006.ckpt"]
        manager.save(monitor)
        assert steps(manager) == [7]


def test_a_file_that_may_not_grow_is_an_error_of_the_system(monitor, tmp_path):
    with CheckpointManager(tmp_path) as manager:
        path = manager.save(monitor).path
        before, old = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, old[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                manager.save(monitor)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        assert path.read_bytes() == before
        assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", path.name]


def fill(path):
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_full_disk_keeps_what_was_saved(monitor, tmp_path):
    """A file system of its own, of 256 KiB, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        # Mounting takes rights that few users have.
        pytest.skip("nothing can be mounted here")
    try:
        with CheckpointManager(disk, keep_last=1) as manager:
            manager.save(monitor)
            ballast = disk / "ballast"
            with pytest.raises(OSError, match="No space left"):
                fill(ballast)
            monitor.push(np.zeros((1, 2), np.float32))
            with pytest.raises(OSError, match="No space left"):
                manager.save(monitor)
            assert [entry.metadata.step for entry in manager.verify() if entry.is_sound] == [6]
            ballast.unlink()
            manager.save(monitor)
            assert steps(manager) == [7]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# arguments ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"keep_last": 0}, ValueError, "keep_last: expected an integer of at least 1, got 0"),
        ({"keep_last": None}, TypeError, "keep_last: expected an integer, got None"),
        ({"keep_best": -1}, ValueError, "keep_best: expected an integer of at least 0, got -1"),
        ({"keep_best": 1}, ValueError, "metric: expected the name of a metric, as keep_best asks for the best, got"),
        ({"metric": 5}, TypeError, "metric: expected the name of a metric, got int"),
        ({"mode": "best"}, ValueError, "mode: expected one of min, max, got 'best'"),
    ],
)
def test_a_wrong_argument_is_named(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        CheckpointManager(tmp_path, **arguments)


def test_a_metric_is_a_number(monitor, tmp_path):
    with pytest.raises(TypeError, match=r"metrics\['loss'\]: expected a number, got 'low'"):
        CheckpointManager(tmp_path).save(monitor, metrics={"loss": "low"})
    assert list(tmp_path.iterdir()) == []


def test_a_step_is_an_integer(tmp_path):
    with pytest.raises(TypeError, match="step: expected an integer, got '3'"):
        CheckpointManager(tmp_path).load("3")
