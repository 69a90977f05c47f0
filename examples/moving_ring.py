"""A ring of points closes, turns, jumps, breaks and falls apart, and the monitor says so.

Every push brings 200 new points and the window holds 200, so that every push replaces the whole window:

    push  points                          expected events
    1     three quarters of a ring        ComponentBirth
    2     the same arc, other points
    3     the whole ring                  LoopBirth (closed)
    4     the same ring, turned
    5     the ring, far away              ComponentDeath, ComponentBirth, LoopDeath (broken), LoopBirth (closed)
    6     the same ring, turned
    7     three quarters of it            LoopDeath (broken)
    8     two arcs of it                  Split

The numbers of components and loops are the same after push 4 and push 5: a Betti curve is flat where the ring jumps.

    python examples/moving_ring.py
"""

from __future__ import annotations

import numpy as np

import toposcope as ts

N_POINTS = 200
SCALE = 0.5
FAR = (6.0, 0.0)

EXPECTED = [
    (1, "ComponentBirth", None),
    (3, "LoopBirth", "closed"),
    (5, "ComponentBirth", None),
    (5, "ComponentDeath", None),
    (5, "LoopBirth", "closed"),
    (5, "LoopDeath", "broken"),
    (7, "LoopDeath", "broken"),
    (8, "Split", None),
]
"""Push, kind and cause of every event, sorted."""


def main() -> None:
    """Push the chunks, print what is seen and told."""
    stream = ts.Stream(n_dims=2, window=N_POINTS, max_landmarks=N_POINTS, max_dim=1)
    with ts.Monitor(stream, tracker=ts.CobordismTracker(scale=SCALE)) as monitor:
        events = monitor.subscribe()
        for chunk in chunks():
            report = monitor.push(chunk)
            components, loops = report.diagram.betti(SCALE)
            print(f"push {report.step}: components {components}, loops {loops}")
            for event in events.drain():
                print(f"    {describe(event)}")


def chunks(seed: int = 0) -> list[np.ndarray]:
    """Return the eight chunks, float32 of shape (200, 2)."""
    rng = np.random.default_rng(seed)
    most, whole = [(0.0, 0.75)], [(0.0, 1.0)]
    two_arcs = [(0.1, 0.3), (0.45, 0.65)]
    scenes = [
        (most, (0.0, 0.0)),
        (most, (0.0, 0.0)),
        (whole, (0.0, 0.0)),
        (whole, (0.0, 0.0)),
        (whole, FAR),
        (whole, FAR),
        (most, FAR),
        (two_arcs, FAR),
    ]
    return [points_on_arcs(arcs, centre, rng) for arcs, centre in scenes]


def points_on_arcs(
    arcs: list[tuple[float, float]], centre: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Return noisy points, as many on each arc of the unit circle; arcs are given in turns."""
    starts, ends = np.array(arcs)[rng.permutation(N_POINTS) % len(arcs)].T
    angles = 2 * np.pi * rng.uniform(starts, ends)
    points = np.column_stack([np.cos(angles), np.sin(angles)]) + np.array(centre)
    return (points + rng.normal(scale=0.03, size=points.shape)).astype(np.float32)


def describe(event: ts.Event) -> str:
    """Return an event as a line: kind, cause, identities before and after."""
    before = ", ".join(str(feature.id) for feature in event.before)
    after = ", ".join(str(feature.id) for feature in event.after)
    cause = f" ({event.cause})" if getattr(event, "cause", None) else ""
    return f"{event.kind}{cause}: {before or 'nothing'} -> {after or 'nothing'}"


if __name__ == "__main__":
    main()
