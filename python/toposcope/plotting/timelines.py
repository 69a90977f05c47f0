"""Events over time, on the lifelines of what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from toposcope.lifelines import NOUNS, lifelines
from toposcope.plotting import _plotly
from toposcope.plotting._axes import axes_or_new, colour_of, ink, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toposcope.lifelines import Lifelines
    from toposcope.tracking import Event

MARKERS = {"Birth": "o", "Death": "X", "Merge": "v", "Split": "^", "Reorganise": "D"}
"""By how the event's kind ends; others are small dots."""
_MOST_NAMED = 40


def timeline(
    events: Iterable[Event],
    *,
    ax: Any = None,
    x: Literal["step", "time"] = "step",
    min_mass: float = 0,
    until: float | None = None,
    backend: Literal["matplotlib", "plotly"] = "matplotlib",
) -> Any:
    """Draw from when to when each component and loop was there, by identity, and the events in which they change.

    A line is one identity; upright lines join what merged, split, or went on under another name. Each change is drawn
    once, as it was told last: hollow if it is provisional, and not at all if it was retracted.

    Parameters
    ----------
    events : iterable of Event
        As the tracker told them, in any order. What was there before the first of them begins with it.
    ax : matplotlib.axes.Axes or plotly.graph_objects.Figure, optional
        Where; by default pyplot's current Axes, or a new Figure.
    x : {"step", "time"}, default="step"
        What the axis is: steps of the stream, or the times of its points.
    min_mass : float, default=0
        Features that never weigh as much are left out.
    until : float, optional
        Where the lines of what is still there end; by default at the last event.
    backend : {"matplotlib", "plotly"}, default="matplotlib"
        With ``"plotly"`` (needs the extra ``interactive``) each event tells about itself under the pointer.

    Returns
    -------
    matplotlib.axes.Axes or plotly.graph_objects.Figure
        What was given, or made.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or an event has no time where ``x`` asks for it.
    """
    if x not in ("step", "time"):
        raise ValueError(f'x: expected "step" or "time", got {x!r}')
    lines = lifelines(events, by_time=x == "time", min_mass=min_mass, until=until)
    if _plotly.is_asked_for(backend):
        return _plotly.timeline(lines, ax, x)
    axes = axes_or_new(ax)
    _draw_lives(axes, lines)
    _draw_marks(axes, lines)
    room = 0.03 * (lines.last - lines.first) or 0.5
    axes.set(xlabel=x, xlim=(lines.first - room, lines.last + room), ylim=(-0.8, max(lines.n_lanes, 1) - 0.2))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if lines.lives:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        say(axes, "no events")
    return axes


def marker_of(kind: str) -> str:
    """Return Matplotlib's marker for a kind of event."""
    return next((marker for ending, marker in MARKERS.items() if kind.endswith(ending)), ".")


def _draw_lives(axes: Any, lines: Lifelines) -> None:
    lanes = {life.id: life.lane for life in lines.lives}
    for number, noun in enumerate(NOUNS):
        own = [life for life in lines.lives if life.noun == noun]
        if not own:
            continue
        ends = [lines.last if life.end is None else life.end for life in own]
        axes.hlines(
            [life.lane for life in own],
            [life.begin for life in own],
            ends,
            color=colour_of(number, axes),
            linewidth=2.2,
            label=f"{noun}s",
            zorder=2,
        )
    for bond in lines.bonds:
        heights = [lanes[i] for i in bond.ids]
        axes.vlines(bond.at, min(heights), max(heights), color=ink(axes), linewidth=0.8, alpha=0.7, zorder=1)
    if len(lines.lives) <= _MOST_NAMED:
        for life in lines.lives:
            place = {"xytext": (3, 3), "textcoords": "offset points", "fontsize": "x-small"}
            axes.annotate(str(life.id), (life.begin, life.lane), color=ink(axes), **place)


def _draw_marks(axes: Any, lines: Lifelines) -> None:
    lives = {life.id: life for life in lines.lives}
    named = set()
    for mark in sorted(lines.marks, key=lambda mark: mark.event.kind):
        kind = mark.event.kind
        life = lives[mark.id]
        colour = colour_of(NOUNS.index(life.noun), axes)
        axes.scatter(
            [mark.at],
            [life.lane],
            s=34,
            marker=marker_of(kind),
            facecolors="none" if mark.event.status == "provisional" else colour,
            edgecolors=colour,
            linewidths=1.2,
            label=None if kind in named else kind,
            zorder=3,
        )
        named.add(kind)
