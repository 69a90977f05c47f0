"""What ``representatives=`` hands out; that it is right is shown in the engine's own tests."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import toposcope as ts

TURNS = np.arange(12) * np.pi / 6
CIRCLE = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)
INF = float("inf")


def boundary(chain: ts.Chain, p: int) -> dict[tuple[int, ...], int]:
    """Return the boundary by definition."""
    total: dict[tuple[int, ...], int] = {}
    for simplex, coefficient in zip(chain.simplices.tolist(), chain.coefficients.tolist(), strict=True):
        for at in range(len(simplex)):
            facet = (*simplex[:at], *simplex[at + 1 :])
            total[facet] = (total.get(facet, 0) + (-1) ** at * coefficient) % p
    return {facet: c for facet, c in total.items() if c}


def test_a_loop_of_points() -> None:
    diagram = ts.rips(CIRCLE, representatives=True)
    assert diagram == ts.rips(CIRCLE)
    (loop,) = diagram.representatives[1]
    (walk,) = loop.cycle.walks()
    assert walk.tolist() == list(range(12))
    lengths = np.linalg.norm(CIRCLE[loop.cycle.simplices[:, 0]] - CIRCLE[loop.cycle.simplices[:, 1]], axis=1)
    assert lengths.max() == diagram[1][0, 0]
    assert len(loop.birth_simplex) == 2
    assert len(loop.death_simplex) == 3
    assert loop.cycle.simplices.dtype == np.uint32
    assert loop.cycle.coefficients.dtype == np.uint16


def test_components_are_points_less_older_ones() -> None:
    diagram = ts.rips([[0.0], [1.0], [10.0]], threshold=5, representatives=True)
    (joined, first, last) = diagram.representatives[0]
    assert diagram[0].tolist() == [[0, 1], [0, INF], [0, INF]]
    assert (joined.birth_simplex.tolist(), joined.death_simplex.tolist()) == ([1], [0, 1])
    assert (joined.cycle.simplices.tolist(), joined.cycle.coefficients.tolist()) == ([[0], [1]], [1, 1])
    assert joined.cocycle.simplices.tolist() == [[1]]
    assert (first.death_simplex, last.death_simplex) == (None, None)
    assert (first.cocycle.simplices.tolist(), last.cocycle.simplices.tolist()) == ([[0], [1]], [[2]])


@pytest.mark.parametrize("field", [2, 3, 65_521])
@pytest.mark.parametrize("threshold", [None, 1.5])
def test_every_dimension_has_cycles(field: int, threshold: float | None) -> None:
    points = np.random.default_rng(0).normal(size=(40, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    diagram = ts.rips(points, max_dim=2, field=field, threshold=threshold, representatives=True)
    for dim, shown in enumerate(diagram.representatives):
        assert len(shown) == len(diagram[dim])
        for representative, (_, death) in zip(shown, diagram[dim], strict=True):
            assert (representative.death_simplex is None) == np.isinf(death)
            assert representative.cycle.simplices.shape == (len(representative.cycle), dim + 1)
            assert dim == 0 or not boundary(representative.cycle, field)
            cocycle = representative.cocycle
            inside = dict(zip(map(tuple, cocycle.simplices), cocycle.coefficients, strict=True))
            on_cycle = [
                int(c) * int(inside.get(tuple(s), 0))
                for s, c in zip(representative.cycle.simplices, representative.cycle.coefficients, strict=True)
            ]
            assert sum(on_cycle) % field == 1
    assert len(diagram.representatives[2]) > 0


def test_simplices_alone_are_the_same() -> None:
    points = np.random.default_rng(1).normal(size=(60, 2))
    chains = ts.rips(points, representatives=True).representatives
    simplices = ts.rips(points, representatives="simplices").representatives
    for with_chains, without in zip(chains[1], simplices[1], strict=True):
        assert (without.cycle, without.cocycle) == (None, None)
        assert np.array_equal(without.birth_simplex, with_chains.birth_simplex)
        assert np.array_equal(without.death_simplex, with_chains.death_simplex)


def test_they_are_a_frozen_sequence() -> None:
    (_, shown) = ts.rips(CIRCLE, representatives=True).representatives
    assert len(shown) == len(shown[:]) == len(list(shown)) == 1
    assert shown[-1].birth_simplex.tolist() == shown[0].birth_simplex.tolist()
    assert repr(shown) == "Representatives(1 of dimension 1)"
    with pytest.raises(IndexError):
        shown[1]
    with pytest.raises(ValueError, match="read-only"):
        shown[0].birth_simplex[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        shown[0].cycle.simplices[0] = 7


def test_a_diagram_without_says_so() -> None:
    with pytest.raises(ValueError, match="representatives: expected a diagram of rips"):
        _ = ts.rips(CIRCLE).representatives


def test_pickles_keep_them_and_files_do_not(tmp_path: Path) -> None:
    diagram = ts.rips(CIRCLE, representatives=True)
    copy = pickle.loads(pickle.dumps(diagram))
    assert copy == diagram
    assert copy.representatives[1][0].cycle.walks()[0].tolist() == list(range(12))
    diagram.save(tmp_path / "d.npz")
    with pytest.raises(ValueError, match="representatives"):
        _ = ts.Diagram.load(tmp_path / "d.npz").representatives


def test_walks_are_closed_walks_of_edges() -> None:
    edges = np.array([[0, 1], [1, 2], [0, 2], [2, 3], [3, 4], [2, 4], [5, 6], [6, 7], [5, 7]])
    eight = ts.Chain(edges, np.ones(9, int))
    walks = [walk.tolist() for walk in eight.walks()]
    assert [len(walk) for walk in walks] == [6, 3]
    walked = [sorted(pair) for walk in walks for pair in zip(walk, walk[1:] + walk[:1], strict=True)]
    assert sorted(walked) == sorted(edges.tolist())
    with pytest.raises(ValueError, match="even number of edges"):
        ts.Chain(np.array([[0, 1]]), np.ones(1, int)).walks()
    with pytest.raises(ValueError, match="expected a chain of edges"):
        ts.Chain(np.array([[0, 1, 2]]), np.ones(1, int)).walks()


@pytest.mark.parametrize(("value", "error"), [("cycles", ValueError), (1, TypeError), (None, TypeError)])
def test_wrong_detail_is_named(value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="representatives: expected True, False or"):
        ts.rips(CIRCLE, representatives=value)  # type: ignore[arg-type]
