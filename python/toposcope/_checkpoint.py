"""What streams and trackers share: their state as bytes, in files, and in pickles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Self

from toposcope._files import replace_file
from toposcope._typing import describe
from toposcope.exceptions import CheckpointError

if TYPE_CHECKING:
    import os


class Checkpointed(ABC):
    """An object whose whole state is :meth:`snapshot`."""

    @abstractmethod
    def snapshot(self) -> bytes:
        """Return the whole state as bytes."""

    @abstractmethod
    def _adopt_snapshot(self, snapshot: bytes) -> None:
        """Take over the state of a snapshot; `CheckpointError` if it cannot be read."""

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Make one from what :meth:`snapshot` returned; it goes on as that one would have, to the last bit.

        Raises
        ------
        CheckpointError
            If the bytes are damaged, of another version, or something else.
        """
        if not isinstance(snapshot, (bytes, bytearray, memoryview)):
            raise TypeError(f"snapshot: expected bytes, got {describe(snapshot)}")
        restored = cls.__new__(cls)
        restored.__setstate__(bytes(snapshot))
        return restored

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, whole or not at all: on an error an existing file is left as it was.

        That holds for a process that is killed too. What it may leave beside the file, ``.NAME.RANDOM.part``, is
        removed by the next save to the same path.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        snapshot = self.snapshot()
        with replace_file(Path(path)) as file:
            file.write(snapshot)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read the file that :meth:`save` wrote.

        Raises
        ------
        CheckpointError
            If the file is damaged, of another version, or something else; the message names it and says why.
        OSError
            If it cannot be read.
        """
        path = Path(path)
        try:
            return cls.restore(path.read_bytes())
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error

    def __getstate__(self) -> bytes:
        return self.snapshot()

    def __setstate__(self, snapshot: bytes) -> None:
        self._adopt_snapshot(snapshot)
