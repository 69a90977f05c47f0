"""Decoder embedders: Qwen-like models with a key/value cache, through ONNX Runtime."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from toposcope import _core
from toposcope._typing import describe, integer
from toposcope.embedding._arguments import (
    choice,
    model_path,
    optional_choice,
    runtime_search,
    text_list,
    thread_count,
)
from toposcope.exceptions import TokenizerWarning

if TYPE_CHECKING:
    import os


@dataclass(frozen=True)
class Window:
    """How much of a stream a :class:`QwenEmbedder` remembers.

    Attributes
    ----------
    max_tokens : int, default=2048
        Tokens held at most.
    sinks : int, default=4
        First tokens of the stream that are never forgotten: models put much of their attention there.
    on_full : {"evict", "reencode", "raise"}, optional
        What happens beyond ``max_tokens``. ``"evict"`` forgets the oldest tokens but the sinks, in blocks, and leaves
        the positions of the others alone: equal to a full history in which the forgotten tokens are masked.
        ``"reencode"`` starts anew from the last tokens: equal to a fresh history on them. ``"raise"`` refuses. By
        default ``"evict"``, or ``"reencode"`` for models without an input ``position_ids``. At the last position of
        the model, ``"evict"`` re-encodes once.
    """

    max_tokens: int = 2048
    sinks: int = 4
    on_full: Literal["evict", "reencode", "raise"] | None = None


class QwenEmbedder:
    """Embed texts with a decoder model, statelessly or over a stream that it remembers.

    The two ways never mix:

    - :meth:`embed` gives every text a fresh history of its own.
    - :meth:`feed` goes on with this embedder's history. The keys and values of all earlier tokens are kept, layer by
      layer, and the vector returned is that of *this call's* tokens given everything before.

    Feeding in pieces gives the same states as feeding at once, for the same token ids. With dynamic int8 quantisation
    this holds only for the same pieces. A base language model is not a sentence embedder: for semantic quality use a
    model that was trained for it (Qwen3-Embedding) or a :class:`SentenceEmbedder`.

    Parameters
    ----------
    path : path-like
        A folder with ``model.onnx`` and ``tokenizer.json``, or an .onnx file with ``tokenizer.json`` beside it.
        Without a tokenizer bytes are used as tokens, with a :class:`~toposcope.TokenizerWarning`.
    dtype : {"auto", "float32", "float16"}, default="auto"
        ``"float32"`` or ``"float16"`` cache and output, or whatever the model has.
    pooling : {"last", "mean", "cls"}, optional
        ``"last"`` token, ``"mean"`` or ``"cls"`` (the first). By default the last for hidden states, else the mean.
    source : {"auto", "hidden", "values", "logits"}, default="auto"
        What the vector of a token is taken from: the last ``"hidden"`` state, the ``"values"`` in the cache of all
        layers (which every export has), or the ``"logits"`` less their mean (large, and no good embedding).
        ``"auto"`` is hidden if the model exports it, else values.
    normalize : bool, default=True
        Whether vectors have unit length.
    window : Window or mapping, optional
        How much of a stream is remembered: a :class:`Window`, or a mapping of its attributes.
    chunk_tokens : int, default=128
        Tokens per run at most: bounds memory, and is how often Ctrl-C can act.
    skip_first_tokens : int, default=1
        First tokens of a history that a mean leaves out: their activations are out of all proportion.
    strict_tokenizer : bool, default=False
        Whether a missing tokenizer is an error.
    n_threads : int, optional
        Threads within one run; by default one per core.
    runtime_path : path-like, optional
        The ONNX Runtime library, as for :class:`SentenceEmbedder`.

    Raises
    ------
    ModelError
        If the model, its tokenizer or ONNX Runtime is missing, broken or does not fit, naming the file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        dtype: Literal["auto", "float32", "float16"] = "auto",
        pooling: Literal["mean", "cls", "last"] | None = None,
        source: Literal["auto", "hidden", "values", "logits"] = "auto",
        normalize: bool = True,
        window: Window | Mapping[str, Any] | None = None,
        chunk_tokens: int = 128,
        skip_first_tokens: int = 1,
        strict_tokenizer: bool = False,
        n_threads: int | None = None,
        runtime_path: str | os.PathLike[str] | None = None,
    ) -> None:
        window = _window(window)
        self._model = _core.QwenModel(
            model_path(path),
            dtype=choice(dtype, "dtype"),
            pooling=optional_choice(pooling, "pooling"),
            source=choice(source, "source"),
            normalize=bool(normalize),
            max_tokens=integer(window.max_tokens, "window.max_tokens", at_least=1),
            sinks=integer(window.sinks, "window.sinks", at_least=0),
            on_full=optional_choice(window.on_full, "window.on_full"),
            chunk_tokens=integer(chunk_tokens, "chunk_tokens", at_least=1),
            skip_first_tokens=integer(skip_first_tokens, "skip_first_tokens", at_least=0),
            strict_tokenizer=bool(strict_tokenizer),
            n_threads=thread_count(n_threads),
            search=runtime_search(runtime_path),
        )
        if self._model.tokenizer == "byte-fallback":
            warnings.warn(
                f"{path}: there is no tokenizer.json; bytes are used as tokens, far from how the model was trained",
                TokenizerWarning,
                stacklevel=2,
            )

    def with_new_history(self) -> Self:
        """Return another embedder over the same loaded model, with an empty history of its own."""
        other = object.__new__(type(self))
        other._model = self._model.with_new_history()
        return other

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return self._model.n_dims

    def embed(self, texts: Iterable[str]) -> npt.NDArray[np.float32]:
        """Return one vector per text, of shape (n_texts, n_dims), each with a fresh history of its own.

        The history of this embedder is neither used nor changed. Texts longer than the window are remembered as a
        stream would be.

        Raises
        ------
        ValueError
            If a text is empty, naming its index.
        ModelError
            If the model cannot be run or gives NaN or infinity.
        """
        return self._model.embed(text_list(texts))

    def feed(self, text: str) -> npt.NDArray[np.float32]:
        """Return the vector of ``text`` after everything fed before, of shape (n_dims,), and remember ``text``.

        No special tokens are put around it. If the call fails or is interrupted, the history is as it was. Calls from
        several threads take turns.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: expected str, got {describe(text)}")
        return self._model.feed(text)

    def feed_ids(self, ids: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the vector of token ``ids``, as :meth:`feed` does for text.

        Raises
        ------
        ValueError
            If there are no ids, or one is not in the model's vocabulary.
        """
        array = np.asarray(ids)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise TypeError(f"ids: expected integers along one axis, got {array.dtype} of shape {array.shape}")
        return self._model.feed_ids(array.astype(np.int64))

    def reset(self) -> None:
        """Forget everything fed so far."""
        self._model.reset()

    def info(self) -> dict[str, Any]:
        """Return what was loaded (files, source, cache shape) and how the history stands (tokens, bytes)."""
        return self._model.info()


def _window(window: Window | Mapping[str, Any] | None) -> Window:
    if window is None:
        return Window()
    if isinstance(window, Window):
        return window
    if not isinstance(window, Mapping):
        raise TypeError(f"window: expected Window or a mapping, got {describe(window)}")
    unknown = [name for name in window if name not in Window.__dataclass_fields__]
    if unknown:
        raise TypeError(f"window: expected max_tokens, sinks, on_full, got {unknown[0]!r}")
    return Window(**window)
