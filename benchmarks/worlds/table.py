"""What was found, as Markdown."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from .score import Score, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .watch import Watched
    from .world import Setting, World

#: Of precision and recall, up to this much noise.
GOAL, GOAL_NOISE = 0.95, 0.1


class Run(NamedTuple):
    """A world that was watched."""

    world: World
    setting: Setting
    watched: Watched
    score: Score

    @property
    def started_right(self) -> bool:
        """Whether the tracker knew the right components and loops when the window became full."""
        return self.watched.at_start == self.world.betti[0][1][:2]


def markdown(runs: Sequence[Run]) -> str:
    """By noise and dimension, by world and noise, and what went wrong."""
    return "\n\n".join([by_dimension(runs), by_world(runs), *wrong(runs)]) + "\n"


def rows(lines: Iterable[Sequence[str]]) -> str:
    head, *body = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *body])


def share(value: float | None) -> str:
    """Three digits, rounded down, so that nothing seems to reach what it does not."""
    return "–" if value is None else f"{int(value * 1000) / 1000:.3f}"


def by_dimension(runs: Sequence[Run]) -> str:
    head = ["noise", "dimensions", "true events", "told", "precision", "recall", "delay, mean, most", "started right"]
    lines = [head]
    for noise in sorted({run.setting.noise for run in runs}):
        of_noise = [run for run in runs if run.setting.noise == noise]
        dims = sorted({run.setting.n_dims for run in of_noise})
        lines += [[f"{noise:.0%}", str(d), *counts([r for r in of_noise if r.setting.n_dims == d])] for d in dims]
        if len(dims) > 1:
            lines.append([f"{noise:.0%}", "all", *counts(of_noise)])
    return rows(lines)


def counts(runs: Sequence[Run]) -> list[str]:
    all_of_them = total(run.score for run in runs)
    delays = all_of_them.delays
    return [
        str(all_of_them.n_expected),
        str(all_of_them.found + len(all_of_them.false_alarms)),
        share(all_of_them.precision),
        share(all_of_them.recall),
        f"{statistics.mean(delays):.2f}, {max(delays)}" if delays else "–",
        f"{sum(run.started_right for run in runs)} of {len(runs)}",
    ]


def by_world(runs: Sequence[Run]) -> str:
    levels = sorted({run.setting.noise for run in runs})
    lines = [["world", *(f"noise {noise:.0%}" for noise in levels)]]
    for name in dict.fromkeys(run.world.name for run in runs):
        of_world = [run for run in runs if run.world.name == name]
        lines.append([name, *(cell(run.score for run in of_world if run.setting.noise == noise) for noise in levels)])
    return "Events found, of those there are, in all dimensions together:\n\n" + rows(lines)


def cell(scores: Iterable[Score]) -> str:
    of_world = total(scores)
    false = len(of_world.false_alarms)
    found = f"{of_world.found} of {of_world.n_expected}" if of_world.n_expected else "quiet" if not false else "0 of 0"
    return found + (f", {false} false" if false else "")


def wrong(runs: Sequence[Run]) -> list[str]:
    """Name all that was missed or told falsely."""
    lines = []
    for run in runs:
        missed = Counter(event.kind for event in run.score.missed)
        false = Counter(f"{e.kind} ({e.cause})" if e.cause else e.kind for e in run.score.false_alarms)
        if missed or false:
            parts = [
                f"{what} {', '.join(f'{n} {kind}' for kind, n in kinds.items())}"
                for what, kinds in (("missed", missed), ("told falsely", false))
                if kinds
            ]
            where = f"noise {run.setting.noise:.0%}, {run.setting.n_dims} dimensions"
            lines.append(f"- {run.world.name}, {where}: {'; '.join(parts)}")
    return ["\n".join(f"{line} (×{n})" if n > 1 else line for line, n in Counter(lines).items())] if lines else []


def verdict(runs: Sequence[Run]) -> str | None:
    """Say whether the goal is reached; None if nothing that was run counts for it."""
    judged = total(run.score for run in runs if run.setting.noise <= GOAL_NOISE)
    if judged.precision is None or judged.recall is None:
        return None
    reached = "reached" if is_reached(judged) else "not reached"
    return (
        f"Up to {GOAL_NOISE:.0%} noise: precision {share(judged.precision)}, recall {share(judged.recall)}, "
        f"delay at most {max(judged.delays, default=0)}. "
        f"The goal of {GOAL} and {GOAL}, with at most two chunks, is {reached}.\n"
    )


def is_reached(judged: Score) -> bool:
    return (judged.precision or 0) >= GOAL and (judged.recall or 0) >= GOAL


def side_by_side(counted: dict[str, dict[str, tuple[int, int, int]]]) -> str:
    """Moments seen of those there are, and false alarms: by world, then by who saw them."""
    names = list(next(iter(counted.values())))
    lines = [["world", *names]]
    lines += [[world, *(seen(*of_world[name]) for name in names)] for world, of_world in counted.items()]
    sums = {name: [sum(of_world[name][i] for of_world in counted.values()) for i in range(3)] for name in names}
    lines.append(["all", *(seen(*sums[name]) for name in names)])
    return rows(lines) + "\n"


def seen(found: int, false: int, n_moments: int) -> str:
    told = f"{found} of {n_moments}" if n_moments else "quiet" if not false else ""
    return ", ".join(part for part in (told, f"{false} false" if false else "") if part)
