"""Why a run ended, written down whatever happens."""

import errno
import json
import signal
import subprocess

import pytest

import toposcope as ts
from toposcope.pipeline import abort
from toposcope.pipeline.abort import ABORT_FILE, AbortFile, Cause
from toposcope.safety import Trip


@pytest.mark.parametrize(
    ("cause", "expected", "reason"),
    [
        (
            Cause.of_signal(signal.SIGTERM),
            {"kind": "signal", "message": "stopped by SIGTERM", "signal": 15, "name": "SIGTERM"},
            "signal",
        ),
        (
            Cause.of_error(KeyboardInterrupt()),
            {"kind": "signal", "message": "stopped by SIGINT", "signal": 2, "name": "SIGINT"},
            "signal",
        ),
        (
            Cause.of_error(OSError(errno.ENOSPC, "No space left on device")),
            {"kind": "disk", "message": "[Errno 28] No space left on device", "type": "OSError"},
            "error: [Errno 28] No space left on device",
        ),
        (
            Cause.of_error(FileNotFoundError(errno.ENOENT, "No such file", "x")),
            {"kind": "error", "message": "[Errno 2] No such file: 'x'", "type": "FileNotFoundError"},
            "error: [Errno 2] No such file: 'x'",
        ),
        (
            Cause.of_error(ValueError()),
            {"kind": "error", "message": "ValueError", "type": "ValueError"},
            "error: ValueError",
        ),
    ],
)
def test_a_cause_says_what_it_is(cause, expected, reason):
    assert cause.to_dict() == expected
    assert cause.reason == reason


def test_a_trip_is_told_whole():
    trip = Trip("memory", 2e9, 1e9, 5, 7)
    told = Cause.of_error(ts.GuardError("guard: too much", trip)).to_dict()
    assert told == {"kind": "guard", "message": "guard: too much", "trip": trip.to_dict()}


def test_the_first_folder_that_takes_it_has_it(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    file = AbortFile(folders)
    assert all((folder / ".abort.reserve").stat().st_size == 65_536 for folder in folders)
    assert file.write({"value": float("nan"), "name": "\udcff"}) == folders[0] / ABORT_FILE
    assert json.loads((folders[0] / ABORT_FILE).read_text()) == {"value": None, "name": "\udcff"}
    file.close()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [ABORT_FILE]


def test_a_folder_that_is_gone_is_passed_over(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    file = AbortFile(folders)
    (folders[0] / ".abort.reserve").unlink()
    folders[0].rmdir()
    assert file.write({}) == folders[1] / ABORT_FILE
    (folders[1] / ABORT_FILE).unlink()
    folders[1].rmdir()
    assert file.write({}) is None
    file.close()


def test_a_report_of_an_earlier_run_does_not_stay(tmp_path):
    (tmp_path / ABORT_FILE).write_text("{}")
    AbortFile([tmp_path]).close()
    assert list(tmp_path.iterdir()) == []


def fill(path):
    with path.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))


def test_a_full_disk_has_room_for_the_report(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        # Mounting takes rights that few users have.
        pytest.skip("nothing can be mounted here")
    try:
        file = AbortFile([tmp_path])
        with pytest.raises(OSError, match="No space left"):
            fill(tmp_path / "ballast")
        assert file.write({"text": "x" * 20_000}) == tmp_path / ABORT_FILE
        assert len(json.loads((tmp_path / ABORT_FILE).read_text())["text"]) == 20_000
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_the_reserve_is_more_than_a_report_takes():
    trips = [Trip("growth", 1.2345678e300, 1.2345678e300, 10**15, 10**15).to_dict()] * 100
    assert len(json.dumps(trips, indent=2)) < abort._N_RESERVED * 0.7
