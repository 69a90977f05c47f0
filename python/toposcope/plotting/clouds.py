"""Points on a plane, with what is to be seen in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from toposcope._projection import on_a_plane
from toposcope._typing import describe, float_array
from toposcope.explanations import NO_POINTS, Explanation, title
from toposcope.plotting import _plotly
from toposcope.plotting._axes import axes_or_new, colour_of, faint, ink, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from toposcope._typing import Float64Array
    from toposcope.tracking import Event

_MOST_NAMED = 8


class Scene(NamedTuple):
    """A cloud as it is drawn: coordinates in two or three directions, and what these are."""

    places: Float64Array
    names: tuple[str, ...]


def cloud(
    points: Any,
    *,
    groups: Any = None,
    cycles: Iterable[Any] = (),
    items: Sequence[Any] | None = None,
    ax: Any = None,
    backend: Literal["matplotlib", "plotly"] = "matplotlib",
) -> Any:
    """Draw points, and cycles through them.

    Points of more dimensions than the picture has are drawn in their principal directions; the axes say how much of the
    variance these have. That is a projection: what looks close need not be.

    Parameters
    ----------
    points : array-like of shape (n_points, n_dims)
        Finite.
    groups : array-like of shape (n_points,), optional
        A label for each; each label has a colour.
    cycles : iterable of int arrays, optional
        Walks through points, by their places, such as ``diagram.representatives[1][0].cycle.walks()``. They are
        closed.
    items : sequence of length n_points, optional
        What the points stand for: shown under the pointer by plotly.
    ax : matplotlib.axes.Axes or plotly.graph_objects.Figure, optional
        Where; by default pyplot's current Axes, or a new Figure. Axes in space take three directions.
    backend : {"matplotlib", "plotly"}, default="matplotlib"
        With ``"plotly"`` (needs the extra ``interactive``) points of three and more dimensions are drawn in space.

    Returns
    -------
    matplotlib.axes.Axes or plotly.graph_objects.Figure
        What was given, or made.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    """
    coordinates = _checked_points(points)
    n_points = len(coordinates)
    labels = None if groups is None else _one_each(np.asarray(groups), n_points, "groups")
    names = None if items is None else _one_each(items, n_points, "items")
    walks = [_checked_walk(walk, n_points) for walk in cycles]
    if _plotly.is_asked_for(backend):
        scene = _scene(coordinates, in_space=coordinates.shape[1] > 2)
        return _plotly.cloud(scene, labels, walks, names, ax)
    axes = axes_or_new(ax)
    scene = _scene(coordinates, in_space=hasattr(axes, "get_zlim"))
    _draw_points(axes, scene.places, labels)
    for number, walk in enumerate(walks):
        closed = scene.places[np.append(walk, walk[:1])]
        axes.plot(*closed.T, color=colour_of(number + 1, axes), linewidth=2, marker="o", markersize=4, zorder=3)
    _finish(axes, scene.names)
    if not n_points:
        say(axes, "no points")
    return axes


def event(event: Event | Explanation, *, ax: Any = None) -> Any:
    """Draw where an event happened: its features before it hollow, those after it filled, loops as cycles.

    Parameters
    ----------
    event : Event or Explanation
        What to draw: an event of a monitor with ``keep_points=True``, or what :meth:`Event.explain` returned.
    ax : matplotlib.axes.Axes, optional
        Where; by default pyplot's current Axes.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If no coordinates are known of its landmarks.
    TypeError
        If it is no event.
    """
    if not isinstance(event, Explanation):
        if not hasattr(event, "explain"):
            raise TypeError(f"event: expected an Event or an Explanation, got {describe(event)}")
        event = event.explain()
    if not event.features:
        raise ValueError(f"event: expected one about features, got a {event.event.kind}, which names none")
    known = [(side, f, f.points) for side, f in event.features if f.points is not None]
    if not known:
        raise ValueError(NO_POINTS)
    axes = axes_or_new(ax)
    around = np.empty((0, known[0][2].shape[1])) if event.around is None else event.around
    stacked = np.concatenate([*(points for _, _, points in known), around])
    is_known = np.isfinite(stacked).all(axis=1)
    scene = _scene(stacked[is_known], in_space=False)
    places = np.full((len(stacked), 2), np.nan)
    places[is_known] = scene.places
    colours = {i: number for number, i in enumerate(dict.fromkeys(f.id for _, f, _ in known))}
    ends = np.cumsum([len(points) for _, _, points in known])
    axes.scatter(*places[ends[-1] :].T, s=10, color=faint(axes), alpha=0.5, linewidths=0)
    for number, ((side, feature, _), own) in enumerate(zip(known, np.split(places, ends), strict=False)):
        colour = colour_of(colours[feature.id], axes)
        label = f"{side}: {feature.noun} {feature.id}" if number < _MOST_NAMED else None
        _draw_feature(axes, own, feature, is_before=side == "before", colour=colour, label=label)
    _finish(axes, scene.names)
    axes.set_title(f"{title(event.event)} at step {event.event.step}")
    if len(known) > _MOST_NAMED:
        axes.scatter([], [], color="none", label=f"and {len(known) - _MOST_NAMED} more")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return axes


def _draw_feature(
    axes: Any, places: Float64Array, feature: Any, *, is_before: bool, colour: str, label: str | None
) -> None:
    at = dict(zip(feature.landmarks, places, strict=True))
    for walk in feature.walks:
        path = np.array([at[landmark] for landmark in walk if np.isfinite(at[landmark]).all()]).reshape(-1, 2)
        axes.plot(*path.T, color=colour, linewidth=1.6, linestyle="--" if is_before else "-", zorder=2)
    # What was there before stays visible beneath what is there after, at the same places.
    size, face = (52, "none") if is_before else (20, colour)
    axes.scatter(*places.T, s=size, facecolors=face, edgecolors=colour, linewidths=1.1, label=label, zorder=3)


def _scene(points: Float64Array, *, in_space: bool) -> Scene:
    n_dims = points.shape[1]
    if in_space and n_dims > 2:
        if n_dims == 3 or not len(points):
            return Scene(points[:, :3], ("x", "y", "z"))
        centred = points - points.mean(axis=0)
        directions = np.linalg.svd(centred, full_matrices=False)[2][:3]
        places = centred @ directions.T
        places = np.column_stack([places, np.zeros((len(places), 3 - places.shape[1]))])
    else:
        places = on_a_plane(points)
        if in_space:
            places = np.column_stack([places, np.zeros(len(places))])
    if n_dims <= places.shape[1] or not len(points):
        return Scene(places, ("x", "y", "z")[: places.shape[1]])
    total = float(points.var(axis=0).sum()) or 1.0
    shares = places.var(axis=0) / total
    return Scene(places, tuple(f"principal direction {i} ({share:.0%})" for i, share in enumerate(shares, start=1)))


def _draw_points(axes: Any, places: Float64Array, labels: Any) -> None:
    if labels is None:
        axes.scatter(*places.T, s=12, color=faint(axes), alpha=0.75, linewidths=0)
        return
    distinct = list(dict.fromkeys(labels.tolist()))
    for number, label in enumerate(distinct):
        own = places[labels == label]
        named = str(label) if number < _MOST_NAMED else None
        axes.scatter(*own.T, s=14, color=colour_of(number, axes), alpha=0.85, linewidths=0, label=named)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _finish(axes: Any, names: tuple[str, ...]) -> None:
    for axis, name in zip("xyz", names, strict=False):
        getattr(axes, f"set_{axis}label")(name)
    axes.set_aspect("equal")
    axes.tick_params(colors=ink(axes), labelsize="small")


def _checked_points(points: Any) -> Float64Array:
    if np.size(points) == 0:
        shape = np.shape(points)
        return np.empty((0, shape[1] if len(shape) == 2 else 2))
    coordinates = float_array(points, "points", 2).astype(np.float64, copy=False)
    if not np.isfinite(coordinates).all():
        raise ValueError("points: expected finite coordinates, got others")
    return coordinates


def _checked_walk(walk: Any, n_points: int) -> Any:
    places = np.asarray(walk)
    if places.ndim != 1 or places.dtype.kind not in "iu":
        raise TypeError(f"cycles: expected arrays of places of points, got {describe(walk)} of dtype {places.dtype}")
    if len(places) and (places.min() < 0 or places.max() >= n_points):
        raise ValueError(f"cycles: expected places from 0 to {n_points - 1}, got {places.min()} to {places.max()}")
    return places


def _one_each(values: Any, n_points: int, argument: str) -> Any:
    if np.shape(values)[:1] != (n_points,):
        raise ValueError(f"{argument}: expected one for each of the {n_points} points, got shape {np.shape(values)}")
    return values
