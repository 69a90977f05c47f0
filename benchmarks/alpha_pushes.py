"""Time the diagram of a push that brings one landmark and takes one, of alpha and of Rips streams, as Markdown.

    python benchmarks/alpha_pushes.py [--rounds 30]

Points are uniform in a square or a cube. All of the window are landmarks, so that every push changes two of them, and
the diagram after the last push is compared with that of ``ts.alpha`` or ``ts.rips`` on the window before anything is
printed. What is timed is ``report.stats.latency["persistence"]``, on one thread.
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np

import toposcope as ts

CASES = {
    "alpha, R², H0 and H1": (2, "alpha", 1),
    "alpha, R³, H0 to H2": (3, "alpha", 2),
    "Rips, R², H0 and H1": (2, "rips", 1),
}
LANDMARKS = (128, 256, 512, 1024, 2048)


def milliseconds(n_landmarks: int, n_dims: int, name: str, max_dim: int, rounds: int) -> float:
    """Return the median over so many pushes of one point."""
    points = np.random.default_rng(0).uniform(size=(n_landmarks + rounds, n_dims))
    stream = ts.Stream(
        n_dims,
        window=n_landmarks,
        max_landmarks=n_landmarks,
        max_dim=max_dim,
        complex=name,  # type: ignore[arg-type]
        memory_limit=None,
        n_threads=1,
    )
    stream.push(points[:n_landmarks])
    reports = [stream.push(points[[at]]) for at in range(n_landmarks, n_landmarks + rounds)]
    window = points[rounds:]
    truth = ts.alpha(window, max_dim) if name == "alpha" else ts.rips(window, max_dim=max_dim)
    if reports[-1].diagram != truth:
        raise SystemExit(f"{name}, {n_landmarks} landmarks: another diagram than that of the window")
    return statistics.median(report.stats.latency["persistence"] for report in reports) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    print("| landmarks | " + " | ".join(CASES) + " |\n|---|" + "---|" * len(CASES))
    for n_landmarks in LANDMARKS:
        figures = [f"{milliseconds(n_landmarks, *case, rounds):.2f} ms" for case in CASES.values()]
        print(f"| {n_landmarks} | " + " | ".join(figures) + " |", flush=True)


if __name__ == "__main__":
    main()
