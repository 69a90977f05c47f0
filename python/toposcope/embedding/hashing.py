"""Embedding without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toposcope import _core
from toposcope._typing import integer
from toposcope.embedding._arguments import text_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt


class HashingEmbedder:
    r"""Embed texts by their character n-grams, hashed into a fixed number of dimensions.

    Texts that share spellings get similar vectors. There is no meaning in them, but they need no model, cost
    microseconds, and are the same on every machine and in every version.

    Each n-gram :math:`g` of a text (in NFC, white space collapsed, one space on either side) is hashed; one part of the
    hash names a dimension :math:`i(g)`, one bit a sign :math:`s(g)`. The vector is
    :math:`\sum_g s(g)\, e_{i(g)}`, divided by its norm.

    Parameters
    ----------
    n_dims : int, default=256
        Length of a vector.
    ngram : (int, int), default=(2, 4)
        Shortest and longest n-gram in characters, both included.
    lowercase : bool, default=True
        Whether upper and lower case count as the same.
    seed : int, default=0
        Another seed gives another hash function.

    Examples
    --------
    >>> embedder = HashingEmbedder(n_dims=64)
    >>> embedder.embed(["the cat sat", "the cats sat"]).shape
    (2, 64)
    """

    def __init__(
        self,
        n_dims: int = 256,
        *,
        ngram: tuple[int, int] = (2, 4),
        lowercase: bool = True,
        seed: int = 0,
    ) -> None:
        try:
            shortest, longest = ngram
        except (TypeError, ValueError):
            raise TypeError(f"ngram: expected (shortest, longest), got {ngram!r}") from None
        self._n_dims = integer(n_dims, "n_dims", at_least=1, at_most=2**31 - 1)
        self._options: dict[str, Any] = {
            "ngram": (integer(shortest, "ngram[0]", at_least=1), integer(longest, "ngram[1]", at_least=1)),
            "lowercase": bool(lowercase),
            "seed": integer(seed, "seed", at_least=0, at_most=2**64 - 1),
        }
        self._model = _core.HashingModel(n_dims=self._n_dims, **self._options)

    def __getstate__(self) -> dict[str, Any]:
        return {"n_dims": self._n_dims, **self._options}

    def __setstate__(self, options: dict[str, Any]) -> None:
        self.__init__(**options)  # type: ignore[misc]

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return self._n_dims

    def embed(self, texts: Iterable[str]) -> npt.NDArray[np.float32]:
        """Return one unit vector per text, of shape (n_texts, n_dims).

        Raises
        ------
        ValueError
            If a text has no visible character, naming its index.
        """
        return self._model.embed(text_list(texts))
