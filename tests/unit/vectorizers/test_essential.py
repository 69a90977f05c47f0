"""One policy for intervals that never die, the same for every vectorizer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import toposcope as ts
from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape, VectorStack

INF = float("inf")
ESSENTIAL = [[[0, 1], [0, INF]], [[0.5, 3]]]
CLASSES = [
    (BettiCurve, {"n_bins": 7}),
    (PersistenceLandscape, {"n_bins": 7, "n_layers": 2}),
    (PersistenceImage, {"n_bins": 5, "sigma": 0.5}),
]
each_class = pytest.mark.parametrize(("cls", "params"), CLASSES, ids=lambda v: getattr(v, "__name__", ""))


def features(cls: Any, params: dict[str, Any], X: Any, **more: Any) -> np.ndarray:
    return cls(**params, **more).fit_transform(X)


@each_class
def test_drop_is_leaving_out(cls: Any, params: dict[str, Any]) -> None:
    expected = features(cls, params, [[[[0, 1]], [[0.5, 3]]]])
    assert np.array_equal(features(cls, params, [ESSENTIAL], essential="drop"), expected)


@each_class
def test_value_is_a_death(cls: Any, params: dict[str, Any]) -> None:
    expected = features(cls, params, [[[[0, 1], [0, 5]], [[0.5, 3]]]])
    got = features(cls, params, [ESSENTIAL], essential="value", essential_value=5)
    assert np.array_equal(got, expected)


@each_class
def test_clip_uses_the_threshold_silently(cls: Any, params: dict[str, Any]) -> None:
    diagrams = [ts.Diagram.from_arrays(ESSENTIAL, threshold=4.0), ts.Diagram.from_arrays(ESSENTIAL, threshold=6.0)]
    expected = features(cls, params, [[[[0, 1], [0, end]], [[0.5, 3]]] for end in (4, 6)])
    assert np.array_equal(features(cls, params, diagrams), expected)


@each_class
@pytest.mark.parametrize("threshold", [None, INF])
def test_clip_without_a_threshold_uses_the_largest_value(
    cls: Any, params: dict[str, Any], threshold: float | None
) -> None:
    diagram = ts.Diagram.from_arrays(ESSENTIAL, threshold=threshold)
    vectorizer = cls(**params).fit([diagram])
    assert vectorizer.essential_.policy == "clip"
    assert vectorizer.essential_.value == 3.0
    expected = features(cls, params, [[[[0, 1], [0, 3]], [[0.5, 3]]]])
    assert np.array_equal(vectorizer.transform([diagram]), expected)
    # What was learned stays: larger values that come later do not move it.
    later = vectorizer.transform([[[[0, INF]], [[0.5, 9]]]])
    assert np.array_equal(later, vectorizer.transform([[[[0, 3]], [[0.5, 9]]]]))


@each_class
@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([ESSENTIAL, [[[0, INF], [0.5, INF], [1, INF]], []]], r"lasts: 2, in dimensions \[0\]; cut at 3"),
        (
            [ESSENTIAL, [[], [[0, INF]]]],
            r"lasts: 1, in dimensions \[1\]; cut at 3, the largest value seen; choose with",
        ),
        ([[[[0, INF], [0, INF]], [[0, INF], [2, 7]]]], r"lasts: 2, in dimensions \[0, 1\]; cut at 7"),
    ],
)
def test_clip_warns_of_more_than_the_component_that_lasts(
    cls: Any, params: dict[str, Any], X: Any, message: str
) -> None:
    with pytest.warns(ts.EssentialClassWarning, match=message):
        cls(**params).fit(X)
    bounded = [ts.Diagram.from_arrays(diagram, threshold=9.0) for diagram in X]
    cls(**params).fit(bounded)


@each_class
def test_clip_sees_dimensions_that_are_not_used(cls: Any, params: dict[str, Any]) -> None:
    assert cls(**params, dims=[0]).fit([ESSENTIAL]).essential_.value == 3.0
    many = [[[[0, 1], [0, INF], [0, INF]], [[0.5, 3]]]]
    assert cls(**params, dims=[1]).fit(many).essential_.value == 3.0


@each_class
def test_born_after_the_end_counts_for_nothing(cls: Any, params: dict[str, Any]) -> None:
    late = [[[0, 1], [7, INF]]]
    expected = features(cls, params, [[[[0, 1]]]])
    assert np.array_equal(features(cls, params, [late], essential="value", essential_value=7), expected)
    assert np.array_equal(features(cls, params, [late]), expected)


@each_class
def test_nothing_but_essential(cls: Any, params: dict[str, Any]) -> None:
    with pytest.warns(ts.EssentialClassWarning, match=r"lasts: 1, in dimensions \[0\]; cut at 0"):
        rows = features(cls, params, [[[[0, INF], [0, INF]]]])
    assert np.isfinite(rows).all()
    assert not rows.any()


@each_class
def test_raise(cls: Any, params: dict[str, Any]) -> None:
    vectorizer = cls(**params, essential="raise").fit([[[[0, 1]]]])
    message = r'X\[1\]: expected no essential interval \(essential="raise"\), got one in dimension 0 born at 0.5'
    for use in (vectorizer.fit, vectorizer.transform):
        with pytest.raises(ValueError, match=message):
            use([[[[0, 1]]], [[[0.5, INF]]]])


@each_class
def test_dimensions_that_are_not_used_may_have_them(cls: Any, params: dict[str, Any]) -> None:
    vectorizer = cls(**params, essential="raise", dims=[1])
    assert np.array_equal(vectorizer.fit_transform([ESSENTIAL]), vectorizer.transform([{1: [[0.5, 3]]}]))


@each_class
def test_an_essential_interval_widens_the_grid_as_a_finite_one_does(cls: Any, params: dict[str, Any]) -> None:
    clipped = cls(**params).fit([[[[2, 5], [0, INF]]], [[[3, 4], [4.5, INF]]]])
    finite = cls(**params).fit([[[[2, 5], [0, 5]]], [[[3, 4], [4.5, 5]]]])
    assert clipped.config()["grids"] == finite.config()["grids"]


def test_keep() -> None:
    grid = {"range": (0, 4), "n_bins": 5, "essential": "keep"}
    X = [[[[1, INF], [0, 2]]]]
    assert BettiCurve(**grid).fit_transform(X).tolist() == [[1, 2, 1, 1, 1]]
    assert PersistenceLandscape(n_layers=2, **grid).fit_transform(X).tolist() == [[0, 1, 1, 2, 3, 0, 0, 0, 0, 0]]
    learned = BettiCurve(n_bins=3, essential="keep").fit(X)
    assert learned.grids_[0].tolist() == [0, 1, 2]
    alone = BettiCurve(n_bins=3, essential="keep").fit([[[[1, INF]]]])
    assert alone.transform([[[[1, INF]]]]).tolist() == [[0, 1, 1]]
    with pytest.raises(
        ValueError, match=r'essential: expected .*, got "keep": an interval that never dies has no point'
    ):
        PersistenceImage(essential="keep").fit(X)


@each_class
@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"essential": "remove"}, ValueError, "essential: expected one of \"drop\", .* got 'remove'"),
        ({"essential": None}, ValueError, "essential: expected one of"),
        ({"essential": "value"}, ValueError, "essential_value: expected a finite number .* got None"),
        ({"essential": "value", "essential_value": INF}, ValueError, "essential_value: .* got inf"),
        ({"essential": "value", "essential_value": "x"}, TypeError, "essential_value: expected a number, got 'x'"),
        ({"essential_value": 1.0}, ValueError, 'essential_value: expected None unless essential="value", got 1.0'),
    ],
)
def test_wrong_parameters(
    cls: Any, params: dict[str, Any], more: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cls(**params, **more).fit([ESSENTIAL])


@each_class
@pytest.mark.filterwarnings("ignore::toposcope.EssentialClassWarning")
def test_partial_fit_learns_what_fit_learns(cls: Any, params: dict[str, Any]) -> None:
    batches = [
        [[[[0, 1], [0.25, INF]], [[0.5, 0.75]]]],
        [[[[0, 2]], [[1, 5], [2, INF]]], [[[-1, 0]], []]],
        [ts.Diagram.from_arrays([[[0, INF]], [[3, 3.5]]], threshold=4.0)],
    ]
    whole, parts = cls(**params), cls(**params)
    whole.fit([diagram for batch in batches for diagram in batch])
    for batch in batches:
        parts.partial_fit(batch)
    assert whole.config() == parts.config()
    # A dimension that comes later is added to those that are there.
    parts.partial_fit([{0: [[0, 1]], 1: [[0, 1]], 2: [[1, 6]]}])
    assert parts.dims_ == [0, 1, 2]
    parts.partial_fit([[[[0, 1]]]]).partial_fit([[[[0, 1]]]])
    assert parts.dims_ == [0, 1, 2]


def test_a_failed_fit_changes_nothing() -> None:
    curve = BettiCurve(n_bins=5).fit([[[[0, 4]]]])
    before = curve.config_hash
    for learn in (curve.fit, curve.partial_fit):
        with pytest.raises(ValueError, match=r"X\[1\]"):
            learn([[[[0, 9]]], [[[3, 1]]]])
    assert curve.config_hash == before
    assert curve.partial_fit([[[[0, 2]]]]).config_hash == before


def test_a_stack_has_the_policy_of_its_parts() -> None:
    stack = VectorStack([BettiCurve(n_bins=3, essential="drop"), BettiCurve(n_bins=3, essential="keep")])
    assert stack.fit_transform([[[[0, INF], [0, 2]]]]).tolist() == [[1, 1, 0, 2, 2, 1]]
