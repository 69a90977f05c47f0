"""Betti numbers over time and scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.crocker import crocker_matrix
from toposcope.plotting._axes import axes_or_new, ink, matplotlib, say, sequential
from toposcope.plotting._moments import moments_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def crocker(
    diagrams: Iterable[Any],
    dim: int = 1,
    *,
    ax: Any = None,
    scales: Any = None,
    n_scales: int = 100,
    scale: float | None = None,
) -> Any:
    """Draw Betti numbers by colour, over time to the right and scale upwards: a CROCKER plot.

    Parameters
    ----------
    diagrams : iterable of Diagram, Report, or arrays of shape (n_intervals, 2)
        One for each moment. Of reports the steps are on the axis, else their place in the sequence.
    dim : int, default=1
        Homology dimension.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes. A bar with the colours is put beside them.
    scales, n_scales
        As :func:`crocker_matrix` takes them.
    scale : float, optional
        Draws a line at it, such as ``tracker.scale``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """
    given, moments, name = moments_of(diagrams)
    matrix, grid = crocker_matrix(given, dim, scales=scales, n_scales=n_scales)
    axes = axes_or_new(ax)
    axes.set(xlabel=name, ylabel="scale")
    if not len(matrix):
        say(axes, "no diagrams")
        return axes
    most = int(matrix.max(initial=0))
    if most:
        colours, ticker = matplotlib("colors"), matplotlib("ticker")
        # Few counts are told apart by even steps, many by their size.
        norm = colours.LogNorm(1, most) if most > 12 else colours.Normalize(1, max(most, 2))
        image = axes.pcolormesh(
            moments,
            grid,
            np.ma.masked_equal(matrix.T, 0),
            norm=norm,
            cmap=sequential(axes, from_paper=False),
            shading="nearest",
            rasterized=True,
        )
        ticks = None if most > 12 else ticker.MaxNLocator(integer=True)
        axes.figure.colorbar(image, ax=axes, label=f"Betti number β{dim}", ticks=ticks, pad=0.02)
    else:
        say(axes, f"β{dim} is 0 everywhere")
        axes.set(xlim=(moments[0] - 0.5, moments[-1] + 0.5), ylim=(grid[0], grid[-1] or 1.0))
    if scale is not None:
        axes.axhline(scale, color=ink(axes), linewidth=1, linestyle="--")
    return axes
