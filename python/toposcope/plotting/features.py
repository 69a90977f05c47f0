"""What vectorizers make of a diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import describe
from toposcope.plotting._axes import axes_or_new, colour_of, sequential

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toposcope._typing import Float64Array


def curve(vectorizer: Any, features: Any, *, ax: Any = None, dims: Iterable[int] | None = None) -> Any:
    """Draw features that are one value for each filtration value, such as a Betti curve, by dimension.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        What made the features, which knows at which values they are.
    features : array-like of shape (n_features,) or (1, n_features)
        Those of one diagram.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes.
    dims : iterable of int, optional
        Which dimensions; by default all.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If the vectorizer is none, or its features are no curves.
    """
    blocks = _blocks(vectorizer, features, dims, 1, "curves")
    axes = axes_or_new(ax)
    for dim, grid, values in blocks:
        # Counts hold until they change; between other values there is a line.
        style = "steps-post" if np.array_equal(values, np.round(values)) else "default"
        axes.plot(grid, values, drawstyle=style, color=colour_of(dim, axes), linewidth=1.8, label=f"H{dim}")
    axes.set(xlabel="filtration value", ylabel=_name(vectorizer), ylim=(min(0.0, axes.get_ylim()[0]), None))
    axes.legend()
    return axes


def landscape(vectorizer: Any, features: Any, *, ax: Any = None, dim: int | None = None) -> Any:
    """Draw the layers of a persistence landscape, the largest first.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        What made the features, such as :class:`~toposcope.vectorizers.PersistenceLandscape`.
    features : array-like of shape (n_features,) or (1, n_features)
        Those of one diagram.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes.
    dim : int, optional
        Which dimension; by default the largest.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If the vectorizer is none, or its features are no layers.
    """
    dim, grid, layers = _one_block(vectorizer, features, dim, "layers")
    axes = axes_or_new(ax)
    colour = colour_of(dim, axes)
    for number, values in enumerate(layers):
        strength = 1 - 0.75 * number / max(1, len(layers) - 1)
        axes.plot(grid, values, color=colour, alpha=strength, linewidth=1.8, label=f"λ{number}")
        axes.fill_between(grid, values, color=colour, alpha=0.08, linewidth=0)
    axes.set(xlabel="filtration value", ylabel=f"landscape of H{dim}", ylim=(0, None))
    axes.legend()
    return axes


def image(vectorizer: Any, features: Any, *, ax: Any = None, dim: int | None = None) -> Any:
    """Draw a persistence image.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        What made the features, such as :class:`~toposcope.vectorizers.PersistenceImage`.
    features : array-like of shape (n_features,) or (1, n_features)
        Those of one diagram.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes. A bar with the colours is put beside them.
    dim : int, optional
        Which dimension; by default the largest.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        If the vectorizer is none, or its features are no image.
    """
    dim, grid, pixels = _one_block(vectorizer, features, dim, "pixels")
    axes = axes_or_new(ax)
    births, persistences = grid
    drawn = axes.pcolormesh(
        births,
        persistences,
        pixels,
        cmap=sequential(axes),
        shading="nearest" if len(births) == pixels.shape[1] else "flat",
        rasterized=True,
    )
    axes.set(xlabel="birth", ylabel="persistence", title=f"H{dim}")
    axes.figure.colorbar(drawn, ax=axes, pad=0.02)
    return axes


def _one_block(vectorizer: Any, features: Any, dim: int | None, what: str) -> tuple[int, Any, Float64Array]:
    chosen = None if dim is None else [dim]
    (*_, block) = _blocks(vectorizer, features, chosen, 2, what)
    is_image = isinstance(block[1], tuple)
    if is_image != (what == "pixels"):
        got = "pixels" if is_image else "layers"
        raise ValueError(f"vectorizer: expected one whose features are {what}, got {_name(vectorizer)} with {got}")
    return block


def _blocks(vectorizer: Any, features: Any, dims: Any, n_axes: int, what: str) -> list[tuple[int, Any, Float64Array]]:
    """Return dimension, grid and values of each block of one diagram's features."""
    if not (hasattr(vectorizer, "grids_") and hasattr(vectorizer, "unflatten")):
        raise TypeError(f"vectorizer: expected a fitted vectorizer with grids, got {describe(vectorizer)}")
    rows = np.atleast_2d(np.asarray(features, np.float64))
    if len(rows) != 1:
        raise ValueError(f"features: expected those of one diagram, got {len(rows)} rows")
    values = vectorizer.unflatten(rows)[0]
    if values.ndim != 1 + n_axes:
        raise ValueError(f"vectorizer: expected one whose features are {what}, got {_name(vectorizer)}")
    chosen = list(vectorizer.dims_) if dims is None else list(dims)
    if wrong := [dim for dim in chosen if dim not in vectorizer.dims_]:
        raise ValueError(f"dims: expected some of {list(vectorizer.dims_)}, got {wrong}")
    return [(dim, vectorizer.grids_[dim], values[list(vectorizer.dims_).index(dim)]) for dim in chosen]


def _name(vectorizer: Any) -> str:
    return type(vectorizer).__name__
