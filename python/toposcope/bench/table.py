"""A ladder as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toposcope.bench.records import Rung

_MIB = 2**20
_NOT_MEASURED = "-"

_COLUMNS: tuple[tuple[str, Callable[[Rung], str]], ...] = (
    ("points", lambda r: f"{r.n_points:,}"),
    ("run", lambda r: f"{r.repeat}"),
    ("seconds", lambda r: f"{r.seconds:.3g}"),
    ("points/s", lambda r: f"{r.points_per_second:,.0f}"),
    ("p50 ms", lambda r: _milliseconds(r.p50_seconds)),
    ("p90 ms", lambda r: _milliseconds(r.p90_seconds)),
    ("p99 ms", lambda r: _milliseconds(r.p99_seconds)),
    ("max ms", lambda r: _milliseconds(r.max_seconds)),
    ("T_gemm ms", lambda r: f"{r.product_seconds * 1e3:.3f}"),
    ("p50/T_gemm", lambda r: f"{r.p50_over_product:.1f}"),
    ("p99/goal", lambda r: f"{r.p99_over_goal:.2f}"),
    ("MiB", lambda r: _or_not(r.stream_bytes, lambda size: f"{size / _MIB:.2f}")),
    ("over limit", lambda r: _or_not(r.overshoot_bytes, str)),
    ("landmarks", lambda r: f"{r.n_landmarks}"),
    ("degree", lambda r: f"{r.degree_mean:.1f}"),
    ("bound", lambda r: f"{r.error_bound:.4g}"),
    ("true error", lambda r: _or_not(r.bottleneck, lambda distance: f"{distance:.4g}")),
)


def table(rungs: Iterable[Rung]) -> str:
    """Return a row for each run, in columns; what was not measured is a dash."""
    rows = [[title for title, _ in _COLUMNS]] + [[cell(rung) for _, cell in _COLUMNS] for rung in rungs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f}"


def _or_not(value: float | None, told: Callable[[float], str]) -> str:
    return _NOT_MEASURED if value is None else told(value)
