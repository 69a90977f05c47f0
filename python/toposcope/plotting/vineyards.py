"""Intervals over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.plotting._axes import axes_or_new, band, colour_of, faint, say
from toposcope.plotting._moments import moments_of
from toposcope.plotting.diagrams import draw_infinity
from toposcope.vines import vines

if TYPE_CHECKING:
    from collections.abc import Iterable

_N_STRONG = 6


def vineyard(
    diagrams: Iterable[Any], dim: int = 1, *, ax: Any = None, order: float = 2, min_persistence: float = 0.0
) -> Any:
    """Draw how long intervals are over time, each diagram's matched with the next one's.

    The lines are those of :func:`vines`: which interval goes on as which is the guess that costs least, and proves
    nothing about classes; :func:`timeline` draws what is proven.

    Parameters
    ----------
    diagrams : iterable of Diagram, Report, or arrays of shape (n_intervals, 2)
        One for each moment. Of reports the steps are on the axis, and where an interval is too short to prove a class
        of the window is shaded.
    dim : int, default=1
        Homology dimension.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes.
    order, min_persistence
        As :func:`vines` takes them.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """
    reports = list(diagrams) if hasattr(diagrams, "__iter__") and not hasattr(diagrams, "births") else diagrams
    given, moments, name = moments_of(reports)
    found = vines(given, dim, order=order, min_persistence=min_persistence)
    axes = axes_or_new(ax)
    lengths = np.concatenate([np.empty(0), *(vine.persistences for vine in found)])
    top = 1.15 * float(np.max(lengths, initial=0.0, where=np.isfinite(lengths))) or 1.0
    certified = [getattr(report, "certified_above", 0.0) for report in reports]
    if any(certified):
        axes.fill_between(moments, np.minimum(certified, top), color=band(axes), linewidth=0, label="not certified")
    if np.isinf(lengths).any():
        draw_infinity(axes, top)
    strong = sorted(range(len(found)), key=lambda i: -_extent(found[i].persistences, top))[:_N_STRONG]
    for i, vine in enumerate(found):
        heights = np.minimum(vine.persistences, top)
        colour = colour_of(dim, axes) if i in strong else faint(axes)
        style = {"color": colour, "linewidth": 1.8 if i in strong else 0.8, "zorder": 3 if i in strong else 2}
        axes.plot(moments[vine.moments], heights, marker="." if len(vine) == 1 else None, markersize=3, **style)
    axes.set(xlabel=name, ylabel=f"persistence in H{dim}", ylim=(0, 1.05 * top))
    if len(moments) > 1:
        axes.set_xlim(moments[0], moments[-1])
    if not found:
        say(axes, f"no intervals in H{dim}")
    if any(certified):
        axes.legend(loc="upper right")
    return axes


def _extent(persistences: Any, top: float) -> float:
    return float(np.minimum(persistences, top).sum())
