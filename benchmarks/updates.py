"""What an updated diagram saves, and what a chunk takes, as tables in Markdown. Diagrams are compared first.

    python benchmarks/updates.py changes [--rounds 30]   # few of 512 landmarks change: the update beside batch engines
    python benchmarks/updates.py shares [--rounds 10]    # a share of the window changes: the update beside ts.rips
    python benchmarks/updates.py voids [--rounds 20]     # the same with max_dim=2, from few changes to all
    python benchmarks/updates.py chunks [--rounds 60]    # a chunk of 1000 points beside 2 products of matrices + 3 ms
    python benchmarks/updates.py million [--points N]    # a million points in R^32 through a window of 100,000

One thread each, also in NumPy: set ``OPENBLAS_NUM_THREADS=1``. ``make updates ARGS=...`` runs it beside the peers.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from peers.cases import Input
from peers.packages import Contestant, Question, contestant

import toposcope as ts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 1000
RINGS = 12


def rings(n_points: int, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    """Points near twelve unit circles, each in a plane of its own, with centres three from the origin."""
    of_planes = np.random.default_rng(0)
    centres = of_planes.normal(size=(RINGS, n_dims))
    centres *= 3 / np.linalg.norm(centres, axis=1, keepdims=True)
    planes = np.array([np.linalg.qr(of_planes.normal(size=(n_dims, 2)))[0].T for _ in range(RINGS)])
    ring, turn = rng.integers(0, RINGS, n_points), rng.uniform(0, 2 * np.pi, n_points)
    on_circle = np.cos(turn)[:, None] * planes[ring, 0] + np.sin(turn)[:, None] * planes[ring, 1]
    return (centres[ring] + on_circle + noise(n_points, n_dims, rng)).astype(np.float32)


def torus(n_points: int, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    """Points near a torus in a space of three dimensions."""
    s, t = rng.uniform(0, 2 * np.pi, (2, n_points))
    points = np.zeros((n_points, n_dims))
    points[:, :3] = np.stack([(2 + np.cos(s)) * np.cos(t), (2 + np.cos(s)) * np.sin(t), np.sin(s)], axis=1)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(n_dims, n_dims)))[0]
    return (points @ turn + noise(n_points, n_dims, rng)).astype(np.float32)


def cube(n_points: int, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    """Points anywhere in a cube."""
    return rng.uniform(size=(n_points, n_dims)).astype(np.float32)


def gaussian(n_points: int, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    """Points without any shape."""
    return rng.normal(size=(n_points, n_dims)).astype(np.float32)


def sphere(n_points: int, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    """Points anywhere on a unit sphere."""
    points = rng.normal(size=(n_points, n_dims))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def noise(n_points: int, n_dims: int, rng: np.random.Generator) -> np.ndarray:
    return 0.05 / np.sqrt(n_dims) * rng.normal(size=(n_points, n_dims))


class Cloud(NamedTuple):
    """Where points come from."""

    draw: Callable[[int, int, np.random.Generator], np.ndarray]
    n_dims: int

    def __str__(self) -> str:
        return f"{self.draw.__name__}, R^{self.n_dims}"


CLOUDS = (
    Cloud(cube, 3),
    Cloud(torus, 768),
    Cloud(rings, 128),
    Cloud(rings, 768),
    Cloud(gaussian, 16),
    Cloud(gaussian, 128),
)


HOLLOW = (Cloud(cube, 3), Cloud(sphere, 3), Cloud(torus, 16), Cloud(rings, 10), Cloud(gaussian, 16))


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def packages() -> list[Contestant]:
    """Those that are installed, this one too."""
    wanted = ("toposcope", "ripser.py", "GUDHI", "giotto-ph", "holos-tda")
    return [c for c in map(contestant, wanted) if c.version() is not None]


def updates(
    cloud: Cloud, n_landmarks: int, n_changed: int, rounds: int, max_dim: int = 1
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield what each update took when the oldest landmarks gave way to new points, and the landmarks after it."""
    rng = np.random.default_rng(1)
    points = cloud.draw(n_landmarks + (rounds + 1) * n_changed, cloud.n_dims, rng)
    stream = ts.Stream(
        cloud.n_dims,
        n_landmarks,
        max_landmarks=n_landmarks + n_changed,
        cover_radius=0,
        max_dim=max_dim,
        memory_limit=None,
        n_threads=1,
    )
    stream.push(points[:n_landmarks])
    for at in range(n_landmarks, len(points), n_changed):
        report = stream.push(points[at : at + n_changed])
        landmarks = points[at + n_changed - n_landmarks : at + n_changed]
        if report.diagram != ts.rips(landmarks, max_dim=max_dim, n_threads=1):
            raise AssertionError(f"{cloud}: the updated diagram is not that of rips")
        if at > n_landmarks:
            yield report.stats.latency["persistence"], landmarks


def changes(rounds: int) -> None:
    others = packages()
    names = " | ".join(c.name for c in others)
    print(f"| 512 landmarks, 4 come and 4 go | update | {names} | faster by |")
    print("|---|---|" + "---|" * (len(others) + 1))
    for cloud in CLOUDS:
        times: dict[str, list[float]] = {name: [] for name in ("update", *(c.name for c in others))}
        for update, landmarks in updates(cloud, 512, 4, rounds):
            times["update"].append(update)
            for package in others:
                # The peers take long, and three rounds tell.
                if package.name == "toposcope" or len(times[package.name]) < 3:
                    call = package.ask(Question(Input(landmarks, "points"), 1, None, 2, 1))
                    times[package.name].append(seconds(call))
        row(str(cloud), times)


def shares(rounds: int) -> None:
    print("| window of 1000 points | share changed | update | ts.rips | faster by |\n|---|---|---|---|---|")
    for cloud in CLOUDS:
        for percent in (1, 10, 20):
            times: dict[str, list[float]] = {"update": [], "ts.rips": []}
            for update, landmarks in updates(cloud, 1000, 10 * percent, rounds):
                times["update"].append(update)
                times["ts.rips"].append(seconds(lambda p=landmarks: ts.rips(p, n_threads=1)))
            row(f"{cloud} | {percent} %", times)


def voids(rounds: int) -> None:
    print("| landmarks, H2 | come, and as many go | update | ts.rips | faster by |\n|---|---|---|---|---|")
    for cloud in HOLLOW:
        for n_landmarks in (128, 256):
            for n_changed in (1, 4, n_landmarks // 16, n_landmarks // 6, n_landmarks):
                times: dict[str, list[float]] = {"update": [], "ts.rips": []}
                for update, landmarks in updates(cloud, n_landmarks, n_changed, rounds, max_dim=2):
                    times["update"].append(update)
                    times["ts.rips"].append(seconds(lambda p=landmarks: ts.rips(p, max_dim=2, n_threads=1)))
                row(f"{n_landmarks}, {cloud} | {n_changed}", times)


def row(label: str, times: dict[str, list[float]]) -> None:
    middle = {name: 1e3 * statistics.median(taken) for name, taken in times.items()}
    fastest = min(value for name, value in middle.items() if name != "update")
    cells = " | ".join(f"{value:.2f} ms" for value in middle.values())
    print(f"| {label} | {cells} | {fastest / middle['update']:.1f} |", flush=True)


def chunks(rounds: int) -> None:
    print("| 256 landmarks | product | push, median | p99 | p99 / (2 products + 3 ms) | changes, median, most |")
    print("|---|---|---|---|---|---|")
    for cloud in (Cloud(rings, 128), Cloud(rings, 768), Cloud(torus, 768), Cloud(gaussian, 128), Cloud(gaussian, 768)):
        rng = np.random.default_rng(2)
        stream = ts.Stream(cloud.n_dims, 4 * CHUNK, max_landmarks=256, n_threads=1)
        for _ in range(8):
            stream.push(cloud.draw(CHUNK, cloud.n_dims, rng))
        other = rng.normal(size=(cloud.n_dims, 256)).astype(np.float32)
        products, pushes, changed = [], [], []
        for _ in range(rounds):
            chunk = cloud.draw(CHUNK, cloud.n_dims, rng)
            products.append(1e3 * seconds(lambda c=chunk, o=other: c @ o))
            start = time.perf_counter()
            report = stream.push(chunk)
            pushes.append(1e3 * (time.perf_counter() - start))
            stats = report.stats
            changed.append(stats.n_added + stats.n_expired + stats.n_merged + stats.n_evicted)
        product, p99 = statistics.median(products), float(np.percentile(pushes, 99))
        print(
            f"| {cloud} | {product:.2f} ms | {statistics.median(pushes):.2f} ms | {p99:.2f} ms"
            f" | {p99 / (2 * product + 3):.2f} | {statistics.median(changed):.0f}, {max(changed)} |",
            flush=True,
        )


def million(n_points: int) -> None:
    print(
        "| points | landmarks | seconds | points per second | p99 of a chunk | error bound |\n|---|---|---|---|---|---|"
    )
    for draw in (rings, gaussian):
        rng = np.random.default_rng(3)
        stream = ts.Stream(32, 100_000, max_landmarks=256, n_threads=2)
        taken = []
        for _ in range(0, n_points, CHUNK):
            chunk = draw(CHUNK, 32, rng)
            start = time.perf_counter()
            report = stream.push(chunk)
            taken.append(time.perf_counter() - start)
        total = sum(taken)
        print(
            f"| {n_points:,} {draw.__name__}, R^32 | {report.n_landmarks} | {total:.1f} | {n_points / total:,.0f}"
            f" | {1e3 * float(np.percentile(taken, 99)):.2f} ms | {report.error_bound:.3g} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=["changes", "shares", "voids", "chunks", "million"])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--points", type=int, default=1_000_000)
    given = parser.parse_args()
    if given.table == "million":
        million(given.points)
    else:
        table, rounds = {
            "changes": (changes, 30),
            "shares": (shares, 10),
            "voids": (voids, 20),
            "chunks": (chunks, 60),
        }[given.table]
        table(given.rounds or rounds)


if __name__ == "__main__":
    main()
