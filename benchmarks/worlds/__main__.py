"""Watches scripted worlds, and prints who told which of their events, as tables in Markdown.

Precision and recall are those of confirmed events, every one of which counts the same; ``worlds/world.py`` says when
an event is due, and ``worlds/watch.py`` how the first window is treated. The exit status is 1 if the goal is not
reached: 0.95 and 0.95 up to 10 % noise, no event later than two chunks after it is due.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import rivals
from .catalogue import WORLDS
from .record import append, heading
from .score import score, total
from .table import GOAL_NOISE, Run, is_reached, markdown, side_by_side, verdict
from .watch import Watching, watch
from .world import Setting, draw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

PAGE = Path(__file__).parents[2] / "docs" / "performance" / "worlds.md"


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m worlds", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [world.name for world in WORLDS]
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help=f"by default all: {', '.join(names)}")
    drawn = parser.add_argument_group("how worlds are drawn")
    drawn.add_argument("--dims", type=int, nargs="+", default=[2, 16, 128, 768])
    drawn.add_argument(
        "--noise", type=float, nargs="+", default=[0.0, 0.05, 0.1, 0.2], help="share of the feature size"
    )
    drawn.add_argument("--outliers", type=float, default=0.0, help="share of the points (default 0)")
    drawn.add_argument("--uneven", action="store_true", help="every shape is four times denser on one side")
    drawn.add_argument("--seeds", type=int, default=1, help="drawings of each world (default 1)")
    watched = parser.add_argument_group("how the tracker is set up")
    watched.add_argument("--automatic-scale", action="store_true", help="the tracker's choice, not the world's own")
    watched.add_argument("--margin", type=float, help="by default the tracker's")
    watched.add_argument("--max-dim", type=int, default=2, help="largest dimension of what is followed (default 2)")
    watched.add_argument("--confirm-after", type=int, default=1, help="default 1")
    watched.add_argument("--landmarks", type=float, default=1.0, help="share of the window (default 1)")
    watched.add_argument("--min-mass", type=int, default=1, help="leave events about fewer points out (default 1)")
    watched.add_argument("--cover-radius", type=float, help="points that near share a landmark (default: the stream's)")
    watched.add_argument(
        "--landmark-min-mass", type=float, help="landmarks of fewer points are left out by the stream (default: none)"
    )
    parser.add_argument("--rivals", action="store_true", help="a table of who saw what instead, beside other detectors")
    parser.add_argument("--record", action="store_true", help=f"append to {PAGE.relative_to(PAGE.parents[2])}")
    given = parser.parse_args(argv)
    for name in given.worlds:
        if name not in names:
            parser.error(f"no world {name!r}; there are {', '.join(names)}")
    return given


def watching(given: argparse.Namespace) -> Watching:
    return Watching(
        is_scale_given=not given.automatic_scale,
        confirm_after=given.confirm_after,
        landmarks=given.landmarks,
        min_mass=given.min_mass,
        margin=given.margin,
        max_dim=given.max_dim,
        cover_radius=given.cover_radius,
        landmark_min_mass=given.landmark_min_mass,
    )


def cases(given: argparse.Namespace) -> Iterator[tuple[World, Setting]]:
    """Yield every world in every setting that has room for its shapes."""
    for world in WORLDS:
        for noise in given.noise:
            for n_dims in given.dims:
                for seed in range(given.seeds):
                    if n_dims >= world.n_coordinates and (not given.worlds or world.name in given.worlds):
                        yield world, Setting(n_dims, noise, given.outliers, given.uneven, seed)


def compare(given: argparse.Namespace) -> str:
    """Put the tracker beside the others, on the same drawings."""
    detectors = rivals.installed()
    counted: dict[str, dict[str, tuple[int, int, int]]] = {}
    series: list[tuple[World, list[float]]] = []
    for world, setting in cases(given):
        drawn = draw(world, setting)
        told = watch(drawn, watching(given)).told
        alarms = {"toposcope": sorted({event.chunk for event in told})}
        alarms |= {name: see(drawn) for name, see in detectors.items()}
        series.append((world, rivals.diagram_distances(drawn)))
        for name, chunks in alarms.items():
            add(counted, world, name, chunks)
    threshold = rivals.best_threshold(series)
    for world, distances in series:
        add(counted, world, "matched diagrams", rivals.above(distances, threshold))
    absent = [name for name in rivals.DETECTORS if name not in detectors]
    notes = [f"Of matched diagrams the best threshold, with hindsight, is {threshold:.3g}."]
    notes += [f"Not installed, and left out: {', '.join(absent)}."] if absent else []
    return side_by_side(counted) + "\n" + " ".join(notes) + "\n"


def add(counted: dict[str, dict[str, tuple[int, int, int]]], world: World, name: str, alarms: list[int]) -> None:
    so_far = counted.setdefault(world.name, {}).get(name, (0, 0, 0))
    found, false, n_moments = rivals.moments_seen(world, alarms)
    counted[world.name][name] = (so_far[0] + found, so_far[1] + false, so_far[2] + n_moments)


def main(argv: list[str]) -> int:
    given = arguments(argv)
    status = 0
    if given.rivals:
        section = compare(given)
    else:
        runs = []
        for world, setting in cases(given):
            watched = watch(draw(world, setting), watching(given))
            runs.append(Run(world, setting, watched, score(watched.told, world.expected)))
        said = verdict(runs)
        section = markdown(runs) + (f"\n{said}" if said else "")
        status = int(said is not None and not is_reached(total(r.score for r in runs if r.setting.noise <= GOAL_NOISE)))
    section = heading(shlex.join(["python", "-m", "worlds", *argv])) + section
    print(section)
    if given.record:
        append(PAGE, section)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
