"""Draws `docs/concepts/lunes.svg`: three lunes and what becomes of the simplices over their edge.

    python docs/figures/lunes.py

Points are real points of the plane and edges are measured, so that the picture cannot say what is not so.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

OUT = Path(__file__).parents[1] / "concepts" / "lunes.svg"
EDGE, SHORT, CRITICAL, APEX = "#1d4e89", "#9aa5b1", "#c1121f", "#2a9d8f"


class Panel(NamedTuple):
    """One lune: its points, the apex, and what it adds to the edge to make a critical cell."""

    title: str
    text: str
    lune: dict[str, tuple[float, float]]
    apex: str
    critical: str


PANELS = (
    Panel(
        "a cone",
        "z is adjacent to all the others:\nevery simplex over ab pairs by adding\nor taking z; nothing is critical",
        {"z": (0.6, 0.14), "c": (0.3, 0.5), "d": (0.62, 0.56), "f": (0.5, -0.45)},
        "z",
        "",
    ),
    Panel(
        "two components",
        "ab pairs with abu, abc with abcu;\nw is left alone: the triangle abw\nis critical, and ends a loop",
        {"u": (0.42, 0.6), "c": (0.66, 0.5), "w": (0.5, -0.62)},
        "u",
        "w",
    ),
    Panel(
        "a core",
        "x is not adjacent to u and goes first;\nin its link {v, y} the vertex y is left\n"
        "alone: the tetrahedron abxy\nis critical, and ends a void",
        {"u": (0.22, 0.55), "v": (0.78, 0.55), "x": (0.78, -0.4), "y": (0.22, -0.4)},
        "u",
        "xy",
    ),
)


def main() -> None:
    # The same bytes whenever it is run.
    mpl.rcParams["svg.hashsalt"] = "lunes"
    fig, axes = plt.subplots(1, len(PANELS), figsize=(10.5, 5), layout="constrained")
    for ax, panel in zip(axes, PANELS, strict=True):
        draw(ax, panel)
    fig.savefig(OUT, metadata={"Date": None})


def draw(ax: plt.Axes, panel: Panel) -> None:
    a, b = np.array([0.0, 0.0]), np.array([1.0, 0.0])
    points = {name: np.array(at) for name, at in panel.lune.items()}
    ax.add_patch(lens())
    for name, p in points.items():
        assert max(np.linalg.norm(p - a), np.linalg.norm(p - b)) < 1, f"{name} is not in the lune"
        ax.plot(*np.transpose([a, p, b]), color=SHORT, linewidth=0.5, zorder=1)
    for (one, p), (two, q) in itertools.combinations(points.items(), 2):
        if np.linalg.norm(p - q) < 1:
            alone = {one, two} == set(panel.critical)
            ax.plot(*np.transpose([p, q]), color=CRITICAL if alone else "#333333", linewidth=2.2 if alone else 1.6)
    ax.plot(*np.transpose([a, b]), color=EDGE, linewidth=3, zorder=2)
    for name, p in {"a": a, "b": b, **points}.items():
        colour = (
            EDGE if name in "ab" else APEX if name == panel.apex else CRITICAL if name in panel.critical else "#333333"
        )
        ax.plot(*p, "o", color=colour, markersize=7, zorder=3)
        side = np.array([-0.08, 0.0]) if name == "a" else np.array([0.08, 0.0]) if name == "b" else outwards(p)
        ax.text(*(p + side), name, color=colour, fontsize=12, style="italic", ha="center", va="center")
    ax.set_title(panel.title, fontsize=12)
    ax.text(0.5, -1.0, panel.text, ha="center", va="top", fontsize=9.5)
    ax.set(xlim=(-0.2, 1.2), ylim=(-1.5, 0.95), aspect="equal")
    ax.axis("off")


def outwards(p: np.ndarray) -> np.ndarray:
    """Where a point's name stands: away from the middle of the edge."""
    away = p - [0.5, 0.0]
    return 0.08 * away / np.linalg.norm(away)


def lens() -> PathPatch:
    """The points nearer to both ends than these are to each other."""
    angles = np.linspace(-np.pi / 3, np.pi / 3, 60)
    right = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    left = np.stack([1 - np.cos(angles), np.sin(angles)], axis=1)[::-1]
    return PathPatch(Outline(np.concatenate([right, left])), facecolor="#eef3f8", edgecolor="#c8d3de", zorder=0)


if __name__ == "__main__":
    main()
