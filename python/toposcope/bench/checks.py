"""What in a ladder cannot be true, and what has become worse.

Every check returns findings, one line each; none of them looks at anything but the files of the folder.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeVar

from toposcope.bench.folder import LINES, TABLES
from toposcope.bench.ladder import goal_seconds, percentiles_of
from toposcope.bench.records import Chunk, DegreeCount, Rung

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toposcope.bench.config import LadderConfig
    from toposcope.bench.folder import Contents

SLACK_BYTES = 2**20
"""Growth of memory that is never a regression, whatever its share: smaller differences come and go with the pages."""

#: Sums and quotients are computed again, in another order.
_ROUNDING = 1e-9
#: ε is rounded, and so is the distance: see "What it cannot do" in the page on streams.
_BOUND_ROUNDING = 1e-12
#: What has to be the same for figures of two ladders to be comparable.
_COMPARABLE = ("chunk", "n_dims", "window", "max_landmarks", "max_dim", "memory_limit", "seed", "n_threads")

_Key = tuple[int, int]
_Row = TypeVar("_Row", Chunk, DegreeCount)


def all_findings(contents: Contents) -> list[str]:
    """Return what is wrong in a folder by itself."""
    return [
        *(f"{name}: missing" for name in contents.missing),
        *contents.findings,
        *_rows(contents),
        *_agreement(contents),
        *(finding for rung in contents.rungs or contents.lines or [] for finding in _values(rung, contents.config)),
        *_strays(contents),
        *_chunks(contents),
        *_degrees(contents),
    ]


def missing_tables(contents: Contents) -> list[str]:
    """Return a finding for each CSV file that is not there."""
    return [f"{name}: missing" for name in contents.missing if name in TABLES]


def regressions(contents: Contents, baseline: Contents, tolerance: float) -> list[str]:
    """Return what is worse than in another ladder by more than a share.

    Compared are the time of the median push in products of matrices, and the memory of the stream; never seconds, which
    are another machine's or another day's. Of several repeats the median counts for time, the largest for memory.
    """
    config, other = contents.config, baseline.config
    if config is None or other is None:
        return ["baseline: nothing is compared: a config cannot be read"]
    if different := [name for name in _COMPARABLE if getattr(config, name) != getattr(other, name)]:
        told = ", ".join(f"{name} is {getattr(other, name)}, here {getattr(config, name)}" for name in different)
        return [f"baseline: nothing is compared: {told}"]
    now, then = _by_size(contents), _by_size(baseline)
    if not (common := sorted(now.keys() & then.keys())):
        return ["baseline: nothing is compared: no rung has as many points"]
    findings = []
    for size in common:
        findings += _slower(size, _ratio(now[size]), _ratio(then[size]), tolerance)
        findings += _larger(size, _memory(now[size]), _memory(then[size]), tolerance)
    return findings


def _slower(size: int, now: float, then: float, tolerance: float) -> list[str]:
    if now <= then * (1 + tolerance):
        return []
    return [f"{size:,} points: p50 / T_gemm is {now:.3g}, {now / then - 1:+.0%} over the baseline's {then:.3g}"]


def _larger(size: int, now: int | None, then: int | None, tolerance: float) -> list[str]:
    if then is None:
        return []
    if now is None:
        return [f"{size:,} points: memory was measured for the baseline, and is not here"]
    if now <= max(then * (1 + tolerance), then + SLACK_BYTES):
        return []
    return [f"{size:,} points: the stream took {now:,} bytes, {now - then:,} more than the baseline's {then:,}"]


def _by_size(contents: Contents) -> dict[int, list[Rung]]:
    by_size = defaultdict(list)
    for rung in contents.rungs or contents.lines or []:
        by_size[rung.n_points].append(rung)
    return by_size


def _ratio(rungs: list[Rung]) -> float:
    return statistics.median(rung.p50_over_product for rung in rungs)


def _memory(rungs: list[Rung]) -> int | None:
    return max((rung.stream_bytes for rung in rungs if rung.stream_bytes is not None), default=None)


def _rows(contents: Contents) -> list[str]:
    """Every run has one row, in the table and in the lines."""
    findings = []
    for name, rungs in (("ladder.csv", contents.rungs), (LINES, contents.lines)):
        if rungs is None:
            continue
        counts = Counter((rung.n_points, rung.repeat) for rung in rungs)
        findings += [f"{name}: {_named(key)}: {count} rows" for key, count in counts.items() if count > 1]
        if contents.config is None:
            continue
        expected = {(size, repeat) for size in contents.config.sizes for repeat in range(contents.config.repeats)}
        findings += [f"{name}: {_named(key)}: no row" for key in sorted(expected - counts.keys())]
        findings += [
            f"{name}: {_named(key)}: not one of this ladder's runs" for key in sorted(counts.keys() - expected)
        ]
    return findings


def _agreement(contents: Contents) -> list[str]:
    """The table and the lines say the same, to the last digit."""
    if contents.rungs is None or contents.lines is None:
        return []
    lines = {(rung.n_points, rung.repeat): rung for rung in contents.lines}
    findings = []
    for rung in contents.rungs:
        other = lines.get((rung.n_points, rung.repeat))
        if other is None:
            continue  # said already: a row is missing
        for field in dataclasses.fields(Rung):
            ours, theirs = getattr(rung, field.name), getattr(other, field.name)
            if not _same(ours, theirs):
                findings.append(f"{rung.name}: {field.name} is {ours} in ladder.csv and {theirs} in {LINES}")
    return findings


def _same(a: float | None, b: float | None) -> bool:
    both_nan = isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)
    return a == b or both_nan


def _values(rung: Rung, config: LadderConfig | None) -> list[str]:
    """No figure is impossible by itself, or beside the others of its row."""
    impossible = [
        f"{rung.name}: {name} is {value}"
        for name, value in dataclasses.asdict(rung).items()
        if value is not None and not (math.isfinite(value) and value >= 0)
    ]
    if impossible:
        return impossible
    findings = [text for holds, text in _relations(rung) if not holds]
    if config is not None and rung.memory_limit != config.memory_limit:
        findings.append(f"memory_limit is {rung.memory_limit}, but the config says {config.memory_limit}")
    return [f"{rung.name}: {finding}" for finding in findings]


def _relations(rung: Rung) -> Iterable[tuple[bool, str]]:
    """Give what has to hold between the figures of a row, and what to say if it does not."""
    names = ("p50_seconds", "p90_seconds", "p99_seconds", "max_seconds")
    for lower, upper in itertools.pairwise(names):
        low, high = getattr(rung, lower), getattr(rung, upper)
        yield low <= high, f"{lower} is {low}, more than {upper}, {high}"
    yield (
        rung.seconds >= rung.push_seconds * (1 - _ROUNDING),
        f"seconds is {rung.seconds}, less than push_seconds, {rung.push_seconds}",
    )
    yield rung.product_seconds > 0, "product_seconds is 0"
    yield rung.push_seconds > 0, "push_seconds is 0"
    quotients: tuple[tuple[str, float, float], ...] = (
        ("points_per_second", rung.n_points, rung.push_seconds),
        ("p50_over_product", rung.p50_seconds, rung.product_seconds),
        ("p99_over_goal", rung.p99_seconds, goal_seconds(rung.product_seconds)),
    )
    for name, upper_part, lower_part in quotients:
        got = getattr(rung, name)
        if lower_part > 0:
            expected = upper_part / lower_part
            yield _close(got, expected), f"{name} is {got}, but its parts make {expected}"
    yield from _memory_relations(rung)
    if rung.bottleneck is not None:
        yield (
            rung.bottleneck <= rung.error_bound * (1 + _BOUND_ROUNDING),
            f"bottleneck is {rung.bottleneck}, more than error_bound, {rung.error_bound}",
        )
    yield rung.degree_max < max(rung.n_landmarks, 1), f"degree_max is {rung.degree_max} of {rung.n_landmarks} landmarks"


def _memory_relations(rung: Rung) -> Iterable[tuple[bool, str]]:
    measured = rung.peak_bytes is not None and rung.baseline_bytes is not None
    above = max(0, (rung.peak_bytes or 0) - (rung.baseline_bytes or 0)) if measured else None
    yield rung.stream_bytes == above, f"stream_bytes is {rung.stream_bytes}, but the two peaks make {above}"
    if rung.memory_limit is None:
        yield rung.overshoot_bytes is None, f"overshoot_bytes is {rung.overshoot_bytes} without a memory_limit"
        return
    yield rung.stream_bytes is not None, "there is a memory_limit, but memory was not measured"
    if rung.stream_bytes is not None:
        overshoot = max(0, rung.stream_bytes - rung.memory_limit)
        yield (
            rung.overshoot_bytes == overshoot,
            f"overshoot_bytes is {rung.overshoot_bytes}, but stream_bytes and memory_limit make {overshoot}",
        )
    yield not rung.overshoot_bytes, f"overshoot_bytes is {rung.overshoot_bytes}: more than the memory_limit was held"


def _chunks(contents: Contents) -> list[str]:
    """Every push is there, and percentiles and sums come out again."""
    return [
        finding
        for rung, chunks in _joined(contents, contents.chunks)
        for finding in _chunks_of(rung, chunks, contents.config)
    ]


def _chunks_of(rung: Rung, chunks: list[Chunk], config: LadderConfig | None) -> list[str]:
    name = f"chunks.csv: {rung.name}"
    if not chunks or [chunk.chunk for chunk in chunks] != list(range(len(chunks))) or len(chunks) != rung.n_chunks:
        return [f"{name}: expected each of {rung.n_chunks} chunks once, in order, got {len(chunks)} rows"]
    if impossible := [c for c in chunks if not (math.isfinite(c.seconds) and min(c.seconds, c.n_changes) >= 0)]:
        return [
            f"{name}: chunk {impossible[0].chunk} took {impossible[0].seconds} s, {impossible[0].n_changes} changes"
        ]
    findings = []
    if sum(chunk.n_chunk_points for chunk in chunks) != rung.n_points:
        findings.append(f"{name}: the points of the chunks are not {rung.n_points:,} together")
    elif config is not None and any(c.n_chunk_points != config.chunk for c in chunks[:-1]):
        findings.append(f"{name}: expected {config.chunk} points in every chunk but the last")
    seconds = [chunk.seconds for chunk in chunks]
    names = ("p50_seconds", "p90_seconds", "p99_seconds", "max_seconds", "push_seconds")
    for column, expected_value in zip(names, (*percentiles_of(seconds), sum(seconds)), strict=True):
        got = getattr(rung, column)
        if not _close(got, expected_value):
            findings.append(f"{rung.name}: {column} is {got}, but chunks.csv makes it {expected_value}")
    return findings


def _degrees(contents: Contents) -> list[str]:
    """The histogram counts every landmark, and every neighbour twice."""
    findings = []
    for rung, counts in _joined(contents, contents.degrees):
        name = f"degrees.csv: {rung.name}"
        degrees = [count.degree for count in counts]
        if degrees != sorted(set(degrees)) or any(min(count.degree, count.n_landmarks) < 0 for count in counts):
            findings.append(f"{name}: expected ascending degrees, and counts, of at least 0")
            continue
        n_landmarks = sum(count.n_landmarks for count in counts)
        total = sum(count.degree * count.n_landmarks for count in counts)
        if n_landmarks != rung.n_landmarks:
            findings.append(f"{name}: {n_landmarks} landmarks, but n_landmarks is {rung.n_landmarks}")
        elif total % 2:
            findings.append(f"{name}: the degrees sum to {total}, an odd number, and no neighbour is one-sided")
        elif max(degrees, default=0) != rung.degree_max or not _close(rung.degree_mean, total / max(n_landmarks, 1)):
            findings.append(f"{name}: makes other figures than degree_max and degree_mean")
    return findings


def _strays(contents: Contents) -> list[str]:
    """No row belongs to a run that there is not."""
    known = {(rung.n_points, rung.repeat) for rung in contents.rungs or contents.lines or []}
    tables: dict[str, list[Chunk] | list[DegreeCount] | None] = {
        "chunks.csv": contents.chunks,
        "degrees.csv": contents.degrees,
    }
    return [
        f"{name}: {_named(key)}: not one of this ladder's runs"
        for name, rows in tables.items()
        for key in sorted({(row.n_points, row.repeat) for row in rows or []} - known)
    ]


def _joined(contents: Contents, rows: list[_Row] | None) -> list[tuple[Rung, list[_Row]]]:
    """Pair each run with its rows of a table, if there is one."""
    if rows is None:
        return []
    groups: dict[_Key, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[row.n_points, row.repeat].append(row)
    return [(rung, groups[rung.n_points, rung.repeat]) for rung in contents.rungs or contents.lines or []]


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_ROUNDING)


def _named(key: _Key) -> str:
    return f"{key[0]:,} points, repeat {key[1]}"
