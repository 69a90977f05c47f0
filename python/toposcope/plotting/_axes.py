"""What the pictures have in common."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import describe

if TYPE_CHECKING:
    from toposcope.diagram import Diagram

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""By dimension; Okabe and Ito's palette, which colour-blind readers can tell apart."""


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
    try:
        return importlib.import_module("matplotlib.pyplot").gca()
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


def colour_of(dim: int) -> str:
    """Return the colour of a dimension."""
    return COLOURS[dim % len(COLOURS)]
