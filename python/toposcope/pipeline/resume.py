"""What a run needs besides its monitor to go on where a checkpoint was made."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from toposcope.exceptions import CheckpointError
from toposcope.pipeline.sources import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator


def digest_of(batch: Batch) -> str:
    """Return the SHA-256 of a batch, by which a source is known again."""
    digest = hashlib.sha256(json.dumps(batch.items).encode())
    if batch.vectors is not None:
        digest.update(np.ascontiguousarray(batch.vectors).tobytes())
    return digest.hexdigest()


def batches_after(batches: Iterator[Batch], n_items: int, n_last: int, digest: str, name: str) -> Iterator[Batch]:
    """Give out what comes after the first ``n_items``, the last ``n_last`` of which have to have that digest.

    Raises
    ------
    CheckpointError
        If the source holds other items, or fewer.
    """
    n_passed = 0
    for batch in batches:
        n_before, n_passed = n_passed, n_passed + len(batch.items)
        if n_passed < n_items:
            continue
        # A file that has grown can have its last, short batch filled up.
        n_known = n_items - n_before
        if n_known != n_last or digest_of(_part(batch, slice(n_known))) != digest:
            raise CheckpointError(f"{name}: expected the items that were read before the checkpoint, got others")
        if n_known < len(batch.items):
            yield _part(batch, slice(n_known, None))
        yield from batches
        return
    if n_passed < n_items:
        raise CheckpointError(f"{name}: expected the {n_items} items before the checkpoint and more, got {n_passed}")


def _part(batch: Batch, part: slice) -> Batch:
    return Batch(batch.items[part], None if batch.vectors is None else batch.vectors[part])
