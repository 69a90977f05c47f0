"""The vectorizers in scikit-learn: its own checks, clone, pickle, pipelines, searches, tables."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

import toposcope.vectorizers
from toposcope.vectorizers import (
    BettiCurve,
    PersistenceImage,
    PersistenceLandscape,
    StreamTransformer,
    VectorStack,
    VietorisRips,
)

VECTORIZERS = [
    BettiCurve(n_bins=6, range={0: (0, 1)}),
    PersistenceLandscape(n_layers=2, n_bins=6, dims=(0, 1)),
    PersistenceImage(n_bins=(3, 4), essential="drop"),
    VectorStack([BettiCurve(n_bins=4), PersistenceImage(n_bins=4)]),
]
X = [[[[0.0, 1.0], [0.5, 2.0]], [[1.0, 1.5]]], [[[0.0, 0.5]], []]]
each_vectorizer = pytest.mark.parametrize("vectorizer", VECTORIZERS, ids=lambda v: type(v).__name__)
each_estimator = pytest.mark.parametrize(
    "estimator", [*VECTORIZERS, VietorisRips(max_dim=0), StreamTransformer(window=10)], ids=lambda v: type(v).__name__
)

# scikit-learn's checks -------------------------------------------------------------------------------------------

DATA_FREE_CHECKS = [
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@each_estimator
@pytest.mark.parametrize("name", DATA_FREE_CHECKS)
def test_checks_without_data(estimator: Any, name: str) -> None:
    if name == "check_parameters_default_constructible" and isinstance(estimator, VectorStack):
        pytest.skip("a stack of nothing has no features, so there is no default")
    getattr(estimator_checks, name)(type(estimator).__name__, clone(estimator))


class RowsAsDiagrams:
    """Makes of each row of a table a diagram, so that scikit-learn's checks, which know tables only, can run.

    The neighbours of a row become intervals of dimension 0, those two apart of dimension 1.
    """

    def fit(self, X: Any, y: Any = None) -> Any:
        return super().fit(self._diagrams(X, reset=True))

    def partial_fit(self, X: Any, y: Any = None) -> Any:
        return super().partial_fit(self._diagrams(X, reset=not hasattr(self, "n_features_in_")))

    def transform(self, X: Any) -> Any:
        estimator_checks.check_is_fitted(self)
        return super().transform(self._diagrams(X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    def _diagrams(self, X: Any, *, reset: bool) -> list[Any]:
        table = validate_data(self, X, reset=reset, dtype=np.float64)
        return [[self._pairs(row, 1), self._pairs(row, 2)] for row in table]

    @staticmethod
    def _pairs(row: np.ndarray, step: int) -> np.ndarray:
        return np.sort(np.column_stack([row[:-step], row[step:]]), axis=1)


class TabularBettiCurve(RowsAsDiagrams, BettiCurve): ...


class TabularLandscape(RowsAsDiagrams, PersistenceLandscape): ...


class TabularImage(RowsAsDiagrams, PersistenceImage): ...


class TabularStack(RowsAsDiagrams, VectorStack): ...


@parametrize_with_checks(
    [
        TabularBettiCurve(n_bins=6),
        TabularLandscape(n_layers=2, n_bins=6),
        TabularImage(n_bins=4),
        TabularStack(VECTORIZERS[:3]),
    ]
)
def test_checks_on_tables(estimator: Any, check: partial[Any]) -> None:
    check(estimator)


# In use ------------------------------------------------------------------------------------------------------------


@each_vectorizer
def test_clone_and_pickle(vectorizer: Any) -> None:
    fitted = clone(vectorizer).fit(X)
    rows = fitted.transform(X)
    assert np.array_equal(clone(fitted).fit_transform(X), rows)
    loaded = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(loaded.transform(X), rows)
    assert loaded.config_hash == fitted.config_hash
    more = [[[[0.0, 9.0]], [[1.0, 7.0]]]]
    assert loaded.partial_fit(more).config() == fitted.partial_fit(more).config()


@each_vectorizer
def test_tables_with_names(vectorizer: Any) -> None:
    rows = clone(vectorizer).fit_transform(X)
    tabular = clone(vectorizer).set_output(transform="pandas")
    frame = tabular.fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.is_unique
    assert list(frame.columns) == list(tabular.get_feature_names_out())
    assert np.array_equal(frame.to_numpy(), rows)
    assert all(
        np.array_equal(a, b) for a, b in zip(flat(tabular.unflatten(frame)), flat(tabular.unflatten(rows)), strict=True)
    )


def flat(shaped: Any) -> list[np.ndarray]:
    return list(shaped.values()) if isinstance(shaped, dict) else [shaped]


def clouds(n: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Circles and blobs, of different numbers of points."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    sizes = rng.integers(16, 24, n)
    angles = [rng.uniform(0, 2 * np.pi, size) for size in sizes]
    circles = [np.column_stack([np.cos(a), np.sin(a)]) + rng.normal(scale=0.05, size=(len(a), 2)) for a in angles]
    blobs = [rng.normal(scale=0.7, size=(size, 2)) for size in sizes]
    return [circle if label else blob for label, circle, blob in zip(labels, circles, blobs, strict=True)], labels


def test_the_pipeline_of_the_readme() -> None:
    X, y = clouds(24)
    stack = VectorStack([PersistenceImage(sigma=0.1, n_bins=10, essential="drop"), BettiCurve(n_bins=20, range=(0, 2))])
    stack.set_params(betticurve__essential="drop")
    pipeline = make_pipeline(VietorisRips(max_dim=1), stack, LogisticRegression())
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9
    search = GridSearchCV(pipeline, {"vectorstack__betticurve__n_bins": [5, 10]}, cv=2).fit(X, y)
    assert search.best_estimator_[1].vectorizers_[1].n_bins in (5, 10)


def test_set_output_of_a_pipeline() -> None:
    X, _ = clouds(4)
    pipeline = make_pipeline(VietorisRips(), BettiCurve(n_bins=3, essential="drop")).set_output(transform="pandas")
    frame = pipeline.fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(pipeline.get_feature_names_out())


@pytest.mark.parametrize("name", toposcope.vectorizers.__all__)
def test_parameters_are_keywords_with_plain_defaults(name: str) -> None:
    for parameter in inspect.signature(getattr(toposcope.vectorizers, name)).parameters.values():
        if parameter.name != "vectorizers":
            assert parameter.kind is parameter.KEYWORD_ONLY
            assert parameter.default is None or isinstance(parameter.default, int | float | str)


def test_without_scikit_learn_the_error_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import toposcope\n"
        "assert 'toposcope.vectorizers' not in sys.modules\n"
        "try: import toposcope.vectorizers\n"
        "except ImportError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout == 'toposcope.vectorizers needs scikit-learn: pip install "toposcope[ml]"\n'
