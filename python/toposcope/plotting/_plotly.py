"""The same pictures with plotly, where pointing at things helps."""

from __future__ import annotations

import html
import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import describe
from toposcope.explanations import evidence, one_line, title
from toposcope.lifelines import NOUNS
from toposcope.plotting._axes import COLOURS

if TYPE_CHECKING:
    from toposcope.lifelines import Lifelines
    from toposcope.plotting.clouds import Scene

_GREY = "#8A94A0"
_SYMBOLS = {"Birth": "circle", "Death": "x", "Merge": "triangle-down", "Split": "triangle-up", "Reorganise": "diamond"}


def is_asked_for(backend: Any) -> bool:
    """Whether a picture is to be drawn with plotly.

    Raises
    ------
    ValueError
        If with something unknown.
    """
    if backend not in ("matplotlib", "plotly"):
        raise ValueError(f'backend: expected "matplotlib" or "plotly", got {backend!r}')
    return bool(backend == "plotly")


def figure_or_new(ax: Any) -> tuple[Any, Any]:
    """Return plotly's module of graph objects, and the Figure given or a new one.

    Raises
    ------
    ImportError
        If plotly is not installed; the message names the extra.
    TypeError
        If something else than a Figure is given.
    """
    try:
        objects = importlib.import_module("plotly.graph_objects")
    except ModuleNotFoundError as error:
        raise ImportError(
            'backend="plotly" needs plotly: pip install "toposcope[interactive]"', name="plotly"
        ) from error
    if ax is None:
        figure = objects.Figure()
        figure.update_layout(template="plotly_white", margin={"l": 40, "r": 20, "t": 40, "b": 40})
        return objects, figure
    if not isinstance(ax, objects.Figure):
        raise TypeError(f"ax: expected a plotly Figure, got {describe(ax)}")
    return objects, ax


def cloud(scene: Scene, labels: Any, walks: list[Any], items: Any, ax: Any) -> Any:
    """Draw points and cycles; return the Figure."""
    objects, figure = figure_or_new(ax)
    in_space = scene.places.shape[1] == 3
    scatter = objects.Scatter3d if in_space else objects.Scattergl
    shown = None if items is None else np.array([_safe(item) for item in items], dtype=object)

    def coordinates(places: Any) -> dict[str, Any]:
        return dict(zip("xyz", places.T, strict=False))

    for number, label in enumerate([None] if labels is None else dict.fromkeys(labels.tolist())):
        own = np.ones(len(scene.places), bool) if labels is None else labels == label
        marker = {"size": 3 if in_space else 6, "color": _GREY if labels is None else COLOURS[number % len(COLOURS)]}
        figure.add_trace(
            scatter(
                **coordinates(scene.places[own]),
                mode="markers",
                marker=marker,
                name="points" if label is None else _safe(label),
                text=None if shown is None else shown[own],
                hoverinfo="text" if shown is not None else "all",
            )
        )
    for number, walk in enumerate(walks):
        closed = scene.places[np.append(walk, walk[:1])]
        line = {"width": 5 if in_space else 2.5, "color": COLOURS[(number + 1) % len(COLOURS)]}
        figure.add_trace(scatter(**coordinates(closed), mode="lines", line=line, name=f"cycle {number}"))
    names = dict(zip(("xaxis_title", "yaxis_title", "zaxis_title"), scene.names, strict=False))
    if in_space:
        axes = {axis.removesuffix("_title"): {"title": name} for axis, name in names.items()}
        figure.update_layout(scene={**axes, "aspectmode": "data"})
    else:
        figure.update_layout(**names)
        figure.update_yaxes(scaleanchor="x")
    return figure


def timeline(lines: Lifelines, ax: Any, x: str) -> Any:
    """Draw lifelines and events; return the Figure."""
    objects, figure = figure_or_new(ax)
    lives = {life.id: life for life in lines.lives}
    for number, noun in enumerate(NOUNS):
        own = [life for life in lines.lives if life.noun == noun]
        xs = [v for life in own for v in (life.begin, lines.last if life.end is None else life.end, None)]
        ys = [v for life in own for v in (life.lane, life.lane, None)]
        if own:
            line = {"color": COLOURS[number], "width": 3}
            figure.add_trace(objects.Scatter(x=xs, y=ys, mode="lines", line=line, name=f"{noun}s", hoverinfo="skip"))
    xs = [v for bond in lines.bonds for v in (bond.at, bond.at, None)]
    ys = [v for bond in lines.bonds for v in (*(lives[i].lane for i in bond.ids), None)]
    joins = {"color": _GREY, "width": 1}
    figure.add_trace(objects.Scatter(x=xs, y=ys, mode="lines", line=joins, showlegend=False, hoverinfo="skip"))
    for kind in sorted({mark.event.kind for mark in lines.marks}):
        marks = [mark for mark in lines.marks if mark.event.kind == kind]
        symbol = next((s for ending, s in _SYMBOLS.items() if kind.endswith(ending)), "circle")
        figure.add_trace(
            objects.Scatter(
                x=[mark.at for mark in marks],
                y=[lives[mark.id].lane for mark in marks],
                mode="markers",
                name=kind,
                text=[_told(mark.event) for mark in marks],
                hoverinfo="text",
                marker={
                    "size": 9,
                    "symbol": [f"{symbol}-open" if m.event.status == "provisional" else symbol for m in marks],
                    "color": [COLOURS[NOUNS.index(lives[mark.id].noun)] for mark in marks],
                },
            )
        )
    figure.update_layout(xaxis_title=x)
    figure.update_yaxes(visible=False)
    return figure


def _told(event: Any) -> str:
    sides = (f"{', '.join(str(f.id) for f in side) or 'none'}" for side in (event.before, event.after))
    return f"{title(event)}, step {event.step}<br>{' → '.join(sides)}<br>{evidence(event)}"


def _safe(item: Any) -> str:
    """Return an item as text in which plotly finds no markup of its own."""
    return html.escape(one_line(item), quote=False)
