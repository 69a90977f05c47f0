"""Diagrams of a window that slides over chunks of points."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from toposcope._typing import float_array
from toposcope.stream import Stream
from toposcope.vectorizers._clouds import clouds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from toposcope.diagram import Diagram
    from toposcope.reports import Report


class StreamTransformer(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[misc, call-arg]
    """Persistent homology of a :class:`~toposcope.Stream`: chunks of points in, a diagram of the window after each out.

    What :class:`VietorisRips` is for clouds that stand for themselves, this is for those that follow each other: a
    sample is a chunk, and its diagram is that of the window as it is when the chunk has come.

    Fitting pushes: :meth:`fit` into a new stream, :meth:`partial_fit` into the one that is there. :meth:`transform`
    goes on from there in a copy, so that it changes nothing and can be repeated. So the order of the samples matters,
    and :meth:`fit_transform`, which gives the diagrams of the chunks as they are pushed, is not :meth:`fit` and then
    :meth:`transform`, which would push them twice.

    Parameters
    ----------
    window : int, default=100_000
        Points that are alive: the last so many.
    max_landmarks, cover_radius, max_dim, metric, complex, threshold, memory_limit, half_life, min_mass, n_threads
        As :class:`~toposcope.Stream` takes them.

    Attributes
    ----------
    stream_ : Stream
        All that was pushed by fitting. ``stream_.save`` keeps it.
    report_ : Report
        What the last chunk pushed by fitting gave: the diagram, and its error bound.

    Examples
    --------
    A circle comes, and is gone when the window has moved on:

    >>> import numpy as np
    >>> from toposcope.vectorizers import StreamTransformer
    >>> angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    >>> circle = np.column_stack([np.cos(angles), np.sin(angles)])
    >>> chunks = [circle, np.zeros((20, 2))]
    >>> StreamTransformer(window=20).fit_transform(chunks)
    [Diagram(H0: 20 intervals, H1: 1 interval), Diagram(H0: 1 interval, H1: 0 intervals)]
    >>> transformer = StreamTransformer(window=40).partial_fit(chunks[:1])
    >>> transformer.transform(chunks[1:])
    [Diagram(H0: 21 intervals, H1: 1 interval)]
    """

    def __init__(
        self,
        *,
        window: int = 100_000,
        max_landmarks: int = 512,
        cover_radius: float | None = None,
        max_dim: int = 1,
        metric: str = "euclidean",
        complex: str = "rips",  # noqa: A002 (the stream's word for it)
        threshold: float | None = None,
        memory_limit: int | str | None = "64MiB",
        half_life: float | None = None,
        min_mass: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.window = window
        self.max_landmarks = max_landmarks
        self.cover_radius = cover_radius
        self.max_dim = max_dim
        self.metric = metric
        self.complex = complex
        self.threshold = threshold
        self.memory_limit = memory_limit
        self.half_life = half_life
        self.min_mass = min_mass
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any = None) -> Self:
        """Push chunks into a new stream.

        Parameters
        ----------
        X : array-like of shape (n_chunks, n_points, n_dims), or sequence of arrays of shape (n_points, n_dims)
            Chunks, in order; they may differ in the number of points.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self._fit(X)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Push more chunks.

        Parameters
        ----------
        X : array-like of shape (n_chunks, n_points, n_dims), or sequence of arrays of shape (n_points, n_dims)
            Chunks, in order.
        y : None
            Ignored.

        Returns
        -------
        self
            After an exception the chunks before the one that is at fault are in.
        """
        chunks = clouds_of(X)
        if not hasattr(self, "stream_"):
            self.stream_ = self._stream(chunks[0])
        for report in _reports(self.stream_, chunks):
            self.report_ = report
        return self

    def fit_transform(self, X: Any, y: Any = None) -> list[Diagram]:
        """Push chunks into a new stream, and return the diagrams on the way.

        Parameters
        ----------
        X : array-like of shape (n_chunks, n_points, n_dims), or sequence of arrays of shape (n_points, n_dims)
            Chunks, in order.
        y : None
            Ignored.

        Returns
        -------
        list of Diagram
            Of the window after each chunk.
        """
        return self._fit(X)

    def transform(self, X: Any) -> list[Diagram]:
        """Return the diagrams that pushing these chunks next would give; nothing is pushed for good.

        Parameters
        ----------
        X : array-like of shape (n_chunks, n_points, n_dims), or sequence of arrays of shape (n_points, n_dims)
            Chunks, in order.

        Returns
        -------
        list of Diagram
            Of the window after each chunk.
        """
        check_is_fitted(self)
        stream = Stream.restore(self.stream_.snapshot())
        return [report.diagram for report in _reports(stream, clouds_of(X))]

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return ``["diagram"]``, the one thing there is of each chunk; a pipeline asks every step.

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
        return hasattr(self, "stream_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def _fit(self, X: Any) -> list[Diagram]:
        chunks = clouds_of(X)
        stream = self._stream(chunks[0])
        diagrams = []
        for report in _reports(stream, chunks):
            diagrams.append(report.diagram)
        self.stream_, self.report_ = stream, report
        return diagrams

    def _stream(self, first: Any) -> Stream:
        try:
            n_dims = float_array(first, "chunk", 2).shape[1]
        except Exception as error:
            error.add_note("in X[0]")
            raise
        return Stream(n_dims, **self.get_params())


def _reports(stream: Stream, chunks: list[Any]) -> Iterator[Report]:
    """Push chunks; give out the reports, without what only a tracker needs."""
    for index, chunk in enumerate(chunks):
        try:
            report = stream.push(float_array(chunk, "chunk", 2))
        except Exception as error:
            error.add_note(f"in X[{index}]")
            raise
        yield dataclasses.replace(report, cospan=None)
