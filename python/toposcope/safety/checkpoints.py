"""A folder of checkpoints: saved, ranked, pruned, verified, restored."""

from __future__ import annotations

import fcntl
import math
import os
import re
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from toposcope._typing import describe, integer, number
from toposcope.exceptions import CheckpointError, CheckpointWarning
from toposcope.safety.checkpoint_file import (
    Checkpoint,
    CheckpointMetadata,
    SavedState,
    config_hash,
    read_checkpoint,
    read_metadata,
    write_checkpoint,
)
from toposcope.stream import Stream
from toposcope.tracking import CobordismTracker

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["min", "max"]

_NAME = re.compile(r"step-(\d{12})\.ckpt")
_PART = re.compile(r"\.step-\d{12}\.ckpt\..{8}\.part")
_LOCK = ".lock"
SET_ASIDE = ".later"
"""Ending of the checkpoints that :meth:`CheckpointManager.go_back` has left behind."""


class Checkpointable(Protocol):
    """What can be saved: a :class:`~toposcope.Monitor`."""

    def state(self) -> SavedState:
        """Return all that it is made of."""


@dataclass(frozen=True)
class CheckpointEntry:
    """A file of the folder.

    Attributes
    ----------
    path : Path
        Where it is.
    n_bytes : int
        Its size.
    metadata : CheckpointMetadata or None
        What it is about; None if that cannot be read.
    problem : str or None
        Why it cannot be used; None if it can, as far as was looked at.
    """

    path: Path
    n_bytes: int
    metadata: CheckpointMetadata | None
    problem: str | None

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found wrong."""
        return self.problem is None

    def to_dict(self) -> dict[str, Any]:
        """Return what is known as plain values."""
        known = {} if self.metadata is None else self.metadata.to_dict()
        known.pop("facts", None)
        return {"file": self.path.name, "n_bytes": self.n_bytes, "problem": self.problem, **known}


class CheckpointManager:
    """Keeps the checkpoints of one run in a folder.

    Each is one file, ``step-000000000120.ckpt``, that holds stream, tracker, items and counters of a monitor at one
    step, so that a restored monitor goes on with the same diagrams, the same events and the same identities. It is on
    the disk, under its name, before :meth:`save` returns, and only then are older ones pruned.

    Parameters
    ----------
    folder : path-like
        Made by the first save, if it is not there.
    keep_last : int, default=3
        Newest checkpoints to keep, at least 1.
    keep_best : int, default=0
        Checkpoints to keep besides, the best by ``metric``.
    metric : str, optional
        Name of the value, among the ``metrics`` of a save, that checkpoints are ranked by. One without it, or with
        NaN or an infinity, ranks last; of equal ones the newer is better.
    mode : {"min", "max"}, default="min"
        Whether less or more of it is better.
    config : mapping, optional
        The configuration of the run, as JSON can hold it: its hash is kept with every checkpoint, and one of another
        configuration is not loaded. By default the stream's parameters are kept, and nothing is compared.

    Raises
    ------
    ValueError, TypeError
        If a parameter is not as described.

    Notes
    -----
    One process writes to a folder at a time, from its first save to :meth:`close` or its end, however it ends; another
    one is refused. Any number may read meanwhile. A damaged file is never deleted here, nor does it count as one of
    those to keep.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> monitor = ts.Monitor(ts.Stream(n_dims=1, window=4), tracker=ts.CobordismTracker(scale=1.0))
    >>> manager = ts.safety.CheckpointManager("checkpoints", keep_last=2)
    >>> for x in [0.0, 5.0, 9.0]:
    ...     report = monitor.push(np.array([[x]]))
    ...     entry = manager.save(monitor, metrics={"error_bound": report.error_bound})
    >>> [entry.path.name for entry in manager.entries()]
    ['step-000000000002.ckpt', 'step-000000000003.ckpt']
    >>> manager.close()

    In another process, or after a crash:

    >>> monitor = ts.Monitor.restore(manager.load())
    >>> [(event.kind, event.seq) for event in monitor.push(np.array([[14.0]])).events]
    [('ComponentBirth', 3)]
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        keep_last: int = 3,
        keep_best: int = 0,
        metric: str | None = None,
        mode: Mode = "min",
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.keep_last = integer(keep_last, "keep_last", at_least=1)
        self.keep_best = integer(keep_best, "keep_best", at_least=0)
        if metric is not None and not isinstance(metric, str):
            raise TypeError(f"metric: expected the name of a metric, got {describe(metric)}")
        if keep_best and metric is None:
            raise ValueError("metric: expected the name of a metric, as keep_best asks for the best, got None")
        if mode not in {"min", "max"}:
            raise ValueError(f"mode: expected one of min, max, got {mode!r}")
        self.metric = metric
        self.mode: Mode = mode
        self.config = config
        self._lock: int | None = None

    # reading ---------------------------------------------------------------------------------------------------------

    def entries(self) -> list[CheckpointEntry]:
        """Return the checkpoints of the folder by step, oldest first, looking at their metadata and lengths alone.

        Raises
        ------
        OSError
            If the folder cannot be read; one that is not there holds none.
        """
        return [entry for path in self._paths() if (entry := _looked_at(path, deeply=False)) is not None]

    def verify(self) -> list[CheckpointEntry]:
        """Return the same after reading every byte, and making a stream and a tracker of it."""
        return [entry for path in self._paths() if (entry := _looked_at(path, deeply=True)) is not None]

    def best(self) -> CheckpointEntry | None:
        """Return the best checkpoint by ``metric``; None if there is none with a value.

        Raises
        ------
        ValueError
            If there is no ``metric``.
        """
        if self.metric is None:
            raise ValueError("metric: expected the name of a metric to rank by, got None")
        ranked = self._ranked(self.entries())
        return ranked[0] if ranked and not math.isnan(self._value(ranked[0])) else None

    def load(self, step: int | None = None) -> Checkpoint:
        """Read a checkpoint whole.

        Parameters
        ----------
        step : int, optional
            Which; by default the newest that is sound. What is damaged is passed over with a
            :class:`~toposcope.CheckpointWarning`.

        Returns
        -------
        Checkpoint
            For :meth:`Monitor.restore <toposcope.Monitor.restore>`.

        Raises
        ------
        CheckpointError
            If there is no such checkpoint, no sound one, or it was made with another configuration.
        """
        if step is not None:
            path = self.path_of(integer(step, "step", at_least=0))
            if not path.exists():
                there = ", ".join(str(_step(p)) for p in self._paths()) or "none"
                raise CheckpointError(f"{self.folder}: expected a checkpoint of step {step}, got those of {there}")
            return self._checked(read_checkpoint(path))
        problems = []
        for path in reversed(self._paths()):
            try:
                return self._checked(_restorable(path))
            except FileNotFoundError:  # pruned in the meantime
                continue
            except _OtherConfigError:
                raise
            except CheckpointError as error:
                problems.append(str(error))
                warnings.warn(f"{error}; going back to the one before", CheckpointWarning, stacklevel=2)
        raise CheckpointError(f"{self.folder}: expected a sound checkpoint, got {len(problems)} that are damaged")

    # writing ---------------------------------------------------------------------------------------------------------

    def save(self, source: Checkpointable | SavedState, metrics: Mapping[str, float] | None = None) -> CheckpointEntry:
        """Save a monitor, and prune.

        Parameters
        ----------
        source : Monitor
            What to save; or a state of it, with sections and facts of the caller's own.
        metrics : mapping of str to float, optional
            What checkpoints can be ranked by, and lists show.

        Returns
        -------
        CheckpointEntry

        Raises
        ------
        OSError
            If it cannot be written, as on a full disk: then nothing has changed, and what was saved before is there.
        CheckpointError
            If another process writes to the folder.
        """
        values = {str(name): number(value, f"metrics[{name!r}]") for name, value in (metrics or {}).items()}
        state = source if isinstance(source, SavedState) else source.state()
        self.claim()
        path = self.path_of(state.step)
        config = state.config if self.config is None else self.config
        metadata = write_checkpoint(path, state, config=config, metrics=values, time=time.time())
        self._prune(dry_run=False)
        return CheckpointEntry(path, path.stat().st_size, metadata, None)

    def prune(self, *, dry_run: bool = False) -> list[Path]:
        """Delete what is neither among the last nor among the best.

        Parameters
        ----------
        dry_run : bool, default=False
            Whether only to say what would be deleted.

        Returns
        -------
        list of Path
            What was, or would be, deleted. Damaged files are not.

        Raises
        ------
        CheckpointError
            If another process writes to the folder.
        """
        if not dry_run and self.folder.is_dir():
            self.claim()
        return self._prune(dry_run=dry_run)

    def go_back(self, step: int) -> list[Path]:
        """Make a checkpoint the newest: later ones, sound or not, get the ending ``.later`` and are not looked at.

        Parameters
        ----------
        step : int
            Which.

        Returns
        -------
        list of Path
            What was set aside, under its new name.

        Raises
        ------
        CheckpointError
            If there is no such checkpoint, it is damaged, or another process writes to the folder.
        """
        _restorable(self.load(step).path)
        self.claim()
        later = [path for path in self._paths() if _step(path) > step]
        return [path.replace(path.with_name(path.name + SET_ASIDE)) for path in later]

    def close(self) -> None:
        """Let another process write to the folder. More calls do nothing; a save takes hold of it again."""
        descriptor, self._lock = self._lock, None
        if descriptor is not None:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def claim(self) -> None:
        """Become the one who writes to the folder, which the first save does else. More calls do nothing.

        The lock is the system's, which lets go of it when the process ends, however it does.

        Raises
        ------
        CheckpointError
            If another process writes to the folder.
        """
        if self._lock is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "another"
            os.close(descriptor)
            raise CheckpointError(f"{self.folder}: process {owner} writes its checkpoints here") from None
        except OSError:
            pass  # a file system without locks
        with suppress(OSError):  # a full disk: nobody will read who it is, and the lock holds all the same
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor
        for path in self.folder.iterdir():
            if _PART.fullmatch(path.name):  # what a killed writer has left
                path.unlink(missing_ok=True)

    def _prune(self, *, dry_run: bool) -> list[Path]:
        sound = [entry for entry in self.entries() if entry.is_sound]
        kept = sound[-self.keep_last :]
        if self.keep_best:
            kept = kept + self._ranked(sound)[: self.keep_best]
        names = {entry.path.name for entry in kept}
        gone = [entry.path for entry in sound if entry.path.name not in names]
        if not dry_run:
            for path in gone:
                path.unlink(missing_ok=True)
        return gone

    def _ranked(self, entries: list[CheckpointEntry]) -> list[CheckpointEntry]:
        """Return the sound ones, best first."""
        sign = 1.0 if self.mode == "min" else -1.0

        def key(entry: CheckpointEntry) -> tuple[bool, float, int]:
            value = self._value(entry)
            return math.isnan(value), 0.0 if math.isnan(value) else sign * value, -_step(entry.path)

        return sorted((entry for entry in entries if entry.is_sound), key=key)

    def _value(self, entry: CheckpointEntry) -> float:
        assert entry.metadata is not None
        assert self.metric is not None
        value = entry.metadata.metrics.get(self.metric, math.nan)
        return value if math.isfinite(value) else math.nan

    def _checked(self, checkpoint: Checkpoint) -> Checkpoint:
        """Refuse one of another configuration, and name what differs."""
        if self.config is None or checkpoint.metadata.config_hash == config_hash(self.config):
            return checkpoint
        theirs = checkpoint.metadata.config
        names = sorted({name for name in {*theirs, *self.config} if theirs.get(name) != _plain(self.config).get(name)})
        differences = "; ".join(f"{name} was {theirs.get(name)!r}, is {self.config.get(name)!r}" for name in names)
        raise _OtherConfigError(f"{checkpoint.path}: made with another configuration: {differences}")

    def _paths(self) -> list[Path]:
        if not self.folder.is_dir():
            if self.folder.exists():
                raise NotADirectoryError(20, os.strerror(20), str(self.folder))
            return []
        return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def path_of(self, step: int) -> Path:
        """Return where the checkpoint of a step is, or would be."""
        return self.folder / f"step-{step:012d}.ckpt"


class _OtherConfigError(CheckpointError):
    """A sound checkpoint of another configuration, for which no older one makes up."""


def _step(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return int(match[1])


def _looked_at(path: Path, *, deeply: bool) -> CheckpointEntry | None:
    """Return the entry of a file; None if it was pruned in the meantime."""
    metadata = problem = None
    try:
        n_bytes = path.stat().st_size
        metadata = read_metadata(path)
        if deeply:
            _restorable(path)
        if metadata.step != _step(path):
            problem = f"{path}: damaged: its name says step {_step(path)}, its metadata say {metadata.step}"
    except FileNotFoundError:
        return None
    except CheckpointError as error:
        problem = str(error)
    except OSError as error:
        n_bytes, problem = 0, f"{path}: cannot be read: {error.strerror}"
    return CheckpointEntry(path, n_bytes, metadata, problem)


def _restorable(path: Path) -> Checkpoint:
    """Read a checkpoint, and make a stream and a tracker of it; `CheckpointError` if that fails."""
    checkpoint = read_checkpoint(path)
    try:
        step = Stream.restore(checkpoint.sections["stream"]).step
        if "tracker" in checkpoint.sections:
            CobordismTracker.restore(checkpoint.sections["tracker"])
    except KeyError:
        raise CheckpointError(f"{path}: damaged: there is no stream in it") from None
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    if step != checkpoint.metadata.step:
        raise CheckpointError(f"{path}: damaged: its metadata say step {checkpoint.metadata.step}, its stream {step}")
    return checkpoint


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in config.items()}
