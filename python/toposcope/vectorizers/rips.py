"""Diagrams of many point clouds."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from toposcope._typing import integer
from toposcope.batch import rips
from toposcope.vectorizers._clouds import clouds_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from toposcope._typing import Progress
    from toposcope.diagram import Diagram


class VietorisRips(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[misc, call-arg]
    """Persistent homology of the Vietoris–Rips filtration of each point cloud.

    Clouds may differ in the number of points. Nothing is learned from them.

    Parameters
    ----------
    max_dim : int, default=1
        Largest homology dimension computed.
    threshold : float, optional
        Largest diameter built. By default each cloud's enclosing radius, from where on nothing changes.
    metric : {"euclidean", "cosine", "manhattan", "chebyshev", "precomputed"}, default="euclidean"
        How distances are measured; with ``"precomputed"`` each element of ``X`` is a matrix of distances.
    field : int, default=2
        Order of the coefficient field, a prime.
    n_threads : int, optional
        Worker threads; by default as many as the machine has. Never changes a result.

    See Also
    --------
    toposcope.rips : The same for one cloud.

    Examples
    --------
    >>> from toposcope.vectorizers import VietorisRips
    >>> square = [[0, 0], [0, 1], [1, 1], [1, 0]]
    >>> VietorisRips(max_dim=1).fit_transform([square, square[:3]])
    [Diagram(H0: 4 intervals, H1: 1 interval), Diagram(H0: 3 intervals, H1: 0 intervals)]
    """

    def __init__(
        self,
        *,
        max_dim: int = 1,
        threshold: float | None = None,
        metric: str = "euclidean",
        field: int = 2,
        n_threads: int | None = None,
    ) -> None:
        self.max_dim = max_dim
        self.threshold = threshold
        self.metric = metric
        self.field = field
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check that ``X`` is a sequence of point clouds; there is nothing to learn.

        Parameters
        ----------
        X : array-like of shape (n_clouds, n_points, n_dims), or sequence of arrays of shape (n_points, n_dims)
            Point clouds, or matrices of distances.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        clouds_of(X)
        return self

    def transform(self, X: Any) -> list[Diagram]:
        """Compute the diagrams.

        Parameters
        ----------
        X : array-like of shape (n_clouds, n_points, n_dims), or sequence of arrays of shape (n_points, n_dims)
            Point clouds, or matrices of distances.

        Returns
        -------
        list of Diagram
            In the order of the clouds.
        """
        clouds = clouds_of(X)
        n_threads = os.cpu_count() or 1 if self.n_threads is None else integer(self.n_threads, "n_threads", at_least=1)
        if len(clouds) == 1:
            return [self._diagram(clouds[0], 0, n_threads)]
        return self._in_parallel(clouds, n_threads)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return ``["diagram"]``, the one thing there is of each cloud; a pipeline asks every step.

        Parameters
        ----------
        input_features : None
            Ignored.
        """
        return np.array(["diagram"], dtype=object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: diagrams have no tabular form. It lets a pipeline's ``set_output`` reach the vectorizers.

        Parameters
        ----------
        transform : str, optional
            Ignored.

        Returns
        -------
        self
        """
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags

    def _in_parallel(self, clouds: list[Any], n_threads: int) -> list[Diagram]:
        """One thread for each cloud: never slower than many threads on one cloud after the other."""
        stopped = threading.Event()

        def stop_if_asked(*_: object) -> None:
            if stopped.is_set():
                raise CancelledError

        def diagram_of(item: tuple[int, Any]) -> Diagram:
            return self._diagram(item[1], item[0], 1, stop_if_asked)

        with ThreadPoolExecutor(n_threads) as pool:
            try:
                return list(pool.map(diagram_of, enumerate(clouds)))
            except BaseException:
                # Ctrl-C reaches this thread alone, and leaving the pool waits for the others.
                stopped.set()
                raise

    def _diagram(self, cloud: Any, index: int, n_threads: int, progress: bool | Progress = False) -> Diagram:
        try:
            return rips(
                cloud,
                self.max_dim,
                self.threshold,
                metric=self.metric,
                field=self.field,
                n_threads=n_threads,
                progress=progress,
            )
        except Exception as error:
            error.add_note(f"in X[{index}]")
            raise
