"""The stream as an estimator: what it pushes, what it does not, and what scikit-learn makes of it."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

import toposcope as ts
from toposcope.vectorizers import BettiCurve, StreamTransformer


def chunks(n: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(rng.integers(5, 15), 3)) for _ in range(n)]


def pushed(stream: ts.Stream, some: list[np.ndarray]) -> list[ts.Diagram]:
    return [stream.push(chunk).diagram for chunk in some]


def test_diagrams_are_those_of_the_stream() -> None:
    X = chunks(12)
    transformer = StreamTransformer(window=40, max_landmarks=20)
    stream = ts.Stream(3, window=40, max_landmarks=20)
    assert transformer.fit_transform(X) == pushed(stream, X)
    assert transformer.report_.step == transformer.stream_.step == 12
    assert transformer.report_.diagram == pushed(ts.Stream(3, window=40, max_landmarks=20), X)[-1]


def test_transforming_goes_on_and_changes_nothing() -> None:
    X = chunks(12)
    transformer = StreamTransformer(window=40, max_landmarks=20).fit(X[:5])
    expected = pushed(ts.Stream(3, window=40, max_landmarks=20), X)[5:]
    before = transformer.stream_.snapshot(), transformer.report_
    for _ in range(2):
        assert transformer.transform(X[5:]) == expected
    assert (transformer.stream_.snapshot(), transformer.report_) == before
    assert transformer.partial_fit(X[5:8]).transform(X[8:]) == expected[3:]


def test_fitting_in_parts_is_fitting_at_once_and_fitting_again_begins_anew() -> None:
    X = chunks(9)
    whole = StreamTransformer(window=30).fit(X)
    parts = StreamTransformer(window=30).partial_fit(X[:2]).partial_fit(X[2:])
    again = StreamTransformer(window=30).fit(chunks(4, seed=1)).fit(X)
    assert whole.stream_.snapshot() == parts.stream_.snapshot() == again.stream_.snapshot()


def test_every_parameter_is_the_streams() -> None:
    given = {
        "window": 50,
        "max_landmarks": 9,
        "cover_radius": 0.25,
        "max_dim": 2,
        "metric": "chebyshev",
        "complex": "rips",
        "threshold": 3.0,
        "memory_limit": 2**23,
        "half_life": 20.0,
        "min_mass": 0.5,
        "n_threads": 1,
    }
    stream = StreamTransformer(**given).fit(chunks(1)).stream_
    assert {name: getattr(stream, name) for name in given} == given
    assert StreamTransformer(complex="alpha").fit(chunks(1)).stream_.complex == "alpha"


def test_clone_and_pickle() -> None:
    X = chunks(6)
    fitted = StreamTransformer(window=40).fit(X[:4])
    loaded = pickle.loads(pickle.dumps(fitted))
    assert loaded.transform(X[4:]) == fitted.transform(X[4:])
    assert not hasattr(clone(fitted), "stream_")


def test_a_regime_is_told_from_features_of_the_stream() -> None:
    """Points on a circle, or inside of it: the window's curve says which, also where it goes on after fitting."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 0, 1, 0, 1], 8)
    angles = rng.uniform(0, 2 * np.pi, (len(labels), 40))
    radii = np.where(labels[:, None] == 1, 1.0, rng.uniform(size=angles.shape) ** 0.5)
    X = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=2)
    pipeline = make_pipeline(
        StreamTransformer(window=80),
        BettiCurve(n_bins=30, range=(0, 2), essential="keep"),
        StandardScaler(),
        LogisticRegression(),
    )
    pipeline.fit(X[:32], labels[:32])
    assert (pipeline.predict(X[32:]) == labels[32:]).mean() > 0.8


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((4, 3)), ValueError, "X: expected a sequence of point clouds, .* a single cloud"),
        ([], ValueError, "X: expected a sequence of point clouds, .* got none"),
        (3, TypeError, "X: expected a sequence of point clouds, .* got int"),
        ([np.zeros(3)], ValueError, r"chunk: expected an array of shape \(n_points, n_dims\), got shape \(3,\)"),
        ([np.zeros((1, 3)), np.zeros((1, 2))], ValueError, "chunk: expected 3 coordinates per point"),
        ([np.full((1, 3), np.nan)], ValueError, "chunk: expected .*finite"),
    ],
)
def test_what_is_no_chunk_is_refused(X: Any, error: type[Exception], message: str) -> None:
    for method in ("fit", "partial_fit", "fit_transform"):
        with pytest.raises(error, match=message):
            getattr(StreamTransformer(), method)(X)
    with pytest.raises(error, match=message):
        StreamTransformer().fit([np.zeros((1, 3))]).transform(X)


def test_the_chunk_at_fault_is_named() -> None:
    with pytest.raises(ValueError, match="coordinates per point") as raised:
        StreamTransformer().fit([np.zeros((1, 3)), np.zeros((1, 2))])
    assert raised.value.__notes__ == ["in X[1]"]


def test_a_fit_that_fails_leaves_what_was_there() -> None:
    transformer = StreamTransformer().fit(chunks(2))
    before = transformer.stream_.snapshot()
    with pytest.raises(ValueError, match="finite"):
        transformer.fit([np.full((1, 3), np.nan)])
    assert transformer.stream_.snapshot() == before


def test_bad_parameters_are_refused_when_fitted() -> None:
    with pytest.raises(ValueError, match="window: expected an integer of at least 1"):
        StreamTransformer(window=0).fit(chunks(1))
    with pytest.raises(NotFittedError):
        StreamTransformer().transform(chunks(1))


class TabularStream(StreamTransformer):
    """Makes of each row of a table a chunk of points on a line, and of a diagram two numbers: tables are what
    scikit-learn's checks know.
    """

    def fit(self, X: Any, y: Any = None) -> Any:
        return super().fit(self._chunks(X, reset=True))

    def partial_fit(self, X: Any, y: Any = None) -> Any:
        return super().partial_fit(self._chunks(X, reset=not hasattr(self, "n_features_in_")))

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        return self._numbers(super().fit_transform(self._chunks(X, reset=True)))

    def transform(self, X: Any) -> Any:
        check_is_fitted(self)
        return self._numbers(super().transform(self._chunks(X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    @staticmethod
    def _numbers(diagrams: list[ts.Diagram]) -> np.ndarray:
        return np.array([[diagram.n_intervals, diagram[0][:-1].sum()] for diagram in diagrams])

    def _chunks(self, X: Any, *, reset: bool) -> list[np.ndarray]:
        return [row[:, np.newaxis] for row in validate_data(self, X, reset=reset, dtype=np.float64)]


STREAMS_GO_ON = {
    "check_transformer_general": "to fit and then to transform pushes the same chunks twice",
    "check_transformer_data_not_an_array": "to fit and then to transform pushes the same chunks twice",
    "check_methods_sample_order_invariance": "samples follow each other: their order is what a stream is about",
    "check_methods_subset_invariance": "samples follow each other: those before are part of each",
}


@parametrize_with_checks([TabularStream(window=30)], expected_failed_checks=lambda _: STREAMS_GO_ON)
def test_checks_on_tables(estimator: Any, check: Any) -> None:
    check(estimator)
