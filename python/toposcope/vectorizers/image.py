"""Persistence images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from toposcope import _core
from toposcope._typing import integer, number
from toposcope.vectorizers._base import DiagramVectorizer
from toposcope.vectorizers._grid import Extent, fixed_range, uniform, widened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toposcope._typing import Float64Array
    from toposcope.vectorizers._essential import Essential
    from toposcope.vectorizers._grid import Range

    Axes: TypeAlias = tuple[Float64Array, Float64Array]

#: An axis along which all points agree is widened by this many standard deviations on either side.
_SPREAD = 3.0


class PersistenceImage(DiagramVectorizer):
    r"""A weighted sum of Gaussians over the (birth, persistence) plane, as pixels.

    With persistence :math:`p_i = d_i - b_i`, the surface is

    .. math:: \rho(x, y) = \sum_i p_i^{\text{power}} \, g_\sigma(x - b_i) \, g_\sigma(y - p_i)

    where :math:`g_\sigma` is the normal density of standard deviation :math:`\sigma`.

    Parameters
    ----------
    sigma : float, default=0.1
        Standard deviation of the Gaussian, in units of the filtration. (persim's ``sigma`` is its square.)
    n_bins : int or (int, int), default=50
        Number of pixels along each axis, or along birth and along persistence.
    power : float, default=1.0
        Exponent of the weight; 0 gives every interval the same.
    mode : {"integral", "density"}, default="integral"
        What a pixel holds: the exact integral of the surface over it, whose sum does not depend on the resolution; or
        the value of the surface at a node, where the nodes include both ends of the range (as GUDHI does).
    birth_range, persistence_range : (float, float) or dict of them by dimension, optional
        What the image covers. By default, for each dimension, from the smallest to the largest birth and from 0 to the
        largest persistence seen in ``fit``. Where all births agree, as in dimension 0 of a Rips filtration, the image
        reaches 3 sigma to either side.
    dims : sequence of int, optional
        Homology dimensions to use. By default all dimensions of the diagrams seen in ``fit``.
    essential : {"clip", "drop", "value", "raise"}, default="clip"
        What becomes of intervals that never die. ``"clip"`` lets them die at their diagram's threshold or, if it has
        none, at the largest finite value seen in ``fit``, with an :class:`~toposcope.EssentialClassWarning` if there is
        more than the one component that lasts in every diagram; ``"drop"`` leaves them out; ``"value"`` lets them die
        at ``essential_value``; ``"raise"`` refuses them. ``"keep"`` has no meaning here and is refused: an infinite
        persistence has no place in the plane.
    essential_value : float, optional
        The death of essential intervals with ``essential="value"``.

    Attributes
    ----------
    dims_ : list of int
        The homology dimensions, in the order of their blocks; within a block, row by row, lowest persistence first.
    grids_ : dict of (ndarray, ndarray)
        For each dimension, positions along birth and along persistence: the edges of pixels, one more than there are
        pixels, or with ``mode="density"`` the nodes.
    essential_ : EssentialPolicy
        What is done with essential intervals, and the value at which they are cut.

    References
    ----------
    Adams et al., *Persistence images: a stable vector representation of persistent homology*, JMLR 18, 2017.

    Examples
    --------
    A single point of persistence 1 well inside the image: the pixels sum to its weight.

    >>> from toposcope.vectorizers import PersistenceImage
    >>> image = PersistenceImage(sigma=0.1, n_bins=4, birth_range=(-1, 1), persistence_range=(0, 2))
    >>> features = image.fit_transform([[[[0, 1]]]])
    >>> features.shape, round(float(features.sum()), 6)
    ((1, 16), 1.0)
    >>> image.get_feature_names_out()[7]
    'pi_H0_b3_p1'
    """

    def __init__(
        self,
        *,
        sigma: float = 0.1,
        n_bins: int | tuple[int, int] = 50,
        power: float = 1.0,
        mode: Literal["integral", "density"] = "integral",
        birth_range: Range | Mapping[int, Range] | None = None,
        persistence_range: Range | Mapping[int, Range] | None = None,
        dims: Sequence[int] | None = None,
        essential: Essential = "clip",
        essential_value: float | None = None,
    ) -> None:
        self.sigma = sigma
        self.n_bins = n_bins
        self.power = power
        self.mode = mode
        self.birth_range = birth_range
        self.persistence_range = persistence_range
        self.dims = dims
        self.essential = essential
        self.essential_value = essential_value

    def as_images(self, features: Any) -> Float64Array:
        """Give rows of features the shape of images, with a channel for each dimension.

        Parameters
        ----------
        features : array-like of shape (n_diagrams, n_features)
            What :meth:`transform` returned.

        Returns
        -------
        ndarray of shape (n_diagrams, n_dims, n_persistence_pixels, n_birth_pixels)
            The first row is the lowest persistence: draw with ``imshow(..., origin="lower")``.
        """
        return self.unflatten(features)

    def _check_params(self) -> None:
        for name, lowest in (("sigma", "a positive"), ("power", "a non-negative")):
            value = number(getattr(self, name), name)
            if not math.isfinite(value) or value < 0 or (name == "sigma" and value == 0):
                raise ValueError(f"{name}: expected {lowest}, finite number, got {value!r}")
        if self.mode not in ("integral", "density"):
            raise ValueError(f'mode: expected "integral" or "density", got {self.mode!r}')
        if self.essential == "keep":
            raise ValueError(
                'essential: expected "drop", "clip", "value" or "raise", got "keep": '
                "an interval that never dies has no point in a persistence image"
            )
        self._n_pixels()

    def _n_pixels(self) -> tuple[int, int]:
        """Return the number of pixels along birth and along persistence."""
        pair = self.n_bins if isinstance(self.n_bins, tuple | list) else (self.n_bins, self.n_bins)
        if len(pair) != 2:
            raise ValueError(f"n_bins: expected an integer or two of them, got {self.n_bins!r}")
        n_births, n_persistences = (integer(n, "n_bins", at_least=1) for n in pair)
        return n_births, n_persistences

    def _grid(self, dim: int, extent: Extent) -> Axes:
        extra = 1 if self.mode == "integral" else 0
        n_births, n_persistences = (n + extra for n in self._n_pixels())
        births = fixed_range(self.birth_range, "birth_range", dim)
        births = births or widened(extent.birth_range, n_births, _SPREAD * self.sigma)
        persistences = fixed_range(self.persistence_range, "persistence_range", dim)
        persistences = persistences or widened(extent.persistence_range, n_persistences)
        return uniform(births, n_births), uniform(persistences, n_persistences)

    def _block(self, intervals: _core.IntervalBatch, grid: Axes) -> Float64Array:
        return _core.persistence_images(intervals, self.sigma, self.power, self.mode, *grid)

    def _block_shape(self) -> tuple[int, ...]:
        n_births, n_persistences = self._n_pixels()
        return (n_persistences, n_births)

    def _names(self, dim: int, grid: Axes) -> list[str]:
        n_births, n_persistences = self._n_pixels()
        width = len(str(max(n_births, n_persistences) - 1))
        return [
            f"pi_H{dim}_b{birth:0{width}}_p{persistence:0{width}}"
            for persistence in range(n_persistences)
            for birth in range(n_births)
        ]
