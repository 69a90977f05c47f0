"""A frozen reference: what of its shape a later set of points still has, has lost, and has besides."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from toposcope._files import replace_file
from toposcope._typing import float_array, integer, number
from toposcope.batch import rips
from toposcope.distances import wasserstein_distance
from toposcope.exceptions import CheckpointError, NotEnoughDataError
from toposcope.stream import Stream
from toposcope.tracking import CobordismTracker

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    from toposcope._typing import Float64Array
    from toposcope.diagram import Diagram
    from toposcope.tracking import Event, Feature

_VERSION = 1
_METRICS = ("euclidean", "cosine")
#: The reference is long gone when the live points come; the two are never in one window.
_WINDOW, _LATER = dt.timedelta(seconds=1), 10.0
_GONE = frozenset({"ComponentDeath", "LoopDeath", "VoidDeath"})
_COME = frozenset({"ComponentBirth", "LoopBirth", "VoidBirth"})
_STAY = frozenset({"Continue", "LoopContinue", "VoidContinue"})


@dataclass(frozen=True, eq=False)
class Comparison:
    """What became of the features of a reference in a later set of points.

    Attributes
    ----------
    events : tuple of Event
        All that a tracker tells that sees the later points after the reference. Landmarks below ``n_reference`` are
        rows of the reference; others are rows of the points, after ``n_reference`` is taken away. Of equal rows the
        first stands for all.
    n_reference : int
        Points of the reference.
    scale, margin : float
        The interval of scales around ``scale`` on which every feature lives, of length ``margin``.
    certified : bool
        Whether every feature is proven to exist, at ``scale``, in what the points on its side stand for: whether the
        margin is at least four times the larger of the two ``epsilon``.
    """

    events: tuple[Event, ...]
    n_reference: int
    scale: float
    margin: float
    certified: bool

    @property
    def matched(self) -> tuple[tuple[Feature, Feature], ...]:
        """Features on both sides: the same component, or the same class, of the union."""
        return tuple((e.before[0], e.after[0]) for e in self.events if e.kind in _STAY)

    @property
    def lost(self) -> tuple[Feature, ...]:
        """Features of the reference alone."""
        return tuple(feature for e in self.events if e.kind in _GONE for feature in e.before)

    @property
    def new(self) -> tuple[Feature, ...]:
        """Features of the later points alone."""
        return tuple(feature for e in self.events if e.kind in _COME for feature in e.after)

    @property
    def changed(self) -> tuple[Event, ...]:
        """Components that merged, came apart, or did both."""
        return tuple(e for e in self.events if e.kind in {"Merge", "Split", "Reorganise"})

    @property
    def is_same(self) -> bool:
        """Whether every feature is matched."""
        return not (self.lost or self.new or self.changed)


@dataclass(frozen=True)
class PermutationTest:
    """Whether two samples give different diagrams.

    Attributes
    ----------
    statistic : float
        Mean distance between diagrams of the same sample.
    p_value : float
        Share of all ways to deal the diagrams out, the one found included, in which that is as small or smaller.
    n_blocks : int
        Diagrams of each sample.
    """

    statistic: float
    p_value: float
    n_blocks: int


@dataclass(frozen=True)
class ConfidenceBand:
    """How far the diagram of a sample may be from that of what it was drawn from.

    Attributes
    ----------
    width : float
        Bottleneck distance, in diameters, that is not exceeded with probability ``level``, as the sample grows.
    level : float
        That probability.
    """

    width: float
    level: float

    def significant(self, diagram: Diagram, dim: int = 1) -> Float64Array:
        """Return the intervals that are farther from the diagonal than the band is wide: longer than twice that."""
        intervals = diagram[dim]
        return intervals[intervals[:, 1] - intervals[:, 0] > 2.0 * self.width]


class FrozenReference:
    """Points that later ones are compared with: of another model, or of last month.

    Parameters
    ----------
    points : array of shape (n_points, n_dims)
        The reference: a sample, or landmarks.
    epsilon : float, default=0.0
        How far, in the sense of Hausdorff, they are from what they stand for: ``report.epsilon``, for landmarks of a
        stream.
    metric : {"euclidean", "cosine"}, default="euclidean"
        With cosine, points are normalised, and distances are lengths of chords.

    Raises
    ------
    ValueError, TypeError
        If a parameter is not as described.

    Notes
    -----
    Comparing takes all distances between the two sets: a few thousand points, or landmarks. Both must be of the same
    space. After a change of model that is so only if the second was trained to agree with the first; else compare
    diagrams, which know no space: :meth:`test`.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> angles = np.arange(40) * 2 * np.pi / 40
    >>> ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    >>> reference = ts.FrozenReference(ring)
    >>> seen = reference.compare(ring[:30], scale=0.6, margin=0.2)  # a quarter is missing
    >>> [event.kind for event in seen.events], seen.is_same
    (['Continue', 'LoopDeath'], False)
    >>> len(seen.lost), len(seen.lost[0].walks), seen.certified
    (1, 1, True)
    """

    def __init__(self, points: Any, *, epsilon: float = 0.0, metric: str = "euclidean") -> None:
        self._points = _checked(points, "points").copy()
        self._points.flags.writeable = False
        self._epsilon = _length(epsilon, "epsilon")
        if metric not in _METRICS:
            raise ValueError(f"metric: expected one of {', '.join(_METRICS)}, got {metric!r}")
        self._metric = metric

    @property
    def points(self) -> Float64Array:
        """The reference itself, read-only."""
        return self._points

    @property
    def epsilon(self) -> float:
        """How far the points are from what they stand for."""
        return self._epsilon

    @property
    def metric(self) -> str:
        """How points are compared."""
        return self._metric

    def compare(
        self,
        points: Any,
        *,
        epsilon: float = 0.0,
        scale: float | None = None,
        margin: float | None = None,
        max_dim: int = 1,
    ) -> Comparison:
        """Say which features of the reference the points have, too, which they lack, and which are new.

        The reference is K, the points are K', and both together W, as a :class:`CobordismTracker` has them of a push.

        Parameters
        ----------
        points : array of shape (n_points, n_dims)
            The later ones, in the space of the reference.
        epsilon : float, default=0.0
            How far they are from what they stand for.
        scale, margin, max_dim
            As a tracker takes them. The scale is by default chosen from the reference; the margin is 4ε, of the larger
            of the two ε.

        Raises
        ------
        NotEnoughDataError
            If no scale is given, and none can be found in the reference.
        ValueError, TypeError
            If an argument is not as described.
        """
        live = self._of_this_space(points)
        certain = 4.0 * max(self._epsilon, _length(epsilon, "epsilon"))
        margin = certain if margin is None else _length(margin, "margin")
        n = len(self._points)
        stream = Stream(
            self._points.shape[1],
            _WINDOW,
            max_landmarks=n + len(live),
            cover_radius=0.0,
            metric=self._metric,
            max_dim=0,
            memory_limit=None,
        )
        tracker = CobordismTracker(scale, margin, max_dim, include_continues=True)
        tracker.observe(stream.push(self._points, times=np.zeros(n)))
        if tracker.scale is None:
            raise NotEnoughDataError("scale: expected one, as none can be found in the reference")
        events = tracker.observe(stream.push(live, times=np.full(len(live), _LATER)))
        return Comparison(tuple(events), n, tracker.scale, margin, margin >= certain)

    def test(
        self,
        points: Any,
        *,
        dim: int = 1,
        n_blocks: int = 10,
        n_permutations: int = 999,
        threshold: float | None = None,
        seed: int = 0,
    ) -> PermutationTest:
        """Test whether reference and points are samples of the same distribution, by their diagrams.

        Both are dealt at random into ``n_blocks`` blocks of the same size, and each block has a diagram. If all points
        are drawn independently from one distribution, so are the diagrams, and none of the ways to deal them out to the
        two samples is special: the test is exact at any size [RT17]_. What it sees is the shape alone, so the
        two need not be of one space.

        Parameters
        ----------
        points : array of shape (n_points, n_dims)
            The later ones; of any number of dimensions.
        dim : int, default=1
            Which intervals are compared, by the Wasserstein distance of order 1.
        n_blocks : int, default=10
            Blocks of each sample: with fewer than 4, no p-value can be small.
        n_permutations : int, default=999
            Ways to deal the diagrams out that are tried.
        threshold : float, optional
            Largest edge of the diagrams.
        seed : int, default=0
            Of blocks and permutations.

        Raises
        ------
        NotEnoughDataError
            If a sample has fewer than ``dim + 3`` points for each block.
        ValueError, TypeError
            If an argument is not as described.

        References
        ----------
        .. [RT17] Robinson and Turner, *Hypothesis testing for topological data analysis*, J. Appl. Comput. Topol. 1,
           2017.
        """
        integer(dim, "dim", at_least=0, at_most=2)
        integer(n_blocks, "n_blocks", at_least=2)
        integer(n_permutations, "n_permutations", at_least=1)
        rng = np.random.default_rng(integer(seed, "seed", at_least=0))
        live = _checked(points, "points")
        size = min(len(self._points), len(live)) // n_blocks
        if size < dim + 3:
            least = (dim + 3) * n_blocks
            raise NotEnoughDataError(
                f"points: expected at least {least} in both samples, for {n_blocks} blocks, got {len(self._points)} in "
                f"the reference and {len(live)}"
            )
        diagrams: list[Diagram] = []
        for sample in (self._points, live):
            rows = rng.permutation(len(sample))[: size * n_blocks].reshape(n_blocks, size)
            diagrams += [rips(sample[block], dim, threshold=threshold, metric=self._metric) for block in rows]
        distances = _pairwise(diagrams, dim)
        is_first = np.arange(2 * n_blocks) < n_blocks
        found = _within(distances, is_first)
        # As small up to rounding: the same groups in another order must not count as larger.
        tolerance = 1e-12 * max(found, 1.0)
        dealt = [_within(distances, rng.permutation(is_first)) for _ in range(n_permutations)]
        n_small = sum(value <= found + tolerance for value in dealt)
        return PermutationTest(found, (1 + n_small) / (1 + n_permutations), n_blocks)

    def band(self, level: float = 0.95, *, n_subsamples: int = 200, seed: int = 0) -> ConfidenceBand:
        r"""Return a confidence band around the diagram of the reference, as a sample.

        Subsamples of :math:`b = n / \ln n` points are at Hausdorff distances from the whole sample; if :math:`q` is the
        quantile of these at ``level``, the sample is within :math:`2q` of the support of what it was drawn from, with
        that probability as :math:`n` grows [F14]_, if the density there is smooth and the support of a fixed dimension.
        Edges change by twice as much, so the diagrams are within :math:`4q`.

        Parameters
        ----------
        level : float, default=0.95
            Between 0 and 1.
        n_subsamples : int, default=200
            Of which the distances are taken.
        seed : int, default=0
            Of their choice.

        Raises
        ------
        NotEnoughDataError
            If the reference has fewer than 20 points.
        ValueError, TypeError
            If an argument is not as described.

        References
        ----------
        .. [F14] Fasy, Lecci, Rinaldo, Wasserman, Balakrishnan and Singh, *Confidence sets for persistence diagrams*,
           Ann. Statist. 42, 2014.
        """
        level = number(level, "level")
        if not 0 < level < 1:
            raise ValueError(f"level: expected a number between 0 and 1, got {level}")
        integer(n_subsamples, "n_subsamples", at_least=1)
        rng = np.random.default_rng(integer(seed, "seed", at_least=0))
        points = self._points
        if self._metric == "cosine":
            points = points / np.linalg.norm(points, axis=1, keepdims=True)
        n = len(points)
        if n < 20:
            raise NotEnoughDataError(f"points: expected at least 20 in the reference, got {n}")
        size = int(np.ceil(n / np.log(n)))
        squares = np.einsum("ij,ij->i", points, points)
        reach = [_reach(points, squares, rng.choice(n, size, replace=False)) for _ in range(n_subsamples)]
        return ConfidenceBand(4.0 * float(np.quantile(reach, level, method="higher")), level)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the reference to a file, whole or not at all."""
        content = io.BytesIO()
        np.savez(content, version=_VERSION, points=self._points, epsilon=self._epsilon, metric=self._metric)
        with replace_file(Path(path)) as file:
            file.write(content.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read the file that :meth:`save` wrote.

        Raises
        ------
        CheckpointError
            If the file is damaged, of another version, or something else.
        OSError
            If it cannot be read.
        """
        from zipfile import BadZipFile  # noqa: PLC0415 (NumPy loads it here, too, and not before)

        content = io.BytesIO(Path(path).read_bytes())
        try:
            with np.load(content, allow_pickle=False) as saved:
                if int(saved["version"]) != _VERSION:
                    raise CheckpointError(f"{path}: of version {int(saved['version'])}; this release reads {_VERSION}")
                return cls(saved["points"], epsilon=float(saved["epsilon"]), metric=str(saved["metric"]))
        except (KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
            raise CheckpointError(f"{path}: no reference, or a damaged one: {error}") from error

    def __repr__(self) -> str:
        n, d = self._points.shape
        return f"FrozenReference({n} points in {d} dimensions, epsilon={self._epsilon:g}, metric={self._metric!r})"

    def _of_this_space(self, points: Any) -> Float64Array:
        live = _checked(points, "points")
        if live.shape[1] != self._points.shape[1]:
            raise ValueError(
                f"points: expected {self._points.shape[1]} dimensions, as the reference has, got {live.shape[1]}"
            )
        return live


def _checked(points: Any, argument: str) -> Float64Array:
    array = float_array(points, argument, 2).astype(np.float64)
    if not array.size:
        raise ValueError(f"{argument}: expected at least one point of one dimension, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{argument}: expected finite coordinates, got NaN or infinity")
    return array


def _length(value: Any, argument: str) -> float:
    length = number(value, argument)
    if not 0 <= length < np.inf:
        raise ValueError(f"{argument}: expected a finite length of at least 0, got {length}")
    return length


def _pairwise(diagrams: list[Diagram], dim: int) -> Float64Array:
    """Distances between the finite intervals: how many are essential says nothing of a block that is a point cloud."""
    finite = [diagram[dim][np.isfinite(diagram[dim][:, 1])] for diagram in diagrams]
    distances = np.zeros((len(finite), len(finite)))
    for i, a in enumerate(finite):
        for j, b in enumerate(finite[:i]):
            distances[i, j] = distances[j, i] = wasserstein_distance(a, b, dim, order=1)
    return distances


def _within(distances: Float64Array, is_first: npt.NDArray[np.bool_]) -> float:
    """Mean distance within the groups."""
    n = int(is_first.sum())
    inner = [distances[np.ix_(group, group)].sum() for group in (is_first, ~is_first)]
    return float(sum(inner) / (2 * n * (n - 1)))


def _reach(points: Float64Array, squares: Float64Array, rows: npt.NDArray[np.int64]) -> float:
    """Hausdorff distance of all points from some of them."""
    nearest = np.full(len(points), np.inf)
    for start in range(0, len(rows), 256):
        some = rows[start : start + 256]
        gaps = squares[:, None] + squares[some] - 2.0 * points @ points[some].T
        np.minimum(nearest, gaps.min(axis=1), out=nearest)
    nearest[rows] = 0.0
    return float(np.sqrt(max(nearest.max(), 0.0)))
