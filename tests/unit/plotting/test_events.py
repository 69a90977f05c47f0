"""Timelines, clouds and events, on a canvas nobody sees."""

import numpy as np
import pytest

import toposcope as ts

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib.colors import to_rgb  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from toposcope.lifelines import lifelines  # noqa: E402
from toposcope.plotting._axes import COLOURS, COLOURS_ON_DARK  # noqa: E402

GRID = np.stack(np.meshgrid(0.4 * np.arange(3), 0.4 * np.arange(3)), axis=-1).reshape(-1, 2)
PATCHES = np.concatenate([GRID, GRID + np.array([3.2, 0.0])])
BRIDGE = np.stack([0.8 + 0.4 * np.arange(1, 6), np.full(5, 0.4)], axis=1)


def ring(x=0.0, n=16):
    angles = np.arange(n) * 2 * np.pi / n
    return np.stack([x + np.cos(angles), np.sin(angles)], axis=1)


def told(*chunks, window, keep_points=True, times=None, **parameters):
    tracker = ts.CobordismTracker(**{"scale": 0.6, "margin": 0.3, **parameters})
    monitor = ts.Monitor(ts.Stream(chunks[0].shape[1], window), tracker, keep_points=keep_points)
    stamps = [None if times is None else np.full(len(chunk), t) for chunk, t in zip(chunks, times or chunks)]  # noqa: B905
    return [e for chunk, t in zip(chunks, stamps, strict=True) for e in monitor.push(chunk, times=t).events]


@pytest.fixture(name="ax")
def _ax():
    return Figure().subplots()


@pytest.fixture(name="bridged", scope="module")
def _bridged():
    return told(PATCHES, BRIDGE, np.tile(PATCHES, (2, 1)), window=23)


# Timelines -----------------------------------------------------------------------------------------------------------


def test_lifelines_begin_and_end_where_events_say(bridged):
    lines = lifelines(bridged, by_time=False, min_mass=0)
    assert [(life.id, life.begin, life.end, life.lane) for life in lines.lives] == [
        (0, 1, None, 0),
        (1, 1, 2, 1),
        (2, 3, None, 1),  # where the merged one has made room
    ]
    assert [(mark.at, mark.id, mark.event.kind) for mark in lines.marks] == [
        (1, 0, "ComponentBirth"),
        (1, 1, "ComponentBirth"),
        (2, 0, "Merge"),
        (3, 0, "Split"),
    ]
    assert [(bond.at, bond.ids) for bond in lines.bonds] == [(2, (1, 0)), (3, (0, 2))]
    assert (lines.first, lines.last, lines.n_lanes) == (1, 3, 2)


def test_loops_are_above_components():
    lines = lifelines(told(ring(), ring(9.0), window=16), by_time=False, min_mass=0)
    assert [(life.noun, life.begin, life.end) for life in lines.lives] == [
        ("component", 1, 2),
        ("component", 2, None),
        ("loop", 1, 2),
        ("loop", 2, None),
    ]


def test_a_change_is_there_once_and_not_at_all_if_it_was_retracted():
    events = told(PATCHES, BRIDGE, np.tile(PATCHES, (2, 1)), PATCHES, window=23, confirm_after=1)
    assert {event.status for event in events} == {"provisional", "confirmed", "retracted"}
    lines = lifelines(events, by_time=False, min_mass=0)
    # One of the two was gone before its birth was confirmed, so it was never there; nor did anything merge.
    assert [(mark.at, mark.event.kind, mark.event.status) for mark in lines.marks] == [
        (1, "ComponentBirth", "confirmed"),
        (3, "Split", "confirmed"),
    ]
    assert [(life.id, life.begin, life.end) for life in lines.lives] == [(0, 1, None), (2, 3, None)]


def test_what_was_there_before_begins_with_the_first_event(bridged):
    lines = lifelines(bridged[2:], by_time=False, min_mass=0)
    assert [(life.id, life.begin, life.end) for life in lines.lives] == [(0, 2, None), (1, 2, 2), (2, 3, None)]


def test_light_features_are_left_out_with_their_marks():
    events = told(np.concatenate([PATCHES, [[50.0, 0.0]]]), window=30)
    lines = lifelines(events, by_time=False, min_mass=2)
    assert [life.mass for life in lines.lives] == [9, 9]
    assert len(lines.marks) == 2


def test_a_timeline_has_a_line_for_each_identity_and_a_mark_for_each_event(ax, bridged):
    assert ts.plot.timeline(bridged, ax=ax, until=5) is ax
    labels = [collection.get_label() for collection in ax.collections]
    assert {"components", "ComponentBirth", "Merge", "Split"} <= set(labels)
    (lives,) = [c for c in ax.collections if c.get_label() == "components"]
    assert sorted(tuple(segment[:, 0]) for segment in lives.get_segments()) == [(1, 2), (1, 5), (3, 5)]
    assert [text.get_text() for text in ax.texts] == ["0", "1", "2"]
    assert ax.get_xlabel() == "step"


def test_provisional_events_are_hollow(ax):
    ts.plot.timeline(told(PATCHES, window=23, confirm_after=3), ax=ax)
    marks = [c for c in ax.collections if c.get_label() == "ComponentBirth"]
    assert all(len(mark.get_facecolors()) == 0 for mark in marks)


def test_a_timeline_by_time(ax):
    ts.plot.timeline(told(ring(), ring(9.0), window=16, times=[100.0, 250.0]), ax=ax, x="time")
    assert ax.get_xlabel() == "time"
    assert ax.get_xlim() == pytest.approx((95.5, 254.5))


def test_a_timeline_of_nothing_says_so(ax):
    assert ts.plot.timeline([], ax=ax) is ax
    assert [text.get_text() for text in ax.texts] == ["no events"]
    assert ax.get_xlabel() == "step"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"events": 3}, TypeError, "events: expected a sequence of events, got int"),
        ({"events": ["Merge"]}, TypeError, "events: expected events, got str"),
        ({"x": "seconds"}, ValueError, 'x: expected "step" or "time", got \'seconds\''),
        ({"x": "time"}, ValueError, "x: expected events with times, got event 0 without"),
        ({"min_mass": "a"}, TypeError, "min_mass: expected a number, got 'a'"),
        ({"backend": "ggplot"}, ValueError, 'backend: expected "matplotlib" or "plotly", got \'ggplot\''),
        ({"ax": 3}, TypeError, "ax: expected Matplotlib Axes, got int"),
    ],
)
def test_other_timelines_are_refused(bridged, arguments, error, message):
    with pytest.raises(error, match=message):
        ts.plot.timeline(**{"events": bridged, **arguments})


# Clouds --------------------------------------------------------------------------------------------------------------


def test_a_cloud_of_the_plane_is_drawn_where_it_is(ax):
    diagram = ts.rips(ring(), representatives=True)
    assert ts.plot.cloud(ring(), cycles=diagram.representatives[1][0].cycle.walks(), ax=ax) is ax
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), ring())
    (cycle,) = ax.lines
    path = np.column_stack(cycle.get_data())
    np.testing.assert_array_equal(path[0], path[-1])
    assert len(path) == 17
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_a_cloud_of_many_dimensions_is_a_projection_and_says_so(ax):
    rng = np.random.default_rng(0)
    ts.plot.cloud(rng.normal(size=(50, 5)) * [9, 3, 0.1, 0.1, 0.1], ax=ax)
    assert ax.get_xlabel().startswith("principal direction 1 (")
    share = int(ax.get_xlabel().split("(")[1].rstrip("%)"))
    assert 80 <= share <= 95


def test_groups_have_colours(ax):
    ts.plot.cloud(ring(), groups=["a"] * 10 + ["b"] * 6, ax=ax)
    assert [len(c.get_offsets()) for c in ax.collections] == [10, 6]
    assert [tuple(c.get_facecolors()[0, :3]) for c in ax.collections] == [to_rgb(c) for c in COLOURS[:2]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_axes_in_space_take_three_directions():
    ax = Figure().add_subplot(projection="3d")
    ts.plot.cloud(np.random.default_rng(0).normal(size=(9, 3)), cycles=[[0, 1, 2]], ax=ax)
    assert ax.get_zlabel() == "z"
    ax = Figure().add_subplot(projection="3d")
    ts.plot.cloud(np.random.default_rng(0).normal(size=(9, 12)), ax=ax)
    assert ax.get_zlabel().startswith("principal direction 3")


@pytest.mark.parametrize("nothing", [[], np.empty((0, 2)), np.empty((0, 7))])
def test_a_cloud_of_nothing_says_so(ax, nothing):
    assert ts.plot.cloud(nothing, ax=ax) is ax
    assert [text.get_text() for text in ax.texts] == ["no points"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"points": [1.0, 2.0]}, ValueError, "points: expected an array of shape"),
        ({"points": [[np.nan, 0.0]]}, ValueError, "points: expected finite coordinates"),
        ({"groups": [1]}, ValueError, r"groups: expected one for each of the 16 points, got shape \(1,\)"),
        ({"items": ["a"]}, ValueError, r"items: expected one for each of the 16 points, got shape \(1,\)"),
        ({"cycles": [[0, 99]]}, ValueError, "cycles: expected places from 0 to 15, got 0 to 99"),
        ({"cycles": [[0.5]]}, TypeError, "cycles: expected arrays of places of points, got list of dtype float64"),
        ({"backend": None}, ValueError, "backend: expected"),
    ],
)
def test_other_clouds_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ts.plot.cloud(**{"points": ring(), **arguments})


# Events --------------------------------------------------------------------------------------------------------------


def test_a_loop_is_drawn_as_its_cycle(ax):
    death = told(ring(), ring(9.0), window=16)[4]
    assert death.kind == "LoopDeath"
    assert death.plot(ax) is ax
    (walk,) = ax.lines
    np.testing.assert_allclose(np.linalg.norm(np.column_stack(walk.get_data()), axis=1), 1)
    assert walk.get_linestyle() == "--"  # it is gone
    around, before = ax.collections
    np.testing.assert_allclose(around.get_offsets(), ring(9.0))
    assert len(before.get_offsets()) == 16
    assert ax.get_title() == "LoopDeath, broken at step 2"


def test_both_sides_of_a_split_are_drawn(ax, bridged):
    ts.plot.event(bridged[-1], ax=ax)
    labels = [c.get_label() for c in ax.collections[1:]]
    assert labels == ["before: component 0", "after: component 0", "after: component 2"]
    whole, left, right = ax.collections[1:]
    assert len(whole.get_facecolors()) == 0
    assert tuple(left.get_facecolors()[0]) != tuple(right.get_facecolors()[0])


def test_an_explanation_is_drawn_with_the_points_that_were_given(ax):
    birth = told(ring(), window=16, keep_points=False)[1]
    with pytest.raises(ValueError, match="points: expected coordinates of the event's landmarks, got none"):
        birth.plot(ax)
    assert birth.plot(ax, points=ring()) is ax
    assert birth.explain(ring()[:9]).plot(ax) is ax  # what is not known is left out


def test_an_event_without_features_is_said_to_have_none(ax):
    transient = ts.Transient(0, 0, 1, 0, None, (), (), (1.0, 2.0), None, True, "confirmed", n_loops=2)
    assert str(transient.explain(ring())) == "Transient at step 1: confirmed, certified, scales 1 to 2"
    with pytest.raises(ValueError, match="event: expected one about features, got a Transient, which names none"):
        transient.plot(ax, points=ring())


@pytest.mark.parametrize("points", [[[0.0], [1.0], [5.0]], [[2.0, 2.0]], [[3.0] * 9] * 4])
def test_points_on_a_line_and_at_one_place_are_drawn_too(ax, points):
    monitor = ts.Monitor(ts.Stream(len(points[0])), ts.CobordismTracker(scale=1.0), keep_points=True)
    event = monitor.push(np.array(points)).events[0]
    assert event.plot(ax) is ax
    ax.figure.canvas.draw()
    assert ts.plot.cloud(points, ax=Figure().subplots()).figure.canvas is not None


def test_only_events_are_drawn(ax):
    with pytest.raises(TypeError, match="event: expected an Event or an Explanation, got str"):
        ts.plot.event("Merge", ax=ax)


# Paper ---------------------------------------------------------------------------------------------------------------


def test_on_dark_paper_colours_are_bright(bridged):
    with ts.plot.theme("dark"):
        ax = Figure().subplots()
        ts.plot.timeline(bridged, ax=ax)
    (lives,) = [c for c in ax.collections if c.get_label() == "components"]
    assert tuple(lives.get_colors()[0, :3]) == to_rgb(COLOURS_ON_DARK[0])
    with ts.plot.theme("light"):
        ax = Figure().subplots()
        ts.plot.timeline(bridged, ax=ax)
    (lives,) = [c for c in ax.collections if c.get_label() == "components"]
    assert tuple(lives.get_colors()[0, :3]) == to_rgb(COLOURS[0])
    with pytest.raises(ValueError, match='name: expected "light" or "dark", got \'sepia\''):
        ts.plot.theme("sepia")


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize(("colours", "paper"), [(COLOURS, "#FFFFFF"), (COLOURS_ON_DARK, "#14171B")])
def test_every_colour_stands_out_from_its_paper(colours, paper):
    """By the contrast that WCAG 2.2 asks for of graphics, 3 to 1; its one exception here is said in the palette."""
    for colour in colours:
        high, low = sorted((luminance(colour), luminance(paper)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 2.9


# plotly --------------------------------------------------------------------------------------------------------------


def test_plotly_draws_a_cloud_in_space_with_items_that_are_no_markup():
    objects = pytest.importorskip("plotly.graph_objects")
    points = np.random.default_rng(0).normal(size=(12, 8))
    items = ["<b>bold</b>\x1b[0m"] + ["plain"] * 11
    figure = ts.plot.cloud(points, items=items, groups=list("ab" * 6), cycles=[[0, 1, 2]], backend="plotly")
    assert isinstance(figure, objects.Figure)
    assert [trace.type for trace in figure.data] == ["scatter3d"] * 3
    assert figure.data[0].text[0] == "&lt;b&gt;bold&lt;/b&gt;\ufffd[0m"
    assert len(figure.data[2].x) == 4
    again = ts.plot.cloud(ring(), ax=figure, backend="plotly")
    assert again is figure
    assert len(figure.data) == 4


def test_plotly_draws_a_timeline_that_tells_of_each_event(bridged):
    pytest.importorskip("plotly.graph_objects")
    figure = ts.plot.timeline(bridged, backend="plotly")
    texts = [text for trace in figure.data if trace.text is not None for text in trace.text]
    assert any(text.startswith("Merge, inserted, step 2<br>0, 1 → 0<br>confirmed") for text in texts)
    assert figure.layout.xaxis.title.text == "step"
    assert ts.plot.timeline([], backend="plotly").data is not None


def test_plotly_takes_its_own_figures(ax, bridged):
    pytest.importorskip("plotly.graph_objects")
    with pytest.raises(TypeError, match="ax: expected a plotly Figure, got Axes"):
        ts.plot.timeline(bridged, ax=ax, backend="plotly")


def test_without_plotly_the_extra_is_named(monkeypatch, bridged):
    monkeypatch.setitem(__import__("sys").modules, "plotly.graph_objects", None)
    with pytest.raises(ImportError, match=r'needs plotly: pip install "toposcope\[interactive\]"'):
        ts.plot.timeline(bridged, backend="plotly")
