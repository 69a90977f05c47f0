"""Typed events: which components, loops and voids of a stream were born, died, split and merged."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toposcope import _core
from toposcope._checkpoint import Checkpointed
from toposcope._typing import describe, integer, number
from toposcope.explanations import Given, explanation_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from toposcope.calibration import Calibration
    from toposcope.explanations import Explanation, Memory
    from toposcope.reports import Report
    from toposcope.stream import Stream


@dataclass(frozen=True, slots=True)
class Feature:
    """A component, a loop or a void on one side of an event, by the landmarks that show it.

    Attributes
    ----------
    id : int
        Its identity, unique over the tracker's life.
    landmarks : tuple of int
        Landmark ids: of a component all, ascending; of a loop those around it, in the order of its walks; of a void
        those of its shell, ascending.
    walks : tuple of tuple of int
        Closed walks through landmarks, each ending where it began, that together represent a loop; others have none.
    mass : float
        Sum of the weights of its landmarks: how many points were ever assigned to them, if these came without weights.
    triangles : tuple of tuple of int
        Triangles of landmarks that together enclose a void, each ascending; others have none.
    """

    id: int
    landmarks: tuple[int, ...]
    walks: tuple[tuple[int, ...], ...]
    mass: float
    triangles: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Confidence:
    """The parts of an event's confidence. They measure different things, so they are never multiplied.

    Attributes
    ----------
    margin : float
        ``min(1, persistence / 4ε)`` of the least persistent class that the event counts, before and after; 1 if ε = 0.
    scale_support : float
        Length of the interval of scales that every class spans, as a share of its upper end.
    n_steps : int
        Pushes for which the change has been true so far.
    """

    margin: float
    scale_support: float
    n_steps: int


@dataclass(frozen=True)
class Event:
    """One typed change between two successive reports.

    Attributes
    ----------
    seq : int
        Position in the order of all that the tracker ever said, from 0.
    origin : int
        The ``seq`` under which this change was told first; a confirmation or retraction repeats it with a new ``seq``.
    step : int
        The step of the stream at which the change happened.
    since : int
        The step after which it happened, up to ``step``: the one before it, unless it is about voids and the tracker's
        ``void_every`` is more than 1.
    time : float or None
        Latest time of a point up to that step, if points have times.
    before, after : tuple of Feature
        The features on each side: parents and children; what continued, died or was born.
    scale : tuple of float
        Every class counted is born at or below the first and alive beyond the second; what died of ``"resolution"``
        was so before the interval grew to this one.
    parts : Confidence
        How much there is to it.
    certified : bool
        Whether every class counted is proven to exist in the full window, on its side.
    status : {"provisional", "confirmed", "retracted"}
        Whether it lasted.
    """

    seq: int
    origin: int
    step: int
    since: int
    time: float | None
    before: tuple[Feature, ...]
    after: tuple[Feature, ...]
    scale: tuple[float, float]
    parts: Confidence
    certified: bool
    status: Literal["provisional", "confirmed", "retracted"]

    @property
    def kind(self) -> str:
        """Name of the event's class."""
        return type(self).__name__

    @property
    def confidence(self) -> float:
        """How near the least persistent class is to being proven, from 0 to 1."""
        return self.parts.margin

    @property
    def is_quiet(self) -> bool:
        """Whether it tells that nothing lasting happened."""
        return False

    @property
    def identities(self) -> tuple[int, ...]:
        """Identities of the features on both sides, each once."""
        return tuple(dict.fromkeys(feature.id for feature in (*self.before, *self.after)))

    @property
    def landmarks_before(self) -> tuple[int, ...]:
        """Landmarks of all features before."""
        return _landmarks(self.before)

    @property
    def landmarks_after(self) -> tuple[int, ...]:
        """Landmarks of all features after."""
        return _landmarks(self.after)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as values that JSON can hold, with the event's ``kind`` and ``confidence``."""
        plain: dict[str, Any] = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return {"kind": self.kind, **plain, "confidence": self.confidence}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Event:
        """Make an event out of what :meth:`to_dict` returned, such as a line of ``events.jsonl``.

        Parameters
        ----------
        plain : mapping
            The fields and the ``kind``; more than that is ignored.

        Returns
        -------
        Event
            Of the class that ``kind`` names.

        Raises
        ------
        ValueError
            If the kind is unknown or a field is missing.

        Examples
        --------
        >>> import numpy as np
        >>> import toposcope as ts
        >>> (birth,) = ts.CobordismTracker(scale=1.0).observe(ts.Stream(n_dims=1).push(np.zeros((1, 1))))
        >>> ts.Event.from_dict(birth.to_dict()) == birth
        True
        """
        kind = _CLASSES.get(plain.get("kind", ""))
        if kind is None:
            raise ValueError(f"kind: expected one of {', '.join(sorted(_CLASSES))}, got {plain.get('kind')!r}")
        names = [f.name for f in fields(kind)]
        if missing := [name for name in names if name not in plain]:
            raise ValueError(f"plain: expected the fields of a {kind.__name__}, got none named {', '.join(missing)}")
        own = {name: _tuples(plain[name]) for name in names}
        for side in ("before", "after"):
            own[side] = tuple(_of_fields(Feature, feature) for feature in plain[side])
        return kind(**{**own, "parts": _of_fields(Confidence, plain["parts"])})

    def explain(self, points: Any = None, items: Any = None) -> Explanation:
        """Look up what is behind the landmarks: where they are, and the items that they stand for.

        An event itself holds ids alone. One that a :class:`~toposcope.Monitor` handed out finds the items that were
        pushed there, and with ``keep_points=True`` the coordinates: of landmarks that are alive, and of a bounded
        number of those that went last. What is forgotten is said to be.

        Parameters
        ----------
        points : array, sequence or mapping, optional
            Coordinates by the index of a point over the whole stream, which is what a landmark's id is: all points that
            were ever pushed, say. By default the monitor's.
        items : sequence or mapping, optional
            Items by the same index. By default the monitor's, if no points are given either.

        Returns
        -------
        Explanation

        Raises
        ------
        ValueError
            If neither is given, and the event was not handed out by a monitor, or is a copy.
        TypeError
            If what is given cannot be looked up by an index.

        Examples
        --------
        >>> import numpy as np
        >>> import toposcope as ts
        >>> points = np.array([[0.0], [0.5], [9.0]])
        >>> stream, tracker = ts.Stream(n_dims=1), ts.CobordismTracker(scale=1.0)
        >>> events = tracker.observe(stream.push(points))
        >>> print(events[1].explain(points, items=["a", "b", "c"]))
        ComponentBirth at step 1: confirmed, certified, scales 1 to 1
        after: component 1, 1 landmark, 1 point
            2  c
        """
        if points is not None or items is not None:
            return explanation_of(self, Given(points, items))
        return explanation_of(self, self._memory())

    def plot(self, ax: Any = None, *, points: Any = None, items: Any = None) -> Any:
        """Draw where it happened (needs matplotlib) and return the Axes; see :func:`toposcope.plotting.event`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where; by default pyplot's current Axes.
        points, items : optional
            As :meth:`explain` takes them.

        Raises
        ------
        ValueError, TypeError
            As :meth:`explain` does, and if no coordinates are known.
        """
        return self.explain(points, items).plot(ax)

    def _memory(self) -> Memory:
        memory: Memory | None = self.__dict__.get("_link")
        if memory is None:
            raise ValueError(
                "points: expected coordinates or items by landmark id, since the event was not handed out by a "
                "monitor, or has been copied or stored since; monitor.explain(event) looks it up again"
            )
        return memory

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_link"}


# Kinds without fields of their own need no decorator: what Event has serves them, and importing is quicker.


class Continue(Event):
    """A component is still there."""

    @property
    def component(self) -> int:
        """Its identity."""
        return self.after[0].id

    @property
    def is_quiet(self) -> bool:
        """Whether it tells that nothing lasting happened."""
        return True


@dataclass(frozen=True)
class Merge(Event):
    """Several components became one.

    Attributes
    ----------
    cause : {"inserted", "resolution"}
        New landmarks joined them; or the landmarks became coarser, and they cannot be told apart with certainty.
    """

    cause: Literal["inserted", "resolution"]

    @property
    def parents(self) -> tuple[int, ...]:
        """Identities of the components before."""
        return _ids(self.before)

    @property
    def child(self) -> int:
        """Identity of the component after: the eldest parent's, then the heaviest's."""
        return self.after[0].id


class Split(Event):
    """One component became several."""

    @property
    def parent(self) -> int:
        """Identity of the component before."""
        return self.before[0].id

    @property
    def children(self) -> tuple[int, ...]:
        """Identities of the components after; the one that holds most of the parent's points has its identity."""
        return _ids(self.after)


class ComponentBirth(Event):
    """A component appeared away from all others."""

    @property
    def component(self) -> int:
        """Its identity."""
        return self.after[0].id


class ComponentDeath(Event):
    """A component disappeared."""

    @property
    def component(self) -> int:
        """Its identity."""
        return self.before[0].id


class Reorganise(Event):
    """Several components became several others, joined by landmarks that were there in between only."""

    @property
    def parents(self) -> tuple[int, ...]:
        """Identities of the components before."""
        return _ids(self.before)

    @property
    def children(self) -> tuple[int, ...]:
        """Identities of the components after; one that holds points of a parent may have its identity."""
        return _ids(self.after)


@dataclass(frozen=True)
class LoopBirth(Event):
    """A loop appeared.

    Attributes
    ----------
    cause : {"closed", "opened"}
        New landmarks closed it; or landmarks that filled it left.
    """

    cause: Literal["closed", "opened"]

    @property
    def loop(self) -> int:
        """Its identity."""
        return self.after[0].id


@dataclass(frozen=True)
class LoopDeath(Event):
    """A loop disappeared.

    Attributes
    ----------
    cause : {"filled", "broken", "resolution"}
        New landmarks filled it; landmarks that carried it left; or the landmarks became coarser, and it is not certain.
    """

    cause: Literal["filled", "broken", "resolution"]

    @property
    def loop(self) -> int:
        """Its identity."""
        return self.before[0].id


@dataclass(frozen=True)
class LoopContinue(Event):
    """A loop is still there.

    Attributes
    ----------
    lineage : {"matched", "ambiguous"}
        Before and after are the same class in the union; or only up to loops that broke: then that one continues is
        certain, which is a choice, and it gets a new identity.
    """

    lineage: Literal["matched", "ambiguous"]

    @property
    def loop(self) -> int:
        """Its identity after."""
        return self.after[0].id

    @property
    def previous(self) -> int:
        """Its identity before."""
        return self.before[0].id

    @property
    def is_quiet(self) -> bool:
        """Whether it tells that nothing lasting happened; a new identity is news."""
        return self.lineage == "matched"


@dataclass(frozen=True)
class VoidBirth(Event):
    """A void appeared.

    Attributes
    ----------
    cause : {"closed", "opened"}
        New landmarks closed its shell; or landmarks that filled it left.
    """

    cause: Literal["closed", "opened"]

    @property
    def void(self) -> int:
        """Its identity."""
        return self.after[0].id


@dataclass(frozen=True)
class VoidDeath(Event):
    """A void disappeared.

    Attributes
    ----------
    cause : {"filled", "broken", "resolution"}
        New landmarks filled it; landmarks of its shell left; or the landmarks became coarser, and it is not certain.
    """

    cause: Literal["filled", "broken", "resolution"]

    @property
    def void(self) -> int:
        """Its identity."""
        return self.before[0].id


@dataclass(frozen=True)
class VoidContinue(Event):
    """A void is still there.

    Attributes
    ----------
    lineage : {"matched", "ambiguous"}
        As that of :class:`LoopContinue`.
    """

    lineage: Literal["matched", "ambiguous"]

    @property
    def void(self) -> int:
        """Its identity after."""
        return self.after[0].id

    @property
    def previous(self) -> int:
        """Its identity before."""
        return self.before[0].id

    @property
    def is_quiet(self) -> bool:
        """Whether it tells that nothing lasting happened; a new identity is news."""
        return self.lineage == "matched"


@dataclass(frozen=True)
class Transient(Event):
    """Loops or voids existed in the union of before and after alone.

    Attributes
    ----------
    n_loops, n_voids : int
        How many: one of the two is 0.
    """

    n_loops: int
    n_voids: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether it tells that nothing lasting happened."""
        return True


_CLASSES: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Continue,
        Merge,
        Split,
        ComponentBirth,
        ComponentDeath,
        Reorganise,
        LoopBirth,
        LoopDeath,
        LoopContinue,
        VoidBirth,
        VoidDeath,
        VoidContinue,
        Transient,
    )
}
KINDS = frozenset({"Event", *_CLASSES})
"""Names of all kinds of events, and of their base."""
#: What a class has besides the fields of :class:`Event`, and where it comes from.
_SOURCES = {"cause": "cause", "lineage": "cause", "n_loops": "n_loops", "n_voids": "n_voids"}


class CobordismTracker(Checkpointed):
    r"""Follows the components, loops and voids of a stream by name.

    A push takes the landmarks from K to K'; W is the complex on all of them. Classes that are born at or below
    ``scale - margin / 2`` and alive beyond ``scale + margin / 2`` are compared through the inclusions K → W ← K'. The
    numbers of events follow from the ranks of these maps: a ring that jumps away is a death and a birth, though every
    Betti number stays the same.

    Parameters
    ----------
    scale : float, optional
        Diameter at which to look. By default it is chosen from the first report with at least 16 landmarks, and then
        frozen: the middle of the relatively widest gap that is left, raised by the margin, between successive lengths
        of the landmarks' minimum spanning tree, from the median up, or between the last of them and the enclosing
        radius. Where no gap is wider than the margin there is no scale: :attr:`is_tracking` stays False, which means
        "could not measure", not "no change".
    margin : float, optional
        Length of the interval around ``scale`` on which a class must live to count. By default 4ε, so that every class
        counted is proven to exist at ``scale`` in the full window; it grows with ε, never shrinks, and what it blurs is
        told with ``cause="resolution"``. Below half of it there are no loops at a scale, as none can be proven so. With
        0, all classes at ``scale`` count, and ``certified`` says which events are proven.
    max_dim : {0, 1, 2}, default=1
        0 = components alone, 1 = loops too, 2 = voids too.
    void_every : int, default=1
        Voids are read with every so many reports. With more than 1, K and W are the landmarks at the last reading and
        all that were there since, with the edges between those that were ever there together: an event about voids
        tells what happened after ``since``, up to ``step``, and one that is gone and back in between is not told of.
    confirm_after : int, default=0
        Steps after which a change that is still true is confirmed. With 0, events are final when they are told; else
        they are ``"provisional"`` first and told again as ``"confirmed"`` or ``"retracted"``: with the event that does
        no more than undo it, so that confirmed events add up to what is alive.
    include_continues : bool, default=False
        Whether to tell of what goes on, and of loops that were there in between only.

    Raises
    ------
    ValueError, TypeError
        If a parameter is not as described.

    Notes
    -----
    Counts are canonical; which loop continues which can be a choice, and ``lineage`` says where it was.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> stream = ts.Stream(n_dims=1, window=4)
    >>> tracker = ts.CobordismTracker(scale=1.0)
    >>> for chunk in [[0], [1], [5], [5], [6], [9], [8, 7], [3]]:
    ...     report = stream.push(np.array(chunk, dtype=np.float32)[:, np.newaxis])
    ...     print(chunk, [(e.kind, e.identities) for e in tracker.observe(report)])
    [0] [('ComponentBirth', (0,))]
    [1] []
    [5] [('ComponentBirth', (1,))]
    [5] []
    [6] []
    [9] [('ComponentDeath', (0,)), ('ComponentBirth', (2,))]
    [8, 7] [('Merge', (1, 2))]
    [3] [('ComponentBirth', (3,))]
    """

    def __init__(
        self,
        scale: float | None = None,
        margin: float | None = None,
        max_dim: int = 1,
        *,
        void_every: int = 1,
        confirm_after: int = 0,
        include_continues: bool = False,
    ) -> None:
        self._core = _core.Tracker(
            scale=None if scale is None else number(scale, "scale"),
            margin=None if margin is None else number(margin, "margin"),
            max_dim=integer(max_dim, "max_dim", at_least=0, at_most=2),
            void_every=integer(void_every, "void_every", at_least=1),
            confirm_after=integer(confirm_after, "confirm_after", at_least=0),
            include_continues=_flag(include_continues, "include_continues"),
        )
        self._calibration: Calibration | None = None

    @classmethod
    def calibrate(
        cls,
        reference: Any,
        ert: float = 1000.0,
        *,
        stream: Stream | None = None,
        chunk_size: int | None = None,
        scale: float | None = None,
        max_dim: int = 1,
        void_every: int = 1,
        confirm_after: int = 0,
        seed: int = 0,
    ) -> CobordismTracker:
        """Return a tracker that on a stream like the reference tells of something about once in ``ert`` chunks.

        Trackers with margins from 0 to twice the scale watch the reference; a few hundred chunks say where to look, and
        the others count. The number of chunks at which each confirms an event goes down with the margin, by a law that
        is fitted around the number asked for: the logarithm of the expected number is a parabola that opens downwards,
        or a line. The margin is the smallest from which on it is low enough.

        That assumes that the reference shows nothing but what shall not be told, that what comes later is
        drawn likewise, in chunks of the same size and a window of the same length, and, where ``ert`` is more than the
        reference has chunks, that the law goes on. Chunks while the window fills are left out.

        Parameters
        ----------
        reference : iterable of Report, or points
            Reports of a stream as they come, or what is pushed into ``stream``: chunks, or an array of points of shape
            (n_points, n_dims) that is cut into chunks of ``chunk_size``.
        ert : float, default=1000
            Expected number of chunks between two chunks with events while nothing changes: at most ten times as many as
            the reference has.
        stream : Stream, optional
            Takes the points; a new one, of the parameters that are going to be used. Afterwards it has seen the
            reference.
        chunk_size : int, optional
            Points of a chunk, for an array of points.
        scale : float, optional
            By default the one that the tracker finds in the reference.
        max_dim, void_every, confirm_after
            Of the tracker; see there.
        seed : int, default=0
            For the resampling that :attr:`calibration` has its ``interval`` from: blocks of as many chunks as a window
            takes to turn over.

        Returns
        -------
        CobordismTracker
            One that has seen nothing, with the reasons in :attr:`calibration`.

        Raises
        ------
        NotEnoughDataError
            If the reference is too short for ``ert``, or too few of its chunks have events, with any margin, to say how
            their number goes down; or if no scale is found in it.
        ValueError, TypeError
            If a parameter is not as described, or at this scale no margin is large enough.

        Examples
        --------
        >>> import numpy as np
        >>> import toposcope as ts
        >>> stream = ts.Stream(n_dims=2, window=40)
        >>> points = np.random.default_rng(0).normal(size=(9000, 2))
        >>> tracker = ts.CobordismTracker.calibrate(points, ert=100, stream=stream, chunk_size=10, scale=1.8)
        >>> why = tracker.calibration
        >>> tracker.margin is None, 0 < why.margin < 3.6, why.n_chunks
        (True, True, 593)
        """
        # Only who calibrates needs it.
        from toposcope.calibration import calibrated  # noqa: PLC0415

        tracker, calibration = calibrated(
            cls,
            reference,
            ert,
            stream=stream,
            chunk_size=chunk_size,
            scale=scale,
            seed=seed,
            max_dim=max_dim,
            void_every=void_every,
            confirm_after=confirm_after,
        )
        tracker._calibration = calibration  # noqa: SLF001 (one of ours)
        return tracker

    @property
    def calibration(self) -> Calibration | None:
        """How the margin was chosen; None if it was not, or if the tracker comes from a checkpoint."""
        return self._calibration

    @property
    def scale(self) -> float | None:
        """Diameter at which the tracker looks; None until it has been able to choose one."""
        return self._core.reading()[0]

    @property
    def margin(self) -> float | None:
        """Length of the interval around the scale on which a class must live at present; None until one was read."""
        return self._core.reading()[1]

    @property
    def is_tracking(self) -> bool:
        """Whether reports are being read: False means that there was not enough to go by."""
        return self._core.reading()[1] is not None

    @property
    def components(self) -> tuple[int, ...]:
        """Identities of the components alive."""
        return tuple(self._core.reading()[2])

    @property
    def loops(self) -> tuple[int, ...]:
        """Identities of the loops alive."""
        return tuple(self._core.reading()[3])

    @property
    def voids(self) -> tuple[int, ...]:
        """Identities of the voids alive when they were last read."""
        return tuple(self._core.reading()[4])

    def observe(self, report: Report) -> list[Event]:
        """Tell what happened since the last report.

        The first report that can be read gives births of what is there.

        Parameters
        ----------
        report : Report
            The one that follows the last one observed, of the same stream.

        Returns
        -------
        list of Event
            In the order of ``seq``.

        Raises
        ------
        ValueError
            If it is another report; the tracker is then as it was. After ``stream.reset()`` call :meth:`reset`.
        """
        cospan = getattr(report, "cospan", report)
        if cospan is None:
            raise ValueError("report: expected one with its cospan, got one that was stripped of it")
        if not isinstance(cospan, _core.Cospan):
            raise TypeError(f"report: expected a Report of a Stream, got {describe(report)}")
        return [_event(event) for event in self._core.observe(cospan)]

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._core.reset()

    def snapshot(self) -> bytes:
        """Return the whole tracker as bytes."""
        return self._core.snapshot()

    def _adopt_snapshot(self, snapshot: bytes) -> None:
        self._core = _core.Tracker.restore(snapshot)
        self._calibration = None

    def __repr__(self) -> str:
        scale, margin, components, loops, voids = self._core.reading()
        holes = f"{len(loops)} loops" + (f", {len(voids)} voids" if voids else "")
        return f"CobordismTracker(scale={scale}, margin={margin}): {len(components)} components, {holes}"


def link(events: Iterable[Event], memory: Memory) -> None:
    """Tell events where their landmarks are remembered: not a field, as it says nothing about what happened."""
    for event in events:
        object.__setattr__(event, "_link", memory)


def _event(event: _core.TrackedEvent) -> Event:
    kind = _CLASSES[event.kind]
    own = {f.name: getattr(event, _SOURCES[f.name]) for f in fields(kind) if f.name in _SOURCES}
    return kind(
        seq=event.seq,
        origin=event.origin,
        step=event.step,
        since=event.since,
        time=event.time,
        before=_features(event.before),
        after=_features(event.after),
        scale=event.scale,
        parts=Confidence(event.margin, event.scale_support, event.n_steps),
        certified=event.certified,
        status=event.status,
        **own,
    )


def _features(features: Iterable[_core.TrackedFeature]) -> tuple[Feature, ...]:
    return tuple(_feature(feature) for feature in features)


def _feature(feature: _core.TrackedFeature) -> Feature:
    walks = tuple(tuple(walk) for walk in feature.walks)
    triangles = tuple((a, b, c) for a, b, c in feature.triangles)
    return Feature(feature.id, tuple(feature.landmarks), walks, feature.mass, triangles)


def _flag(value: Any, argument: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument}: expected True or False, got {value!r}")
    return bool(value)


def _ids(features: Iterable[Feature]) -> tuple[int, ...]:
    return tuple(feature.id for feature in features)


def _landmarks(features: Iterable[Feature]) -> tuple[int, ...]:
    return tuple(landmark for feature in features for landmark in feature.landmarks)


def _of_fields(kind: type[Any], plain: Mapping[str, Any]) -> Any:
    try:
        return kind(**{f.name: _tuples(plain[f.name]) for f in fields(kind)})
    except (KeyError, TypeError):
        raise ValueError(f"plain: expected the fields of a {kind.__name__}, got {plain!r}") from None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, (list, tuple)) else value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, (Feature, Confidence)):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value
