"""Which interval of one diagram goes with which of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toposcope._typing import describe
from toposcope.crocker import intervals_of, largest_finite
from toposcope.distances import bottleneck_distance, wasserstein_distance
from toposcope.plotting._axes import axes_or_new, colour_of, faint, ink
from toposcope.plotting.diagrams import draw_infinity

if TYPE_CHECKING:
    from toposcope._typing import Float64Array


def matching(
    a: Any,
    b: Any,
    dim: int = 1,
    *,
    ax: Any = None,
    distance: Literal["wasserstein", "bottleneck"] = "wasserstein",
    order: float = 2,
    ground: float = 2,
) -> Any:
    """Draw two diagrams on top of each other, and the optimal matching between them.

    Parameters
    ----------
    a, b : Diagram or array-like of shape (n_intervals, 2)
        What to compare.
    dim : int, default=1
        Homology dimension; arrays are taken as they are.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes.
    distance : {"wasserstein", "bottleneck"}, default="wasserstein"
        Which distance the matching attains. Of a bottleneck matching the longest pair is drawn thicker: it alone is
        determined.
    order, ground : float, default=2
        Of the Wasserstein distance, as in :func:`wasserstein_distance`.

    Returns
    -------
    matplotlib.axes.Axes
        With the distance as its title.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """
    if distance == "wasserstein":
        length, pairs = wasserstein_distance(a, b, dim, order=order, ground=ground, matching=True)
    elif distance == "bottleneck":
        length, pairs = bottleneck_distance(a, b, dim, matching=True)
    else:
        raise ValueError(f'distance: expected "wasserstein" or "bottleneck", got {distance!r} ({describe(distance)})')
    axes = axes_or_new(ax)
    left, right = intervals_of(a, dim, "a"), intervals_of(b, dim, "b")
    top = 1.1 * max(largest_finite(left), largest_finite(right)) or 1.0
    axes.plot([0, top], [0, top], color=faint(axes), linewidth=1, zorder=1)
    if np.isinf(left).any() or np.isinf(right).any():
        draw_infinity(axes, top)
    left, right = np.minimum(left, top), np.minimum(right, top)
    segments = np.empty((0, 2, 2)) if pairs is None else _segments(left, right, pairs)
    is_longest = np.zeros(len(segments), bool)
    if distance == "bottleneck" and len(segments):
        is_longest[np.argmax(np.abs(segments[:, 0] - segments[:, 1]).max(axis=1))] = True
    for segment, is_thick in zip(segments, is_longest, strict=True):
        axes.plot(*segment.T, color=ink(axes), linewidth=2.5 if is_thick else 0.9, alpha=0.8, zorder=2)
    for number, (name, marker, side) in enumerate((("first", "o", left), ("second", "s", right))):
        axes.scatter(
            side[:, 0],
            side[:, 1],
            s=22,
            marker=marker,
            color=colour_of(number, axes),
            linewidths=0,
            label=name,
            zorder=3,
        )
    what = "bottleneck distance" if distance == "bottleneck" else f"Wasserstein distance of order {order:g}"
    axes.set_title(f"{what}: {length:.4g}" if np.isfinite(length) else f"{what}: infinite")
    axes.set(xlabel="birth", ylabel="death", xlim=(-0.02 * top, 1.05 * top), ylim=(-0.02 * top, 1.08 * top))
    axes.set_aspect("equal")
    axes.legend(loc="lower right")
    return axes


def _segments(left: Float64Array, right: Float64Array, pairs: Any) -> Float64Array:
    """Return the ends of each pair, of shape (n_pairs, 2, 2); an interval alone goes to the diagonal."""

    def ends(at: int, side: Float64Array, partner: Float64Array) -> Float64Array:
        return side[at] if at >= 0 else np.full(2, partner.mean())

    found = [(ends(i, left, right[j]), ends(j, right, left[i])) for i, j in pairs.tolist()]
    return np.array(found).reshape(-1, 2, 2)
