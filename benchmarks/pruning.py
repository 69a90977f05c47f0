"""How many landmarks the triangle inequality would spare a point that looks for the nearest one of a stream.

    python benchmarks/pruning.py

A point is measured against a few landmarks, the pivots, spread as far apart as they get. The distance to any other is
at least the difference of its own and the point's to a pivot; if that is more than the distance to the nearest pivot,
it is not the nearest. Printed is the share of landmarks that are left, pivots included: what has to be measured still.
`ts.Stream` measures all of them, by products in float32 (`stream/search.rs`): near curves and surfaces pivots would
spare it most, and where data fill many dimensions they would be lost work.
"""

from __future__ import annotations

import numpy as np

import toposcope as ts

N_POINTS, N_LANDMARKS = 2000, 256
PIVOTS = (1, 4, 16, 64)


def clouds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, N_POINTS)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    torus = np.concatenate([ring, ring[rng.permutation(N_POINTS)]], axis=1)
    return {
        "square, R^2": rng.uniform(size=(N_POINTS, 2)),
        "ring, R^128": embedded(ring, 128, rng),
        "torus, R^768": embedded(torus, 768, rng),
        "gaussian, R^16": rng.normal(size=(N_POINTS, 16)),
        "gaussian, R^128": rng.normal(size=(N_POINTS, 128)),
    }


def embedded(points: np.ndarray, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    """Turn points into a random plane, or space, of more dimensions, with noise of a tenth of their size."""
    frame, _ = np.linalg.qr(rng.normal(size=(n_dims, points.shape[1])))
    return points @ frame.T + rng.normal(0, 0.1 / np.sqrt(n_dims), (len(points), n_dims))


def shares_left(points: np.ndarray) -> list[float]:
    report = ts.Stream(points.shape[1], max_landmarks=N_LANDMARKS).push(points)
    landmarks = points[report.landmark_ids]
    between = distances(landmarks, landmarks)
    order = [0]
    while len(order) < max(PIVOTS):
        order.append(int(between[order].min(axis=0).argmax()))
    exact = distances(points, landmarks)
    shares = []
    for n_pivots in PIVOTS:
        pivots = order[:n_pivots]
        known = exact[:, pivots]
        at_most = known.min(axis=1)
        at_least = np.abs(known[:, :, np.newaxis] - between[pivots]).max(axis=1)
        left = at_least <= at_most[:, np.newaxis] * (1 + 1e-12)
        left[:, pivots] = True
        rows = np.arange(len(points))
        assert left[rows, exact.argmin(axis=1)].all(), "the nearest is never left out"
        shares.append(float(left.mean()))
    return shares


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.stack([np.linalg.norm(b - point, axis=1) for point in a])


def main() -> None:
    print("| cloud |", " | ".join(f"{n} pivots" for n in PIVOTS), "|")
    print("|---|" + "---|" * len(PIVOTS))
    for name, points in clouds().items():
        print(f"| {name} |", " | ".join(f"{share:.0%}" for share in shares_left(points)), "|")


if __name__ == "__main__":
    main()
