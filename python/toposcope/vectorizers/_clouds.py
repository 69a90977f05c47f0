"""What the estimators that take points take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from toposcope._typing import describe


def clouds_of(X: Any) -> list[Any]:
    """Return ``X`` as a list of point clouds, not looked into; a single cloud is refused, and so are none."""
    expected = "a sequence of point clouds, each of shape (n_points, n_dims)"
    if isinstance(X, np.ndarray) and X.dtype != object and X.ndim != 3:
        hint = ": a single cloud? Then put it in a list" if X.ndim == 2 else ""
        raise ValueError(f"X: expected {expected}, got an array of shape {X.shape}{hint}")
    if not isinstance(X, Iterable) or isinstance(X, str | bytes | dict):
        raise TypeError(f"X: expected {expected}, got {describe(X)}")
    clouds = list(X)
    if not clouds:
        raise ValueError(f"X: expected {expected}, got none")
    return clouds
