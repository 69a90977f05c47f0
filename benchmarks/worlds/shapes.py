"""Where the points of a scene lie: draws of shapes whose size is about 1, in two or three coordinates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Draws so many points, of shape (n_points, 2) or (n_points, 3).
Draw = Callable[[int, np.random.Generator], np.ndarray]


def arc(
    start: float, end: float, centre: tuple[float, float] = (0.0, 0.0), axes: tuple[float, float] = (1.0, 1.0)
) -> Draw:
    """Part of a circle or an ellipse; ``start`` and ``end`` are given in turns."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        angles = 2 * np.pi * rng.uniform(start, end, n)
        centred: np.ndarray = np.stack([axes[0] * np.cos(angles), axes[1] * np.sin(angles)], axis=1)
        return centred + np.array(centre)

    return draw


def ring(centre: tuple[float, float] = (0.0, 0.0)) -> Draw:
    """Unit circle."""
    return arc(0.0, 1.0, centre)


def disk(centre: tuple[float, float] = (0.0, 0.0), radius: float = 1.0) -> Draw:
    """All of a disk."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        angles, radii = 2 * np.pi * rng.uniform(size=n), radius * np.sqrt(rng.uniform(size=n))
        return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1) + np.array(centre)

    return draw


def segment(start: tuple[float, float], end: tuple[float, float]) -> Draw:
    """Straight line between two points."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        share = rng.uniform(size=(n, 1))
        return (1 - share) * np.array(start) + share * np.array(end)

    return draw


def zone(low: float, high: float) -> Draw:
    """What of the unit sphere lies between two heights; by Archimedes, heights are uniform."""

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        angles, z = 2 * np.pi * rng.uniform(size=n), rng.uniform(low, high, n)
        across = np.sqrt(1 - z * z)
        return np.stack([across * np.cos(angles), across * np.sin(angles), z], axis=1)

    return draw


def turned(draw: Draw, turns: float) -> Draw:
    """Turn a shape in the plane around the origin."""
    c, s = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)
    return lambda n, rng: draw(n, rng) @ np.array([[c, s], [-s, c]])


def denser_on_one_side(draw: Draw, ratio: float) -> Draw:
    """Draw by a density that falls evenly along the first coordinate of the shape, to one part in ``ratio``."""

    def thinned(n: int, rng: np.random.Generator) -> np.ndarray:
        points = draw(2 * int(np.ceil(ratio)) * n, rng)
        x = points[:, 0]
        spread = np.ptp(x)
        place = (x - x.min()) / spread if spread > 0 else np.zeros(len(x))
        density = ratio + (1 - ratio) * place
        return points[rng.choice(len(points), n, replace=False, p=density / density.sum())]

    return thinned
