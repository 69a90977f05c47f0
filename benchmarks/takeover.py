"""Compare rules for which landmarks merge when a stream is over its budget: the ε that each ends with.

    python benchmarks/takeover.py

Both keep every point within the radius of a landmark. `closest` merges the closest pair and keeps the older;
`smallest` (what `ts.Stream` does, docs/adr/0004) merges the pair whose resulting radius is smallest and keeps the one
with the larger. Written out here in NumPy for both, with no window, so that nothing but the rule differs; the second is
checked against `ts.Stream` before anything is printed.
"""

from __future__ import annotations

import numpy as np

import toposcope as ts

N_POINTS, N_LANDMARKS = 3000, 100


def clouds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, N_POINTS)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    centres = rng.normal(0, 5, (8, 16))
    return {
        "uniform square": rng.uniform(size=(N_POINTS, 2)),
        "noisy circle": circle + rng.normal(0, 0.05, (N_POINTS, 2)),
        "Gaussian, 8 dimensions": rng.normal(size=(N_POINTS, 8)),
        "8 clusters, 16 dimensions": centres[rng.integers(0, 8, N_POINTS)] + rng.normal(size=(N_POINTS, 16)),
    }


def epsilon(points: np.ndarray, rule: str) -> float:
    """Push the points one by one; return the largest radius at the end."""
    landmarks, radii = np.empty((0, points.shape[1])), np.empty(0)
    cover_radius = 0.0
    for point in points:
        distances = np.linalg.norm(landmarks - point, axis=1)
        nearest = int(distances.argmin()) if len(distances) else -1
        if nearest >= 0 and distances[nearest] <= cover_radius:
            radii[nearest] = max(radii[nearest], distances[nearest])
            continue
        landmarks, radii = np.vstack([landmarks, point]), np.append(radii, 0.0)
        while len(landmarks) > N_LANDMARKS:
            between = np.linalg.norm(landmarks[:, None] - landmarks[None], axis=2)
            np.fill_diagonal(between, np.inf)
            # Entry (i, j): the radius of i if it takes over j.
            grown = np.maximum(radii[:, None], between + radii[None])
            table = between if rule == "closest" else grown
            i, j = np.unravel_index(int(table.argmin()), table.shape)
            if rule == "closest":
                i, j = min(i, j), max(i, j)
            cover_radius = max(cover_radius, between[i, j] if rule == "closest" else grown[i, j])
            radii[i] = grown[i, j]
            landmarks, radii = np.delete(landmarks, j, axis=0), np.delete(radii, j)
    return float(radii.max())


def main() -> None:
    print("| cloud | closest pair | smallest radius | ratio |\n|---|---|---|---|")
    for name, points in clouds().items():
        closest, smallest = (epsilon(points, rule) for rule in ("closest", "smallest"))
        stream = ts.Stream(points.shape[1], window=N_POINTS, max_landmarks=N_LANDMARKS, max_dim=0)
        if not np.isclose(stream.push(points).epsilon, smallest, rtol=1e-12):
            raise SystemExit(f"{name}: ts.Stream follows another rule")
        print(f"| {name} | {closest:.3f} | {smallest:.3f} | {closest / smallest:.2f} |")


if __name__ == "__main__":
    main()
