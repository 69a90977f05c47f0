"""The worlds: stories about clusters, rings and spheres, and worlds in which nothing happens."""

from __future__ import annotations

from .shapes import arc, disk, ring, segment, turned, zone
from .world import WINDOW_CHUNKS, Expected, Part, Scene, World, deleted, held, inserted

#: Chunks of the first scene, and of each one after: what leaves has left, and two chunks of delay have passed, before the
#: next event.
FIRST = 2 * WINDOW_CHUNKS
NEXT = 2 * WINDOW_CHUNKS + 1
SECOND = FIRST + NEXT

LEFT, RIGHT, FAR = (-1.5, 0.0), (1.5, 0.0), (4.0, 0.0)


def cluster(name: str, centre: tuple[float, float], share: float = 1.0) -> Part:
    return Part(name, disk(centre, 0.5), share)


def ring_part(name: str, centre: tuple[float, float] = (0.0, 0.0)) -> Part:
    return Part(name, ring(centre))


PAIR: Scene = (cluster("left", LEFT), cluster("right", RIGHT))
BRIDGE = Part("bridge", segment((-1.0, 0.0), (1.0, 0.0)), 0.5)
BRIDGED: Scene = (*PAIR, BRIDGE)
WHOLE: Scene = (ring_part("ring"),)
MOST: Scene = (Part("ring", arc(0.0, 0.75)),)
FILLED: Scene = (Part("ring", disk()),)


def clusters_bridged() -> World:
    return World(
        "clusters bridged",
        "points come between two clusters",
        held(PAIR, FIRST) + held(BRIDGED, NEXT),
        (inserted("Merge", FIRST, "left right bridge"),),
        ((FIRST - 1, (2, 0)), (FIRST, (1, 0)), (FIRST + NEXT - 1, (1, 0))),
    )


def ring_jumps() -> World:
    return World(
        "ring jumps",
        "a ring is elsewhere from one chunk to the next",
        held(WHOLE, FIRST) + held((ring_part("elsewhere", FAR),), NEXT),
        (
            inserted("ComponentBirth", FIRST, "elsewhere"),
            inserted("LoopBirth", FIRST, "elsewhere", "closed"),
            deleted("ComponentDeath", FIRST, "ring"),
            deleted("LoopDeath", FIRST, "ring", "broken"),
        ),
        ((FIRST - 1, (1, 1)), (FIRST, (2, 2)), (FIRST + WINDOW_CHUNKS - 1, (1, 1))),
    )


def ring_resampled() -> World:
    return World("ring resampled", "new points of the same ring", held(WHOLE, SECOND), (), ((SECOND - 1, (1, 1)),))


WORLDS: tuple[World, ...] = (clusters_bridged(), ring_jumps(), ring_resampled())
