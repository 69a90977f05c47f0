"""What holds for every diagram: the vectorizers as functions of intervals."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

import toposcope as ts
from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape, VectorStack

INF = float("inf")
Pairs = list[tuple[float, float]]


def values() -> st.SearchStrategy[float]:
    """Mostly few values, so that births, deaths and nodes meet; now and then anything."""
    lattice = st.integers(-8, 8).map(lambda v: v / 4)
    return st.one_of(lattice, lattice, st.floats(-3, 3, allow_subnormal=False))


def pairs(*, essential: bool = False) -> st.SearchStrategy[Pairs]:
    lengths = st.one_of(values().map(abs), st.just(INF)) if essential else values().map(abs)
    return st.lists(st.tuples(values(), lengths).map(lambda p: (p[0], p[0] + p[1])), max_size=8)


def diagrams(*, essential: bool = False) -> st.SearchStrategy[list[list[Pairs]]]:
    return st.lists(st.tuples(pairs(essential=essential), pairs(essential=essential)).map(list), min_size=1, max_size=4)


def make(**common: Any) -> list[Any]:
    curves = {"range": (-2, 3), "n_bins": 21}
    planes = {"birth_range": (-2, 2), "persistence_range": (0, 3), "n_bins": (8, 6), "sigma": 0.3}
    return [
        BettiCurve(**curves, **common),
        PersistenceLandscape(n_layers=3, **curves, **common),
        PersistenceImage(**planes, **common),
        PersistenceImage(**planes, mode="density", power=2, **common),
    ]


def make_learning() -> list[Any]:
    return [
        BettiCurve(n_bins=9),
        PersistenceLandscape(n_layers=3, n_bins=9),
        PersistenceImage(n_bins=5),
        VectorStack([BettiCurve(n_bins=4), PersistenceImage(n_bins=(2, 3), mode="density")]),
    ]


@given(diagrams(), st.randoms(use_true_random=False))
def test_the_order_of_intervals_changes_nothing(X: list[list[Pairs]], random: Any) -> None:
    shuffled = [[random.sample(h, len(h)) for h in diagram] for diagram in X]
    for vectorizer in make_learning():
        assert np.array_equal(vectorizer.fit_transform(X), clone(vectorizer).fit_transform(shuffled))


@given(diagrams(), st.lists(values(), max_size=5))
def test_points_on_the_diagonal_change_nothing(X: list[list[Pairs]], ends: list[float]) -> None:
    padded = [[h + [(10 * t, 10 * t) for t in ends] for h in diagram] for diagram in X]
    for vectorizer in make_learning():
        plain, with_padding = vectorizer.fit(X), clone(vectorizer).fit(padded)
        assert np.array_equal(plain.transform(X), with_padding.transform(padded))
        assert plain.config_hash == with_padding.config_hash


@given(diagrams())
def test_each_diagram_is_vectorized_for_itself(X: list[list[Pairs]]) -> None:
    for vectorizer in make_learning():
        rows = vectorizer.fit_transform(X)
        assert np.array_equal(rows, np.vstack([vectorizer.transform([diagram]) for diagram in X]))
        assert np.array_equal(rows[::-1], vectorizer.transform(X[::-1]))


@given(pairs(), pairs())
def test_curves_and_images_add_up(a: Pairs, b: Pairs) -> None:
    for vectorizer in [v for v in make() if not isinstance(v, PersistenceLandscape)]:
        rows = vectorizer.fit_transform([[a], [b], [a + b]])
        np.testing.assert_allclose(rows[0] + rows[1], rows[2], rtol=1e-12, atol=1e-14)


@given(pairs(), st.integers(-8, 8).map(lambda v: v / 4))
def test_translation(h: Pairs, shift: float) -> None:
    moved = [(b + shift, d + shift) for b, d in h]
    moved_range = {"range": (-2 + shift, 3 + shift)}
    for vectorizer in make():
        if isinstance(vectorizer, PersistenceImage):
            there = clone(vectorizer).set_params(birth_range=(-2 + shift, 2 + shift))
        else:
            there = clone(vectorizer).set_params(**moved_range)
        rows, moved_rows = vectorizer.fit_transform([[h]]), there.fit_transform([[moved]])
        if not isinstance(vectorizer, BettiCurve):
            np.testing.assert_allclose(rows, moved_rows, rtol=1e-9, atol=1e-9)
        elif lattice(h):
            assert np.array_equal(rows, moved_rows)


@given(pairs(), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_scaling(h: Pairs, scale: float) -> None:
    """By powers of 2, so that nothing is rounded: tents and weights grow by the scale, counts do not."""
    scaled = [(b * scale, d * scale) for b, d in h]
    curves = {"range": (-2 * scale, 3 * scale)}
    planes = {"birth_range": (-2 * scale, 2 * scale), "persistence_range": (0, 3 * scale), "sigma": 0.3 * scale}
    # A density loses scale squared, its weight of power 2 gains as much.
    for vectorizer, more, factor in zip(make(), [curves, curves, planes, planes], [1, scale, scale, 1], strict=True):
        rows = vectorizer.fit_transform([[h]])
        scaled_rows = clone(vectorizer).set_params(**more).fit_transform([[scaled]])
        np.testing.assert_allclose(factor * rows, scaled_rows, rtol=1e-12, atol=1e-12)


def lattice(h: Pairs) -> bool:
    return all(float(4 * value).is_integer() for pair in h for value in pair)


@given(pairs())
def test_landscape_layers_descend_and_count(h: Pairs) -> None:
    landscape = PersistenceLandscape(n_layers=9, n_bins=21, range=(-2, 3))
    layers = landscape.unflatten(landscape.fit_transform([[h]]))[0, 0]
    assert (np.diff(layers, axis=0) <= 0).all()
    # A layer is positive where at least as many intervals are alive; at a birth the tent is still 0.
    open_intervals = [sum(b < t < d for b, d in h) for t in landscape.grids_[0]]
    assert ((layers > 0).sum(axis=0) == np.array(open_intervals)).all()


@given(diagrams(essential=True), st.sampled_from(["clip", "drop"]))
@pytest.mark.filterwarnings("ignore::toposcope.EssentialClassWarning")
def test_features_are_finite_and_copies_equal(X: list[list[Pairs]], essential: Any) -> None:
    for vectorizer in make_learning()[:3]:
        fitted = vectorizer.set_params(essential=essential).fit(X)
        rows = fitted.transform(X)
        assert np.isfinite(rows).all()
        assert np.array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), rows)
        assert np.array_equal(clone(fitted).fit_transform([ts.Diagram.from_arrays(d) for d in X]), rows)


@given(diagrams(essential=True), diagrams(essential=True))
@pytest.mark.filterwarnings("ignore::toposcope.EssentialClassWarning")
def test_learning_in_parts_is_learning_from_all(first: list[list[Pairs]], second: list[list[Pairs]]) -> None:
    for vectorizer in make_learning():
        parts = clone(vectorizer).partial_fit(first).partial_fit(second)
        assert parts.config() == vectorizer.fit(first + second).config()
