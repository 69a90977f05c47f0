"""Betti curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toposcope import _core
from toposcope._typing import integer
from toposcope.vectorizers._base import DiagramVectorizer
from toposcope.vectorizers._grid import Extent, fixed_range, position_names, uniform, widened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toposcope._typing import Float64Array
    from toposcope.vectorizers._essential import Essential
    from toposcope.vectorizers._grid import Range


class BettiCurve(DiagramVectorizer):
    r"""How many intervals are alive at each filtration value.

    .. math:: \beta(t) = \#\{i : b_i \le t < d_i\}

    Parameters
    ----------
    n_bins : int, default=100
        Number of filtration values at which the curve is sampled, both ends of the range included.
    range : (float, float) or dict of them by dimension, optional
        Where to sample. By default, for each dimension, from the smallest birth to the largest death seen in ``fit``.
    dims : sequence of int, optional
        Homology dimensions to use. By default all dimensions of the diagrams seen in ``fit``.
    essential : {"clip", "drop", "value", "keep", "raise"}, default="clip"
        What becomes of intervals that never die. ``"clip"`` lets them die at their diagram's threshold or, if it has
        none, at the largest finite value seen in ``fit``, with an :class:`~toposcope.EssentialClassWarning` if there is
        more than the one component that lasts in every diagram; ``"drop"`` leaves them out; ``"value"`` lets them die
        at ``essential_value``; ``"keep"`` counts them at every value from their birth on; ``"raise"`` refuses them.
    essential_value : float, optional
        The death of essential intervals with ``essential="value"``.

    Attributes
    ----------
    dims_ : list of int
        The homology dimensions, in the order of their blocks.
    grids_ : dict of ndarray of shape (n_bins,)
        For each dimension, the filtration values.
    essential_ : EssentialPolicy
        What is done with essential intervals, and the value at which they are cut.

    Examples
    --------
    >>> from toposcope.vectorizers import BettiCurve
    >>> curve = BettiCurve(n_bins=5)
    >>> curve.fit_transform([[[[0, 1], [0.5, 2]]]])
    array([[1., 2., 1., 1., 0.]])
    >>> curve.get_feature_names_out()[1]
    'betti_H0_t0.5'
    """

    def __init__(
        self,
        *,
        n_bins: int = 100,
        range: Range | Mapping[int, Range] | None = None,  # noqa: A002  # the word of histograms
        dims: Sequence[int] | None = None,
        essential: Essential = "clip",
        essential_value: float | None = None,
    ) -> None:
        self.n_bins = n_bins
        self.range = range
        self.dims = dims
        self.essential = essential
        self.essential_value = essential_value

    def _check_params(self) -> None:
        integer(self.n_bins, "n_bins", at_least=1)

    def _grid(self, dim: int, extent: Extent) -> Float64Array:
        bounds = fixed_range(self.range, "range", dim) or widened(extent.filtration_range, self.n_bins)
        return uniform(bounds, self.n_bins)

    def _block(self, intervals: _core.IntervalBatch, grid: Float64Array) -> Float64Array:
        return _core.betti_curves(intervals, grid)

    def _block_shape(self) -> tuple[int, ...]:
        return (self.n_bins,)

    def _names(self, dim: int, grid: Float64Array) -> list[str]:
        return [f"betti_H{dim}_t{t}" for t in position_names(grid)]
