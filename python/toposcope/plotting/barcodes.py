"""Intervals as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.plotting._axes import axes_or_new, colour_of, dims_of, infinity_of, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toposcope.diagram import Diagram


def barcode(diagram: Diagram, *, ax: Any = None, dims: Iterable[int] | None = None) -> Any:
    """Draw a bar for every interval, by dimension and birth, from below.

    Parameters
    ----------
    diagram : Diagram
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes.
    dims : iterable of int, optional
        Which dimensions; by default all.

    Returns
    -------
    matplotlib.axes.Axes
    """
    chosen = dims_of(diagram, dims)
    axes = axes_or_new(ax)
    top = infinity_of(diagram)
    row = 0
    for dim in chosen:
        births, deaths = np.minimum(diagram[dim], top).T
        rows = row + np.arange(len(births))
        axes.hlines(rows, births, deaths, color=colour_of(dim, axes), linewidth=1.5, label=f"H{dim}")
        row += len(births)
    axes.set(xlabel="filtration value", xlim=(0, 1.02 * top), ylim=(-1, max(row, 1)))
    axes.set_yticks([])
    if row:
        axes.legend(loc="lower right")
    else:
        say(axes, "no intervals")
    return axes
