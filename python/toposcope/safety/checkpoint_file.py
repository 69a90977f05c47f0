r"""One checkpoint in one file: what it is about, and sections of bytes.

::

    toposcope checkpoint\n           21 bytes
    format                           uint32, little-endian
    length of the metadata           uint64
    SHA-256 of the metadata          32 bytes
    metadata                         JSON
    sections                         one after another, as long as the metadata says

The metadata holds the SHA-256 of all sections. There is no file beside it that could be missing, stale or of another
checkpoint. Lengths are held against the size of the file before anything is read into memory, and nothing is unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toposcope import _core
from toposcope._files import replace_file
from toposcope.exceptions import CheckpointError
from toposcope.telemetry.jsonl import finite

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

MAGIC = b"toposcope checkpoint\n"
FORMAT = 1
"""The format that this version writes, and the only one that it reads."""
_HEAD = struct.Struct(f"<{len(MAGIC)}sIQ32s")
_LONGEST_METADATA = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class CheckpointMetadata:
    """What a checkpoint is about.

    Attributes
    ----------
    step : int
        The stream's count of pushes.
    n_seen : int
        Points that ever came.
    time : float
        Seconds since 1970, when it was made.
    version : str
        Version of toposcope that made it.
    config_hash : str
        SHA-256 of the configuration.
    config : mapping
        The configuration.
    metrics : mapping of str to float
        What checkpoints can be ranked by.
    facts : mapping
        What else is needed to go on: counters, the name of the run.
    sections : mapping of str to int
        Names and lengths in bytes of what follows.
    sha256 : str
        Of all sections together.
    """

    step: int
    n_seen: int
    time: float
    version: str
    config_hash: str
    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    facts: Mapping[str, Any]
    sections: Mapping[str, int]
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {field.name: finite(getattr(self, field.name)) for field in dataclasses.fields(self)}


@dataclass(frozen=True)
class SavedState:
    """What a monitor is made of at one moment, stream and tracker at the same step.

    Attributes
    ----------
    step, n_seen : int
        The stream's counts.
    sections : mapping of str to bytes
        ``"stream"``, ``"tracker"`` if there is one, and the items.
    facts : mapping
        Counters and the name of the run, as JSON can hold them.
    config : mapping
        The stream's parameters.
    """

    step: int
    n_seen: int
    sections: Mapping[str, bytes]
    facts: Mapping[str, Any]
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read whole, and is sound.

    Attributes
    ----------
    path : Path
        Where it was read.
    metadata : CheckpointMetadata
        What it is about.
    sections : mapping of str to bytes
        Its contents, which :meth:`Monitor.restore <toposcope.Monitor.restore>` understands.
    """

    path: Path
    metadata: CheckpointMetadata
    sections: Mapping[str, bytes]


def config_hash(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a configuration, in hexadecimal, whatever the order of its entries.

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.safety.config_hash({"window": 500, "chunk": 50})[:8]
    '39a8ea42'
    """
    text = json.dumps(finite(config), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_checkpoint(
    path: Path, state: SavedState, *, config: Mapping[str, Any], metrics: Mapping[str, float], time: float
) -> CheckpointMetadata:
    """Write a checkpoint, whole or not at all, and onto the disk before this returns.

    Raises
    ------
    OSError
        If it cannot be written; a file that was there is left as it was.
    """
    digest = hashlib.sha256()
    for section in state.sections.values():
        digest.update(section)
    metadata = CheckpointMetadata(
        step=state.step,
        n_seen=state.n_seen,
        time=time,
        version=_core.__version__,
        config_hash=config_hash(config),
        config=finite(config),
        metrics=dict(metrics),
        facts=state.facts,
        sections={name: len(section) for name, section in state.sections.items()},
        sha256=digest.hexdigest(),
    )
    text = json.dumps(metadata.to_dict(), allow_nan=False, separators=(",", ":")).encode()
    with replace_file(path) as file:
        file.write(_HEAD.pack(MAGIC, FORMAT, len(text), hashlib.sha256(text).digest()))
        file.write(text)
        for section in state.sections.values():
            file.write(section)
    return metadata


def read_metadata(path: Path) -> CheckpointMetadata:
    """Read what a checkpoint is about, and see that its sections are as long as they should be.

    Raises
    ------
    CheckpointError
        If it is cut short, damaged, of another format, or no checkpoint; the message says which.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return _metadata(path, file)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint whole.

    Raises
    ------
    CheckpointError
        As :func:`read_metadata`, and if the sections are not those that were written.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        metadata = _metadata(path, file)
        sections = {name: file.read(length) for name, length in metadata.sections.items()}
    digest = hashlib.sha256()
    for section in sections.values():
        digest.update(section)
    if digest.hexdigest() != metadata.sha256:
        raise CheckpointError(f"{path}: damaged: its contents are not those that were written (SHA-256 differs)")
    return Checkpoint(path, metadata, sections)


def _metadata(path: Path, file: BinaryIO) -> CheckpointMetadata:
    n_bytes = os.fstat(file.fileno()).st_size
    head = file.read(_HEAD.size)
    if not head.startswith(MAGIC[: len(head)]) or not head:
        raise CheckpointError(f"{path}: without metadata: expected a checkpoint of a monitor, got something else")
    if len(head) < _HEAD.size:
        raise CheckpointError(f"{path}: cut short: it ends within its metadata, after {n_bytes} bytes")
    _, file_format, length, digest = _HEAD.unpack(head)
    if file_format != FORMAT:
        raise CheckpointError(f"{path}: of another version: expected format {FORMAT}, got {file_format}")
    if length > _LONGEST_METADATA:
        raise CheckpointError(f"{path}: damaged: expected at most {_LONGEST_METADATA} bytes of metadata, got {length}")
    if n_bytes < _HEAD.size + length:
        raise CheckpointError(f"{path}: cut short: it ends within its metadata, after {n_bytes} bytes")
    text = file.read(length)
    if hashlib.sha256(text).digest() != digest:
        raise CheckpointError(f"{path}: damaged: its metadata are not those that were written (SHA-256 differs)")
    metadata = _parsed(path, text)
    expected = _HEAD.size + length + sum(metadata.sections.values())
    if n_bytes != expected:
        what = "cut short" if n_bytes < expected else "damaged"
        raise CheckpointError(f"{path}: {what}: expected {expected} bytes, got {n_bytes}")
    return metadata


def _parsed(path: Path, text: bytes) -> CheckpointMetadata:
    """Return the metadata; the digest is right, so what is wrong here was written so."""
    try:
        values = json.loads(text)
        metrics = {str(k): float("nan") if v is None else float(v) for k, v in values.pop("metrics").items()}
        metadata = CheckpointMetadata(metrics=metrics, **values)
        is_sound = (
            all(type(n) is int and n >= 0 for n in (metadata.step, metadata.n_seen, *metadata.sections.values()))
            and isinstance(metadata.time, (int, float))
            and all(isinstance(s, str) for s in (metadata.version, metadata.config_hash, metadata.sha256))
            and all(isinstance(m, dict) for m in (metadata.config, metadata.facts))
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise CheckpointError(f"{path}: damaged: its metadata cannot be understood: {error}") from None
    if not is_sound:
        raise CheckpointError(f"{path}: damaged: its metadata hold values of the wrong kind")
    return metadata
