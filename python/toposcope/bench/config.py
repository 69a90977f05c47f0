"""What ``toposcope bench ladder`` measures, as data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from toposcope._typing import byte_count, integer

QUICK: dict[str, Any] = {"sizes": (1000, 5000), "n_dims": 16, "max_landmarks": 64, "window": 2000}
"""Values that take a few seconds, for those that are not given."""

_LARGEST_MAX_DIM = 12
_MOST_REPEATS = 1000


@dataclass(frozen=True, kw_only=True)
class LadderConfig:
    """The rungs, and the stream that each of them runs.

    Attributes
    ----------
    sizes : tuple of int
        Points of each rung, ascending.
    chunk : int
        Points of a push.
    n_dims : int
        Coordinates of a point.
    window : int
        Points that are alive.
    max_landmarks : int
        Landmarks kept at most.
    max_dim : int
        Largest homology dimension.
    memory_limit : int or None
        Bytes that the stream may hold, also given as text; None = no limit, and nothing is said about keeping one.
    seed : int
        Of the points.
    repeats : int
        Runs of each rung, over the same points.
    n_threads : int
        Threads of the stream, and of the product of matrices beside it. One is what can be compared: where others want
        the processor too, a product on several threads waits for the last of them, and its time says nothing.
    """

    sizes: tuple[int, ...] = (1000, 10_000, 100_000, 1_000_000)
    chunk: int = 1000
    n_dims: int = 128
    window: int = 10_000
    max_landmarks: int = 256
    max_dim: int = 1
    memory_limit: int | None = None
    seed: int = 0
    repeats: int = 1
    n_threads: int = 1

    def __post_init__(self) -> None:
        sizes = tuple(integer(size, "sizes", at_least=1) for size in self.sizes)
        if not sizes or sorted(set(sizes)) != list(sizes):
            raise ValueError(f"sizes: expected different numbers in ascending order, got {', '.join(map(str, sizes))}")
        object.__setattr__(self, "sizes", sizes)
        # The first two coordinates hold the ring.
        integer(self.n_dims, "n_dims", at_least=2)
        for name in ("chunk", "window", "max_landmarks", "n_threads"):
            integer(getattr(self, name), name, at_least=1)
        integer(self.repeats, "repeats", at_least=1, at_most=_MOST_REPEATS)
        integer(self.max_dim, "max_dim", at_least=0, at_most=_LARGEST_MAX_DIM)
        integer(self.seed, "seed", at_least=0)
        if self.memory_limit is not None:
            object.__setattr__(self, "memory_limit", byte_count(self.memory_limit, "memory_limit"))

    @property
    def command(self) -> str:
        """The command that measures the same again, whatever the defaults are by then."""
        options = {
            "sizes": ",".join(map(str, self.sizes)),
            "chunk": self.chunk,
            "n-dims": self.n_dims,
            "window": self.window,
            "max-landmarks": self.max_landmarks,
            "max-dim": self.max_dim,
            "memory-limit": self.memory_limit,
            "seed": self.seed,
            "repeats": self.repeats,
            "threads": self.n_threads,
        }
        given = [f"--{name} {value}" for name, value in options.items() if value is not None]
        return " ".join(["toposcope bench ladder", *given])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON has them."""
        return {**dataclasses.asdict(self), "sizes": list(self.sizes)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LadderConfig:
        """Return what :meth:`to_dict` came from.

        Raises
        ------
        ValueError, TypeError
            If a value is missing, unknown, or not as described.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if set(values) != names:
            raise ValueError(f"config: expected {', '.join(sorted(names))}, got {', '.join(sorted(values))}")
        if not isinstance(values["sizes"], list):
            raise TypeError(f"sizes: expected a list, got {values['sizes']!r}")
        return cls(**{**values, "sizes": tuple(values["sizes"])})
