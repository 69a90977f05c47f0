"""Time the vectorizers and GUDHI's in turn, on 200 diagrams of 500 intervals, and print a table in Markdown.

    python benchmarks/vectorizers.py [--rounds 3]

The features are compared before they are timed: GUDHI's landscapes are larger by the root of two.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
from gudhi.representations import BettiCurve as GudhiBetti
from gudhi.representations import Landscape as GudhiLandscape
from gudhi.representations import PersistenceImage as GudhiImage

from toposcope import _core
from toposcope.vectorizers import BettiCurve, PersistenceImage, PersistenceLandscape

if TYPE_CHECKING:
    from collections.abc import Callable

N_DIAGRAMS, N_INTERVALS, END, SIGMA = 200, 500, 2.0, 0.1


def lifetime(point: np.ndarray) -> float:
    return point[1]


def calls(intervals: list[np.ndarray]) -> dict[str, tuple[Callable[[], np.ndarray], Callable[[], np.ndarray] | None]]:
    """Give ours and theirs by name, ours brought to their scale; None where they have nothing of the kind."""
    diagrams = [{0: one} for one in intervals]
    span = {"range": (0.0, END), "essential": "raise"}
    nodes = {
        "n_bins": 50,
        "sigma": SIGMA,
        "birth_range": (0.0, END),
        "persistence_range": (0.0, END),
        "essential": "raise",
    }
    betti = BettiCurve(n_bins=100, **span).fit(diagrams)
    landscape = PersistenceLandscape(n_layers=5, n_bins=100, **span).fit(diagrams)
    density = PersistenceImage(mode="density", **nodes).fit(diagrams)
    integral = PersistenceImage(**nodes).fit(diagrams)
    their_betti = GudhiBetti(resolution=100, sample_range=[0.0, END], keep_endpoints=True).fit(intervals)
    their_landscape = GudhiLandscape(5, 100, sample_range=[0.0, END], keep_endpoints=True).fit(intervals)
    theirs = {"bandwidth": SIGMA, "resolution": [50, 50], "im_range": [0.0, END, 0.0, END], "weight": lifetime}
    their_image = GudhiImage(**theirs).fit(intervals)

    return {
        "Betti curve, 100 bins": (lambda: betti.transform(diagrams), lambda: their_betti.transform(intervals)),
        "landscape, 5 layers of 100 bins": (
            lambda: landscape.transform(diagrams) * np.sqrt(2),
            lambda: their_landscape.transform(intervals),
        ),
        "image, density, 50 by 50": (lambda: density.transform(diagrams), lambda: their_image.transform(intervals)),
        "image, integral, 50 by 50": (lambda: integral.transform(diagrams), None),
    }


def milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    if _core.BUILD_PROFILE == "debug":
        parser.error("this is a debug build, whose times mean nothing")
    rng = np.random.default_rng(0)
    births = rng.uniform(0, 1, (N_DIAGRAMS, N_INTERVALS))
    intervals = list(np.stack([births, births + rng.uniform(0.01, 0.99, births.shape)], axis=2))
    print("| | toposcope | GUDHI |\n|---|---|---|")
    for name, (ours, theirs) in calls(intervals).items():
        if theirs is not None and not np.allclose(ours(), theirs(), rtol=1e-9, atol=1e-12):
            raise SystemExit(f"{name}: the features differ, so there is nothing to time")
        times = [(milliseconds(ours), milliseconds(theirs) if theirs else np.nan) for _ in range(rounds)]
        mine, peers = (min(column) for column in zip(*times, strict=True))
        print(f"| {name} | {mine:.1f} ms | {'–' if theirs is None else f'{peers:.0f} ms'} |", flush=True)


if __name__ == "__main__":
    main()
