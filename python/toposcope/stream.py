"""A stream of points, known by its landmarks: a diagram after every push, and how far it can be from the truth."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toposcope import _core
from toposcope._checkpoint import Checkpointed
from toposcope._typing import byte_count, describe, float_array, integer, number
from toposcope.diagram import Diagram, DiagramInfo
from toposcope.reports import BackgroundDiagram, CriticalSimplices, PoolStats, PushStats, Report, Simplices

if TYPE_CHECKING:
    from toposcope._typing import Float64Array

_LARGEST_MAX_DIM = 12
#: Seconds between two looks at what is computed beside the pushes.
_NAP = 0.002
#: Longer ones do not come back from float64 seconds as a timedelta.
_LONGEST_WINDOW = dt.timedelta(days=999_999_000)


class Stream(Checkpointed):
    r"""Persistent homology of a window that slides over a stream of points.

    The window is known by few of its points, the landmarks. A point within ``cover_radius`` of a landmark is covered by
    it; another founds a new one. A landmark leaves when the last point that it covered leaves the window. When there
    are more than there is room for, one takes over another: its radius grows to cover both, as little as any pair
    allows, and ``cover_radius`` grows to the distance between them. At every moment no point of the window is farther
    than ε from the landmarks, nor a landmark from the window, where ε is the largest radius in use; so the diagram of
    the landmarks is within 2ε of that of the window, and an interval longer than 4ε proves a class of it. With
    ``complex="alpha"`` values are radii, and these are ε and 2ε.

    Parameters
    ----------
    n_dims : int
        Coordinates of every point.
    window : int or datetime.timedelta, default=100_000
        Which points are alive: the last so many; or those later than this span before the latest time of all, and then
        every push needs ``times``.
    max_landmarks : int, default=512
        Landmarks to keep at most. With as many as the window has points, and no ``cover_radius``, the window itself is
        the landmark set: ε = 0, and the diagram is exact.
    cover_radius : float, optional
        Radius within which a point is covered. By default it starts at 0 and grows only when there is no room.
    max_dim : int, default=1
        Largest homology dimension of the diagrams.
    background_dim : int, optional
        Largest homology dimension, above ``max_dim``, of diagrams that a thread of its own computes beside the pushes:
        in many dimensions voids can take seconds, for which no push should wait. It takes the landmarks as they are,
        computes, and goes on to what they are then; :attr:`Report.background` is the latest result. Half of
        ``memory_limit`` is set aside for it.
    metric : {"euclidean", "cosine", "manhattan", "chebyshev"}, default="euclidean"
        ``"cosine"`` normalises the points and measures the chord :math:`\sqrt{2 - 2\cos}`, which is a metric.
    complex : {"rips", "alpha"}, default="rips"
        Which filtration of the landmarks the diagrams are of: that of :func:`rips`, in diameters; or that of
        :func:`alpha`, in radii, for points in the plane or in space. The latter takes ``n_dims`` of 2 or 3, the
        euclidean metric, no ``threshold``, and ``max_dim`` up to ``n_dims - 1``. It is within ε of the window's, and an
        interval longer than 2ε proves a class. A tracker does not take its reports.
    threshold : float, optional
        Largest diameter built; by default all that matters. An alpha filtration is always followed to its end.
    memory_limit : int or str or None, default="64MiB"
        Bytes that the stream may hold, as a number or as text such as ``"2GB"``. It keeps fewer landmarks than
        ``max_landmarks`` if they would need more: at most the largest m with
        :math:`163840 + 264\,n_{dims} + (600 + 28\,n_{dims})(m + 1) + 28 (m + 1)^2 + 32 s^2` within the limit, with
        :math:`s = \lfloor 9 (m + 1) / 8 \rfloor + 4`. Chunks and reports are the caller's. With ``max_dim`` of 2 and
        more, or an alpha filtration in space, a diagram can need more than is allowed for: that push raises
        :class:`MemoryLimitError`, and has no effect.
    on_limit : {"coarsen", "evict", "raise"}, default="coarsen"
        What happens when a landmark too many comes: one takes over another, so that ε grows; or those seen longest ago
        leave, so that the window shrinks; or :class:`MemoryLimitError`, and the push has no effect.
    late : {"raise", "accept"}, default="raise"
        What happens to a point of an earlier time than one that came before it: ``ValueError``, and the push has no
        effect; or it is taken in with its own time. The clock is the latest time so far, and what a window of time has
        left behind already when it comes is dropped (``report.stats.n_late``, ``report.stats.n_dropped``). A window
        counted in points goes by the order in which they come, whatever their times.
    half_life : float, optional
        The weight of a landmark halves with every so many points that come, or with so many seconds in a window of
        time, above 0. By default it stays.
    min_mass : float, optional
        Landmarks that weigh less after a push are held, but are no part of the diagram, nor of what a tracker sees:
        outliers, or with a ``half_life`` what nobody comes to any more. They are back as soon as they weigh enough. The
        bound and what is certified are then about the window without their points. At least 0; by default all are
        part of it.
    defragment_at : tuple of two floats, default=(0.5, 0.95)
        From which shares of holes on the pool of critical simplices closes them: at the end of a push, and at once.
        Both above 0 and at most 1, the second no less than the first. Never changes a result.
    n_threads : int, optional
        Worker threads; by default as many as the machine has. Never changes a result.

    Attributes
    ----------
    n_dims, window, max_landmarks, cover_radius, max_dim, background_dim, metric, complex, threshold, memory_limit, \
    on_limit, late, half_life, min_mass, defragment_at, n_threads
        The parameters, memory_limit in bytes.
    landmark_cap : int
        Landmarks kept at most, the memory limit considered.
    n_seen : int
        Points that ever came.
    step : int
        Pushes, evictions and merges so far.

    Raises
    ------
    ValueError, TypeError
        If a parameter is not as described.
    MemoryLimitError
        If the limit has no room for a single landmark.

    Notes
    -----
    How points are cut into chunks does not change what the stream knows after them. Any thread may push; pushes happen
    one after another. A push that raises has had no effect. That holds for Ctrl-C too, except
    for the microseconds in which a finished report is handed over: then ``step`` has moved on, which a
    :class:`~toposcope.Monitor` notices.

    Examples
    --------
    Eight pushes, of one point on a line each, into a window of three points with room for two landmarks:

    >>> import numpy as np
    >>> import toposcope as ts
    >>> stream = ts.Stream(n_dims=1, window=3, max_landmarks=2)
    >>> for x in [0, 0, 10, 12, 11, 20, 21, 22]:
    ...     report = stream.push(np.array([[x]], dtype=np.float32))
    ...     print(x, report.landmark_ids.tolist(), report.landmark_radii.tolist(), report.error_bound)
    0 [0] [0.0] 0.0
    0 [0] [0.0] 0.0
    10 [0, 2] [0.0, 0.0] 0.0
    12 [0, 2] [0.0, 2.0] 4.0
    11 [2] [2.0] 4.0
    20 [2, 5] [2.0, 0.0] 4.0
    21 [2, 5] [2.0, 1.0] 4.0
    22 [5] [2.0] 4.0

    The second 0 is covered by the first. 10 founds a landmark. 12 is one too many: 10 takes it over, which is the
    cheapest way, and from now on points are covered within 2. With 11 the window has moved past both zeros, and their
    landmark leaves. With 22 it has moved past 11, which kept the landmark at 10 alive.

    An outlier at 50 founds a landmark, but does not make the diagram until more points come there:

    >>> stream = ts.Stream(n_dims=1, cover_radius=1, min_mass=2)
    >>> report = stream.push(np.array([[0.0], [0.5], [50.0]]))
    >>> report.landmark_weights.tolist(), report.landmark_kept.tolist(), len(report.diagram[0])
    ([2.0, 1.0], [True, False], 1)
    >>> report = stream.push(np.array([[50.0]]))
    >>> report.n_left_out, len(report.diagram[0])
    (0, 2)
    """

    def __init__(
        self,
        n_dims: int,
        window: int | dt.timedelta = 100_000,
        *,
        max_landmarks: int = 512,
        cover_radius: float | None = None,
        max_dim: int = 1,
        background_dim: int | None = None,
        metric: str = "euclidean",
        complex: Literal["rips", "alpha"] = "rips",  # noqa: A002 (the word for it)
        threshold: float | None = None,
        memory_limit: int | str | None = "64MiB",
        on_limit: Literal["coarsen", "evict", "raise"] = "coarsen",
        late: Literal["raise", "accept"] = "raise",
        half_life: float | None = None,
        min_mass: float | None = None,
        defragment_at: tuple[float, float] = (0.5, 0.95),
        n_threads: int | None = None,
    ) -> None:
        soft_share, hard_share = _shares(defragment_at)
        window_points, window_seconds = _window(window)
        threshold = None if threshold is None else number(threshold, "threshold")
        params = _core.StreamParams(
            n_dims=integer(n_dims, "n_dims", at_least=1),
            window_points=window_points,
            window_seconds=window_seconds,
            max_landmarks=integer(max_landmarks, "max_landmarks", at_least=1, at_most=2**32 - 1),
            cover_radius=None if cover_radius is None else number(cover_radius, "cover_radius"),
            max_dim=integer(max_dim, "max_dim", at_least=0, at_most=_LARGEST_MAX_DIM),
            background_dim=None
            if background_dim is None
            else integer(background_dim, "background_dim", at_least=1, at_most=_LARGEST_MAX_DIM),
            metric=_metric(metric),
            complex=_name(complex, "complex"),
            threshold=None if threshold == np.inf else threshold,
            memory_limit=None if memory_limit is None else byte_count(memory_limit, "memory_limit"),
            on_limit=_name(on_limit, "on_limit"),
            late=_name(late, "late"),
            half_life=None if half_life is None else number(half_life, "half_life"),
            min_mass=None if min_mass is None else number(min_mass, "min_mass"),
            soft_share=soft_share,
            hard_share=hard_share,
            n_threads=None if n_threads is None else integer(n_threads, "n_threads", at_least=1),
        )
        self._adopt(_core.Stream(params))

    def _adopt(self, stream: _core.Stream) -> None:
        params = stream.params
        self._core = stream
        self.n_dims = params.n_dims
        self.window: int | dt.timedelta
        if params.window_seconds is None:
            self.window = params.window_points or 0
        else:
            self.window = dt.timedelta(seconds=params.window_seconds)
        self.max_landmarks = params.max_landmarks
        self.cover_radius = params.cover_radius
        self.max_dim = params.max_dim
        self.background_dim = params.background_dim
        self.metric = params.metric
        self.complex = params.complex
        self.threshold = params.threshold
        self.memory_limit = params.memory_limit
        self.on_limit = params.on_limit
        self.late = params.late
        self.half_life = params.half_life
        self.min_mass = params.min_mass
        self.defragment_at = (params.soft_share, params.hard_share)
        self.n_threads = params.n_threads
        self._info = DiagramInfo(
            complex=self.complex,
            unit="radius" if self.complex == "alpha" else "diameter",
            metric=self.metric,
            field=2,
            threshold=self.threshold,
        )

    @property
    def landmark_cap(self) -> int:
        """Landmarks kept at most, the memory limit considered."""
        return self._core.landmark_cap

    @property
    def n_seen(self) -> int:
        """Points that ever came."""
        return self._core.n_seen

    @property
    def step(self) -> int:
        """Pushes, evictions and merges so far."""
        return self._core.step

    def push(self, chunk: Any, times: Any = None, weights: Any = None) -> Report:
        """Take points in, in order; let those go that the window leaves behind.

        Parameters
        ----------
        chunk : array of shape (n_points, n_dims)
            float32 or float64, in any memory order; no points at all are fine. float32 coordinates are kept as they
            are, in half the memory.
        times : array of shape (n_points,), optional
            Seconds, or datetime64, when the points happened, never running backwards unless ``late="accept"``. A window
            of time needs them; one counted in points only records them.
        weights : array of shape (n_points,), optional
            How much each point counts in the weight of its landmark: above 0, and at most 1e270, so that no sum
            overflows. By default each weighs 1.

        Returns
        -------
        Report

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described; nothing was pushed then.
        MemoryLimitError
            With ``on_limit="raise"``, if there is no room for a new landmark.

        Examples
        --------
        >>> import numpy as np
        >>> import toposcope as ts
        >>> stream = ts.Stream(n_dims=1, cover_radius=1)
        >>> report = stream.push(np.array([[0.0], [0.5], [9.0]]), weights=[2.0, 0.5, 1.0])
        >>> report.landmark_ids.tolist(), report.landmark_weights.tolist()
        ([0, 2], [2.5, 1.0])
        """
        if isinstance(chunk, (list, tuple)):
            raise TypeError(
                f"chunk: expected an array of shape (n_points, n_dims), got a {describe(chunk)}; use np.array"
            )
        points = float_array(chunk, "chunk", 2)
        seconds = None if times is None else _seconds(times)
        masses = None if weights is None else float_array(weights, "weights", 1).astype(np.float64, copy=False)
        return self._report(self._core.push(points, seconds, masses))

    def evict(self, n_points: int | None = None, *, before: float | None = None) -> Report:
        """Let points go before the window leaves them behind.

        Parameters
        ----------
        n_points : int, optional
            In a window counted in points: how many of the oldest; all, if there are fewer. After a merge several points
            can be equally old, and those as old as the last of these leave too.
        before : float, optional
            In a window of time: those earlier than this.

        Returns
        -------
        Report
            It counts as a step, and joins the reports before and after it as a push does.
        """
        if (n_points is None) == (before is None):
            raise TypeError("evict: expected either n_points or before")
        if before is not None:
            return self._report(self._core.evict_before(number(before, "before")))
        return self._report(self._core.evict(integer(n_points, "n_points", at_least=0)))

    def critical_simplices(self) -> CriticalSimplices:
        """Return the simplices that make up the diagram of the last push.

        One that stays critical in its role keeps its id from push to push.

        Returns
        -------
        CriticalSimplices
            All of them, or none at all: they are known when a push updates the diagram, not when it is computed anew.
            It is computed anew if ``max_dim`` is neither 1 nor 2, at the first push, if so many landmarks come or go at
            once that an update would take longer, and where ``memory_limit`` leaves no room to do better. The next
            push that updates makes all of them known again, under new ids. Nor are they part of what is saved.
        """
        founds, joins, births, kills, void_births, void_kills = map(_simplices, self._core.critical_simplices())
        return CriticalSimplices(
            founds=founds,
            joins=joins,
            births=births,
            kills=kills,
            void_births=void_births,
            void_kills=void_kills,
        )

    def defragment(self) -> None:
        """Close the holes in the pool of critical simplices, which it does by itself from ``defragment_at`` on.

        No id and no diagram changes.
        """
        self._core.defragment()

    def background_diagram(self, *, wait: bool = False) -> BackgroundDiagram | None:
        """Return the latest diagram that was computed beside the pushes.

        Parameters
        ----------
        wait : bool, default=False
            Whether to wait until it is that of the landmarks as they are now.

        Returns
        -------
        BackgroundDiagram or None
            None if there is none yet, or if ``background_dim`` does not ask for any.

        Raises
        ------
        MemoryLimitError
            If that of these landmarks would take more than half of ``memory_limit``. Pushes are not the worse for it,
            and when landmarks have changed it is tried again.

        Examples
        --------
        The void of an octahedron:

        >>> import numpy as np
        >>> import toposcope as ts
        >>> stream = ts.Stream(n_dims=3, background_dim=2)
        >>> report = stream.push(np.concatenate([np.eye(3), -np.eye(3)]))
        >>> report.diagram.max_dim
        1
        >>> stream.background_diagram(wait=True).certified(dim=2).round(3)
        array([[1.414, 2.   ]])
        """
        while True:
            latest, is_current = self._core.background()
            if is_current or not wait:
                return None if latest is None else self._background(latest)
            time.sleep(_NAP)

    def merge(self, other: Stream) -> Report:
        """Take in another stream that looks at the same things, which stays as it is.

        What both had alive is alive here afterwards, and the landmarks of both stand for it, with the larger
        ``epsilon`` of the two: a stream can be worked on in parts. If there are more landmarks than this stream has
        room for, its ``on_limit`` decides, as in a push; with ``"coarsen"``, ``epsilon`` grows by what that takes. A
        landmark at the very place of another joins it.

        Parameters
        ----------
        other : Stream
            With the same ``n_dims``, kind of window, ``metric``, ``complex``, ``max_dim``, ``threshold`` and
            ``half_life``. Lengths of windows, radii, limits, policies and ``min_mass`` may differ: this stream's stay,
            but for the radius under which the next points are covered, which is the larger one from now on.

        Returns
        -------
        Report
            It counts as a step, and joins the reports before and after it as a push does. Point i of the other stream
            is point ``report.first_index + i`` of this one, and ``report.n_points`` is how many there were; ``n_seen``
            is the sum of both.

        Raises
        ------
        ValueError, TypeError
            If ``other`` is no such stream, or is this one; a copy is fine, and counts everything twice.
        MemoryLimitError
            With ``on_limit="raise"``, if there is no room for all landmarks. Nothing has happened then, as after any
            exception.

        Notes
        -----
        In a window counted in points, those of both windows are as old as they were, by how many came after each in its
        own stream, and age together with what comes from now on. So there can be twice as many as the window counts,
        until that many have come. ``landmark_last_seen`` moves so that ``n_seen - landmark_last_seen`` stays what it
        was. In a window of time, times stay; the clock is the later of the two, and what is too old by it leaves.
        ``landmark_last_seen`` then keeps the landmarks' order by time, and nothing more.

        It makes no difference which stream takes in which, but for ids, and for ties between takeovers.

        Examples
        --------
        >>> import numpy as np
        >>> import toposcope as ts
        >>> shards = [ts.Stream(n_dims=1, window=100), ts.Stream(n_dims=1, window=100)]
        >>> for stream, xs in zip(shards, [[0, 2, 4], [4, 6]]):
        ...     report = stream.push(np.array(xs, dtype=np.float32)[:, np.newaxis])
        >>> report = shards[0].merge(shards[1])
        >>> report.n_window, report.landmark_ids.tolist(), report.landmark_weights.tolist()
        (5, [0, 1, 2, 4], [1.0, 1.0, 2.0, 1.0])
        """
        if not isinstance(other, Stream):
            raise TypeError(f"other: expected a Stream, got {describe(other)}")
        return self._report(self._core.merge(other._core))

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._core.reset()

    def snapshot(self) -> bytes:
        """Return the whole stream as bytes."""
        return self._core.snapshot()

    def _adopt_snapshot(self, snapshot: bytes) -> None:
        self._adopt(_core.Stream.restore(snapshot))

    def __repr__(self) -> str:
        return (
            f"Stream(n_dims={self.n_dims}, window={self.window!r}, max_landmarks={self.max_landmarks}, "
            f"cover_radius={self.cover_radius}, max_dim={self.max_dim}, metric={self.metric!r}, "
            f"complex={self.complex!r}): {self.n_seen} points in {self.step} steps"
        )

    def _background(self, latest: _core.BackgroundDiagram) -> BackgroundDiagram:
        return BackgroundDiagram(
            diagram=Diagram.from_engine(latest.diagram, self._info),
            step=latest.step,
            n_seen=latest.n_seen,
            epsilon=latest.epsilon,
        )

    def _report(self, report: _core.StreamReport) -> Report:
        columns = report.diagram
        nearest, landmarks, persistence = report.latency
        return Report(
            step=report.step,
            n_points=report.n_points,
            first_index=report.first_index,
            n_window=report.n_window,
            diagram=Diagram.from_engine(columns, self._info),
            epsilon=report.epsilon,
            cover_radius=report.cover_radius,
            landmark_ids=report.landmark_ids,
            landmark_radii=report.landmark_radii,
            landmark_weights=report.landmark_weights,
            landmark_last_seen=report.landmark_last_seen,
            landmark_kept=report.landmark_kept,
            stats=PushStats(
                n_added=report.n_added,
                n_expired=report.n_expired,
                n_merged=report.n_merged,
                n_evicted=report.n_evicted,
                n_late=report.n_late,
                n_dropped=report.n_dropped,
                n_bytes=report.n_bytes,
                pool=_pool_stats(report.pool),
                latency={"nearest": nearest, "landmarks": landmarks, "persistence": persistence},
            ),
            background=None if report.background is None else self._background(report.background),
            cospan=report.cospan,
        )


def _pool_stats(stats: _core.PoolStats) -> PoolStats:
    return PoolStats(
        live=stats.live,
        slots=stats.slots,
        live_bytes=stats.live_bytes,
        bytes=stats.bytes,
        peak_bytes=stats.peak_bytes,
        fragmentation=stats.fragmentation,
        n_defragmented=stats.n_defragmented,
        n_inserted=stats.n_inserted,
        n_retired=stats.n_retired,
    )


def _simplices(columns: _core.SimplexColumns) -> Simplices:
    return Simplices(ids=columns.ids, vertices=columns.vertices, values=columns.values)


def _window(window: Any) -> tuple[int | None, float | None]:
    if isinstance(window, dt.timedelta):
        if not dt.timedelta(0) < window <= _LONGEST_WINDOW:
            raise ValueError(f"window: expected a positive time of at most {_LONGEST_WINDOW}, got {window!r}")
        return None, window.total_seconds()
    if isinstance(window, float):
        raise TypeError(f"window: expected a number of points or a datetime.timedelta, got {window!r}")
    return integer(window, "window", at_least=1), None


def _shares(shares: Any) -> tuple[float, float]:
    if not isinstance(shares, tuple) or len(shares) != 2:
        raise TypeError(f"defragment_at: expected a tuple of two shares, got {describe(shares)}")
    return number(shares[0], "defragment_at"), number(shares[1], "defragment_at")


def _seconds(times: Any) -> Float64Array:
    array = np.asarray(times)
    if array.dtype.kind == "M":
        if np.isnat(array).any():
            raise ValueError("times: expected times, got NaT")
        # In nanoseconds the years after 2262 overflow without a word; in microseconds float64 loses as little.
        array = array.astype("datetime64[us]").astype(np.int64) / 1e6
    return float_array(array, "times", 1).astype(np.float64, copy=False)


def _metric(metric: Any) -> str:
    name = _name(metric, "metric")
    if name == "precomputed":
        raise ValueError('metric: expected a metric between points, got "precomputed"; ts.rips takes distances')
    return name


def _name(value: Any, argument: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{argument}: expected a name, got {describe(value)}")
    return value
