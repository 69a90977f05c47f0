"""Memory for a chunk that is filled and given up, so that nobody has to copy it."""

from __future__ import annotations

from typing import Self

from toposcope import _core
from toposcope._typing import integer

_FLOAT32_BYTES = 4


class ChunkBuffer(_core.ChunkBuffer):
    """Memory of the engine's for a chunk of points, to be filled by the caller and taken over by a push.

    An array is copied when it is pushed, because whoever made it could still write to it while the engine reads. This
    memory is lent through the buffer protocol, which counts those who look at it; a push takes it when nobody does any
    more, and it is empty afterwards. What that saves is the copy of a chunk, a percent or so of a push: it pays where
    points can be read into place, from a socket or a file.

    Parameters
    ----------
    n_points, n_dims : int
        Rows and columns, of float32, all zero at first.

    Attributes
    ----------
    shape : tuple of int
        ``(n_points, n_dims)``.
    is_taken : bool
        Whether it was pushed.

    Raises
    ------
    ValueError, TypeError
        If a number is none. A push raises ``ValueError`` while an array or memoryview of the buffer is alive, and once
        it is taken.
    MemoryError
        If the system has no room for it.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> chunk = ts.ChunkBuffer(3, 2)
    >>> np.asarray(chunk)[:] = [[0, 0], [1, 0], [5, 5]]
    >>> report = ts.Stream(n_dims=2).push(chunk)
    >>> report.n_points, chunk.is_taken
    (3, True)

    An array that is still there keeps it from being pushed:

    >>> chunk = ts.ChunkBuffer(3, 2)
    >>> points = np.asarray(chunk)
    >>> ts.Stream(n_dims=2).push(chunk)
    Traceback (most recent call last):
    ValueError: chunk: expected a ChunkBuffer that nobody looks at any more, got one with views alive: 1
    >>> del points
    """

    def __new__(cls, n_points: int, n_dims: int) -> Self:
        """Check the numbers and set the memory aside."""
        n_dims = integer(n_dims, "n_dims", at_least=1)
        most = (2**63 - 1) // (_FLOAT32_BYTES * n_dims)
        return super().__new__(cls, integer(n_points, "n_points", at_least=0, at_most=most), n_dims)

    def __len__(self) -> int:
        """Points that it is for."""
        return self.shape[0]

    def __repr__(self) -> str:
        return f"ChunkBuffer{self.shape}{': taken' if self.is_taken else ''}"
