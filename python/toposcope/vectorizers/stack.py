"""Several vectorizers side by side."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from toposcope._typing import describe
from toposcope.vectorizers._base import CONFIG_SCHEMA, DiagramVectorizer, hash_of
from toposcope.vectorizers._collection import Collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from toposcope._typing import Float64Array


class VectorStack(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The features of several vectorizers, side by side.

    A vectorizer is known by its class in lower case, with ``-1``, ``-2``, … where there are several of a class. So are
    its parameters, as in ``set_params(betticurve__n_bins=50)``, and, where there are several of its class, its
    features, as in ``betticurve-2__betti_H0_t0.1``.

    Parameters
    ----------
    vectorizers : sequence of vectorizers
        They are cloned by ``fit``.

    Attributes
    ----------
    vectorizers_ : list of vectorizers
        The fitted ones.

    Examples
    --------
    >>> from toposcope.vectorizers import BettiCurve, PersistenceLandscape, VectorStack
    >>> stack = VectorStack([BettiCurve(n_bins=5), PersistenceLandscape(n_layers=1, n_bins=5)])
    >>> stack.fit_transform([[[[0, 1], [0.5, 2]]]])
    array([[1. , 2. , 1. , 1. , 0. , 0. , 0.5, 0.5, 0.5, 0. ]])
    >>> len(stack.config_hash)
    64
    """

    def __init__(self, vectorizers: Sequence[DiagramVectorizer]) -> None:
        self.vectorizers = vectorizers

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit every vectorizer.

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
        diagrams = Collection.of(X)
        self.vectorizers_ = [vectorizer.fit(diagrams) for vectorizer in self._clones()]
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Let every vectorizer learn from more diagrams.

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
        vectorizers = self.vectorizers_ if hasattr(self, "vectorizers_") else self._clones()
        diagrams = Collection.of(X)
        self.vectorizers_ = [vectorizer.partial_fit(diagrams) for vectorizer in vectorizers]
        return self

    def transform(self, X: Any) -> Float64Array:
        """Vectorize diagrams.

        Parameters
        ----------
        X : sequence of diagrams
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_diagrams, n_features)
            The vectorizers' features, in their order.
        """
        check_is_fitted(self)
        diagrams = Collection.of(X)
        return np.hstack([np.asarray(vectorizer.transform(diagrams)) for vectorizer in self.vectorizers_])

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the name of each feature.

        Parameters
        ----------
        input_features : None
            Ignored: diagrams have no columns.
        """
        check_is_fitted(self)
        named = _by_name(self.vectorizers_).items()
        names = [(name, v.get_feature_names_out()) for name, v in named]
        return np.concatenate([f"{name}__" + own if "-" in name else own for name, own in names])

    def unflatten(self, features: Any) -> dict[str, Float64Array]:
        """Take rows of features apart and give each vectorizer's part its shape back.

        Parameters
        ----------
        features : array-like of shape (n_diagrams, n_features)
            What :meth:`transform` returned.

        Returns
        -------
        dict
            By the vectorizer's name, what its own ``unflatten`` makes of its part.
        """
        check_is_fitted(self)
        features = np.asarray(features, np.float64)
        widths = [len(vectorizer.get_feature_names_out()) for vectorizer in self.vectorizers_]
        if features.ndim != 2 or features.shape[1] != sum(widths):
            raise ValueError(f"features: expected shape (n_diagrams, {sum(widths)}), got {features.shape}")
        parts = np.split(features, np.cumsum(widths)[:-1], axis=1)
        named = _by_name(self.vectorizers_).items()
        return {name: v.unflatten(part) for (name, v), part in zip(named, parts, strict=True)}

    def config(self) -> dict[str, Any]:
        """Return everything that the features depend on, besides the diagrams, as plain data."""
        check_is_fitted(self)
        stacked = [vectorizer.config() for vectorizer in self.vectorizers_]
        return {"schema": CONFIG_SCHEMA, "class": type(self).__name__, "vectorizers": stacked}

    @property
    def config_hash(self) -> str:
        """SHA-256 of :meth:`config`, in hexadecimal: equal hashes mean equal features."""
        return hash_of(self.config())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with ``deep`` also those of the vectorizers as ``name__parameter``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the vectorizers and their parameters.
        """
        params: dict[str, Any] = super().get_params(deep=False)
        if deep:
            for name, vectorizer in _by_name(self.vectorizers).items():
                params[name] = vectorizer
                params.update({f"{name}__{key}": value for key, value in vectorizer.get_params().items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; a vectorizer is replaced by its name.

        Parameters
        ----------
        **params
            As :meth:`get_params` names them.

        Returns
        -------
        self
        """
        if "vectorizers" in params:
            self.vectorizers = params.pop("vectorizers")
        named = _by_name(self.vectorizers)
        for name in named.keys() & params.keys():
            named[name] = params.pop(name)
            self.vectorizers = list(named.values())
        super().set_params(**params)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _clones(self) -> list[DiagramVectorizer]:
        if not isinstance(self.vectorizers, list | tuple) or not self.vectorizers:
            raise ValueError(f"vectorizers: expected a list of vectorizers, at least one, got {self.vectorizers!r}")
        for index, vectorizer in enumerate(self.vectorizers):
            if not isinstance(vectorizer, DiagramVectorizer):
                raise TypeError(f"vectorizers[{index}]: expected a vectorizer of diagrams, got {describe(vectorizer)}")
        return [clone(vectorizer) for vectorizer in self.vectorizers]


def _by_name(vectorizers: Any) -> dict[str, DiagramVectorizer]:
    # Parameters may hold anything until ``fit`` checks them; what is no vectorizer has no name.
    given = vectorizers if isinstance(vectorizers, list | tuple) else []
    known = [vectorizer for vectorizer in given if isinstance(vectorizer, DiagramVectorizer)]
    classes = [type(vectorizer).__name__.lower() for vectorizer in known]
    totals, seen = Counter(classes), Counter[str]()
    names = []
    for name in classes:
        seen[name] += 1
        names.append(f"{name}-{seen[name]}" if totals[name] > 1 else name)
    return dict(zip(names, known, strict=True))
