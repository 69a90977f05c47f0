"""The cases, and how much faster than the fastest peer toposcope has to be on each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD = Path(__file__).parents[2] / "tests" / "data" / "standard"


class Input(NamedTuple):
    """Points of shape (n_points, n_dims), or distances in SciPy's condensed form."""

    array: np.ndarray
    kind: str  # "points" or "distances"


class Case(NamedTuple):
    """One row of the table: an input, and what is asked about it."""

    name: str
    make: Callable[[], Input]
    max_dim: int
    threshold: float | None = None
    field: int = 2
    #: Times faster than the fastest peer that toposcope shall be.
    goal: float | None = None
    #: Contestants that are not even started, by name, and why.
    hopeless: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """The case in a few words."""
        parts = [f"`{self.name}`, H0-H{self.max_dim}"]
        if self.threshold is not None:
            parts.append(f"≤ {self.threshold:g}")
        if self.field != 2:
            parts.append(f"Z/{self.field}")
        return ", ".join(parts)


def standard(name: str) -> Callable[[], Input]:
    """One of the field's standard inputs."""

    def make() -> Input:
        with np.load(STANDARD / f"{name}.npz") as file:
            kind = "points" if "points" in file else "distances"
            return Input(file[kind], kind)

    return make


def sphere(n_points: int) -> Input:
    """Uniform on the unit sphere of R³."""
    points = np.random.default_rng(1).normal(size=(n_points, 3))
    return Input(points / np.linalg.norm(points, axis=1, keepdims=True), "points")


def cube(n_points: int) -> Input:
    """Uniform in the unit cube of R³."""
    return Input(np.random.default_rng(2).uniform(size=(n_points, 3)), "points")


def circles(n_points: int) -> Input:
    """Twelve noisy circles about the origin of R⁷⁶⁸, in planes orthogonal to each other; float32, as embeddings are."""
    rng = np.random.default_rng(3)
    points = rng.normal(scale=0.02, size=(n_points, 768))
    rows, circle = np.arange(n_points), np.arange(n_points) % 12
    angle = rng.uniform(0, 2 * np.pi, n_points)
    points[rows, 2 * circle] += np.cos(angle)
    points[rows, 2 * circle + 1] += np.sin(angle)
    return Input(points.astype(np.float32), "points")


def gaussian(n_points: int) -> Input:
    """Normal in R⁷⁶⁸: no shape at all; float32, as embeddings are."""
    return Input(np.random.default_rng(4).normal(size=(n_points, 768)).astype(np.float32), "points")


MINUTES = (("ripser.py", "takes minutes"),)

CASES = (
    Case("sphere_3_192", standard("sphere_3_192"), 2, goal=4),
    Case("random_50_16", standard("random_50_16"), 7, goal=3),
    Case("dragon_2000", standard("dragon_2000"), 1, goal=10),
    Case("fractal_r_512", standard("fractal_r_512"), 2, goal=4),
    Case("celegans_297", standard("celegans_297"), 2, goal=8),
    Case("klein_bottle_400", standard("klein_bottle_400"), 2, field=3, goal=12),
    Case("o3_1024", standard("o3_1024"), 3, 1.8, goal=8),
    Case("o3_4096", standard("o3_4096"), 3, 1.4, goal=8, hopeless=MINUTES),
    Case("clifford_torus_50000", standard("clifford_torus_50000"), 1, 0.15, goal=4),
    Case("sphere_2000", lambda: sphere(2000), 1, goal=10),
    Case("cube_1000", lambda: cube(1000), 2, goal=25, hopeless=MINUTES),
    Case("circles_2000_768", lambda: circles(2000), 1, goal=15),
    Case("gaussian_1000_768", lambda: gaussian(1000), 1, goal=5),
)
