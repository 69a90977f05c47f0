"""What is drawn where, on a canvas nobody sees."""

import numpy as np
import pytest

import toposcope as ts

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib.figure import Figure  # noqa: E402

from toposcope import plotting  # noqa: E402

DIAGRAM = ts.Diagram.from_arrays({0: [[0, 0.5], [0, np.inf]], 1: [[0.5, 1.0], [0.6, 0.7]], 2: []})


@pytest.fixture(name="ax")
def _ax():
    return Figure().subplots()


def test_a_diagram_puts_every_interval_at_birth_and_death(ax):
    assert plotting.diagram(DIAGRAM, ax=ax) is ax
    points = {collection.get_label(): np.asarray(collection.get_offsets()) for collection in ax.collections}
    assert set(points) == {"H0", "H1", "H2"}
    np.testing.assert_allclose(points["H0"], [[0, 0.5], [0, 1.1]])  # what never ends is beyond the largest value
    np.testing.assert_allclose(points["H1"], [[0.5, 1.0], [0.6, 0.7]])
    assert len(points["H2"]) == 0


def test_only_the_dimensions_asked_for_are_drawn(ax):
    plotting.diagram(DIAGRAM, ax=ax, dims=[1])
    assert [collection.get_label() for collection in ax.collections] == ["H1"]


def test_the_error_bound_is_a_band_of_twice_its_width(ax):
    plotting.diagram(DIAGRAM, ax=ax, error_bound=0.1)
    (band,) = [c for c in ax.collections if not c.get_label().startswith("H")]
    heights = band.get_paths()[0].vertices
    assert heights[:, 1].max() == pytest.approx(1.1 + 0.2)


def test_a_barcode_has_a_bar_for_every_interval(ax):
    assert plotting.barcode(DIAGRAM, ax=ax) is ax
    bars = {c.get_label(): np.array([segment[:, 0] for segment in c.get_segments()]) for c in ax.collections}
    np.testing.assert_allclose(bars["H0"], [[0, 0.5], [0, 1.1]])
    np.testing.assert_allclose(bars["H1"], [[0.5, 1.0], [0.6, 0.7]])


@pytest.mark.parametrize("draw", [plotting.diagram, plotting.barcode])
def test_an_empty_diagram_is_drawn_too(ax, draw):
    assert draw(ts.Diagram.from_arrays({}), ax=ax) is ax


@pytest.mark.parametrize("draw", [plotting.diagram, plotting.barcode])
@pytest.mark.parametrize("dims", [[3], [-1], [0, 7]])
def test_a_dimension_that_was_not_computed_is_refused(ax, draw, dims):
    with pytest.raises(ValueError, match="dims: expected dimensions from 0 to 2"):
        draw(DIAGRAM, ax=ax, dims=dims)


def test_without_axes_pyplot_gives_some():
    import matplotlib.pyplot as plt

    try:
        assert plotting.barcode(DIAGRAM) is plt.gca()
    finally:
        plt.close("all")


def test_a_diagram_draws_itself(ax):
    assert DIAGRAM.plot(ax=ax) is ax
    assert [c.get_label() for c in ax.collections] == ["H0", "H1", "H2"]


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'plotting needs matplotlib: pip install "toposcope\[plot\]"'):
        plotting.diagram(DIAGRAM)


# Over time -----------------------------------------------------------------------------------------------------------


def reports(n=5):
    stream = ts.Stream(n_dims=2, window=60, cover_radius=0.1)
    rng = np.random.default_rng(0)
    return [stream.push(rng.normal(size=(20, 2))) for _ in range(n)]


def test_a_crocker_plot_has_time_to_the_right_and_scale_upwards(ax):
    given = reports()
    assert ts.plot.crocker(given, 0, ax=ax, scale=0.5) is ax
    matrix, _ = ts.crocker_matrix(given, 0)
    (mesh,) = ax.collections
    np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), 0).reshape(100, 5), matrix.T)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "scale")
    assert ax.get_xlim() == pytest.approx((0.5, 5.5))
    assert ax.lines[0].get_ydata()[0] == 0.5
    assert ax.figure.axes[1].get_ylabel() == "Betti number β0"


def test_a_vineyard_has_a_line_for_each_vine_and_shades_what_is_not_certain(ax):
    given = reports()
    assert ts.plot.vineyard(given, 0, ax=ax) is ax
    (band,) = [c for c in ax.collections if c.get_label() == "not certified"]
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(max(r.certified_above for r in given))
    drawn = [line for line in ax.lines if len(line.get_xdata()) and line.get_linestyle() == "-"]
    assert len(drawn) >= len(ts.vines(given, 0))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "persistence in H0")


def test_diagrams_without_steps_are_numbered(ax):
    ts.plot.vineyard([[[0, 1]], [[0, 2]]], ax=ax)
    assert ax.get_xlabel() == "diagram"
    np.testing.assert_array_equal(np.column_stack(ax.lines[0].get_data()), [[0, 1], [1, 2]])


@pytest.mark.parametrize(
    ("draw", "given", "text"),
    [
        (lambda given, ax: ts.plot.crocker(given, ax=ax), [], "no diagrams"),
        (lambda given, ax: ts.plot.crocker(given, ax=ax), [[], []], "β1 is 0 everywhere"),
        (lambda given, ax: ts.plot.vineyard(given, ax=ax), [], "no intervals in H1"),
        (lambda given, ax: ts.plot.vineyard(given, ax=ax), [[], []], "no intervals in H1"),
        (lambda given, ax: ts.plot.barcode(given, ax=ax), ts.Diagram.from_arrays({}), "no intervals"),
    ],
)
def test_what_is_empty_says_so(ax, draw, given, text):
    assert draw(given, ax) is ax
    assert [each.get_text() for each in ax.texts] == [text]
    assert ax.get_xlabel()


@pytest.mark.parametrize("draw", [ts.plot.crocker, ts.plot.vineyard])
@pytest.mark.parametrize("given", [3, DIAGRAM, None])
def test_a_single_diagram_is_no_sequence(draw, given):
    with pytest.raises(TypeError, match="diagrams: expected a sequence of diagrams"):
        draw(given)


# Matchings -----------------------------------------------------------------------------------------------------------


def test_a_matching_joins_pairs_and_sends_the_rest_to_the_diagonal(ax):
    assert ts.plot.matching([[0, 4], [1, 1.5]], [[0, 5]], ax=ax) is ax
    joined = sorted(tuple(line.get_xydata().ravel()) for line in ax.lines[1:])
    assert joined == [(0, 4, 0, 5), (1, 1.5, 1.25, 1.25)]
    distance = ts.wasserstein_distance([[0, 4], [1, 1.5]], [[0, 5]])
    assert ax.get_title() == f"Wasserstein distance of order 2: {distance:.4g}"


def test_of_a_bottleneck_matching_the_longest_pair_is_thick(ax):
    ts.plot.matching([[0, 4], [1, 3]], [[0, 5], [1, 3.1]], ax=ax, distance="bottleneck")
    widths = {tuple(line.get_xydata()[0]): line.get_linewidth() for line in ax.lines[1:]}
    assert widths == {(0, 4): 2.5, (1, 3): 0.9}
    assert ax.get_title() == "bottleneck distance: 1"


def test_an_infinite_distance_has_no_matching(ax):
    ts.plot.matching(DIAGRAM, [[0, 1]], 0, ax=ax)
    assert ax.get_title().endswith("infinite")
    ts.plot.matching([], [], ax=ax)


def test_other_distances_are_refused(ax):
    with pytest.raises(ValueError, match='distance: expected "wasserstein" or "bottleneck", got \'hausdorff\''):
        ts.plot.matching(DIAGRAM, DIAGRAM, ax=ax, distance="hausdorff")
    with pytest.raises(ValueError, match="dim: expected 0 to 2"):
        ts.plot.matching(DIAGRAM, DIAGRAM, 5, ax=ax)


# Features ------------------------------------------------------------------------------------------------------------


def fitted(kind, **parameters):
    vectorizers = pytest.importorskip("toposcope.vectorizers")
    made = getattr(vectorizers, kind)(**parameters)
    return made, made.fit_transform([DIAGRAM])


def test_curves_are_drawn_by_dimension(ax):
    curve, features = fitted("BettiCurve", n_bins=20, dims=[0, 1])
    assert ts.plot.curve(curve, features, ax=ax) is ax
    assert [line.get_label() for line in ax.lines] == ["H0", "H1"]
    for dim, line in enumerate(ax.lines):
        np.testing.assert_array_equal(line.get_xdata(), curve.grids_[dim])
        np.testing.assert_array_equal(line.get_ydata(), features[0, 20 * dim : 20 * dim + 20])
    assert ax.get_ylabel() == "BettiCurve"
    ax.clear()
    ts.plot.curve(curve, features[0], ax=ax, dims=[1])
    assert [line.get_label() for line in ax.lines] == ["H1"]


def test_a_landscape_has_a_line_for_each_layer(ax):
    landscape, features = fitted("PersistenceLandscape", n_layers=3, n_bins=10, dims=[0, 1])
    assert ts.plot.landscape(landscape, features, ax=ax, dim=1) is ax
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], features[0, 30:].reshape(3, 10))
    assert ax.get_ylabel() == "landscape of H1"


@pytest.mark.parametrize("mode", ["integral", "density"])
def test_an_image_has_a_pixel_for_each_feature(ax, mode):
    image, features = fitted("PersistenceImage", n_bins=(6, 4), mode=mode, dims=[1])
    assert ts.plot.image(image, features, ax=ax) is ax
    np.testing.assert_array_equal(np.ravel(ax.collections[0].get_array()), features[0])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("birth", "persistence", "H1")


def test_features_of_another_kind_are_refused(ax):
    curve, values = fitted("BettiCurve", n_bins=20)
    image, pixels = fitted("PersistenceImage", n_bins=4)
    landscape, layers = fitted("PersistenceLandscape", n_layers=2, n_bins=4)
    with pytest.raises(TypeError, match="vectorizer: expected a fitted vectorizer with grids, got str"):
        ts.plot.curve("BettiCurve", values, ax=ax)
    with pytest.raises(TypeError, match="vectorizer: expected a fitted vectorizer with grids, got BettiCurve"):
        ts.plot.curve(type(curve)(), values, ax=ax)
    with pytest.raises(ValueError, match="vectorizer: expected one whose features are curves, got PersistenceImage"):
        ts.plot.curve(image, pixels, ax=ax)
    with pytest.raises(ValueError, match="vectorizer: expected one whose features are layers, got PersistenceImage"):
        ts.plot.landscape(image, pixels, ax=ax)
    with pytest.raises(ValueError, match="vectorizer: expected one whose features are pixels, got PersistenceLandsc"):
        ts.plot.image(landscape, layers, ax=ax)
    with pytest.raises(ValueError, match=r"dims: expected some of \[0, 1, 2\], got \[7\]"):
        ts.plot.image(image, pixels, ax=ax, dim=7)
    with pytest.raises(ValueError, match="features: expected those of one diagram, got 2 rows"):
        ts.plot.curve(curve, np.vstack([values, values]), ax=ax)
    with pytest.raises(ValueError, match="features: expected shape"):
        ts.plot.curve(curve, values[:, :-1], ax=ax)


def test_plot_is_a_name_of_the_package_and_no_other_is_made_up():
    assert ts.plot is plotting
    with pytest.raises(AttributeError, match="module 'toposcope' has no attribute 'plots'"):
        _ = ts.plots
