"""The points that are streamed: made chunk by chunk, so that no process holds more than one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_NOISE = 0.05
_DISTANCE = 4.0
#: Coordinates after the first two in which the ring is thick.
_THICK = slice(2, 5)


class RingSource:
    """A thick noisy ring whose centre goes around a circle of radius 4.

    The ring has radius 1 in the first two coordinates and thickness 1 in the next three; all have Gaussian noise, whose
    length is about 0.05 in any number of dimensions. It moves, so that landmarks keep coming and going.

    Parameters
    ----------
    seed : int
        With the same seed, chunk and number of dimensions the points are the same.
    chunk : int
        Points of a chunk, but for the last.
    n_dims : int
        Coordinates of a point, at least 2.
    round_points : int, default=1_000_000
        Points after which the centre is back where it was.
    """

    def __init__(self, seed: int, chunk: int, n_dims: int, *, round_points: int = 1_000_000) -> None:
        self.seed, self.chunk, self.n_dims, self.round_points = seed, chunk, n_dims, round_points

    def points(self, index: int) -> npt.NDArray[np.float32]:
        """Return a chunk, by its number from 0, of shape (chunk, n_dims)."""
        rng = np.random.default_rng([self.seed, index])
        shape = (self.chunk, self.n_dims)
        points = rng.standard_normal(shape, dtype=np.float32) * np.float32(_NOISE / self.n_dims**0.5)
        thick = points[:, _THICK]
        thick += rng.random(thick.shape, dtype=np.float32)
        angles = rng.random(self.chunk) * 2 * np.pi
        centre = (index * self.chunk + np.arange(self.chunk)) / self.round_points * 2 * np.pi
        points[:, 0] += np.cos(angles) + _DISTANCE * np.cos(centre)
        points[:, 1] += np.sin(angles) + _DISTANCE * np.sin(centre)
        return points

    def n_chunks(self, n_points: int) -> int:
        """Return how many chunks so many points fill."""
        return -(-n_points // self.chunk)

    def n_points_of(self, index: int, n_points: int) -> int:
        """Return how many points a chunk has, in a stream of so many."""
        return min(self.chunk, n_points - index * self.chunk)

    def at(self, ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.float32]:
        """Return the points of these indices over the whole stream, of shape (n_ids, n_dims)."""
        numbers, places = np.divmod(ids.astype(np.int64), self.chunk)
        found = np.empty((len(ids), self.n_dims), np.float32)
        for index in np.unique(numbers):
            is_here = numbers == index
            found[is_here] = self.points(int(index))[places[is_here]]
        return found
