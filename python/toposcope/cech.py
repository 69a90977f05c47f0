"""Čech filtrations: the nerve of balls around points of a space of any dimension."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from toposcope import _core
from toposcope._progress import progress_callback
from toposcope._typing import byte_count, float_array, integer, number
from toposcope.diagram import Diagram, DiagramInfo

if TYPE_CHECKING:
    from toposcope._typing import Progress

_LARGEST_FIELD = 65_521
_LARGEST_MAX_DIM = 12


def cech(
    points: Any,
    max_dim: int = 1,
    threshold: float | None = None,
    *,
    field: int = 2,
    n_threads: int | None = None,
    memory_limit: int | str | None = None,
    progress: bool | Progress = False,
) -> Diagram:
    r"""Persistent homology of the Čech filtration.

    A simplex enters at the radius of the smallest ball around its vertices, which is when the balls of that radius
    around its vertices meet in one point. At radius :math:`r` the complex has the shape of the union of the balls of
    radius :math:`r` around the points, in a space of any dimension.

    Every simplex up to the threshold is listed, so that the method is for hundreds of points, or small thresholds. In
    the plane and in space :func:`alpha` has the same diagram of millions of points.

    Parameters
    ----------
    points : array-like of shape (n_points, n_dims)
        Points as float32 or float64, in any memory order; integers are converted. They may be in any position.
    max_dim : int, default=1
        Largest homology dimension computed. Beyond ``n_dims - 1`` there is none.
    threshold : float, optional
        Largest radius built; a simplex of just that radius is in. By default there is none, and all
        :math:`\binom{n}{max\_dim + 2}` simplices are built.
    field : int, default=2
        Order of the coefficient field, a prime.
    n_threads : int, optional
        Worker threads; by default as many as the machine has. Never changes a result.
    memory_limit : int or str, optional
        Bytes that the computation may hold at once, also as ``"2GiB"``: everything that grows with the input, the
        engine's own copy of it included, is reserved before it is allocated. By default what the system has left.
    progress : bool or callable, default=False
        ``True`` draws a bar on stderr; a callable is called as ``progress(stage, done, total)``: ``done / total`` is
        the share of the whole call, which never goes back and ends at 1.

    Returns
    -------
    Diagram
        Intervals of dimensions 0 to ``max_dim``, as radii: half of a distance where :func:`rips` has the distance.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described; the message names it.
    MemoryLimitError
        If more memory is needed than ``memory_limit``, or than the system has; without a threshold before any work.
    KeyboardInterrupt
        On Ctrl-C, within a tenth of a second.

    Notes
    -----
    Radii are computed with 106 bits from the exact differences of coordinates and rounded once, and a simplex whose
    ball is that of one of its facets has the value of that facet. So radii that are equal, by symmetry for instance,
    are equal numbers, and simplices on a common sphere begin and end nothing.

    References
    ----------
    Welzl, *Smallest enclosing disks*, LNCS 555, 1991, for the balls; de Silva, Morozov and Vejdemo-Johansson,
    *Dualities in persistent (co)homology*, Inverse Problems 27, 2011, for the reduction.

    Examples
    --------
    Three corners of an equilateral triangle: the balls meet in pairs before all of them do. In the Rips filtration,
    where a triangle enters with its edges, there is no loop.

    >>> import toposcope as ts
    >>> triangle = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    >>> ts.cech(triangle)[1]
    array([[0.70710678, 0.81649658]])
    >>> ts.rips(triangle)[1]
    array([], shape=(0, 2), dtype=float64)
    """
    threshold = None if threshold is None else number(threshold, "threshold")
    with progress_callback(progress) as callback:
        params = _core.CechParams(
            max_dim=integer(max_dim, "max_dim", at_least=0, at_most=_LARGEST_MAX_DIM),
            threshold=None if threshold == math.inf else threshold,
            field=integer(field, "field", at_least=2, at_most=_LARGEST_FIELD),
            n_threads=None if n_threads is None else integer(n_threads, "n_threads", at_least=1),
            memory_limit=None if memory_limit is None else byte_count(memory_limit, "memory_limit"),
            progress=callback,
        )
        columns = _core.cech_points(float_array(points, "points", 2), params)
    info = DiagramInfo(complex="cech", unit="radius", metric="euclidean", field=field, threshold=threshold)
    return Diagram.from_engine(columns, info)
