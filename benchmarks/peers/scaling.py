"""Draws time and memory of H1 against the number of points, from a hundred to a million, with the peers beside it.

The rules are those of ``python -m peers``: fresh processes, contestants in turn, equal diagrams or no time. A curve
ends where its next point would take more than the limits, or is refused.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import cases
from .cases import Case, Input
from .packages import CONTESTANTS
from .processes import Bench, Limits
from .rounds import Result, refuse_debug_builds, run
from .table import MIB, append, figures, heading

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from .packages import Contestant

PAGE = Path(__file__).parents[2] / "docs" / "performance" / "scaling.md"
SIZES = (100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
#: Points from which on one round is enough: the calls are long, and there is little that could disturb them.
LARGE = 10_000
#: Points within the threshold of one, on average, in the family that has one.
NEIGHBOURS = 20
#: Edge collapse is left out: in degree 1 it makes every package that has it slower, by factors of 10 and more.
NAMES = ("toposcope", "GUDHI", "giotto-ph", "holos-tda", "ripser.py")
COLOURS = dict(zip(NAMES, ("#c1121f", "#1d4e89", "#2a9d8f", "#e09f3e", "#6c757d"), strict=True))


class Family(NamedTuple):
    """Inputs of one kind and every size."""

    name: str
    title: str
    make: Callable[[int], Input]
    threshold: Callable[[int], float | None] = lambda _: None

    def case(self, n: int) -> Case:
        """H1 of the input of this size."""
        return Case(f"{self.name}-{n}", lambda: self.make(n), 1, self.threshold(n))


def near(n: int) -> float:
    """The radius of a ball in the unit cube that holds so many neighbours."""
    return float((NEIGHBOURS / n * 3 / (4 * np.pi)) ** (1 / 3))


FAMILIES = (
    Family("cube", "uniform in R³, all distances", cases.cube),
    Family("near", f"uniform in R³, {NEIGHBOURS} neighbours", cases.cube, near),
    Family("circles", "12 noisy circles in R⁷⁶⁸", cases.circles),
)

#: By family, size and contestant: what it took.
Curves = dict[str, dict[int, list[Result]]]


def measure(families: list[Family], sizes: list[int], limits: Limits, n_rounds: int) -> Curves:
    """Every size in turn, with the contestants that are left."""
    curves: Curves = {}
    for family in families:
        left = [one for one in CONTESTANTS if one.name in NAMES and one.version() is not None]
        for n in sizes:
            if not left:
                break
            results = at(family.case(n), left, limits, 1 if n >= LARGE else n_rounds)
            curves.setdefault(family.name, {})[n] = results
            print(family.name, n, "; ".join(map(in_words, results)), file=sys.stderr, flush=True)
            left = [one for one in left if not any(r.contestant == one.name and r.failure for r in results)]
    return curves


def at(case: Case, contestants: list[Contestant], limits: Limits, n_rounds: int) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        return run(case, Bench(case, case.make(), Path(folder), limits), contestants, n_rounds).results


def in_words(result: Result) -> str:
    if result.failure is not None:
        return f"{result.contestant}: {result.failure.why}"
    return f"{result.contestant}: {figures(result.best)} s, {result.peak / MIB:.1f} MiB"


def free_stem(folder: Path) -> Path:
    """Give today's name, or its second, third, … if there are pictures of today: what is recorded stays."""
    today = f"scaling-{dt.datetime.now(tz=dt.UTC).date()}"
    names = (today if at == 1 else f"{today}-{at}" for at in itertools.count(1))
    return next(folder / name for name in names if not (folder / f"{name}.json").exists())


def draw(curves: Curves, stem: Path) -> None:
    """Two panels for each family, time above memory, as SVG and PNG."""
    # Not by pyplot, which would go on showing this figure to whoever asks for the current one.
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = [family for family in FAMILIES if family.name in curves]
    fig = Figure(figsize=(4.2 * len(shown), 7), layout="constrained")
    axes = fig.subplots(2, len(shown), sharex="col", sharey="row", squeeze=False)
    for column, family in zip(axes.T, shown, strict=True):
        draw_curves(column[0], curves[family.name], lambda result: result.best)
        draw_curves(column[1], curves[family.name], lambda result: max(result.peak / MIB, 0.1))
        column[0].set_title(family.title, fontsize=11)
        column[1].set_xlabel("points")
    axes[0, 0].set_ylabel("seconds of one call")
    axes[1, 0].set_ylabel("peak memory of the call, MiB")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=len(NAMES), frameon=False)
    stem.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".svg", ".png"):
        fig.savefig(stem.with_suffix(suffix), dpi=120)


def draw_curves(ax: Axes, by_size: dict[int, list[Result]], value: Callable[[Result], float]) -> None:
    for name in NAMES:
        points = [
            (n, value(result))
            for n, results in by_size.items()
            for result in results
            if result.contestant == name and result.failure is None
        ]
        ours = name == NAMES[0]
        style = {"color": COLOURS[name], "linewidth": 2.4 if ours else 1.4, "zorder": 3 if ours else 2}
        ax.loglog(*zip(*points, strict=True) if points else ([], []), marker="o", markersize=4, label=name, **style)
    ax.grid(which="major", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def markdown(curves: Curves, picture: str) -> str:
    """The picture, the figures behind it, and where each curve ends."""
    parts = [f"![Seconds and MiB of one call against the number of points]({picture})"]
    for family in FAMILIES:
        if family.name not in curves:
            continue
        by_size = curves[family.name]
        lines = [["points", *NAMES], ["---"] * (1 + len(NAMES))]
        for n, results in by_size.items():
            cells = {result.contestant: cell(result) for result in results}
            lines.append([f"{n:,}", *(cells.get(name, "") for name in NAMES)])
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        parts.append(f"{family.title[0].upper()}{family.title[1:]}, H0-H1: seconds (MiB).\n\n{body}")
    return "\n\n".join(parts) + "\n"


def cell(result: Result) -> str:
    if result.failure is not None:
        return {"wrong": "void"}.get(result.failure.kind, result.failure.why)
    return f"{figures(result.best)} ({result.peak / MIB:.1f})"


def saved(curves: Curves) -> str:
    """Every round, as JSON."""
    plain = {
        family: {str(n): [vars(result) for result in results] for n, results in by_size.items()}
        for family, by_size in curves.items()
    }
    return json.dumps(plain, indent=1) + "\n"


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m peers.scaling", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [family.name for family in FAMILIES]
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"by default all: {', '.join(names)}")
    parser.add_argument("--largest", type=int, default=SIZES[-1], metavar="N", help="leave out what has more points")
    parser.add_argument("--rounds", type=int, default=3, help=f"below {LARGE:,} points; one from there on (default 3)")
    parser.add_argument("--timeout", type=int, default=60, metavar="SECONDS", help="of one call (default 60)")
    parser.add_argument("--memory", type=float, default=8, metavar="GIB", help="of one process (default 8)")
    parser.add_argument("--threads", type=int, default=2, help="where a package has them (default 2)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the pictures (default out)")
    parser.add_argument("--record", action="store_true", help="put pictures and figures into docs/performance instead")
    given = parser.parse_args(argv)
    for name in given.families:
        if name not in names:
            parser.error(f"no family {name!r}; there are {', '.join(names)}")
    return given


def main(argv: list[str]) -> int:
    given = arguments(argv)
    refuse_debug_builds()
    limits = Limits(given.timeout, int(given.memory * 2**30), given.threads)
    families = [family for family in FAMILIES if not given.families or family.name in given.families]
    load = os.getloadavg()[0]
    curves = measure(families, [n for n in SIZES if n <= given.largest], limits, given.rounds)
    stem = free_stem(PAGE.parent if given.record else given.out)
    draw(curves, stem)
    stem.with_suffix(".json").write_text(saved(curves))
    command = shlex.join(["python", "-m", "peers.scaling", *argv])
    section = heading(command, load) + markdown(curves, f"{stem.name}.svg")
    print(section)
    if given.record:
        append(PAGE, section)
    kinds = {r.failure.kind for sizes in curves.values() for results in sizes.values() for r in results if r.failure}
    return int("wrong" in kinds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
