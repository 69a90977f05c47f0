"""What all vectorizers share: input, essential intervals, learned grids, names, configuration."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from toposcope._typing import integer
from toposcope.vectorizers._collection import Collection
from toposcope.vectorizers._essential import EssentialPolicy, warn_clipped
from toposcope.vectorizers._grid import Extent, Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from toposcope import _core
    from toposcope._typing import Float64Array

#: Raised whenever a kernel's formula, an order of features or a rule for grids changes.
CONFIG_SCHEMA = 1


class DiagramVectorizer(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """Base of the vectorizers: one block of features for each homology dimension, side by side.

    A subclass says what its grids are, what fills a block and what the features are called.

    Attributes
    ----------
    dims_ : list of int
        The homology dimensions, in the order of their blocks.
    grids_ : dict
        For each dimension, where its features are sampled. Fixed after ``fit``.
    essential_ : EssentialPolicy
        What is done with essential intervals, and the value at which they are cut.
    """

    dims: Sequence[int] | None
    essential: Any
    essential_value: float | None

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the grids.

        Parameters
        ----------
        X : sequence of diagrams
            Each a :class:`toposcope.Diagram`, a dict ``{dim: (n, 2) array}`` or a list of ``(n, 2)`` arrays.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        return self._learn(X, Seen())

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn from more diagrams; a ``fit`` on all of them together gives the same grids.

        Parameters
        ----------
        X : sequence of diagrams
            As in :meth:`fit`.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        return self._learn(X, getattr(self, "_seen", Seen()))

    def transform(self, X: Any) -> Float64Array:
        """Vectorize diagrams on the grids of ``fit``.

        Parameters
        ----------
        X : sequence of diagrams
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_diagrams, n_features)
            A block for each dimension of ``dims_``, in this order.
        """
        check_is_fitted(self)
        diagrams = Collection.of(X)
        diagrams.require_dims(self.dims_)
        selected = diagrams.where(np.isin(diagrams.dims, self.dims_))
        intervals = self.essential_.apply(selected)
        return np.hstack([self._block(intervals.of_dim(dim).batch(), self.grids_[dim]) for dim in self.dims_])

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the name of each feature.

        Parameters
        ----------
        input_features : None
            Ignored: diagrams have no columns.
        """
        check_is_fitted(self)
        names = [name for dim in self.dims_ for name in self._names(dim, self.grids_[dim])]
        return np.array(names, dtype=object)

    def unflatten(self, features: Any) -> Float64Array:
        """Give rows of features their shape back.

        Parameters
        ----------
        features : array-like of shape (n_diagrams, n_features)
            What :meth:`transform` returned.

        Returns
        -------
        ndarray of shape (n_diagrams, n_dims, ...)
        """
        check_is_fitted(self)
        features = np.asarray(features, np.float64)
        shape = (len(self.dims_), *self._block_shape())
        if features.ndim != 2 or features.shape[1] != np.prod(shape):
            raise ValueError(f"features: expected shape (n_diagrams, {np.prod(shape)}), got {features.shape}")
        return np.reshape(features, (len(features), *shape))

    def config(self) -> dict[str, Any]:
        """Return everything that the features depend on, besides the diagrams, as plain data.

        Returns
        -------
        dict
            Of numbers, strings, lists and dicts: the same for equal configurations, on every machine.
        """
        check_is_fitted(self)
        return {
            "schema": CONFIG_SCHEMA,
            "class": type(self).__name__,
            "params": _plain(self.get_params(deep=False)),
            "dims": self.dims_,
            "essential": [self.essential_.policy, _plain(self.essential_.value)],
            "grids": _plain(self.grids_),
        }

    @property
    def config_hash(self) -> str:
        """SHA-256 of :meth:`config`, in hexadecimal: equal hashes mean equal features."""
        return hash_of(self.config())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _learn(self, X: Any, seen: Seen) -> Self:
        self._check_params()
        policy = EssentialPolicy.of(self.essential, self.essential_value)
        diagrams = Collection.of(X)
        if not diagrams.n_diagrams:
            raise ValueError("X: expected at least one diagram, got none")
        dims = self._selected_dims(max(seen.max_dim, diagrams.max_dim))
        diagrams.require_dims(dims)
        intervals = policy.apply(diagrams.where(np.isin(diagrams.dims, dims)))
        seen = seen.with_more(diagrams, {dim: Extent.of(intervals.of_dim(dim)) for dim in dims})
        policy = policy.learned(seen.largest)
        grids = {dim: self._grid(dim, seen.extents[dim].closed_at(policy.value)) for dim in dims}
        if policy.policy == "clip":
            warn_clipped(intervals, seen.largest)
        self._seen, self.dims_, self.essential_, self.grids_ = seen, dims, policy, grids
        return self

    def _selected_dims(self, largest: int) -> list[int]:
        if self.dims is None:
            return list(range(largest + 1))
        try:
            dims = [integer(dim, "dims", at_least=0, at_most=255) for dim in self.dims]
        except TypeError:
            raise TypeError(f"dims: expected a sequence of integers, got {self.dims!r}") from None
        if not dims or len(set(dims)) < len(dims):
            raise ValueError(f"dims: expected different dimensions, at least one, got {self.dims!r}")
        return dims

    @abstractmethod
    def _check_params(self) -> None:
        """Raise ``ValueError`` or ``TypeError`` if a parameter is wrong."""

    @abstractmethod
    def _grid(self, dim: int, extent: Extent) -> Any:
        """Return where the features of a dimension are sampled."""

    @abstractmethod
    def _block(self, intervals: _core.IntervalBatch, grid: Any) -> Float64Array:
        """Return the features of one dimension, of shape (n_diagrams, n_features)."""

    @abstractmethod
    def _block_shape(self) -> tuple[int, ...]:
        """Return the shape of the features of one dimension of one diagram."""

    @abstractmethod
    def _names(self, dim: int, grid: Any) -> list[str]:
        """Return the names of the features of one dimension."""


def hash_of(config: Any) -> str:
    """Return the SHA-256 of plain data, by its canonical JSON."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Turn a parameter or a grid into plain data, in which equal numbers look equal: 1, 1.0 and np.float32(1)."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    return float(value)
