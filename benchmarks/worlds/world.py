"""What a scripted world is, and how its points are drawn.

A world is one scene per chunk; the window holds the last four chunks. Features have a size of about 1: rings and
spheres have that radius. Every chunk is drawn so densely that it shows its scene by itself at the world's scale. So
what comes is *due* with the first chunk that has it. What goes thins out from the first chunk that lacks it, and is due
when the last chunk that had it leaves, three chunks later. An event may rightly happen from that first chunk on
(`Expected.first`), and is told in time up to two chunks after it is due.

All worlds start with a window and more of one scene, so that nothing is expected before the window is full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .shapes import Draw, denser_on_one_side

if TYPE_CHECKING:
    from collections.abc import Sequence

CHUNK = 120
WINDOW_CHUNKS = 4
WINDOW = WINDOW_CHUNKS * CHUNK
#: Chunks after an event is due in which it is still told in time.
TOLERATED_DELAY = 2
#: Density of the dense side of every shape over that of its thin side, where density varies.
UNEVEN = 4.0
#: How far outliers lie from the origin, in feature sizes.
OUTLIER_RADIUS = 6.0


class Part(NamedTuple):
    """A shape in a scene."""

    #: What its points are called: an event is told by the names of the points that it is about.
    name: str
    draw: Draw
    #: Points of it in relation to those of other parts.
    share: float = 1.0


Scene = tuple[Part, ...]


@dataclass(frozen=True)
class Expected:
    """An event that anyone would name who saw the shapes."""

    kind: str
    #: Names of the parts that it is about: most of its points are called so.
    about: frozenset[str]
    #: Chunks, counted from 0: no earlier than the first is it true, and by the other it is.
    first: int
    due: int
    cause: str | None = None

    @property
    def latest(self) -> int:
        """The last chunk at which it is told in time."""
        return self.due + TOLERATED_DELAY


def inserted(kind: str, at: int, about: str, cause: str | None = None) -> Expected:
    """Say what the first chunk of a new scene does; ``about`` holds names with blanks between."""
    return Expected(kind, frozenset(about.split()), at, at, cause)


def deleted(kind: str, at: int, about: str, cause: str | None = None) -> Expected:
    """Say what the last chunk of an old scene does when it leaves, if the new one starts at ``at``."""
    return Expected(kind, frozenset(about.split()), at, at + WINDOW_CHUNKS - 1, cause)


@dataclass(frozen=True)
class World:
    """A script: what is where in every chunk, and what a user would expect to be told."""

    name: str
    story: str
    scenes: tuple[Scene, ...]
    expected: tuple[Expected, ...] = ()
    #: Betti numbers of the window at the scale after some chunks: what the script says, by chunk.
    betti: tuple[tuple[int, tuple[int, ...]], ...] = ()
    #: Diameter at which a user who knows the shapes would look: well above the distances between neighbours, well below
    #: the gaps between shapes, and the 1.73 at which a unit ring is filled.
    scale: float = 0.8
    #: Coordinates that the shapes have by themselves.
    n_coordinates: int = 2
    #: Chunks that are as large as the window, and so replace all of it.
    bursts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Setting:
    """How a world is drawn: all that makes seeing its events harder."""

    n_dims: int = 2
    #: Root mean square length of every point's Gaussian displacement, in all coordinates together.
    noise: float = 0.0
    #: Share of the points that lie anywhere.
    outliers: float = 0.0
    is_uneven: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Drawn:
    """A world's points, float32, and what each is called; outliers are called nothing."""

    world: World
    setting: Setting
    chunks: tuple[np.ndarray, ...]
    names: np.ndarray


def draw(world: World, setting: Setting) -> Drawn:
    """Draw the points of a world; the same setting always gives the same."""
    if setting.n_dims < world.n_coordinates:
        raise ValueError(f"{world.name}: expected at least {world.n_coordinates} dimensions, got {setting.n_dims}")
    rng = np.random.default_rng([setting.seed, *world.name.encode()])
    frame = np.linalg.qr(rng.normal(size=(setting.n_dims, world.n_coordinates)))[0].T
    chunks, names = [], []
    for number, scene in enumerate(world.scenes):
        n_points = WINDOW if number in world.bursts else CHUNK
        points, called = drawn_scene(scene, n_points, world.n_coordinates, rng, is_uneven=setting.is_uneven)
        points = points @ frame
        points += setting.noise / np.sqrt(setting.n_dims) * rng.normal(size=points.shape)
        is_outlier = rng.uniform(size=len(points)) < setting.outliers
        points[is_outlier] = ball(int(is_outlier.sum()), setting.n_dims, rng)
        called[is_outlier] = ""
        chunks.append(points.astype(np.float32))
        names.append(called)
    return Drawn(world, setting, tuple(chunks), np.concatenate(names))


def drawn_scene(
    scene: Scene, n_points: int, n_coordinates: int, rng: np.random.Generator, *, is_uneven: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a chunk in the coordinates of the shapes, and say what each point is called."""
    shares = np.array([part.share for part in scene])
    of_part = rng.choice(len(scene), n_points, p=shares / shares.sum())
    points = np.empty((n_points, n_coordinates))
    for i, part in enumerate(scene):
        is_here = of_part == i
        shape = denser_on_one_side(part.draw, UNEVEN) if is_uneven else part.draw
        points[is_here] = shape(int(is_here.sum()), rng)
    return points, np.array([part.name for part in scene], dtype=object)[of_part]


def ball(n: int, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    """Points anywhere in a ball around the origin: most are far away from everything in many dimensions."""
    directions = rng.normal(size=(n, n_dims))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return OUTLIER_RADIUS * rng.uniform(size=(n, 1)) ** (1 / n_dims) * directions


def held(scene: Scene | Sequence[Part], n_chunks: int) -> tuple[Scene, ...]:
    """Repeat a scene."""
    return (tuple(scene),) * n_chunks
