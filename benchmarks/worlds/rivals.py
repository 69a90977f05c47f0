"""What others see of a world: drift detectors on simple statistics of the points, and matched diagrams.

None of them tells what happened, so all that counts is when they alarm. Each detector runs with its defaults; of
matched diagrams the threshold is the one that would have been best, by F1 over all the worlds that are compared.
"""

from __future__ import annotations

import importlib.util
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

import toposcope as ts

from .score import pair_up
from .world import WINDOW, WINDOW_CHUNKS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .world import Drawn, World

#: Share of permuted samples that may be farther away than the chunk itself: none of a hundred.
P_VALUE = 0.01
N_PERMUTATIONS = 100


def statistics(drawn: Drawn) -> np.ndarray:
    """Three numbers for each point, of shape (n_points, 3), standardised by the first window.

    How far it is from the first window's mean; how far from the nearest other point of its chunk; and where along the
    first window's main direction.
    """
    window = np.concatenate(drawn.chunks[:WINDOW_CHUNKS]).astype(np.float64)
    mean = window.mean(axis=0)
    axis = np.linalg.svd(window - mean, full_matrices=False)[2][0]
    rows = []
    for chunk in drawn.chunks:
        points = chunk.astype(np.float64) - mean
        squares = (points**2).sum(axis=1)
        distances = np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * points @ points.T))
        np.fill_diagonal(distances, np.inf)
        rows.append(np.stack([np.sqrt(squares), distances.min(axis=1), points @ axis], axis=1))
    values = np.concatenate(rows)
    start = values[:WINDOW]
    return np.asarray((values - start.mean(axis=0)) / start.std(axis=0))


def of_river(name: str, **parameters: Any) -> Callable[[Drawn], list[int]]:
    """Chunks in which a univariate detector sees drift in any of the statistics."""

    def alarms(drawn: Drawn) -> list[int]:
        from river import drift  # noqa: PLC0415 (not everyone has it)

        chunk_of_point = np.repeat(np.arange(len(drawn.chunks)), [len(chunk) for chunk in drawn.chunks])
        seen: set[int] = set()
        for column in statistics(drawn).T:
            detector = getattr(drift, name)(**parameters)
            for chunk, value in zip(chunk_of_point.tolist(), column.tolist(), strict=True):
                detector.update(value)
                if detector.drift_detected:
                    seen.add(chunk)
        return sorted(chunk for chunk in seen if chunk >= WINDOW_CHUNKS)

    return alarms


def mmd(drawn: Drawn) -> list[int]:
    """Chunks that are not drawn as the last full window was; after an alarm, that one is the next to become full."""
    from frouros.callbacks import PermutationTestDistanceBased  # noqa: PLC0415 (not everyone has it)
    from frouros.detectors.data_drift import MMD  # noqa: PLC0415

    alarms: list[int] = []
    detector, full_at = None, WINDOW_CHUNKS
    for chunk, points in enumerate(drawn.chunks):
        if chunk < full_at:
            continue
        if detector is None:
            test = PermutationTestDistanceBased(
                num_permutations=N_PERMUTATIONS, num_jobs=1, random_state=0, name="test"
            )
            detector = MMD(callbacks=[test])
            detector.fit(X=np.concatenate(drawn.chunks[full_at - WINDOW_CHUNKS : full_at]).astype(np.float64))
        logs = detector.compare(X=points.astype(np.float64))[1]
        if logs["test"]["p_value"] <= P_VALUE:
            alarms.append(chunk)
            detector, full_at = None, chunk + WINDOW_CHUNKS
    return alarms


DETECTORS: dict[str, tuple[str, Callable[[Drawn], list[int]]]] = {
    "ADWIN": ("river", of_river("ADWIN")),
    "KSWIN": ("river", of_river("KSWIN", seed=0)),
    "PageHinkley": ("river", of_river("PageHinkley")),
    "MMD": ("frouros", mmd),
}
"""By name: the package, and what it says."""


def installed() -> dict[str, Callable[[Drawn], list[int]]]:
    """Return the detectors whose packages are there."""
    return {
        name: alarms for name, (package, alarms) in DETECTORS.items() if importlib.util.find_spec(package) is not None
    }


def diagram_distances(drawn: Drawn) -> list[float]:
    """Bottleneck distance of each window's diagrams, components and loops, from the last one's; the first has none."""
    stream = ts.Stream(drawn.setting.n_dims, WINDOW, max_landmarks=WINDOW, memory_limit=None, n_threads=1)
    diagrams = [stream.push(chunk).diagram for chunk in drawn.chunks]
    pairs = itertools.pairwise(diagrams)
    return [0.0, *(max(ts.bottleneck_distance(a, b, dim) for dim in (0, 1)) for a, b in pairs)]


def above(distances: Sequence[float], threshold: float) -> list[int]:
    """Chunks after the warm-up in which the diagram moved farther than the threshold."""
    return [chunk for chunk, d in enumerate(distances) if d > threshold and chunk >= WINDOW_CHUNKS]


def best_threshold(series: Sequence[tuple[World, list[float]]]) -> float:
    """Return the threshold with the best F1 over all worlds, chosen with hindsight."""

    def f1(threshold: float) -> float:
        seen = false = n_moments = 0
        for world, distances in series:
            counts = moments_seen(world, above(distances, threshold))
            seen, false, n_moments = seen + counts[0], false + counts[1], n_moments + counts[2]
        return 2 * seen / (seen + false + n_moments) if seen else 0.0

    candidates = sorted({d for _, distances in series for d in distances[WINDOW_CHUNKS:]})
    return max(candidates, key=f1, default=0.0)


def moments_seen(world: World, alarms: Sequence[int]) -> tuple[int, int, int]:
    """Count the moments with an alarm of their own, the alarms outside of all moments, and the moments.

    Events that are due together are one moment, as an alarm cannot say which of them it means. An alarm too many within
    a moment is not held against anyone.
    """
    moments = sorted({(event.first, event.latest) for event in world.expected}, key=lambda moment: moment[1])
    pairs = pair_up(len(moments), len(alarms), lambda m, a: moments[m][0] <= alarms[a] <= moments[m][1])
    false = sum(not any(first <= alarm <= latest for first, latest in moments) for alarm in alarms)
    return len(pairs), false, len(moments)
