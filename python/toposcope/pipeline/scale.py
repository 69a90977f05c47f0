"""At which scale a window falls into the most groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from toposcope._typing import Float64Array


def scale_of_most_groups(distances: Float64Array, min_mass: int) -> float | None:
    """Return the scale at which the points form the most components of at least ``min_mass`` points each.

    Embeddings of text seldom leave a gap between distances: at small scales nearly all points stand alone, at large
    ones nearly all hang together. In between lies the scale at which there is the most to be told apart. Of several
    scales with equally many groups the one in the middle of the longest stretch is taken.

    Parameters
    ----------
    distances : array of shape (n_points, n_points)
        Symmetric.
    min_mass : int
        Points of a group at least.

    Returns
    -------
    float or None
        None if there are never two groups.
    """
    best: tuple[int, float, float] | None = None
    for n_groups, low, high in group_counts(distances, min_mass):
        if n_groups >= 2 and (best is None or (n_groups, high / low) > (best[0], best[2] / best[1])):
            best = (n_groups, low, high)
    return None if best is None else float(np.sqrt(best[1] * best[2]))


def group_counts(distances: Float64Array, min_mass: int) -> list[tuple[int, float, float]]:
    """Return how many groups there are between every two successive lengths of a minimum spanning tree.

    Lengths of zero are left out: no scale lies below them.
    """
    edges = spanning_tree(distances)
    mass, root = [1] * len(distances), list(range(len(distances)))

    def find(v: int) -> int:
        while root[v] != v:
            root[v] = root[root[v]]
            v = root[v]
        return v

    counts, n_groups = [], 0 if min_mass > 1 else len(distances)
    for place, (length, u, v) in enumerate(edges):
        a, b = find(u), find(v)
        n_groups -= (mass[a] >= min_mass) + (mass[b] >= min_mass)
        root[b] = a
        mass[a] += mass[b]
        n_groups += mass[a] >= min_mass
        following = edges[place + 1][0] if place + 1 < len(edges) else length
        if following > length > 0:
            counts.append((n_groups, length, following))
    return counts


def spanning_tree(distances: Float64Array) -> list[tuple[float, int, int]]:
    """Return the edges of a minimum spanning tree as ``(length, u, v)``, shortest first."""
    n = len(distances)
    nearest, parent = distances[0].copy(), np.zeros(n, dtype=int)
    outside = np.arange(n) > 0
    edges: list[tuple[float, int, int]] = []
    for _ in range(n - 1):
        v = int(np.argmin(np.where(outside, nearest, np.inf)))
        edges.append((float(nearest[v]), int(parent[v]), v))
        outside[v] = False
        closer = outside & (distances[v] < nearest)
        nearest[closer], parent[closer] = distances[v][closer], v
    return sorted(edges)


def pairwise_distances(vectors: Any, metric: str) -> Float64Array:
    """Return all distances between vectors, by a stream's metric."""
    points = np.asarray(vectors, dtype=np.float64)
    if metric == "cosine":
        points = points / np.linalg.norm(points, axis=1, keepdims=True)
    order = {"manhattan": 1, "chebyshev": np.inf}.get(metric, 2)
    return np.stack([np.linalg.norm(points - point, ord=order, axis=1) for point in points])
