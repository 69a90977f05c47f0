"""What everything that turns texts into vectors has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors; anything with these two members can stand where an embedder is asked for."""

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one vector per text, of shape (n_texts, n_dims), in the order of the texts."""
        ...
