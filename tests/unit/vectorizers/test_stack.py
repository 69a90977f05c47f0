"""``VectorStack``: concatenation, parameters by name, configuration and its hash."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape, VectorStack

X = [[[[0.0, 1.0], [0.5, 2.0]], [[1.0, 1.5]]], [[[0.0, 0.5]], []]]


def make_stack() -> VectorStack:
    return VectorStack([PersistenceImage(n_bins=3), BettiCurve(n_bins=4), PersistenceLandscape(n_layers=2, n_bins=4)])


def test_features_stand_side_by_side() -> None:
    stack = make_stack()
    rows = stack.fit_transform(X)
    parts = [vectorizer.fit_transform(X) for vectorizer in stack.vectorizers]
    assert np.array_equal(rows, np.hstack(parts))
    names = [name for vectorizer in stack.vectorizers for name in vectorizer.get_feature_names_out()]
    assert stack.get_feature_names_out().tolist() == names
    shaped = stack.unflatten(rows)
    assert list(shaped) == ["persistenceimage", "betticurve", "persistencelandscape"]
    assert [part.shape for part in shaped.values()] == [(2, 2, 3, 3), (2, 2, 4), (2, 2, 2, 4)]
    with pytest.raises(ValueError, match=r"features: expected shape \(n_diagrams, 42\), got \(2, 41\)"):
        stack.unflatten(rows[:, 1:])


def test_the_given_vectorizers_are_not_touched() -> None:
    stack = make_stack().fit(X)
    assert not any(hasattr(vectorizer, "dims_") for vectorizer in stack.vectorizers)
    assert all(hasattr(vectorizer, "dims_") for vectorizer in stack.vectorizers_)


def test_several_of_a_class_are_numbered() -> None:
    stack = VectorStack([BettiCurve(n_bins=2), PersistenceImage(n_bins=1), BettiCurve(n_bins=3)]).fit(X)
    names = stack.get_feature_names_out()
    assert names[0] == "betticurve-1__betti_H0_t0"
    assert names[4] == "pi_H0_b0_p0"
    assert names[-1] == "betticurve-2__betti_H1_t1.5"
    assert len(set(names)) == len(names)
    assert list(stack.unflatten(stack.transform(X))) == ["betticurve-1", "persistenceimage", "betticurve-2"]


def test_parameters_by_name() -> None:
    stack = make_stack()
    assert stack.get_params()["persistenceimage__sigma"] == 0.1
    assert list(stack.get_params(deep=False)) == ["vectorizers"]
    stack.set_params(betticurve__n_bins=7, persistenceimage=PersistenceImage(n_bins=5), persistenceimage__sigma=2)
    assert [v.n_bins for v in stack.vectorizers] == [5, 7, 4]
    assert stack.vectorizers[0].sigma == 2
    stack.set_params(persistencelandscape=BettiCurve(n_bins=6))
    assert [stack.get_params()[f"betticurve-{k}__n_bins"] for k in (1, 2)] == [7, 6]
    stack.set_params(vectorizers=[BettiCurve()], betticurve__n_bins=2)
    assert stack.fit_transform(X).shape == (2, 4)
    with pytest.raises(ValueError, match="Invalid parameter 'silhouette'"):
        stack.set_params(silhouette__n_bins=2)


def test_partial_fit_equals_fit() -> None:
    whole, parts = make_stack().fit(X), make_stack()
    for diagram in X:
        parts.partial_fit([diagram])
    assert whole.config() == parts.config()


@pytest.mark.parametrize(
    ("vectorizers", "error", "message"),
    [
        ([], ValueError, "vectorizers: expected a list of vectorizers, at least one"),
        (BettiCurve(), ValueError, "vectorizers: expected a list of vectorizers"),
        ([BettiCurve], TypeError, r"vectorizers\[0\]: expected a vectorizer of diagrams, got ABCMeta"),
        ([BettiCurve(), 3], TypeError, r"vectorizers\[1\]: expected a vectorizer of diagrams, got int"),
    ],
)
def test_wrong_vectorizers(vectorizers: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        VectorStack(vectorizers).fit(X)


def test_the_hash_stands_for_the_configuration() -> None:
    stack = make_stack().fit(X)
    assert json.loads(json.dumps(stack.config())) == stack.config()
    assert stack.config_hash == make_stack().fit(X).config_hash == clone(stack).fit(X).config_hash
    assert len(stack.config_hash) == 64
    others = [
        VectorStack(stack.vectorizers[::-1]).fit(X),
        VectorStack(stack.vectorizers[:2]).fit(X),
        clone(stack).set_params(persistenceimage__sigma=0.2).fit(X),
        clone(stack).set_params(persistenceimage__mode="density").fit(X),
        clone(stack).set_params(betticurve__essential="drop").fit(X),
        make_stack().fit(X[1:]),
        make_stack().fit([*X, [[[0.0, 3.0]], []]]),
    ]
    assert len({stack.config_hash, *(other.config_hash for other in others)}) == len(others) + 1


def test_the_hash_does_not_tell_equal_numbers_apart() -> None:
    numbers = [(2, 5), (2.0, np.int64(5)), (np.float64(2), np.int32(5))]
    hashes = {PersistenceImage(sigma=s, n_bins=n).fit(X).config_hash for s, n in numbers}
    assert len(hashes) == 1
    assert BettiCurve(range=(0, 1)).fit(X).config_hash == BettiCurve(range=[0.0, 1.0]).fit(X).config_hash


def test_the_hash_is_the_same_in_every_process() -> None:
    code = (
        "from toposcope.vectorizers import *\n"
        "s = VectorStack([PersistenceImage(n_bins=2), BettiCurve(n_bins=3), PersistenceLandscape(n_bins=3)])\n"
        "print(s.fit([[[[0, 1], [0.5, 2]], [[1, 1.5]]]]).config_hash)\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]
    # A change of this number is a change of features: raise CONFIG_SCHEMA with it, and say so in the changelog.
    assert {run.stdout.decode().strip() for run in runs} == {HASH}


HASH = "07e0288e2d55c2c898c53411f352606cbe915b3772147f3a3442823c13b53b29"
