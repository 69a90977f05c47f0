"""What an event is about: landmarks, where they are, and the items behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from toposcope._typing import describe, float_array, integer

if TYPE_CHECKING:
    from toposcope._typing import Float64Array
    from toposcope.tracking import Event, Feature

N_EXAMPLES = 5
"""Items of a feature that stand for it, unless told otherwise."""
_WIDTH = 100


class Memory(Protocol):
    """What remembers landmarks: a monitor's store, or what a caller has."""

    def items(self, ids: Iterable[int]) -> list[Any]:
        """Return the items of landmarks, None for those not known."""

    def points(self, ids: Iterable[int]) -> Float64Array | None:
        """Return the coordinates of landmarks, of shape (n, n_dims), NaN for those not known; None if of none."""

    def around(self) -> Float64Array | None:
        """Return the coordinates of all landmarks that are alive; None if they are not known."""


@dataclass(frozen=True, eq=False)
class ExplainedFeature:
    """A component, loop or void on one side of an event, with what stands behind its landmarks.

    Attributes
    ----------
    id : int
        Its identity.
    noun : {"component", "loop", "void"}
        What it is.
    mass : float
        Sum of the weights of its landmarks.
    landmarks : tuple of int
        Their ids: each is the index, over the whole stream, of the point that founded it.
    walks : tuple of tuple of int
        Of a loop, closed walks through landmarks that represent it, each ending where it began.
    items : tuple
        What was pushed with these points; None where there was nothing, or it is not remembered any more.
    points : ndarray of float64 of shape (n_landmarks, n_dims), or None
        Where the landmarks are, as they were pushed; rows of NaN where that is not remembered, None if it is of none.
    """

    id: int
    noun: Literal["component", "loop", "void"]
    mass: float
    landmarks: tuple[int, ...]
    walks: tuple[tuple[int, ...], ...]
    items: tuple[Any, ...]
    points: Float64Array | None

    @property
    def n_forgotten(self) -> int:
        """Landmarks of which neither item nor coordinates are known."""
        return len(self.landmarks) - int(self._is_known().sum())

    def cycles(self) -> list[Float64Array]:
        """Return the coordinates along each walk of a loop, arrays of shape (n_steps, n_dims), closed.

        Raises
        ------
        ValueError
            If no coordinates are known. Landmarks whose coordinates are forgotten are left out of the walk.
        """
        if self.points is None:
            raise ValueError(NO_POINTS)
        place = {landmark: at for at, landmark in enumerate(self.landmarks)}
        paths = [self.points[[place[landmark] for landmark in walk]] for walk in self.walks]
        return [path[np.isfinite(path).all(axis=1)] for path in paths]

    def examples(self, n: int = N_EXAMPLES) -> tuple[int, ...]:
        """Return a few landmarks that stand for it, by their ids.

        Of a component those nearest to the mean of what is known of it, nearest first; of others, and where no
        coordinates are known, some evenly spread in the order of ``landmarks``.

        Parameters
        ----------
        n : int, default=5
            How many at most.
        """
        return tuple(self.landmarks[at] for at in self._examples(integer(n, "n", at_least=0)))

    def text(self, n_items: int = N_EXAMPLES) -> str:
        """Return it as lines of text: what it is, and some of its items, or of its landmarks where there are none."""
        forgotten = f", {self.n_forgotten} of them forgotten" if self.n_forgotten else ""
        head = f"{self.noun} {self.id}, {_counted(len(self.landmarks), 'landmark')}{forgotten}, {weight(self.mass)}"
        return "\n".join([head, *(f"    {line}" for line in self._lines(n_items))])

    def __repr__(self) -> str:
        known = "without points" if self.points is None else f"in {self.points.shape[1]} dimensions"
        return f"ExplainedFeature({self.noun} {self.id}: {_counted(len(self.landmarks), 'landmark')} {known})"

    def _is_known(self) -> Any:
        has_item = np.array([item is not None for item in self.items], bool)
        return has_item if self.points is None else has_item | np.isfinite(self.points).all(axis=1)

    def _examples(self, n: int) -> list[int]:
        known = np.flatnonzero(self._is_known())
        if not len(known):
            known = np.arange(len(self.landmarks))
        if self.noun == "component" and self.points is not None:
            is_placed = np.isfinite(self.points[known]).all(axis=1)
            placed = known[is_placed]
            if len(placed):
                away = np.linalg.norm(self.points[placed] - self.points[placed].mean(axis=0), axis=1)
                return [int(at) for at in placed[np.argsort(away, kind="stable")[:n]]]
        spread = np.unique(np.linspace(0, len(known) - 1, min(n, len(known))).round().astype(int))
        return [int(at) for at in known[spread]]

    def _lines(self, n: int) -> list[str]:
        width = max((len(str(landmark)) for landmark in self.landmarks), default=1)
        lines = []
        for at in self._examples(n):
            item, landmark = self.items[at], f"{self.landmarks[at]:>{width}}"
            if item is not None:
                lines.append(f"{landmark}  {one_line(item)}")
            elif self.points is not None:
                lines.append(f"{landmark}  at {_place(self.points[at])}")
            else:
                lines.append(landmark)
        return lines


@dataclass(frozen=True, eq=False)
class Explanation:
    """An event, with the landmarks, coordinates and items behind its features.

    What :meth:`Event.explain` returns. ``print`` it to read it, :meth:`plot` it to see it.

    Attributes
    ----------
    event : Event
        What happened.
    before, after : tuple of ExplainedFeature
        The features on each side: of a split the whole and its parts, of a loop the cycle that shows it.

    Examples
    --------
    >>> import numpy as np
    >>> import toposcope as ts
    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    >>> monitor = ts.Monitor(ts.Stream(n_dims=2), ts.CobordismTracker(scale=1.2, margin=0.1), keep_points=True)
    >>> report = monitor.push(square, items=["south-west", "south-east", "north-east", "north-west"])
    >>> print(report.events[1].explain())
    LoopBirth, closed at step 1: confirmed, certified, scales 1.15 to 1.25
    after: loop 1, 4 landmarks, 4 points
        0  south-west
        1  south-east
        2  north-east
        3  north-west
    >>> report.events[1].explain().after[0].cycles()[0][:2]
    array([[0., 0.],
           [1., 0.]])
    """

    event: Event
    before: tuple[ExplainedFeature, ...]
    after: tuple[ExplainedFeature, ...]
    _memory: Memory = field(repr=False)

    @property
    def around(self) -> Float64Array | None:
        """Where the landmarks are that are alive now, float64 of shape (n, n_dims): the background of a picture.

        None if that is not known.
        """
        return self._memory.around()

    @property
    def features(self) -> tuple[tuple[str, ExplainedFeature], ...]:
        """All features with the side they are on: ``"before"`` or ``"after"``."""
        return tuple([("before", f) for f in self.before] + [("after", f) for f in self.after])

    def text(self, n_items: int = N_EXAMPLES) -> str:
        """Return the explanation as lines of text.

        Parameters
        ----------
        n_items : int, default=5
            Items shown of each feature.
        """
        head = f"{title(self.event)} at step {self.event.step}: {evidence(self.event)}"
        return "\n".join([head, *(f"{side}: {feature.text(n_items)}" for side, feature in self.features)])

    def plot(self, ax: Any = None) -> Any:
        """Draw where it happened (needs matplotlib) and return the Axes; see :func:`toposcope.plotting.event`.

        Raises
        ------
        ValueError
            If no coordinates are known.
        """
        # Here alone, since nothing imports the plotting package at import time.
        from toposcope.plotting import event as plot_event  # noqa: PLC0415

        return plot_event(self, ax=ax)

    def __getstate__(self) -> dict[str, Any]:
        # What the monitor remembers stays with it.
        return {**self.__dict__, "_memory": Given()}

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        sides = (f"{side}: {f.noun} {f.id} of {_counted(len(f.landmarks), 'landmark')}" for side, f in self.features)
        return f"Explanation({self.event.kind} at step {self.event.step}; {', '.join(sides)})"


NO_POINTS = (
    "points: expected coordinates of the event's landmarks, got none: watch with Monitor(..., keep_points=True), "
    "or give them to event.explain(points=...)"
)


def explanation_of(event: Event, memory: Memory) -> Explanation:
    """Look up what is behind the landmarks of an event."""
    before, after = ([_explained(event, f, memory) for f in side] for side in (event.before, event.after))
    return Explanation(event, tuple(before), tuple(after), memory)


def title(event: Event) -> str:
    """Return what happened, with its cause if it has one."""
    cause = getattr(event, "cause", None)
    return event.kind if cause is None else f"{event.kind}, {cause}"


def evidence(event: Event) -> str:
    """Return how sure an event is, in words."""
    low, high = event.scale
    proof = "certified" if event.certified else f"not certified, confidence {event.confidence:.2f}"
    return f"{event.status}, {proof}, scales {low:.3g} to {high:.3g}"


def noun_of(event: Event, feature: Feature) -> Literal["component", "loop", "void"]:
    """Return what a feature of an event is."""
    if event.kind.startswith("Void"):
        return "void"
    return "loop" if feature.walks else "component"


def weight(mass: float) -> str:
    """Return a mass in words."""
    if mass == 1:
        return "1 point"
    return f"{mass:.0f} points" if float(mass).is_integer() else f"weight {mass:.4g}"


def one_line(item: Any, width: int = _WIDTH) -> str:
    """Return an item as one line of text, cut off where it is long, without what could steer a terminal."""
    line = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(str(item).split()))
    return line if len(line) <= width else line[: width - 1] + "…"


class Given:
    """Points and items that a caller has at hand, by the index of a point over the whole stream.

    Raises
    ------
    TypeError, ValueError
        If they are neither sequences nor mappings, or a point is not a row of as many numbers as the others.
    """

    def __init__(self, points: Any = None, items: Any = None) -> None:
        self._point = None if points is None else _lookup(points, "points")
        self._item = None if items is None else _lookup(items, "items")

    def items(self, ids: Iterable[int]) -> list[Any]:
        """Return the items of landmarks, None for those not given."""
        return [None if self._item is None else self._item(i) for i in ids]

    def points(self, ids: Iterable[int]) -> Float64Array | None:
        """Return the coordinates of landmarks, NaN for those not given; None if none are."""
        if self._point is None:
            return None
        rows = [self._point(i) for i in ids]
        return stacked([None if row is None else float_array(row, "points", 1) for row in rows])

    def around(self) -> None:
        """Which of the points were landmarks, and when, is not known here."""


def stacked(rows: list[Any]) -> Float64Array | None:
    """Return rows below each other as float64, NaN for those that are None; None if all are.

    Raises
    ------
    ValueError
        If they differ in length.
    """
    lengths = {len(row) for row in rows if row is not None}
    if len(lengths) > 1:
        raise ValueError(f"points: expected rows of one length, got {sorted(lengths)}")
    if not lengths:
        return None
    table = np.full((len(rows), lengths.pop()), np.nan)
    for at, row in enumerate(rows):
        if row is not None:
            table[at] = row
    return table


def _explained(event: Event, feature: Feature, memory: Memory) -> ExplainedFeature:
    return ExplainedFeature(
        id=feature.id,
        noun=noun_of(event, feature),
        mass=feature.mass,
        landmarks=feature.landmarks,
        walks=feature.walks,
        items=tuple(memory.items(feature.landmarks)),
        points=memory.points(feature.landmarks),
    )


def _lookup(given: Any, argument: str) -> Callable[[int], Any]:
    if isinstance(given, Mapping):
        return given.get
    if isinstance(given, str | bytes) or not (hasattr(given, "__getitem__") and hasattr(given, "__len__")):
        raise TypeError(f"{argument}: expected an array, a sequence or a mapping by landmark id, got {describe(given)}")
    rows = np.asarray(given) if hasattr(given, "__array__") else given  # a table's own [i] would be a column
    return lambda i: rows[i] if i < len(rows) else None


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _place(point: Any) -> str:
    shown = ", ".join(f"{x:.3g}" for x in point[:3])
    return f"({shown}, …)" if len(point) > 3 else f"({shown})"
