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
