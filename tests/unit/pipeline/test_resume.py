"""Going on where a checkpoint was made, within one process."""

import dataclasses
import json

import numpy as np
import pytest

import toposcope as ts
from toposcope.pipeline import watch as watch_module
from toposcope.pipeline.config import WatchConfig
from toposcope.pipeline.diagram_file import read_diagrams
from toposcope.pipeline.outputs import GROWING
from toposcope.pipeline.resume import batches_after, digest_of
from toposcope.pipeline.sources import Batch
from toposcope.pipeline.watch import StreamPipeline
from toposcope.safety import CheckpointManager

pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")


def batch(*names):
    return Batch(list(names), np.array([[float(len(name))] for name in names]))


def after(batches, n_items, last):
    return [b.items for b in batches_after(iter(batches), n_items, len(last.items), digest_of(last), "source")]


def test_what_is_known_is_passed_over():
    batches = [batch("a", "b"), batch("c", "d"), batch("e")]
    assert after(batches, 4, batches[1]) == [["e"]]
    assert after(batches, 2, batches[0]) == [["c", "d"], ["e"]]
    assert after(batches, 5, batches[2]) == []


def test_a_file_that_has_grown_is_gone_on_in_the_middle_of_a_batch():
    assert after([batch("a", "b"), batch("c", "d")], 3, batch("c")) == [["d"]]


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([batch("a", "b"), batch("c", "x"), batch("e")], "expected the items that were read before the checkpoint"),
        ([batch("a", "b", "c"), batch("d", "e")], "expected the items that were read before the checkpoint"),
        ([batch("a", "b")], "expected the 4 items before the checkpoint and more, got 2"),
        ([], "expected the 4 items before the checkpoint and more, got 0"),
    ],
)
def test_another_source_is_refused(batches, message):
    with pytest.raises(ts.CheckpointError, match=f"source: {message}"):
        after(batches, 4, batch("c", "d"))


def test_the_digest_sees_names_and_numbers():
    one = batch("a", "b")
    assert digest_of(one) == digest_of(batch("a", "b"))
    assert digest_of(one) != digest_of(batch("a", "c"))
    assert digest_of(one) != digest_of(dataclasses.replace(one, vectors=one.vectors + 1))
    assert digest_of(one) != digest_of(dataclasses.replace(one, vectors=None))


def config(tmp_path, **changes):
    path = tmp_path / "points.csv"
    if not path.exists():
        rows = (f"{5 * (i // 30 % 3)},{i % 4}" for i in range(240))
        path.write_text("x,y\n" + "\n".join(rows) + "\n")
    given = {"window": 40, "chunk": 10, "scale": 2.0, "checkpoint_every": 3}
    folders = {"out": str(tmp_path / "out"), "checkpoint_dir": str(tmp_path / "ck")}
    return WatchConfig(source=str(path), **{**given, **folders, **changes})


def lines(folder, name):
    return (folder / name).read_bytes()


def run_whole(tmp_path):
    with StreamPipeline(config(tmp_path, out=str(tmp_path / "whole"), checkpoint_dir=None)) as pipeline:
        for _ in pipeline.steps():
            pass
    return tmp_path / "whole"


def abandon(pipeline):
    """Leave it as a kill would: nothing is closed, but the lock is gone with the process."""
    pipeline._checkpoints.close()
    pipeline.source.close()


@pytest.mark.parametrize("n_pushes", [2, 3, 7, 8])
def test_an_abandoned_run_is_gone_on_with_to_the_same_files(tmp_path, n_pushes):
    whole = run_whole(tmp_path)
    pipeline = StreamPipeline(config(tmp_path))
    for _, _ in zip(range(n_pushes), pipeline.steps(), strict=False):
        pass
    abandon(pipeline)
    with StreamPipeline(config(tmp_path, resume=True)) as again:
        found = again.resumed_from
        assert (0 if found is None else found.metadata.step) == n_pushes // 3 * 3
        steps = [step.report.step for step in again.steps()]
    assert steps == list(range(n_pushes // 3 * 3 + 1, 25))
    assert lines(tmp_path / "out", "events.jsonl") == lines(whole, "events.jsonl")
    told = [json.loads(line) for line in lines(tmp_path / "out", "telemetry.jsonl").splitlines()]
    assert [(record["seq"], record["step"]) for record in told] == [(i, i + 1) for i in range(24)]
    run = json.loads(lines(tmp_path / "out", "run.json"))
    assert [r["step"] for r in run.get("resumed", [])] == ([] if found is None else [found.metadata.step])
    assert run["n_dims"] == 2


def test_what_a_kill_has_torn_is_cut_off(tmp_path):
    whole = run_whole(tmp_path)
    pipeline = StreamPipeline(config(tmp_path))
    for _, _ in zip(range(7), pipeline.steps(), strict=False):
        pass
    abandon(pipeline)
    out = tmp_path / "out"
    for name in GROWING:
        with (out / name).open("ab") as file:
            file.write(b'{"half of a line')
    with StreamPipeline(config(tmp_path, resume=True)) as again:
        for _ in again.steps():
            pass
    assert lines(out, "events.jsonl") == lines(whole, "events.jsonl")
    assert len([json.loads(line) for line in lines(out, "telemetry.jsonl").splitlines()]) == 24
    ours, theirs = (list(read_diagrams(folder / "diagrams.parquet")) for folder in (out, whole))
    assert ours == theirs


def test_text_is_tracked_at_the_scale_that_was_chosen(tmp_path):
    """The window is full, and a scale chosen, after the 4th push; both sides of it are gone on from."""
    path = tmp_path / "prose.txt"
    words = ["river", "boat", "sea", "compile", "module", "level"]
    path.write_text("\n".join(f"{words[i % 3 + 3 * (i // 60 % 2)]} number {i}" for i in range(120)) + "\n")
    shared = {"source": str(path), "window": 40, "chunk": 10, "min_mass": 2, "checkpoint_every": 2}
    whole = WatchConfig(out=str(tmp_path / "whole"), **shared)
    with StreamPipeline(whole) as pipeline:
        for _ in pipeline.steps():
            pass
    for n_pushes in (3, 7):
        out = tmp_path / f"out{n_pushes}"
        killed = WatchConfig(out=str(out), checkpoint_dir=str(out) + "-ck", **shared)
        pipeline = StreamPipeline(killed)
        for _, _ in zip(range(n_pushes), pipeline.steps(), strict=False):
            pass
        abandon(pipeline)
        with StreamPipeline(dataclasses.replace(killed, resume=True)) as again:
            assert again.resumed_from.metadata.step == n_pushes // 2 * 2
            for _ in again.steps():
                pass
        assert lines(out, "events.jsonl") == lines(tmp_path / "whole", "events.jsonl")
        runs = [json.loads(lines(folder, "run.json")) for folder in (out, tmp_path / "whole")]
        assert runs[0]["scale"] == runs[1]["scale"]
        assert runs[0]["tracking_from"] == runs[1]["tracking_from"]


def test_a_run_that_has_ended_goes_on_with_what_was_added(tmp_path):
    with StreamPipeline(config(tmp_path)) as pipeline:
        for _ in pipeline.steps():
            pass
    with (tmp_path / "points.csv").open("a") as file:
        file.write("50,50\n" * 3)
    with StreamPipeline(config(tmp_path, resume=True)) as again:
        (step,) = again.steps()
    assert (step.report.step, step.report.n_points, step.n_items) == (25, 3, 243)
    told = [n for n, _ in read_diagrams(tmp_path / "out" / "diagrams.parquet")]
    assert told == list(range(1, 26))


def test_without_resume_checkpoints_of_another_run_are_not_mixed_with(tmp_path):
    with StreamPipeline(config(tmp_path)) as pipeline:
        next(pipeline.steps())
        pipeline.checkpoint()
    with pytest.raises(ts.CheckpointError, match="there are checkpoints of an earlier run: go on from them with"):
        StreamPipeline(config(tmp_path))


def test_another_run_in_the_same_folder_is_refused_before_it_spoils_anything(tmp_path):
    pipeline = StreamPipeline(config(tmp_path))
    next(pipeline.steps())
    before = lines(tmp_path / "out", "telemetry.jsonl")
    with pytest.raises(ts.CheckpointError, match="writes its checkpoints here"):
        StreamPipeline(config(tmp_path, resume=True))
    assert lines(tmp_path / "out", "telemetry.jsonl") == before
    pipeline.close()


@pytest.mark.parametrize(
    ("changes", "told"), [({"window": 50}, "window was 40, is 50"), ({"chunk": 5}, "chunk was 10")]
)
def test_other_options_are_refused_and_named(tmp_path, changes, told):
    with StreamPipeline(config(tmp_path)) as pipeline:
        next(pipeline.steps())
    with pytest.raises(ts.CheckpointError, match=f"made with another configuration: .*{told}"):
        StreamPipeline(config(tmp_path, resume=True, **changes))


def test_options_that_change_nothing_may_differ(tmp_path):
    with StreamPipeline(config(tmp_path)) as pipeline:
        next(pipeline.steps())
    free = {"out": None, "n_threads": 1, "linger": 5.0, "guard": "off", "checkpoint_every": 50}
    with StreamPipeline(config(tmp_path, resume=True, **free)) as again:
        assert next(again.steps()).report.step == 2


def test_a_changed_source_is_refused(tmp_path):
    with StreamPipeline(config(tmp_path)) as pipeline:
        next(pipeline.steps())
    path = tmp_path / "points.csv"
    path.write_text(path.read_text().replace("0,3", "0,7"))
    with (
        pytest.raises(ts.CheckpointError, match="expected the items that were read before the checkpoint, got others"),
        StreamPipeline(config(tmp_path, resume=True)) as again,
    ):
        next(again.steps())


def test_a_checkpoint_of_a_plain_monitor_is_none_of_a_watch(tmp_path):
    asked = config(tmp_path, resume=True)
    monitor = ts.Monitor(ts.Stream(2))
    monitor.push(np.zeros((1, 2)))
    with CheckpointManager(asked.checkpoint_dir, config=asked.identity()) as manager:
        manager.save(monitor)
    with pytest.raises(ts.CheckpointError, match="expected one of `toposcope watch`, got KeyError"):
        StreamPipeline(asked)


def test_lines_that_are_gone_are_warned_about(tmp_path):
    with StreamPipeline(config(tmp_path)) as pipeline:
        for _ in pipeline.steps():
            pass
    (tmp_path / "out" / "events.jsonl").write_bytes(b"")
    with pytest.warns(ts.CheckpointWarning, match="events.jsonl: expected .* bytes as at the checkpoint, got 0"):
        StreamPipeline(config(tmp_path, resume=True)).close()


@pytest.mark.parametrize("folders", [{"checkpoint_dir": None}, {"out": None}])
def test_a_checkpoint_needs_a_folder_and_a_push(tmp_path, folders):
    pipeline = StreamPipeline(config(tmp_path, **folders))
    with pytest.raises(ts.CheckpointError, match="expected a folder for checkpoints and a push before"):
        pipeline.checkpoint()
    pipeline.seal()


def test_a_push_that_is_torn_is_not_saved(tmp_path, monkeypatch):
    pipeline = StreamPipeline(config(tmp_path))
    steps = pipeline.steps()
    next(steps)

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(watch_module, "explain_all", interrupt)
    with pytest.raises(KeyboardInterrupt):
        for _ in steps:
            pass
    monkeypatch.undo()
    with pytest.raises(ts.CheckpointError, match="in the middle of a push"):
        pipeline.checkpoint()
    abandon(pipeline)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"resume": True}, ValueError, "resume: expected a checkpoint_dir to go on from, got none"),
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every: expected an integer of at least 1, got 0"),
        ({"keep_checkpoints": 0}, ValueError, "keep_checkpoints: expected an integer of at least 1, got 0"),
        ({"guard": "shout"}, ValueError, "guard: expected one of warn, raise, off, got 'shout'"),
        ({"max_memory": "lots"}, ValueError, "max_memory: expected a size such as"),
        ({"max_latency": 0}, ValueError, "max_latency: expected a finite number of seconds above 0, got 0"),
    ],
)
def test_wrong_options_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        WatchConfig(source="-", **arguments)
