"""A ladder as a picture: time of a push, points per second, memory, degrees."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from toposcope.bench.ladder import goal_seconds
from toposcope.pipeline.extras import import_extra

if TYPE_CHECKING:
    from collections.abc import Callable

    from toposcope.bench.ladder import Ladder
    from toposcope.bench.records import Rung

_MIB = 2**20
#: Okabe and Ito's palette, which colour-blind readers can tell apart.
_BLUE, _RED, _GREEN, _PURPLE, _GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#666666"


def draw(ladder: Ladder) -> dict[str, bytes]:
    """Return the picture as the contents of ``ladder.png`` and ``ladder.svg``.

    Raises
    ------
    ImportError
        If matplotlib is missing; the message names the extra.
    """
    # Not by pyplot, which would go on showing this figure to whoever asks for the current one.
    figure = import_extra("matplotlib.figure", "plot", "the picture of a ladder").Figure(
        figsize=(10, 7), layout="constrained"
    )
    (push, speed), (memory, degrees) = figure.subplots(2, 2)
    _draw_push(push, ladder.rungs)
    _draw_speed(speed, ladder.rungs)
    _draw_memory(memory, ladder.rungs)
    _draw_degrees(degrees, ladder)
    config = ladder.config
    figure.suptitle(
        f"Stream: {config.n_dims} dimensions, window {config.window:,}, at most {config.max_landmarks} landmarks, "
        f"{config.chunk:,} points a push, threads: {config.n_threads}",
        fontsize=11,
    )
    for axes in (push, speed, memory, degrees):
        axes.grid(which="major", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return {f"ladder.{kind}": _saved(figure, kind) for kind in ("png", "svg")}


def _saved(figure: Any, kind: str) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=kind, dpi=120)
    return file.getvalue()


def _draw_push(axes: Any, rungs: list[Rung]) -> None:
    curves: list[tuple[str, str, str, Callable[[Rung], float]]] = [
        ("slowest", _GREY, ":", lambda r: 1e3 * r.max_seconds),
        ("p99", _RED, "-", lambda r: 1e3 * r.p99_seconds),
        ("p50", _BLUE, "-", lambda r: 1e3 * r.p50_seconds),
        ("goal for p99", _GREEN, "--", lambda r: 1e3 * goal_seconds(r.product_seconds)),
        ("T_gemm", _PURPLE, "--", lambda r: 1e3 * r.product_seconds),
    ]
    for label, colour, line, value in curves:
        _draw_curve(axes, rungs, value, colour, label=label, linestyle=line)
    axes.set(xscale="log", yscale="log", xlabel="points of the stream", ylabel="milliseconds of a push")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(curves), frameon=False, fontsize=8)


def _draw_speed(axes: Any, rungs: list[Rung]) -> None:
    _draw_curve(axes, rungs, lambda rung: rung.points_per_second, _BLUE)
    axes.set(xscale="log", xlabel="points of the stream", ylabel="points per second")
    axes.set_ylim(0, 1.1 * max(rung.points_per_second for rung in rungs))


def _draw_memory(axes: Any, rungs: list[Rung]) -> None:
    measured = [rung for rung in rungs if rung.stream_bytes is not None]
    axes.set(xscale="log", xlabel="points of the stream", ylabel="peak above the baseline, MiB")
    if not measured:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center")
        return
    _draw_curve(axes, measured, lambda rung: (rung.stream_bytes or 0) / _MIB, _BLUE)
    limit = measured[0].memory_limit
    if limit is not None:
        axes.axhline(limit / _MIB, color=_RED, linestyle="--", label="memory_limit")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=8)
    axes.set_ylim(0, 1.1 * max([rung.stream_bytes or 0 for rung in measured] + [limit or 0]) / _MIB or 1.0)


def _draw_degrees(axes: Any, ladder: Ladder) -> None:
    last = ladder.rungs[-1]
    counts = [count for count in ladder.degrees if (count.n_points, count.repeat) == (last.n_points, last.repeat)]
    axes.bar([count.degree for count in counts], [count.n_landmarks for count in counts], width=1.0, color=_BLUE)
    axes.set(
        xlabel=f"other landmarks within {last.degree_radius:.3g}, the last death",
        ylabel=f"landmarks, after {last.n_points:,} points",
    )


def _draw_curve(axes: Any, rungs: list[Rung], value: Callable[[Rung], float], colour: str, **style: Any) -> None:
    """Draw the repeats as points, and a line through the middle of each size."""
    sizes = sorted({rung.n_points for rung in rungs})
    by_size = [sorted(value(rung) for rung in rungs if rung.n_points == size) for size in sizes]
    axes.plot(sizes, [values[len(values) // 2] for values in by_size], color=colour, **style)
    places = [(size, one) for size, values in zip(sizes, by_size, strict=True) for one in values]
    axes.scatter(*zip(*places, strict=True), s=14, color=colour, zorder=3)
