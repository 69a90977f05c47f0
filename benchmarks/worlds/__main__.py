"""Watches scripted worlds, and prints who told which of their events, as tables in Markdown.

Precision and recall are those of confirmed events; see ``worlds/world.py`` for when an event is due, and
``worlds/watch.py`` for the warm-up.
"""

from __future__ import annotations

import sys

from .catalogue import WORLDS
from .score import score
from .watch import Watching, watch
from .world import Setting, draw


def main(argv: list[str]) -> int:
    for world in WORLDS:
        for noise in (0, 0.1):
            for d in (2, 768):
                w = watch(draw(world, Setting(d, noise)), Watching())
                s = score(w.told, world.expected)
                print(world.name, noise, d, w.at_start, s.found, s.n_expected, s.false_alarms, s.missed, s.delays)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
