"""The worlds: stories about clusters, rings and a sphere, and worlds in which nothing happens."""

from __future__ import annotations

from .shapes import arc, disk, ring, segment, turned, zone
from .world import WINDOW_CHUNKS, Expected, Part, Scene, World, deleted, held, inserted

#: Chunks of the first scene, and of each one after: when the next begins, what left is gone and its delay has passed.
FIRST = 2 * WINDOW_CHUNKS
NEXT = 2 * WINDOW_CHUNKS + 1
SECOND = FIRST + NEXT
THIRD = SECOND + NEXT

Place = tuple[float, float]
LEFT, RIGHT, FAR = (-1.5, 0.0), (1.5, 0.0), (4.0, 0.0)


def cluster(name: str, centre: Place) -> Part:
    return Part(name, disk(centre, 0.5))


def circle(name: str, centre: Place = (0.0, 0.0)) -> Part:
    return Part(name, ring(centre))


def arcs(name: str, *turns: Place) -> Scene:
    """Arcs of the unit circle, from and to so many turns."""
    return tuple(Part(name, arc(start, end), end - start) for start, end in turns)


def bridge(half_length: float) -> Part:
    return Part("bridge", segment((-half_length, 0.0), (half_length, 0.0)), half_length / 2)


PAIR: Scene = (cluster("left", LEFT), cluster("right", RIGHT))
BRIDGED: Scene = (*PAIR, bridge(1.0))
WHOLE: Scene = (circle("ring"),)
MOST = arcs("ring", (0.0, 0.75))
TWO_ARCS = arcs("ring", (0.1, 0.4), (0.6, 0.9))
DISK: Scene = (Part("ring", disk()),)
RINGS: Scene = (circle("left", (-2.0, 0.0)), circle("right", (2.0, 0.0)))
LONG: Scene = (Part("ring", arc(0.0, 1.0, axes=(2.0, 1.0))),)
BARRED: Scene = (*LONG, Part("bar", segment((0.0, -1.0), (0.0, 1.0)), 0.25))


def one_change(
    name: str, story: str, before: Scene, after: Scene, numbers: tuple[Place, Place], *expected: Expected
) -> World:
    """Say what a scene gives way to another for; ``numbers`` are those of components and loops, before and after."""
    before_it, after_it = ((int(b0), int(b1)) for b0, b1 in numbers)
    betti = ((FIRST - 1, before_it), (SECOND - 1, after_it))
    return World(name, story, held(before, FIRST) + held(after, NEXT), expected, betti)


def two_clusters(gap: float) -> Scene:
    return (cluster("left", (-0.5 - gap / 2, 0.0)), cluster("right", (0.5 + gap / 2, 0.0)))


def moving_clusters() -> tuple[World, World]:
    """Two clusters whose distance changes.

    They come to hang together at the scale while their gap shrinks from one and a half times the scale, as noise is
    beyond the rims, to half of it, as points near the rims are few: from when a merge can be told to when it is due.
    What is left behind stays in the window, so for a split the gap of its oldest chunk is what counts.
    """
    gaps = [1.6, 1.2, 0.8, 0.4, 0.0]
    meet = held(two_clusters(2.0), FIRST) + tuple(map(two_clusters, gaps)) + held(two_clusters(0.0), NEXT)
    part = held(two_clusters(0.0), FIRST) + tuple(map(two_clusters, reversed(gaps))) + held(two_clusters(2.0), NEXT)
    both = frozenset({"left", "right"})
    told_old = WINDOW_CHUNKS - 1
    return (
        World(
            "clusters meet",
            "two clusters drift towards each other",
            meet,
            (Expected("Merge", both, FIRST + 1, FIRST + 3),),
            ((FIRST - 1, (2, 0)), (len(meet) - 1, (1, 0))),
        ),
        World(
            "clusters part",
            "one cluster drifts apart into two",
            part,
            (Expected("Split", both, FIRST + 1 + told_old, FIRST + 3 + told_old),),
            ((FIRST - 1, (1, 0)), (len(part) - 1, (2, 0))),
        ),
    )


def clusters() -> tuple[World, ...]:
    lone: Scene = (cluster("left", LEFT),)
    elsewhere: Scene = (cluster("left", LEFT), cluster("elsewhere", FAR))
    return (
        one_change(
            "clusters bridged",
            "points come between two clusters",
            PAIR,
            BRIDGED,
            ((2, 0), (1, 0)),
            inserted("Merge", FIRST, "left right bridge"),
        ),
        one_change(
            "bridge leaves",
            "no more points come between two clusters",
            BRIDGED,
            PAIR,
            ((1, 0), (2, 0)),
            deleted("Split", FIRST, "left right bridge"),
        ),
        *moving_clusters(),
        World(
            "cluster comes and goes",
            "beside one cluster there is another for a while",
            held(lone, FIRST) + held(PAIR, NEXT) + held(lone, NEXT),
            (inserted("ComponentBirth", FIRST, "right"), deleted("ComponentDeath", SECOND, "right")),
            ((FIRST - 1, (1, 0)), (SECOND - 1, (2, 0)), (THIRD - 1, (1, 0))),
        ),
        one_change(
            "cluster jumps",
            "one of two clusters is elsewhere from one chunk to the next",
            PAIR,
            elsewhere,
            ((2, 0), (2, 0)),
            inserted("ComponentBirth", FIRST, "elsewhere"),
            deleted("ComponentDeath", FIRST, "right"),
        ),
    )


def rings() -> tuple[World, ...]:
    return (
        one_change(
            "ring closes",
            "three quarters of a ring become a ring",
            MOST,
            WHOLE,
            ((1, 0), (1, 1)),
            inserted("LoopBirth", FIRST, "ring", "closed"),
        ),
        one_change(
            "ring breaks",
            "a quarter of a ring stays away",
            WHOLE,
            MOST,
            ((1, 1), (1, 0)),
            deleted("LoopDeath", FIRST, "ring", "broken"),
        ),
        one_change(
            "ring fills",
            "points come inside of a ring",
            WHOLE,
            DISK,
            ((1, 1), (1, 0)),
            inserted("LoopDeath", FIRST, "ring", "filled"),
        ),
        one_change(
            "ring opens",
            "the inside of a disk stays away",
            DISK,
            WHOLE,
            ((1, 0), (1, 1)),
            deleted("LoopBirth", FIRST, "ring", "opened"),
        ),
        one_change(
            "ring jumps",
            "a ring is elsewhere from one chunk to the next",
            WHOLE,
            (circle("elsewhere", FAR),),
            ((1, 1), (1, 1)),
            inserted("ComponentBirth", FIRST, "elsewhere"),
            inserted("LoopBirth", FIRST, "elsewhere", "closed"),
            deleted("ComponentDeath", FIRST, "ring"),
            deleted("LoopDeath", FIRST, "ring", "broken"),
        ),
        World(
            "ring jumps at once",
            "a chunk as large as the window brings a ring elsewhere: every Betti number stays as it is",
            held(WHOLE, FIRST) + held((circle("elsewhere", FAR),), NEXT),
            (
                inserted("ComponentBirth", FIRST, "elsewhere"),
                inserted("LoopBirth", FIRST, "elsewhere", "closed"),
                inserted("ComponentDeath", FIRST, "ring"),
                inserted("LoopDeath", FIRST, "ring", "broken"),
            ),
            ((FIRST - 1, (1, 1)), (FIRST, (1, 1)), (SECOND - 1, (1, 1))),
            bursts=frozenset({FIRST}),
        ),
        one_change(
            "ring falls apart",
            "two arcs are left of a ring",
            WHOLE,
            TWO_ARCS,
            ((1, 1), (2, 0)),
            deleted("LoopDeath", FIRST, "ring", "broken"),
            deleted("Split", FIRST, "ring"),
        ),
        one_change(
            "arcs join",
            "two arcs become a ring",
            TWO_ARCS,
            WHOLE,
            ((2, 0), (1, 1)),
            inserted("Merge", FIRST, "ring"),
            inserted("LoopBirth", FIRST, "ring", "closed"),
        ),
        *compound_rings(),
    )


def compound_rings() -> tuple[World, ...]:
    eight: Scene = (circle("left", (-1.0, 0.0)), circle("right", (1.0, 0.0)))
    return (
        World(
            "figure eight",
            "a second ring touches a first for a while",
            held(eight[:1], FIRST) + held(eight, NEXT) + held(eight[:1], NEXT),
            (
                inserted("LoopBirth", FIRST, "left right", "closed"),
                deleted("LoopDeath", SECOND, "left right", "broken"),
            ),
            ((FIRST - 1, (1, 1)), (SECOND - 1, (1, 2)), (THIRD - 1, (1, 1))),
        ),
        World(
            "ring barred",
            "a bar divides a long ring for a while",
            held(LONG, FIRST) + held(BARRED, NEXT) + held(LONG, NEXT),
            (
                inserted("LoopBirth", FIRST, "ring bar", "closed"),
                deleted("LoopDeath", SECOND, "ring bar", "broken"),
            ),
            ((FIRST - 1, (1, 1)), (SECOND - 1, (1, 2)), (THIRD - 1, (1, 1))),
        ),
        World(
            "rings bridged",
            "points come between two rings for a while",
            held(RINGS, FIRST) + held((*RINGS, bridge(1.0)), NEXT) + held(RINGS, NEXT),
            (inserted("Merge", FIRST, "left right bridge"), deleted("Split", SECOND, "left right bridge")),
            ((FIRST - 1, (2, 2)), (SECOND - 1, (1, 2)), (THIRD - 1, (2, 2))),
        ),
    )


def sphere() -> World:
    """A sphere without a cap has no void; without two it is a band, with a loop."""
    return World(
        "sphere loses caps",
        "one cap of a sphere stays away, then the opposite one too",
        held((Part("sphere", zone(-1.0, 1.0)),), FIRST)
        + held((Part("sphere", zone(-1.0, 0.5)),), NEXT)
        + held((Part("sphere", zone(-0.5, 0.5)),), NEXT),
        (
            deleted("VoidDeath", FIRST, "sphere", "broken"),
            deleted("LoopBirth", SECOND, "sphere", "opened"),
        ),
        ((FIRST - 1, (1, 0, 1)), (SECOND - 1, (1, 0, 0)), (THIRD - 1, (1, 1, 0))),
        n_coordinates=3,
    )


def quiet() -> tuple[World, ...]:
    """Worlds whose shape stays as it is."""
    ellipse, most = arc(0.0, 1.0, axes=(1.5, 1.0)), MOST[0].draw
    chunks = range(SECOND)

    def still(name: str, story: str, scenes: tuple[Scene, ...], numbers: tuple[int, int]) -> World:
        return World(name, story, scenes, (), ((FIRST - 1, numbers), (SECOND - 1, numbers)))

    return (
        still("ring resampled", "new points of the same ring", held(WHOLE, SECOND), (1, 1)),
        still(
            "ellipse turns",
            "an ellipse turns by nine degrees a chunk",
            tuple((Part("ring", turned(ellipse, i / 40)),) for i in chunks),
            (1, 1),
        ),
        still(
            "arc turns",
            "three quarters of a ring turn by six degrees a chunk",
            tuple((Part("ring", turned(most, i / 60)),) for i in chunks),
            (1, 0),
        ),
        still(
            "ring drifts",
            "a ring moves by a tenth of its radius a chunk",
            tuple((circle("ring", (0.1 * i - 0.8, 0.0)),) for i in chunks),
            (1, 1),
        ),
        still(
            "clusters drift",
            "three clusters move together",
            tuple(
                tuple(cluster(name, (0.2 * i - 1.6, y)) for name, y in (("a", -3.0), ("b", 0.0), ("c", 3.0)))
                for i in chunks
            ),
            (3, 0),
        ),
        still(
            "clusters in turns", "two clusters, chunk by chunk", tuple(PAIR[i % 2 : i % 2 + 1] for i in chunks), (2, 0)
        ),
        still(
            "ring in order",
            "a ring, a quarter of it in every chunk",
            tuple((Part("ring", arc(i % 4 / 4, (i % 4 + 1) / 4)),) for i in chunks),
            (1, 1),
        ),
    )


WORLDS: tuple[World, ...] = (*clusters(), *rings(), sphere(), *quiet())
