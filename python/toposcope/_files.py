"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = ".part"
#: Characters that `mkstemp` puts between prefix and suffix.
_N_RANDOM = 8


@contextmanager
def replace_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a new file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    The order matters for a power loss as much as for a crash: the bytes reach the disk before the name points to them,
    and the folder's entry before the caller hears of success.

    A process that is killed leaves its new file behind, as ``.NAME.RANDOM.part``. Whoever writes to the same ``path``
    next removes it: a lock that the system holds for the writer, and lets go with him, tells the dead from the living.
    """
    _check_place(path)
    _remove_abandoned(path)
    descriptor, temporary = _locked_part(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(_mode_of(path))
            temporary.replace(path)  # while the lock is held
    except BaseException:
        temporary.unlink(missing_ok=True)  # an interrupt can come when it has taken its place already
        raise
    _sync_folder(path.parent)


def _locked_part(path: Path) -> tuple[int, Path]:
    """Return a new file beside ``path``, open and locked."""
    import tempfile  # noqa: PLC0415 (brings every compression there is; half a dozen modules for one function)

    while True:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path), suffix=_PART)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink > 0:
            return descriptor, Path(name)
        os.close(descriptor)  # taken for abandoned, in the moment before it was locked


def _remove_abandoned(path: Path) -> None:
    """Remove what killed writers to ``path`` have left: files that nobody holds the lock of."""
    prefix = _prefix(path)
    length = len(prefix) + _N_RANDOM + len(_PART)
    with os.scandir(path.parent) as entries:
        names = [e.name for e in entries if e.name.startswith(prefix) and e.name.endswith(_PART)]
    for name in names:
        if len(name) == length:
            with suppress(OSError):  # locked, gone, another user's, or without locks
                _remove_unlocked(path.parent / name)


def _remove_unlocked(part: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink()
    finally:
        os.close(descriptor)


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _check_place(path: Path) -> None:
    """Name what the caller named, and not the temporary file, when there can be no such file."""
    if not path.parent.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


def _mode_of(path: Path) -> int:
    """Return the permissions a plain ``open(path, "w")`` would have left."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
