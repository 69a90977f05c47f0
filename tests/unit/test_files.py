"""Files that are written whole or not at all, and what becomes of those that killed processes have left."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from toposcope._files import replace_file

KILLED = """
import os, pathlib, signal, sys
from toposcope._files import replace_file
with replace_file(pathlib.Path(sys.argv[1])) as file:
    file.write(b"half of i")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(path: Path, content: bytes) -> None:
    with replace_file(path) as file:
        file.write(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def abandon(path: Path) -> Path:
    """Leave what a writer leaves that is killed."""
    before = set(path.parent.iterdir())
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    (part,) = set(path.parent.iterdir()) - before
    assert part.read_bytes() == b"half of i"
    return part


def test_the_next_writer_removes_what_a_killed_one_has_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, b"first")
    part = abandon(path)
    assert part.name.startswith(".a.")
    assert part.name.endswith(".part")
    assert path.read_bytes() == b"first"
    write(tmp_path / "b", b"of another name")
    assert part.exists()
    write(path, b"second")
    assert names(tmp_path) == ["a", "b"]
    assert path.read_bytes() == b"second"


def test_the_next_writer_removes_it_though_he_fails(tmp_path: Path) -> None:
    path = tmp_path / "a"
    abandon(path)
    with pytest.raises(ZeroDivisionError), replace_file(path):
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_a_writer_that_lives_keeps_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with replace_file(path) as slow:
        slow.write(b"the slower one")
        write(path, b"the faster one")
        assert path.read_bytes() == b"the faster one"
        assert len(names(tmp_path)) == 2
    assert path.read_bytes() == b"the slower one"
    assert names(tmp_path) == ["a"]


def test_files_of_other_names_are_not_touched(tmp_path: Path) -> None:
    others = [".a.b.12345678.part", ".a.1234567.part", ".a.12345678.parts", "a.12345678.part", ".b.12345678.part"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".a.87654321.part").symlink_to(tmp_path / "elsewhere")
    write(tmp_path / "a", b"content")
    assert names(tmp_path) == sorted(["a", "elsewhere", ".a.87654321.part", *others])


def test_a_file_that_was_taken_for_abandoned_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its making and its lock a file looks like one that nobody wants."""
    flock = fcntl.flock
    swept = []

    def sweep_first(descriptor: int, operation: int) -> None:
        if not swept:
            (part,) = tmp_path.glob(".a.*.part")
            part.unlink()
            swept.append(part)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    write(tmp_path / "a", b"content")
    assert len(swept) == 1
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"content"


def test_without_locks_nothing_is_removed_and_all_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = abandon(tmp_path / "a")

    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    write(tmp_path / "a", b"content")
    assert names(tmp_path) == sorted(["a", part.name])
    assert (tmp_path / "a").read_bytes() == b"content"


def test_permissions_are_those_of_a_plain_file(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain", tmp_path / "a"
    plain.write_bytes(b"")
    write(path, b"content")
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    write(path, b"more")
    assert path.stat().st_mode & 0o777 == 0o640
