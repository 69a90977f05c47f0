"""From the name of an embedder to the embedder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from toposcope.embedding import Embedder
    from toposcope.pipeline.sources import Batch
    from toposcope.pipeline.sources.base import Kind

Vectors = np.ndarray[Any, np.dtype[Any]]


def make_embedder(spec: str, kind: Kind) -> Embedder | None:
    """Return the embedder that a source of this kind needs; None for numbers.

    Parameters
    ----------
    spec : str
        As :attr:`WatchConfig.embedder`.
    kind : {"text", "vectors"}
        What the source yields.

    Raises
    ------
    ValueError
        If text has no embedder, or numbers have one.
    ModelError, ImportError
        If the model cannot be used, or the package that runs it is missing.
    """
    name, _, path = spec.partition(":")
    if kind == "vectors":
        if name not in {"auto", "none"}:
            raise ValueError(f"embedder: the source holds numbers, which need none, got {spec}")
        return None
    if name == "none":
        raise ValueError("embedder: the source holds text, which needs one: hashing, sentence:PATH or qwen:PATH")
    # Loads the embedding package only where there is text.
    from toposcope import embedding  # noqa: PLC0415

    match name:
        case "sentence":
            return embedding.SentenceEmbedder(path)
        case "qwen":
            return embedding.QwenEmbedder(path)
        case _:
            return embedding.HashingEmbedder()


def vectors_of(batch: Batch, embedder: Embedder | None) -> Vectors:
    """Return the batch's own numbers as float32, or its text embedded."""
    if batch.vectors is None:
        if embedder is None:
            raise ValueError("embedder: the source changed from numbers to text")
        return embedder.embed(batch.items)
    return batch.vectors.astype(np.float32)
