"""How large a tracker's margin must be, so that on a stream that stays as it is there are few events."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope._typing import describe, float_array, integer, number
from toposcope.exceptions import NotEnoughDataError
from toposcope.reports import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from toposcope._typing import Float64Array
    from toposcope.stream import Stream
    from toposcope.tracking import CobordismTracker

N_MARGINS = 13
"""Margins tried: first from 0 to twice the scale, beyond which no loop can be told at it; then where it matters."""
N_PILOT = 300
"""Chunks that say where between these the number of events goes down."""
LARGEST_EXTRAPOLATION = 10.0
"""Times the number of chunks that the reference has: beyond that nothing is said of an ``ert``."""
FEWEST_ALARMS = 20
"""Chunks with events that the law is fitted to, at least."""
N_RESAMPLES = 200


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a margin was chosen by.

    Attributes
    ----------
    ert : float
        What was asked for: expected chunks between two chunks with events, while nothing changes.
    scale, margin : float
        What the tracker was given.
    n_chunks : int
        Chunks of the reference that counted.
    margins, n_alarms : ndarray of shape (n_margins,)
        The margins that were tried, and how many chunks had events with each.
    expected : float
        Chunks between events at ``margin``, by the law fitted; at least that many if ``is_bound``.
    interval : tuple of float
        From the 5th to the 95th percentile of ``expected`` over resampled blocks of the reference.
    is_bound : bool
        Whether events were rarer than asked for with any margin: then the margin is 0, and ``expected`` is what 95 %
        confidence leaves.
    """

    ert: float
    scale: float
    margin: float
    n_chunks: int
    margins: Float64Array
    n_alarms: npt.NDArray[np.int64]
    expected: float
    interval: tuple[float, float]
    is_bound: bool


def calibrated(
    make: type[CobordismTracker],
    reference: Any,
    ert: float,
    *,
    stream: Stream | None,
    chunk_size: int | None,
    scale: float | None,
    seed: int,
    **parameters: Any,
) -> tuple[CobordismTracker, Calibration]:
    """Return a tracker with a margin for ``ert``, and why; see :meth:`CobordismTracker.calibrate`."""
    ert = number(ert, "ert")
    if not 1 <= ert < np.inf:
        raise ValueError(f"ert: expected a finite number of chunks of at least 1, got {ert}")
    integer(seed, "seed", at_least=0)
    reports = iter(_reports(reference, stream, chunk_size))
    held: list[Report] = []
    if scale is None:
        scale = _automatic_scale(make, reports, held, parameters)
    reports = _after(held, reports)
    turn_over = _turn_over(reports)
    coarse = np.linspace(0.0, 2.0 * scale, N_MARGINS)
    pilot = _alarms([make(scale, margin, **parameters) for margin in coarse], reports, N_PILOT)
    margins = _around_the_fall(coarse, pilot.sum(axis=0))
    alarms = _alarms([make(scale, margin, **parameters) for margin in margins], reports)
    n_chunks = len(alarms)
    if n_chunks * LARGEST_EXTRAPOLATION < ert or not n_chunks:
        least = max(int(np.ceil(ert / LARGEST_EXTRAPOLATION)), 1)
        raise NotEnoughDataError(
            f"reference: expected at least {least} chunks, to say anything of ert={ert:g}, after the window has turned "
            f"over and {N_PILOT} others, got {n_chunks}"
        )
    margin, expected, is_bound = _choose(margins, alarms.sum(axis=0), n_chunks, ert)
    interval = (expected, np.inf) if is_bound else _interval(margins, alarms, margin, ert, block=turn_over, seed=seed)
    tracker = make(scale, margin, **parameters)
    counts = alarms.sum(axis=0)
    return tracker, Calibration(ert, scale, margin, n_chunks, margins, counts, expected, interval, is_bound)


def _after(held: list[Report], rest: Iterator[Report]) -> Iterator[Report]:
    while held:
        yield held.pop(0)
    yield from rest


def _reports(reference: Any, stream: Stream | None, chunk_size: int | None) -> Iterator[Report]:
    """Yield reports as they come, or those of chunks pushed into ``stream``."""
    if stream is None:
        if isinstance(reference, np.ndarray) or not isinstance(reference, Iterable):
            raise TypeError(
                f"reference: expected an iterable of reports, or points and a stream= to push them into, got "
                f"{describe(reference)}"
            )
        for report in reference:
            if not isinstance(report, Report):
                raise TypeError(f"reference: expected reports, or chunks and a stream=, got {describe(report)}")
            yield report
        return
    if chunk_size is not None:
        integer(chunk_size, "chunk_size", at_least=1)
        points = float_array(reference, "reference", 2)
        reference = (points[at : at + chunk_size] for at in range(0, len(points) - chunk_size + 1, chunk_size))
    elif isinstance(reference, np.ndarray) and reference.ndim == 2:
        raise ValueError("chunk_size: expected how many points of the reference make a chunk, got None")
    for chunk in reference:
        yield stream.push(chunk)


def _automatic_scale(
    make: type[CobordismTracker], reports: Iterator[Report], held: list[Report], parameters: dict[str, Any]
) -> float:
    """Return the scale that a tracker would choose by itself; ``held`` gets the reports up to there."""
    tracker = make(**parameters)
    for report in reports:
        held.append(report)
        tracker.observe(report)
        if tracker.scale is not None:
            return tracker.scale
    raise NotEnoughDataError("reference: expected reports in which a scale can be found; or give the scale")


def _turn_over(reports: Iterator[Report]) -> int:
    """Take reports until no landmark of the first is left, as before that the window fills; return how many."""
    first_ids: set[int] = set()
    taken = 0
    for report in reports:
        taken += 1
        ids = set(report.landmark_ids.tolist())
        if first_ids and not first_ids & ids:
            break
        first_ids = first_ids or ids
    return max(taken, 1)


def _alarms(
    trackers: list[CobordismTracker], reports: Iterator[Report], n_chunks: int | None = None
) -> npt.NDArray[np.bool_]:
    """Return which chunks had events with each tracker, but for the first, which shows them what is there."""
    rows: list[list[bool]] = []
    first = None
    for report in itertools.islice(reports, None if n_chunks is None else n_chunks + 1):
        told = [tracker.observe(report) for tracker in trackers]
        if first is None:
            first = report.step
        else:
            rows.append([any(_is_alarm(event) and event.step > first for event in events) for events in told])
    return np.array(rows, dtype=bool).reshape(len(rows), len(trackers))


def _around_the_fall(coarse: Float64Array, counts: npt.NDArray[np.int64]) -> Float64Array:
    """Return margins where few chunks or none have events, close together, and larger ones as they were."""
    many = np.flatnonzero(counts >= max(0.05 * N_PILOT, 1))
    some = np.flatnonzero(counts > 0)
    low = int(many[-1]) if len(many) else 0
    high = min((int(some[-1]) if len(some) else 0) + 3, len(coarse) - 1)
    low = min(low, high - 1)
    return np.unique(np.concatenate([np.linspace(coarse[low], coarse[high], N_MARGINS), coarse[high:]]))


def _is_alarm(event: Any) -> bool:
    return event.status == "confirmed" and not event.is_quiet


def _choose(margins: Float64Array, counts: npt.NDArray[np.int64], n: int, ert: float) -> tuple[float, float, bool]:
    """Return the smallest margin from which on events are rare enough, the ``ert`` there, and if that is a bound."""
    goal = n / ert
    # Without any event in n chunks, 3 / n is what 95 % confidence leaves of their rate ("rule of three").
    bound = n / (counts[0] + 2 * np.sqrt(counts[0]) + 3)
    if counts.max() <= goal and bound >= ert:
        return 0.0, float(bound), True
    if counts.max() < FEWEST_ALARMS:
        least = int(np.ceil(max(3 * ert, n * FEWEST_ALARMS / max(counts.max(), 1))))
        raise NotEnoughDataError(
            f"reference: expected about {least} chunks, as only {counts.max()} of {n} had events with any margin: too "
            f"few to say how their number goes down, and too short to say that they come once in {ert:g}"
        )
    if counts[-1] > max(goal, 1):
        raise ValueError(
            f"scale: expected one at which a margin makes events as rare as one in {ert:g} chunks; with the largest, "
            f"{margins[-1]:.3g}, there are still {counts[-1]} in {n}"
        )
    law = _law(margins, counts, goal)
    fine = np.linspace(margins[0], margins[-1], 64 * (len(margins) - 1) + 1)
    fitted = law(fine)
    too_many = np.flatnonzero(fitted > goal)
    margin = float(fine[min(too_many[-1] + 1, len(fine) - 1)]) if len(too_many) else 0.0
    return margin, float(n / max(law(np.array([margin]))[0], 1e-12)), False


class _Law:
    """Expected numbers of alarms by margin: the exponential of a parabola that opens downwards, or of a line.

    To the left of where it was fitted, the numbers as they were counted.
    """

    def __init__(
        self, start: float, coefficients: Float64Array, margins: Float64Array, counts: npt.NDArray[np.int64]
    ) -> None:
        self.start, self.coefficients = start, coefficients
        self.margins, self.counts = margins, counts

    def __call__(self, margins: Float64Array) -> Float64Array:
        fitted = np.exp(np.clip(np.polyval(self.coefficients[::-1], margins), -50.0, 50.0))
        counted = np.interp(margins, self.margins, self.counts)
        return np.where(margins < self.start, counted, fitted)


def _law(margins: Float64Array, counts: npt.NDArray[np.int64], goal: float) -> _Law:
    """Fit the way the number of alarms goes down around ``goal``.

    From the last margin with many more alarms than the goal to the second without any.
    """
    many = max(FEWEST_ALARMS, 10 * goal)
    above = np.flatnonzero(counts >= min(many, counts.max()))
    start = int(above[-1])
    zeros = np.flatnonzero(counts[start:] == 0)
    end = start + int(zeros[1]) + 1 if len(zeros) > 1 else len(counts)
    end = max(end, min(start + 3, len(counts)))
    start = min(start, end - 2)
    x, y = margins[start:end], counts[start:end].astype(np.float64)
    for degree in (2, 1):
        if len(x) > degree + 1 or degree == 1:
            coefficients = _poisson(x, y, degree)
            if degree == 1 or coefficients[2] <= 0:
                break
    return _Law(float(x[0]), coefficients, margins, counts)


def _poisson(x: Float64Array, y: Float64Array, degree: int) -> Float64Array:
    """Coefficients, constant first, of the polynomial whose exponential is the mean of counts: Newton's method."""
    centre, width = x[0], max(x[-1] - x[0], 1e-300)
    design = np.vander((x - centre) / width, degree + 1, increasing=True)
    beta = np.linalg.lstsq(design * np.sqrt(y + 0.5)[:, None], np.log(y + 0.5) * np.sqrt(y + 0.5), rcond=None)[0]
    for _ in range(50):
        mean = np.exp(np.clip(design @ beta, -50.0, 50.0))
        # A little ridge keeps a coefficient finite that the counts say nothing of.
        hessian = design.T @ (design * mean[:, None]) + 1e-6 * np.eye(degree + 1)
        step = np.linalg.solve(hessian, design.T @ (y - mean))
        beta = beta + step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-9:
            break
    shifted = np.polynomial.Polynomial(beta)(np.polynomial.Polynomial([-centre / width, 1 / width]))
    return np.concatenate([shifted.coef, np.zeros(degree + 1 - len(shifted.coef))])


def _interval(
    margins: Float64Array, alarms: npt.NDArray[np.bool_], margin: float, ert: float, *, block: int, seed: int
) -> tuple[float, float]:
    """Percentiles of the ``ert`` expected at ``margin``, over references made of blocks of this one."""
    rng = np.random.default_rng(seed)
    n = len(alarms)
    block = min(max(block, 1), n)
    # Sums over blocks by differences of running sums, around the end and on from the start.
    sums = np.concatenate([np.zeros((1, alarms.shape[1])), np.cumsum(np.concatenate([alarms, alarms[:block]]), axis=0)])
    n_blocks = -(-n // block)
    found = []
    for _ in range(N_RESAMPLES):
        at = rng.integers(0, n, n_blocks)
        counts = np.rint((sums[at + block] - sums[at]).sum(axis=0) * n / (n_blocks * block)).astype(np.int64)
        if counts.max() > 0:
            found.append(n / max(float(_law(margins, counts, n / ert)(np.array([margin]))[0]), 1e-9))
    low, high = np.quantile(found, [0.05, 0.95])
    return float(low), float(high)
