"""What ``toposcope watch`` does, as data."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from toposcope._typing import byte_count, integer, number
from toposcope.safety import GuardConfig
from toposcope.telemetry.opening import check_sink

METRICS = ("auto", "euclidean", "cosine", "manhattan", "chebyshev")
"""Metrics of a stream; ``auto`` is cosine for text, euclidean for numbers."""

GUARDS = ("warn", "raise", "off")
"""What a guard may do."""

#: Fields that change nothing in what is found, or are compared in another way: of the source, by its items.
_NO_DIFFERENCE = frozenset(
    {
        *("source", "out", "linger", "min_confidence", "n_threads", "checkpoint_dir", "checkpoint_every"),
        *("keep_checkpoints", "resume", "guard", "max_memory", "max_latency", "telemetry"),
    }
)

MOST_LANDMARKS = 512
"""Landmarks kept of a window that is larger, unless told otherwise."""


@dataclass(frozen=True, kw_only=True)
class WatchConfig:
    """Source, embedder, stream, tracker and outputs of one run.

    Attributes
    ----------
    source : str
        File, or ``"-"`` for standard input.
    file_format : str or None
        Format of the source; None = by the file's ending.
    columns : tuple of str
        Columns or field to read; empty = chosen by name.
    embedder : str
        ``"auto"``, ``"hashing"``, ``"sentence:PATH"``, ``"qwen:PATH"`` or ``"none"``. ``auto`` is ``hashing`` for text
        and ``none`` for numbers.
    out : str or None
        Folder for the outputs; None = none are written.
    window : int
        Points that are alive.
    max_landmarks : int or None
        Landmarks kept at most; None = the whole window, up to :data:`MOST_LANDMARKS`.
    chunk : int
        Items of a push.
    linger : float
        Seconds that items of a live source wait for a chunk to fill.
    max_dim : int
        Largest homology dimension, of diagrams and, up to 2, of events.
    metric : str
        One of :data:`METRICS`.
    threshold : float or None
        Largest filtration value built.
    scale : float or None
        Filtration value at which the tracker looks. None = for text, once the window is full, where it falls into the
        most groups of ``min_mass`` points; for numbers, in the widest gap between distances.
    margin : float or None
        Length of the interval around the scale on which a class has to live to count; None = with a scale chosen here
        a twentieth of where it ends, or else four times the covering radius, so that every class is certified.
    confirm_after : int
        Pushes for which a change has to last until it is confirmed; 0 = all are final as they are told.
    min_confidence : float
        Events below it are written, but not shown.
    min_mass : int or None
        Points of a component or loop that is worth a word; None = 5 for text, 1 for numbers. Events in which nothing
        changes among the larger ones are written, but not shown.
    half_life : float or None
        Items after which the weight of a landmark has halved; None = it stays.
    landmark_min_mass : float or None
        Landmarks that weigh less are left out of diagrams and events; None = none are.
    memory_limit : str or int
        Bytes that the stream may hold, such as ``"64MiB"``.
    n_threads : int or None
        Threads; None = as many as the machine has.
    checkpoint_dir : str or None
        Folder for checkpoints; None = none are made.
    checkpoint_every : int
        Pushes from one checkpoint to the next. There is one more at the end of a run, however it ends.
    keep_checkpoints : int
        Checkpoints kept, the newest ones.
    resume : bool
        Whether to go on from the newest sound checkpoint of ``checkpoint_dir``, if there is one. Of a file the items
        that it knows are passed over; from standard input all is taken to come after it.
    guard : {"warn", "raise", "off"}
        What a guard does when a limit is passed: warns, or ends the run, as a signal would.
    max_memory : str, int or None
        Resident bytes of the process that the guard allows; None = 80 % of what it may have.
    max_latency : float or None
        Seconds of a push that the guard allows; None = :attr:`GuardConfig.latency
        <toposcope.safety.GuardConfig.latency>`'s default.
    telemetry : tuple of str
        Where the records of pushes go, besides ``telemetry.jsonl`` in ``out``, as
        :func:`~toposcope.telemetry.opening.open_sink` names it.
    """

    source: str
    file_format: str | None = None
    columns: tuple[str, ...] = ()
    embedder: str = "auto"
    out: str | None = None
    window: int = 500
    max_landmarks: int | None = None
    chunk: int = 50
    linger: float = 1.0
    max_dim: int = 1
    metric: str = "auto"
    threshold: float | None = None
    scale: float | None = None
    margin: float | None = None
    min_confidence: float = 0.0
    min_mass: int | None = None
    confirm_after: int = 0
    half_life: float | None = None
    landmark_min_mass: float | None = None
    memory_limit: str | int = "64MiB"
    n_threads: int | None = None
    checkpoint_dir: str | None = None
    checkpoint_every: int = 100
    keep_checkpoints: int = 3
    resume: bool = False
    guard: str = "warn"
    max_memory: str | int | None = None
    max_latency: float | None = None
    telemetry: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, least in (("window", 1), ("chunk", 1), ("max_dim", 0), ("confirm_after", 0)):
            integer(getattr(self, name), name, at_least=least)
        for name in ("max_landmarks", "n_threads", "min_mass"):
            if getattr(self, name) is not None:
                integer(getattr(self, name), name, at_least=1)
        for name in ("linger", "threshold", "scale", "margin"):
            value = getattr(self, name)
            if value is not None and not number(value, name) >= 0:
                raise ValueError(f"{name}: expected a number of at least 0, got {value!r}")
        if self.half_life is not None and not 0 < number(self.half_life, "half_life") < math.inf:
            raise ValueError(f"half_life: expected a finite number above 0, got {self.half_life!r}")
        mass = self.landmark_min_mass
        if mass is not None and not 0 <= number(mass, "landmark_min_mass") < math.inf:
            raise ValueError(f"landmark_min_mass: expected a finite number of at least 0, got {mass!r}")
        if not 0 <= number(self.min_confidence, "min_confidence") <= 1:
            raise ValueError(f"min_confidence: expected a number from 0 to 1, got {self.min_confidence!r}")
        byte_count(self.memory_limit, "memory_limit")
        if self.metric not in METRICS:
            raise ValueError(f"metric: expected one of {', '.join(METRICS)}, got {self.metric!r}")
        self._check_safety()
        kind, _, path = self.embedder.partition(":")
        if kind not in {"sentence", "qwen"} and self.embedder not in {"auto", "hashing", "none"}:
            raise ValueError(
                f"embedder: expected auto, hashing, sentence:PATH, qwen:PATH or none, got {self.embedder!r}"
            )
        if kind in {"sentence", "qwen"} and not path:
            raise ValueError(f"embedder: expected the model's folder after {kind}:, got nothing")
        for name in self.telemetry:
            check_sink(name)

    @property
    def n_landmarks(self) -> int:
        """Landmarks kept at most."""
        return min(self.window, MOST_LANDMARKS) if self.max_landmarks is None else self.max_landmarks

    def _check_safety(self) -> None:
        for name in ("checkpoint_every", "keep_checkpoints"):
            integer(getattr(self, name), name, at_least=1)
        if self.resume and self.checkpoint_dir is None:
            raise ValueError("resume: expected a checkpoint_dir to go on from, got none")
        if self.guard not in GUARDS:
            raise ValueError(f"guard: expected one of {', '.join(GUARDS)}, got {self.guard!r}")
        self.guard_config()

    def guard_config(self) -> GuardConfig | None:
        """Return the limits of the guard; None if there is none."""
        if self.guard == "off":
            return None
        limits: dict[str, Any] = {"memory": self.max_memory, "latency": self.max_latency, "on_trip": self.guard}
        try:
            return GuardConfig(**{name: value for name, value in limits.items() if value is not None})
        except (ValueError, TypeError) as error:
            raise type(error)(f"max_{error}") from None

    def identity(self) -> dict[str, Any]:
        """Return the fields that make a difference to what is found, which a resumed run has to share."""
        return {name: value for name, value in self.to_dict().items() if name not in _NO_DIFFERENCE}

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**dataclasses.asdict(self), "columns": list(self.columns), "telemetry": list(self.telemetry)}
