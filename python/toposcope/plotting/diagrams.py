"""Births against deaths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.plotting._axes import axes_or_new, band, colour_of, dims_of, faint, infinity_of, ink

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toposcope.diagram import Diagram


def diagram(
    diagram: Diagram, *, ax: Any = None, dims: Iterable[int] | None = None, error_bound: float | None = None
) -> Any:
    """Draw births against deaths.

    Parameters
    ----------
    diagram : Diagram
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes.
    dims : iterable of int, optional
        Which dimensions; by default all.
    error_bound : float, optional
        Shades the intervals that are at most twice as long: of those above the band each stands for one of the window
        that the diagram approximates.

    Returns
    -------
    matplotlib.axes.Axes
    """
    chosen = dims_of(diagram, dims)
    axes = axes_or_new(ax)
    top = infinity_of(diagram)
    axes.plot([0, top], [0, top], color=faint(axes), linewidth=1, zorder=1)
    if error_bound:
        axes.fill_between(
            [0, top], [0, top], [2 * error_bound, top + 2 * error_bound], color=band(axes), linewidth=0, zorder=0
        )
    if np.isinf(diagram.deaths[np.isin(diagram.dims, chosen)]).any():
        draw_infinity(axes, top)
    for dim in chosen:
        intervals = np.minimum(diagram[dim], top)
        axes.scatter(
            intervals[:, 0],
            intervals[:, 1],
            s=16,
            color=colour_of(dim, axes),
            alpha=0.75,
            linewidths=0,
            label=f"H{dim}",
        )
    axes.set(xlabel="birth", ylabel="death", xlim=(-0.02 * top, 1.05 * top), ylim=(-0.02 * top, 1.08 * top))
    axes.set_aspect("equal")
    axes.legend(loc="lower right")
    return axes


def draw_infinity(axes: Any, top: float) -> None:
    """Draw the line at which what never ends is drawn."""
    axes.axhline(top, color=faint(axes), linewidth=1, linestyle="--", zorder=1)
    axes.annotate("∞", (0, top), xytext=(2, 2), textcoords="offset points", color=ink(axes))
