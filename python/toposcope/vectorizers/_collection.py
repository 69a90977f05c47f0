"""What the vectorizers read: the intervals of many diagrams, end to end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope import _core
from toposcope._typing import describe
from toposcope.diagram import Diagram

if TYPE_CHECKING:
    import numpy.typing as npt

    from toposcope._typing import Float64Array

_EXPECTED = "a sequence of diagrams, each a toposcope.Diagram, a dict {dim: (n, 2) array} or a list of (n, 2) arrays"


@dataclass(frozen=True)
class Collection:
    """Columns over all intervals, sorted within each diagram, and facts of each diagram.

    Attributes
    ----------
    samples, dims, births, deaths : arrays of shape (n_intervals,)
        Number of the diagram, homology dimension, birth and death of each interval.
    thresholds : array of shape (n_diagrams,)
        Largest filtration value built; NaN if the diagram does not say or was followed to its end.
    computed : array of shape (n_diagrams,)
        Largest dimension that is known; every dimension for plain containers, where absent means empty.
    max_dim : int
        Largest dimension of all diagrams.
    """

    samples: npt.NDArray[np.intp]
    dims: npt.NDArray[np.uint8]
    births: Float64Array
    deaths: Float64Array
    thresholds: Float64Array
    computed: npt.NDArray[np.intp]
    max_dim: int

    @classmethod
    def of(cls, X: Any) -> Collection:
        """Gather diagrams in any of the forms that vectorizers accept."""
        if isinstance(X, Collection):
            return X
        given = _elements(X)
        diagrams = [_diagram(element, index) for index, element in enumerate(given)]
        thresholds = [np.nan if d.threshold is None else d.threshold for d in diagrams]
        everything = np.iinfo(np.intp).max
        computed = [
            d.max_dim if isinstance(element, Diagram) else everything
            for d, element in zip(diagrams, given, strict=True)
        ]
        return cls(
            samples=np.repeat(np.arange(len(diagrams)), np.array([d.n_intervals for d in diagrams], np.intp)),
            dims=np.concatenate([np.empty(0, np.uint8), *(d.dims for d in diagrams)]),
            births=np.concatenate([np.empty(0), *(d.births for d in diagrams)]),
            deaths=np.concatenate([np.empty(0), *(d.deaths for d in diagrams)]),
            thresholds=np.array(thresholds, np.float64),
            computed=np.array(computed, np.intp),
            max_dim=max((d.max_dim for d in diagrams), default=0),
        )

    @property
    def n_diagrams(self) -> int:
        """Number of diagrams."""
        return len(self.thresholds)

    @property
    def essential(self) -> npt.NDArray[np.bool_]:
        """Which intervals never die."""
        return np.isinf(self.deaths)

    def where(self, kept: npt.NDArray[np.bool_]) -> Collection:
        """Keep some of the intervals, and all diagrams."""
        columns = self.samples[kept], self.dims[kept], self.births[kept], self.deaths[kept]
        return replace(self, samples=columns[0], dims=columns[1], births=columns[2], deaths=columns[3])

    def with_deaths(self, deaths: Float64Array) -> Collection:
        """Let intervals die elsewhere; those that would have no length are left out."""
        return replace(self, deaths=deaths).where(self.births < deaths)

    def of_dim(self, dim: int) -> Collection:
        """Keep the intervals of one dimension."""
        return self.where(self.dims == dim)

    def batch(self) -> _core.IntervalBatch:
        """Hand the intervals to the kernels."""
        ends = np.cumsum(np.bincount(self.samples, minlength=self.n_diagrams))
        return _core.IntervalBatch(self.births, self.deaths, np.concatenate([[0], ends]).astype(np.uintp))

    def require_dims(self, dims: Sequence[int]) -> None:
        """Raise ``ValueError`` if a diagram was not computed up to the largest of ``dims``."""
        needed = max(dims)
        if np.any(self.computed < needed):
            index = int(np.argmax(self.computed < needed))
            raise ValueError(
                f"X[{index}]: expected a diagram computed up to dimension {needed}, got one up to dimension "
                f"{self.computed[index]}"
            )


def _elements(X: Any) -> list[Any]:
    if isinstance(X, Diagram | Mapping):
        raise TypeError(f"X: expected {_EXPECTED}, got a single {describe(X)}: put it in a list")
    if not isinstance(X, Iterable) or isinstance(X, str | bytes):
        raise TypeError(f"X: expected {_EXPECTED}, got {describe(X)}")
    if isinstance(X, np.ndarray) and X.dtype != object:
        raise ValueError(f"X: expected {_EXPECTED}, got an array of shape {X.shape} and dtype {X.dtype}")
    return list(X)


def _diagram(element: Any, index: int) -> Diagram:
    if isinstance(element, Diagram):
        return element
    if not isinstance(element, Mapping | list | tuple):
        hint = ": is X a single diagram? Then put it in a list" if isinstance(element, np.ndarray) else ""
        raise TypeError(f"X[{index}]: expected one diagram of {_EXPECTED}, got {describe(element)}{hint}")
    try:
        return Diagram.from_arrays(element)
    except (TypeError, ValueError) as error:
        raise type(error)(f"X[{index}]: {error}") from None
