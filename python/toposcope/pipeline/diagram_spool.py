"""The diagrams of a run as they come, in a file that can be cut back to where a checkpoint was made.

A Parquet file can be read only when it is finished, and what a kill leaves of it is lost. So a run with checkpoints
puts its diagrams here first: a line that says what the numbers mean, then for every push its step, the largest
dimension, the number of intervals, and the columns. A record that a kill has torn is the last one, and is not read.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from toposcope.diagram import Diagram, DiagramInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPOOL_FILE = ".diagrams.spool"
"""Name of the file in the folder of a run."""
_RECORD = struct.Struct("<QBI")
_BYTES_PER_INTERVAL = 1 + 8 + 8


class DiagramSpool:
    """Appends diagrams to a file, each by one ``write(2)``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._has_head = os.fstat(self._descriptor).st_size > 0

    def write(self, step: int, diagram: Diagram) -> None:
        """Add the diagram of one push.

        Raises
        ------
        OSError
            If the disk does not take all of it.
        """
        record = b"" if self._has_head else json.dumps(asdict(diagram.info)).encode() + b"\n"
        record += _RECORD.pack(step, diagram.max_dim, diagram.n_intervals)
        record += np.asarray(diagram.dims, "u1").tobytes()
        record += np.asarray(diagram.births, "<f8").tobytes() + np.asarray(diagram.deaths, "<f8").tobytes()
        assert self._descriptor is not None
        rest = memoryview(record)
        try:
            while rest:  # a disk that fills up takes a part, and says why at the next call
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self._has_head = True

    def close(self) -> None:
        """Close the file; more calls do nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def read_spool(path: Path) -> Iterator[tuple[int, Diagram]]:
    """Give out step and diagram of every push that is there whole, in order.

    Raises
    ------
    ValueError
        If the file is none that :class:`DiagramSpool` has written.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        head = file.readline()
        if not head.endswith(b"\n"):
            return  # torn, or nothing was written yet
        try:
            info = DiagramInfo(**json.loads(head))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: expected the diagrams of a run, got {error!r}") from None
        while len(record := file.read(_RECORD.size)) == _RECORD.size:
            step, max_dim, n_intervals = _RECORD.unpack(record)
            columns = file.read(n_intervals * _BYTES_PER_INTERVAL)
            if len(columns) < n_intervals * _BYTES_PER_INTERVAL:
                return
            dims = np.frombuffer(columns, "u1", n_intervals)
            births, deaths = np.frombuffer(columns, "<f8", 2 * n_intervals, n_intervals).reshape(2, n_intervals)
            yield step, Diagram(dims, births, deaths, max_dim=max_dim, info=info)
