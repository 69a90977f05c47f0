"""What the pictures have in common."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import describe

if TYPE_CHECKING:
    from toposcope.diagram import Diagram

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#A87B00", "#3C8FC4", "#6B7280")
"""By dimension, on light paper; Okabe and Ito's palette, which colour-blind readers can tell apart, with its two
lightest colours darkened so that they stand out from white."""
COLOURS_ON_DARK = ("#56B4E9", "#F08A3C", "#2CC295", "#DD9CC0", "#E69F00", "#8FD0F5", "#9CA3AF")
"""The same hues on dark paper."""


def axes_or_new(ax: Any) -> Any:
    """Return the Axes given, or new ones of pyplot's current figure.

    Raises
    ------
    TypeError
        If something else is given.
    """
    if ax is not None:
        if not hasattr(ax, "plot"):
            raise TypeError(f"ax: expected Matplotlib Axes, got {describe(ax)}")
        return ax
    return matplotlib("pyplot").gca()


def matplotlib(module: str = "") -> Any:
    """Import matplotlib, or a module of it; ``ImportError`` names the extra."""
    try:
        return importlib.import_module(f"matplotlib.{module}" if module else "matplotlib")
    except ModuleNotFoundError as error:
        raise ImportError('plotting needs matplotlib: pip install "toposcope[plot]"', name="matplotlib") from error


def dims_of(diagram: Diagram, dims: Any) -> list[int]:
    """Return the dimensions to draw; by default all.

    Raises
    ------
    ValueError
        If one was not computed.
    """
    chosen = list(range(diagram.max_dim + 1)) if dims is None else [int(dim) for dim in dims]
    if wrong := [dim for dim in chosen if not 0 <= dim <= diagram.max_dim]:
        raise ValueError(f"dims: expected dimensions from 0 to {diagram.max_dim}, got {wrong}")
    return chosen


def infinity_of(diagram: Diagram) -> float:
    """Return a value beyond all finite ones, at which what never ends is drawn."""
    values = np.concatenate([diagram.births, diagram.deaths, [diagram.threshold or 0.0]])
    return 1.1 * float(np.max(values, initial=0.0, where=np.isfinite(values))) or 1.0


def is_dark(axes: Any) -> bool:
    """Whether the paper is dark."""
    red, green, blue = matplotlib("colors").to_rgb(_paper(axes))
    return bool(0.299 * red + 0.587 * green + 0.114 * blue < 0.5)


def colour_of(number: int, axes: Any) -> str:
    """Return the colour of a dimension, or of whatever else is counted."""
    colours = COLOURS_ON_DARK if is_dark(axes) else COLOURS
    return colours[number % len(colours)]


def ink(axes: Any) -> str:
    """Return the colour of what has to be read."""
    return "#E6E9ED" if is_dark(axes) else "#1B1F24"


def faint(axes: Any) -> str:
    """Return a grey for what is in the background."""
    return "#7C8794" if is_dark(axes) else "#8A94A0"


def band(axes: Any) -> str:
    """Return a grey for areas behind everything else."""
    return "#2A3038" if is_dark(axes) else "#E3E7EB"


def sequential(axes: Any, *, from_paper: bool = True) -> Any:
    """Return a map of colours away from the paper: from its own, as which nothing is drawn, or from near it."""
    on_dark = ("#14171B", "#1F4660", "#2F7FB3", "#8FD0F5", "#FFFFFF")
    on_light = ("#FFFFFF", "#C6DEEE", "#5BA3CF", "#0A63A0", "#06263A")
    colours = on_dark if is_dark(axes) else on_light
    return matplotlib("colors").LinearSegmentedColormap.from_list("away", colours if from_paper else colours[1:])


def say(axes: Any, text: str) -> None:
    """Write into the middle of a picture why there is nothing in it."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=faint(axes))


def _paper(axes: Any) -> Any:
    colour = axes.get_facecolor()
    return colour if colour[3] > 0 else axes.figure.get_facecolor()
