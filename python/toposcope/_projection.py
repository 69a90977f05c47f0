"""Points of any dimension on a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from toposcope._typing import Float64Array


def on_a_plane(points: Any) -> Float64Array:
    """Return points on a plane: as they are, if they lie in one, or else in their two principal directions.

    Each direction points to where the coordinate that weighs most in it grows, so that a picture of nearly the same
    points is nearly the same picture, and not its mirror image.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_dims)
        Finite.

    Returns
    -------
    ndarray of float64 of shape (n_points, 2)
        Of points on a line the second column is 0.
    """
    coordinates = np.asarray(points, np.float64)
    n_points, n_dims = coordinates.shape
    if n_dims <= 2 or not n_points:
        return np.column_stack([coordinates[:, :2], np.zeros((n_points, max(0, 2 - n_dims)))])
    centred = coordinates - coordinates.mean(axis=0)
    directions = _principal_directions(centred)
    signs = np.sign(directions[np.arange(2), np.argmax(np.abs(directions), axis=1)])
    plane: Float64Array = centred @ (directions * np.where(signs == 0, 1, signs)[:, np.newaxis]).T
    return plane


def _principal_directions(centred: Float64Array) -> Float64Array:
    """Return two directions of largest variance, of shape (2, n_dims); zeros where the points span fewer."""
    n_points, n_dims = centred.shape
    if n_dims <= n_points:
        return np.ascontiguousarray(np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1].T)
    # Of few points in many dimensions, the products between points have the same spectrum and are fewer.
    weights = np.linalg.eigh(centred @ centred.T)[1][:, :-3:-1]
    directions = np.zeros((2, n_dims))
    directions[: weights.shape[1]] = (centred.T @ weights).T
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    np.divide(directions, lengths, out=directions, where=lengths > 0)
    return directions
