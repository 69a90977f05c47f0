"""`toposcope checkpoint` on sound folders and damaged ones."""

import json
import os

import numpy as np
import pytest

import toposcope as ts
from toposcope.cli import main
from toposcope.safety import CheckpointManager


@pytest.fixture(name="folder")
def _folder(tmp_path):
    """Steps 1 to 4; the best by `loss` is the second."""
    folder = tmp_path / "checkpoints"
    monitor = ts.Monitor(ts.Stream(1, window=10), ts.CobordismTracker(scale=1.0))
    with CheckpointManager(folder, keep_last=9) as manager:
        for step, loss in enumerate([3.0, 1.0, 2.0, 4.0]):
            monitor.push(np.full((2, 1), 5.0 * step))
            manager.save(monitor, metrics={"loss": loss})
    return folder


def path_of(folder, step):
    return folder / f"step-{step:012d}.ckpt"


def damage(folder, step):
    os.truncate(path_of(folder, step), 50)


def flip(folder, step):
    content = bytearray(path_of(folder, step).read_bytes())
    content[-1] ^= 1
    path_of(folder, step).write_bytes(content)


def run(*arguments):
    return main(["checkpoint", *map(str, arguments)])


def test_the_list_is_a_table(folder, capsys):
    assert run("list", folder) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["step", "made", "size", "points", "metrics", "config", "version", "state"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4"]
    assert [row.split()[-1] for row in rows] == ["ok"] * 4
    assert "loss=3" in rows[0]
    assert rows[0].split()[-2] == ts.__version__


def test_the_best_is_marked(folder, capsys):
    assert run("list", folder, "--metric", "loss", "--mode", "max") == 0
    assert [row.split()[-1] for row in capsys.readouterr().out.splitlines()[1:]] == ["ok", "ok", "ok", "best"]


def test_the_list_is_json_too(folder, capsys):
    damage(folder, 3)
    assert run("list", folder, "--json", "--metric", "loss") == 1
    entries = json.loads(capsys.readouterr().out)
    assert [entry["file"] for entry in entries] == [path_of(folder, step).name for step in range(1, 5)]
    assert [entry["is_best"] for entry in entries] == [False, True, False, False]
    assert [entry["problem"] is None for entry in entries] == [True, True, False, True]
    assert (entries[0]["step"], entries[0]["metrics"]) == (1, {"loss": 3.0})


def test_damage_is_named(folder, capsys):
    damage(folder, 3)
    assert run("list", folder) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[3].split()[-1] == "DAMAGED"
    assert f"{path_of(folder, 3)}: cut short: it ends within its metadata, after 50 bytes" in told.err


def test_verify_reads_every_byte(folder, capsys):
    assert run("verify", folder) == 0
    assert capsys.readouterr().out.count("sound") == 4
    flip(folder, 2)
    assert run("list", folder) == 0
    assert run("verify", folder) == 1
    assert "damaged: its contents are not those that were written" in capsys.readouterr().err
    for step in (1, 3, 4):
        flip(folder, step)
    assert run("verify", folder) == 3


def test_an_empty_folder_has_none_that_is_sound(tmp_path, capsys):
    assert run("list", tmp_path) == 3
    assert "there are no checkpoints" in capsys.readouterr().err
    assert run("list", tmp_path, "--json") == 3
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("action", ["list", "verify", "restore", "prune"])
def test_a_mistyped_folder_is_an_error_and_not_made(tmp_path, action, capsys):
    assert run(action, tmp_path / "nowhere") == 1
    assert "nowhere: expected a folder of checkpoints, got none" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_restore_goes_back(folder, capsys):
    assert run("restore", folder, "--step", "2") == 0
    assert "step 2 is the newest; set aside: step-000000000003.ckpt.later, step-0000" in capsys.readouterr().out
    assert [entry.metadata.step for entry in CheckpointManager(folder).entries()] == [1, 2]


def test_restore_goes_back_to_the_best(folder, capsys):
    assert run("restore", folder, "--best", "--metric", "loss", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"step": 2, "set_aside": [path_of(folder, step).name + ".later" for step in (3, 4)]}


def test_restore_sets_aside_what_is_damaged(folder, capsys):
    flip(folder, 4)
    assert run("restore", folder) == 0
    told = capsys.readouterr()
    assert "going back to the one before" in told.err
    assert "step 3 is the newest; set aside: step-000000000004.ckpt.later" in told.out


def test_restore_writes_files_that_load(folder, tmp_path, capsys):
    out = tmp_path / "files"
    assert run("restore", folder, "--step", "3", "--out", out) == 0
    assert "wrote step 3" in capsys.readouterr().out
    assert ts.Stream.load(out / "stream.ckpt").step == 3
    assert ts.CobordismTracker.load(out / "tracker.ckpt").scale == 1.0
    assert json.loads((out / "checkpoint.json").read_text())["metrics"] == {"loss": 2.0}
    assert len(CheckpointManager(folder).entries()) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--step", "9"], "expected a checkpoint of step 9, got those of 1, 2, 3, 4"),
        (["--best", "--metric", "accuracy"], "expected a checkpoint with a value of accuracy, got none"),
    ],
)
def test_what_is_not_there_cannot_be_restored(folder, capsys, arguments, message):
    assert run("restore", folder, *arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["restore", "--best"], "--best needs --metric"),
        (["restore", "--best", "--step", "1"], "--best and --step exclude each other"),
        (["restore", "--step", "-1"], "expected a whole number of at least 0, got -1"),
        (["prune", "--keep-last", "0"], "expected a whole number of at least 1, got 0"),
        (["prune", "--keep-best", "1"], "--keep-best needs --metric"),
        (["list", "--mode", "most"], "invalid choice"),
    ],
)
def test_wrong_usage(folder, capsys, arguments, message):
    with pytest.raises(SystemExit) as stopped:
        run(arguments[0], folder, *arguments[1:])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_prune_deletes_all_but_the_last_and_the_best(folder, capsys):
    ranking = ("--keep-last", "1", "--keep-best", "1", "--metric", "loss")
    assert run("prune", folder, *ranking, "--dry-run") == 0
    gone = [path_of(folder, 1).name, path_of(folder, 3).name]
    assert capsys.readouterr().out.split() == gone
    assert run("prune", folder, *ranking, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"deleted": gone, "dry_run": False}
    assert [entry.metadata.step for entry in CheckpointManager(folder).entries()] == [2, 4]
    assert run("prune", folder, *ranking) == 0
    assert capsys.readouterr().out == "nothing to delete\n"


def test_a_run_that_writes_is_not_disturbed(folder, capsys):
    with CheckpointManager(folder) as manager:
        manager.claim()
        assert run("list", folder) == 0
        assert run("prune", folder, "--keep-last", "1", "--dry-run") == 0
        assert run("prune", folder, "--keep-last", "1") == 1
        assert run("restore", folder, "--step", "1") == 1
        assert f"process {os.getpid()} writes its checkpoints here" in capsys.readouterr().err
    assert len(CheckpointManager(folder).entries()) == 4


@pytest.mark.parametrize("action", [[], ["list"], ["verify"], ["restore"], ["prune"]])
def test_every_help_names_the_exit_codes(action, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(*action, "--help")
    assert stopped.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "exit codes: 0 all is sound, 1 an error, or some are damaged, 2 wrong usage, 3 none is sound." in told
