"""Betti numbers over time and scale."""

import numpy as np
import pytest

import toposcope as ts

INF = np.inf


def test_every_entry_is_the_betti_number_of_its_diagram_at_its_scale():
    rng = np.random.default_rng(0)
    diagrams = [ts.rips(rng.normal(size=(30, 3)), max_dim=2) for _ in range(5)]
    for dim in range(3):
        matrix, scales = ts.crocker_matrix(diagrams, dim, n_scales=37)
        assert matrix.shape == (5, 37)
        assert matrix.dtype == np.int64
        assert matrix.tolist() == [[diagram.betti(s)[dim] for s in scales] for diagram in diagrams]


def test_scales_are_the_same_for_all_dimensions_and_reach_beyond_everything():
    diagram = ts.Diagram.from_arrays({0: [[0, 1], [0, INF]], 1: [[2, 4]]})
    grids = [ts.crocker_matrix([diagram], dim, n_scales=5)[1] for dim in (0, 1)]
    np.testing.assert_allclose(grids[0], np.linspace(0, 4.2, 5))
    np.testing.assert_array_equal(*grids)


def test_intervals_are_half_open():
    matrix, _ = ts.crocker_matrix([[[0, 1], [0.5, 1], [1, INF]]], 0, scales=[0, 0.5, 0.99, 1, 2])
    assert matrix.tolist() == [[1, 2, 2, 1, 1]]


def test_reports_are_taken_as_diagrams():
    stream = ts.Stream(n_dims=2)
    reports = [stream.push(np.random.default_rng(i).normal(size=(9, 2))) for i in range(3)]
    a, b = (ts.crocker_matrix(given, 0)[0] for given in (reports, [report.diagram for report in reports]))
    np.testing.assert_array_equal(a, b)


def test_what_is_empty_has_a_matrix_too():
    matrix, scales = ts.crocker_matrix([])
    assert matrix.shape == (0, 100)
    assert (scales[0], scales[-1]) == (0, 1)
    assert ts.crocker_matrix([[], []], n_scales=3)[0].tolist() == [[0] * 3] * 2
    assert ts.crocker_matrix([ts.Diagram.from_arrays({0: [[0, 1]]})], dim=1, scales=[])[0].shape == (1, 0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"diagrams": 3}, TypeError, "diagrams: expected a sequence of diagrams, got int"),
        (
            {"diagrams": ts.Diagram.from_arrays({0: []})},
            TypeError,
            "diagrams: expected a sequence of diagrams, got Dia",
        ),
        ({"diagrams": [[[1, 2, 3]]]}, ValueError, r"diagrams: expected arrays of shape \(n_intervals, 2\)"),
        ({"diagrams": [], "dim": -1}, ValueError, "dim: expected an integer of at least 0, got -1"),
        ({"diagrams": [], "n_scales": 0}, ValueError, "n_scales: expected an integer of at least 1, got 0"),
        ({"diagrams": [], "scales": [2, 1]}, ValueError, "scales: expected finite values in ascending order"),
        ({"diagrams": [], "scales": [0, np.nan]}, ValueError, "scales: expected finite values in ascending order"),
    ],
)
def test_other_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ts.crocker_matrix(**arguments)
