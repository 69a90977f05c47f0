"""Whether two diagrams are the same, but for the peers' rounding to float32."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import cKDTree

#: The bottleneck distance that is rounding, as a share of the largest finite value.
ROUNDING = 1e-6


def difference(ours: list[np.ndarray], theirs: list[np.ndarray]) -> str | None:
    """Say where two diagrams differ by more than rounding, or None.

    The measure is the bottleneck distance, in each dimension by itself: births and deaths count as pairs.
    """
    if len(ours) != len(theirs):
        return f"{len(ours)} dimensions and {len(theirs)}"
    tolerance = ROUNDING * largest(ours)
    for dim, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        essential = [pairs[np.isinf(pairs[:, 1]), 0] for pairs in (a, b)]
        if len(essential[0]) != len(essential[1]):
            return f"H{dim}: {len(essential[0])} and {len(essential[1])} essential classes"
        if not np.allclose(*map(np.sort, essential), rtol=0, atol=tolerance):
            return f"H{dim}: other births of essential classes"
        finite = [pairs[np.isfinite(pairs[:, 1])] for pairs in (a, b)]
        if not (matched_in_order(*finite, tolerance) or within(*finite, tolerance)):
            return f"H{dim}: finite intervals more than {tolerance:.2g} apart ({len(finite[0])} and {len(finite[1])})"
    return None


def long(pairs: np.ndarray, tolerance: float) -> np.ndarray:
    """The intervals that cannot go to the diagonal within the tolerance."""
    return pairs[:, 1] - pairs[:, 0] > 2 * tolerance


def matched_in_order(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    """Whether the long intervals, sorted and paired in that order, are within the tolerance.

    That is a matching, and so a proof; where births nearly tie there may be another although this one fails.
    """
    a, b = a[long(a, tolerance)], b[long(b, tolerance)]
    if len(a) != len(b):
        return False
    ordered = [pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))] for pairs in (a, b)]
    return np.allclose(*ordered, rtol=0, atol=tolerance)


def within(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    """Whether the bottleneck distance of finite intervals is at most the tolerance.

    It is if one matching along near pairs covers all long intervals of both sides. By Mendelsohn and Dulmage's theorem
    there is one if and only if some matching covers those of the one side, and some matching those of the other.
    """
    return covers(a[long(a, tolerance)], b, tolerance) and covers(b[long(b, tolerance)], a, tolerance)


def covers(some: np.ndarray, others: np.ndarray, tolerance: float) -> bool:
    """Whether all of ``some`` can be matched with others no further away than the tolerance, each with its own."""
    if not len(some) or not len(others):
        return not len(some)
    # A distance of zero must remain an entry of the sparse matrix, so near pairs are found by index.
    near = cKDTree(others).query_ball_point(some, tolerance, p=np.inf)
    rows = np.repeat(np.arange(len(some)), [len(found) for found in near])
    columns = np.concatenate([np.asarray(found, dtype=np.int64) for found in near])
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(some), len(others))).tocsr()
    return bool((maximum_bipartite_matching(graph, perm_type="column") >= 0).all())


def largest(diagrams: list[np.ndarray]) -> float:
    """Give the largest finite birth or death."""
    finite = [pairs[np.isfinite(pairs)] for pairs in diagrams]
    return max((float(values.max()) for values in finite if values.size), default=0.0)
