"""Sentence embedders: encoder models through ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from toposcope import _core
from toposcope._typing import integer
from toposcope.embedding._arguments import (
    choice,
    model_path,
    optional_choice,
    runtime_search,
    text_list,
    thread_count,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt


class SentenceEmbedder:
    """Embed texts with an encoder model, such as all-MiniLM-L6-v2.

    Each text is embedded on its own: the same text gives the same vector (within rounding) whatever it is embedded
    with. Texts of similar length run together. Models with dynamic int8 quantisation, where company would change the
    result, run them one by one.

    Parameters
    ----------
    path : path-like
        A folder with ``model.onnx`` and ``tokenizer.json``, or an .onnx file with ``tokenizer.json`` beside it.
    pooling : {"mean", "cls", "last"}, optional
        ``"mean"`` over all tokens, ``"cls"`` (the first) or ``"last"``. By default the model's own, if it exports
        ``sentence_embedding``, or else the mean.
    normalize : bool, default=True
        Whether vectors have unit length.
    max_tokens : int, default=256
        Tokens of a text at most, special tokens included. No more than the model has positions for.
    truncate : {"end", "start", "error"}, default="end"
        What happens to longer texts: ``"end"`` or ``"start"`` is cut off and counted in :meth:`info`; ``"error"``
        raises.
    batch_tokens : int, default=1024
        Tokens that run together at most, padding included: bounds memory, and is how often Ctrl-C can act.
    n_threads : int, optional
        Threads within one run; by default one per core.
    runtime_path : path-like, optional
        The ONNX Runtime library. By default ``TOPOSCOPE_ORT_PATH``, ``ORT_DYLIB_PATH``, or the installed
        ``onnxruntime``. One library serves the whole process.

    Raises
    ------
    ModelError
        If the model, its tokenizer or ONNX Runtime is missing, broken or does not fit, naming the file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        pooling: Literal["mean", "cls", "last"] | None = None,
        *,
        normalize: bool = True,
        max_tokens: int = 256,
        truncate: Literal["end", "start", "error"] = "end",
        batch_tokens: int = 1024,
        n_threads: int | None = None,
        runtime_path: str | os.PathLike[str] | None = None,
    ) -> None:
        self._model = _core.SentenceModel(
            model_path(path),
            pooling=optional_choice(pooling, "pooling"),
            normalize=bool(normalize),
            max_tokens=integer(max_tokens, "max_tokens", at_least=1),
            truncate=choice(truncate, "truncate"),
            batch_tokens=integer(batch_tokens, "batch_tokens", at_least=1),
            n_threads=thread_count(n_threads),
            search=runtime_search(runtime_path),
        )

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return self._model.n_dims

    def embed(self, texts: Iterable[str]) -> npt.NDArray[np.float32]:
        """Return one vector per text, of shape (n_texts, n_dims), in the order of the texts.

        Raises
        ------
        ValueError
            If a text is empty, or too long with ``truncate="error"``, naming its index.
        ModelError
            If the model cannot be run or gives NaN or infinity.
        """
        return self._model.embed(text_list(texts))

    def info(self) -> dict[str, Any]:
        """Return what was loaded (files, output, dtype) and what was done (texts, tokens, padding, truncated texts)."""
        return self._model.info()
