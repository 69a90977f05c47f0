"""How each package is asked for a diagram, in the fastest way that its documented interface has.

What only one package's format needs (nested lists, square matrices) is made before the clock starts; what the package
itself does with points is its own work, and timed. Imports are inside: a process imports only the package it measures.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from .cases import Input

    Diagrams = list[np.ndarray]
    Call = Callable[[], Diagrams]


#: Coordinates from which on holos-tda is better served with distances.
WIDE = 32


class Question(NamedTuple):
    """What is asked of every package alike."""

    input: Input
    max_dim: int
    threshold: float | None
    field: int
    n_threads: int


class Contestant(NamedTuple):
    """A package with one of its settings."""

    name: str
    distribution: str
    ask: Callable[[Question], Call]
    #: Whether the setting exists for this dimension and is not another contestant's under a second name.
    enters: Callable[[int], bool] = lambda _: True

    def version(self) -> str | None:
        """The version that is installed, or None."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None


def toposcope(question: Question) -> Call:
    """One call of ``ts.rips``."""
    import toposcope as ts  # noqa: PLC0415

    data, max_dim = question.input.array, question.max_dim
    options = {
        "metric": "euclidean" if question.input.kind == "points" else "precomputed",
        "field": question.field,
        "n_threads": question.n_threads,
    }

    def call() -> Diagrams:
        diagram = ts.rips(data, max_dim, question.threshold, **options)
        return [diagram[dim] for dim in range(max_dim + 1)]

    return call


def gudhi(question: Question, num_collapses: int | str = "auto") -> Call:
    """Call ``RipsPersistence``: GUDHI's fork of Ripser, behind its edge collapse if asked for; "auto" asks from H2 on.

    One cloud takes one thread: its ``n_jobs`` spreads clouds.
    """
    from gudhi.sklearn.rips_persistence import RipsPersistence  # noqa: PLC0415

    points = question.input.kind == "points"
    peer = RipsPersistence(
        homology_dimensions=list(range(question.max_dim + 1)),
        threshold=largest(question),
        homology_coeff_field=question.field,
        input_type="point cloud" if points else "full distance matrix",
        num_collapses=num_collapses,
    )
    data = [question.input.array if points else square(question.input.array)]
    return lambda: peer.fit_transform(data)[0]


def giotto(question: Question, *, collapse: bool = False) -> Call:
    """Call ``ripser_parallel``; with a threshold it finds near points itself, through scikit-learn."""
    from gph import ripser_parallel  # noqa: PLC0415

    points = question.input.kind == "points"
    data = question.input.array if points else square(question.input.array)
    options = {
        "maxdim": question.max_dim,
        "thresh": largest(question),
        "coeff": question.field,
        "metric": "euclidean" if points else "precomputed",
        "collapse_edges": collapse,
        "n_threads": question.n_threads,
    }
    return lambda: ripser_parallel(data, **options)["dgms"]


def holos(question: Question, *, collapse: bool = False) -> Call:
    """Call ``rips_points`` or ``rips_condensed``; they turn arrays into lists, so lists is what they get.

    Wide points go through SciPy's ``pdist``, which halves the time: the package's own distances are slower.
    """
    import holos_tda  # noqa: PLC0415
    from scipy.spatial.distance import pdist  # noqa: PLC0415

    array, points = question.input.array, question.input.kind == "points"
    wide = points and question.threshold is None and array.shape[1] > WIDE
    solve = holos_tda.rips_points if points and not wide else holos_tda.rips_condensed
    data = array.astype(float).tolist()
    options = {
        "max_dim": question.max_dim,
        "threshold": question.threshold,
        "modulus": question.field,
        "threads": question.n_threads,
        "collapse_edges": collapse,
    }

    def call() -> Diagrams:
        intervals = np.array(solve(pdist(array).tolist() if wide else data, **options), dtype=float).reshape(-1, 3)
        return [intervals[intervals[:, 0] == dim, 1:] for dim in range(question.max_dim + 1)]

    return call


def ripser_py(question: Question) -> Call:
    """Call ``ripser``; with a threshold, on a sparse matrix: from points it would always build the full one."""
    from ripser import ripser  # noqa: PLC0415
    from scipy.spatial import cKDTree  # noqa: PLC0415

    data, points = question.input.array, question.input.kind == "points"
    options = {"maxdim": question.max_dim, "thresh": largest(question), "coeff": question.field}
    if not points:
        data = square(data)
    elif question.threshold is not None:

        def from_near_points() -> Diagrams:
            tree = cKDTree(data)
            near = tree.sparse_distance_matrix(tree, question.threshold, output_type="coo_matrix")
            return ripser(near, distance_matrix=True, **options)["dgms"]

        return from_near_points
    return lambda: ripser(data, distance_matrix=not points, **options)["dgms"]


def largest(question: Question) -> float:
    """Give the threshold, or infinity where there is none."""
    return np.inf if question.threshold is None else question.threshold


def square(condensed: np.ndarray) -> np.ndarray:
    """Give the whole matrix."""
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    return squareform(condensed)


def _from_h2(max_dim: int) -> bool:
    return max_dim > 1


CONTESTANTS = (
    Contestant("toposcope", "toposcope", toposcope),
    Contestant("GUDHI", "gudhi", gudhi),
    Contestant("GUDHI, no collapse", "gudhi", lambda question: gudhi(question, 0), _from_h2),
    Contestant("giotto-ph", "giotto-ph", giotto),
    Contestant("giotto-ph, collapse", "giotto-ph", lambda question: giotto(question, collapse=True)),
    Contestant("holos-tda", "holos-tda", holos),
    Contestant("holos-tda, collapse", "holos-tda", lambda question: holos(question, collapse=True)),
    Contestant("ripser.py", "ripser", ripser_py),
)
OURS = CONTESTANTS[0].name


def contestant(name: str) -> Contestant:
    """Find a contestant by its name."""
    return next(one for one in CONTESTANTS if one.name == name)


def as_pairs(diagrams: Any) -> Diagrams:
    """Give float64 arrays of shape (n_intervals, 2), one for each dimension."""
    return [np.asarray(intervals, dtype=float).reshape(-1, 2) for intervals in diagrams]
