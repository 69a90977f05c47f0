"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replace_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a new file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    The order matters for a power loss as much as for a crash: the bytes reach the disk before the name points to them,
    and the folder's entry before the caller hears of success.
    """
    _check_place(path)
    import tempfile  # noqa: PLC0415 (brings every compression there is; half a dozen modules for one function)

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode_of(path))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)  # an interrupt can come when it has taken its place already
        raise
    _sync_folder(path.parent)


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
