"""What every vectorizer accepts and refuses as ``X``, and which dimensions it uses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import toposcope as ts
from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape, VectorStack

H0 = [[0.0, 1.0], [0.0, 2.0]]
H1 = [[1.0, 1.5], [1.0, 3.0]]
VECTORIZERS = [
    BettiCurve(n_bins=4),
    PersistenceLandscape(n_layers=2, n_bins=4),
    PersistenceImage(n_bins=4),
    VectorStack([BettiCurve(n_bins=4), PersistenceImage(n_bins=4)]),
]


@pytest.fixture(params=VECTORIZERS, ids=lambda v: type(v).__name__)
def vectorizer(request: pytest.FixtureRequest) -> Any:
    from sklearn.base import clone

    return clone(request.param)


def test_every_form_gives_the_same(vectorizer: Any) -> None:
    forms = [
        ts.Diagram.from_arrays({0: H0, 1: H1}),
        {0: np.array(H0), 1: H1},
        [np.array(H0), np.array(H1)],
        (H0, H1[::-1]),
    ]
    rows = vectorizer.fit_transform(forms)
    assert rows.dtype == np.float64
    assert rows.ndim == 2
    assert (rows == rows[0]).all()
    assert rows[0].any()
    objects = np.empty(2, dtype=object)
    objects[:] = forms[:2]
    assert np.array_equal(vectorizer.transform(objects), rows[:2])
    assert np.array_equal(vectorizer.transform(iter(forms)), rows)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (None, TypeError, "X: expected a sequence of diagrams, each .*, got NoneType"),
        (3, TypeError, "X: expected a sequence of diagrams, each .*, got int"),
        ("text", TypeError, "X: expected a sequence of diagrams, each .*, got str"),
        (ts.Diagram.from_arrays([H0]), TypeError, "got a single Diagram: put it in a list"),
        ({0: H0}, TypeError, "got a single dict: put it in a list"),
        ([np.array(H0)], TypeError, r"X\[0\]: .* got ndarray: is X a single diagram\? Then put it in a list"),
        (np.zeros((5, 3)), ValueError, r"X: .* got an array of shape \(5, 3\) and dtype float64"),
        (np.zeros((5, 4, 3)), ValueError, r"got an array of shape \(5, 4, 3\)"),
        ([[H0], 7], TypeError, r"X\[1\]: .* got int"),
        ([[H0], [[[0.0, 1.0, 2.0]]]], ValueError, r"X\[1\]: intervals\[0\]: expected an array of shape \(n, 2\)"),
        ([[[[2.0, 1.0]]]], ValueError, r"X\[0\]: deaths: expected none before its birth, got birth 2.0 and death 1.0"),
        ([[[[0.0, np.nan]]]], ValueError, r"X\[0\]: deaths"),
        ([[[[-np.inf, 0.0]]]], ValueError, r"X\[0\]: births: expected finite values, got -inf"),
        ([[[["a", "b"]]]], TypeError, r"X\[0\]: intervals\[0\]: expected real numbers"),
        ([{-1: H0}], ValueError, r"X\[0\]: intervals: expected dimensions from 0 to 255"),
        ([], ValueError, "X: expected at least one diagram, got none"),
    ],
)
def test_wrong_input_is_named(vectorizer: Any, X: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        vectorizer.fit(X)
    if isinstance(X, list) and not X:
        return
    vectorizer.fit([{0: H0}])
    with pytest.raises(error, match=message):
        vectorizer.transform(X)


def test_no_diagram_makes_no_row(vectorizer: Any) -> None:
    vectorizer.fit([[H0, H1]])
    assert vectorizer.transform([]).shape == (0, len(vectorizer.get_feature_names_out()))


def test_ragged_and_empty_diagrams(vectorizer: Any) -> None:
    nothing = np.empty((0, 2))
    rows = vectorizer.fit_transform([[H0, H1], [H0[:1]], {1: H1[:1]}, [nothing, nothing], {}])
    assert rows.shape[0] == 5
    assert rows[0].any()
    assert not rows[3:].any()


def test_only_empty_diagrams(vectorizer: Any) -> None:
    rows = vectorizer.fit_transform([[[], []], {}])
    assert rows.shape == (2, len(vectorizer.get_feature_names_out()))
    assert not rows.any()


def test_before_fit(vectorizer: Any) -> None:
    from sklearn.exceptions import NotFittedError

    for use in (vectorizer.transform, vectorizer.unflatten, vectorizer.get_feature_names_out):
        with pytest.raises(NotFittedError):
            use([[H0]])
    with pytest.raises(NotFittedError):
        _ = vectorizer.config_hash


def test_dims_select_and_order_the_blocks() -> None:
    X = [[H0, H1]]
    both, reverse = BettiCurve(n_bins=4).fit(X), BettiCurve(n_bins=4, dims=[1, 0]).fit(X)
    assert both.dims_ == [0, 1]
    assert reverse.dims_ == [1, 0]
    assert np.array_equal(reverse.transform(X), np.roll(both.transform(X), 4, axis=1))
    assert reverse.get_feature_names_out()[0].startswith("betti_H1")
    only = BettiCurve(n_bins=4, dims=(1,)).fit(X)
    assert np.array_equal(only.transform(X), both.transform(X)[:, 4:])


def test_a_dimension_that_was_not_computed_is_refused() -> None:
    up_to_0, up_to_1 = ts.Diagram.from_arrays([H0]), ts.Diagram.from_arrays([H0, H1])
    message = re.escape("X[1]: expected a diagram computed up to dimension 1, got one up to dimension 0")
    with pytest.raises(ValueError, match=message):
        BettiCurve().fit([up_to_1, up_to_0])
    curve = BettiCurve().fit([up_to_1])
    with pytest.raises(ValueError, match=message):
        curve.transform([up_to_1, up_to_0])
    # Higher ones than those of fit are another matter: they are left out.
    assert BettiCurve().fit([up_to_0]).transform([up_to_1]).shape == (1, 100)


@pytest.mark.parametrize(
    ("dims", "error", "message"),
    [
        (1, TypeError, "dims: expected a sequence of integers, got 1"),
        ([0.5], TypeError, r"dims: expected a sequence of integers, got \[0.5\]"),
        ([], ValueError, r"dims: expected different dimensions, at least one, got \[\]"),
        ([1, 1], ValueError, r"dims: expected different dimensions"),
        ([-1], ValueError, "dims: expected an integer of at least 0, got -1"),
        ([256], ValueError, "dims: expected an integer of at most 255, got 256"),
    ],
)
def test_wrong_dims(dims: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        BettiCurve(dims=dims).fit([[H0, H1]])
