"""Persistence landscapes."""

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


class PersistenceLandscape(DiagramVectorizer):
    r"""The largest tents over each filtration value.

    .. math:: \lambda_k(t) = \text{k-th largest over } i \text{ of } \max(0, \min(t - b_i, d_i - t))

    for :math:`k = 0, 1, \ldots` Unscaled, as in giotto-tda and persim: the tent of an interval is half as high as the
    interval is long. GUDHI's values are :math:`\sqrt 2` times these.

    Parameters
    ----------
    n_layers : int, default=5
        Number of layers, the largest first.
    n_bins : int, default=100
        Number of filtration values at which each layer is sampled, both ends of the range included.
    range : (float, float) or dict of them by dimension, optional
        Where to sample. By default, for each dimension, from the smallest birth to the largest death seen in ``fit``.
    dims : sequence of int, optional
        Homology dimensions to use. By default all dimensions of the diagrams seen in ``fit``.
    essential : {"clip", "drop", "value", "keep", "raise"}, default="clip"
        What becomes of intervals that never die. ``"clip"`` lets them die at their diagram's threshold or, if it has
        none, at the largest finite value seen in ``fit``, with an :class:`~toposcope.EssentialClassWarning` if there is
        more than the one component that lasts in every diagram; ``"drop"`` leaves them out; ``"value"`` lets them die
        at ``essential_value``; ``"keep"`` gives them the ray :math:`t - b`; ``"raise"`` refuses them.
    essential_value : float, optional
        The death of essential intervals with ``essential="value"``.

    Attributes
    ----------
    dims_ : list of int
        The homology dimensions, in the order of their blocks; within a block, layer after layer.
    grids_ : dict of ndarray of shape (n_bins,)
        For each dimension, the filtration values.
    essential_ : EssentialPolicy
        What is done with essential intervals, and the value at which they are cut.

    References
    ----------
    Bubenik, *Statistical topological data analysis using persistence landscapes*, JMLR 16, 2015.

    Examples
    --------
    >>> from toposcope.vectorizers import PersistenceLandscape
    >>> landscape = PersistenceLandscape(n_layers=1, n_bins=5)
    >>> landscape.fit_transform([[[[0, 1], [0.5, 2]]]])
    array([[0. , 0.5, 0.5, 0.5, 0. ]])
    >>> landscape.get_feature_names_out()[1]
    'landscape_H0_k0_t0.5'
    """

    def __init__(
        self,
        *,
        n_layers: int = 5,
        n_bins: int = 100,
        range: Range | Mapping[int, Range] | None = None,  # noqa: A002  # the word of histograms
        dims: Sequence[int] | None = None,
        essential: Essential = "clip",
        essential_value: float | None = None,
    ) -> None:
        self.n_layers = n_layers
        self.n_bins = n_bins
        self.range = range
        self.dims = dims
        self.essential = essential
        self.essential_value = essential_value

    def _check_params(self) -> None:
        integer(self.n_layers, "n_layers", at_least=1)
        integer(self.n_bins, "n_bins", at_least=1)

    def _grid(self, dim: int, extent: Extent) -> Float64Array:
        bounds = fixed_range(self.range, "range", dim) or widened(extent.filtration_range, self.n_bins)
        return uniform(bounds, self.n_bins)

    def _block(self, intervals: _core.IntervalBatch, grid: Float64Array) -> Float64Array:
        return _core.landscapes(intervals, self.n_layers, grid)

    def _block_shape(self) -> tuple[int, ...]:
        return (self.n_layers, self.n_bins)

    def _names(self, dim: int, grid: Float64Array) -> list[str]:
        nodes = position_names(grid)
        return [f"landscape_H{dim}_k{k}_t{t}" for k in range(self.n_layers) for t in nodes]
