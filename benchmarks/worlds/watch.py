"""The tracker on a world: what it tells, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import toposcope as ts
from toposcope.pipeline.explain import is_notable

from .world import WINDOW, WINDOW_CHUNKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toposcope.tracking import Event

    from .world import Drawn


@dataclass(frozen=True)
class Told:
    """An event as a user gets it."""

    kind: str
    cause: str | None
    #: The chunk at whose push it was told, and the one at which, by the tracker, it happened; from 0.
    chunk: int
    happened: int
    #: What most of its points are called; "" for outliers.
    about: str


@dataclass(frozen=True)
class Watching:
    """How a user sets the tracker up."""

    #: The world's own scale, or None for the tracker's choice.
    is_scale_given: bool = True
    confirm_after: int = 1
    #: Landmarks as a share of the window; 1 keeps every point, so that the error bound is 0.
    landmarks: float = 1.0
    #: Events about fewer points are left out, as ``toposcope watch --min-mass`` does.
    min_mass: int = 1
    margin: float | None = None
    #: Largest dimension of what the tracker follows.
    max_dim: int = 2
    #: What the stream itself is given: how near points share a landmark, and what a landmark weighs at least.
    cover_radius: float | None = None
    landmark_min_mass: float | None = None


@dataclass(frozen=True)
class Watched:
    """What the tracker told after the window was full."""

    told: tuple[Told, ...]
    #: Components and loops alive when the window became full; None if the tracker could not measure.
    at_start: tuple[int, int] | None
    scale: float | None


def watch(drawn: Drawn, watching: Watching) -> Watched:
    """Push a world's chunks into a monitor; keep confirmed events that were not retracted.

    Warm-up: the tracker's first readable report gives births of what is there, and while the window fills its shapes
    only become denser. Events that happened while it filled are left out, whenever they were confirmed. Whether the
    tracker started from the right shapes is said by ``at_start``.
    """
    stream = ts.Stream(
        drawn.setting.n_dims,
        WINDOW,
        max_landmarks=max(1, round(watching.landmarks * WINDOW)),
        cover_radius=watching.cover_radius,
        min_mass=watching.landmark_min_mass,
        memory_limit=None,
        n_threads=1,
    )
    scale = drawn.world.scale if watching.is_scale_given else None
    tracker = ts.CobordismTracker(scale, watching.margin, watching.max_dim, confirm_after=watching.confirm_after)
    told: list[Told] = []
    at_start = None
    with ts.Monitor(stream, tracker) as monitor:
        for chunk, points in enumerate(drawn.chunks):
            events = monitor.push(points).events
            told += [tell(event, chunk, drawn.names) for event in events if is_news(event, watching.min_mass)]
            if chunk == WINDOW_CHUNKS - 1 and tracker.is_tracking:
                at_start = len(tracker.components), len(tracker.loops)
    return Watched(tuple(event for event in told if event.happened >= WINDOW_CHUNKS), at_start, tracker.scale)


def is_news(event: Event, min_mass: int) -> bool:
    """Whether a user would look: it is confirmed, about enough points, and does not tell that something goes on."""
    goes_on = event.is_quiet or event.kind in {"LoopContinue", "VoidContinue"}
    return event.status == "confirmed" and not goes_on and is_notable(event, min_mass)


def tell(event: Event, chunk: int, names: np.ndarray) -> Told:
    landmarks = event.landmarks_after if event.after else event.landmarks_before
    cause = getattr(event, "cause", None)
    return Told(event.kind, cause, chunk, event.step - 1, most_common(names[list(landmarks)].tolist()))


def most_common(names: Sequence[str]) -> str:
    values, counts = np.unique(np.array(names, dtype=str), return_counts=True)
    return str(values[np.argmax(counts)])
