"""Alpha filtrations: points in the plane or in space, by their Delaunay triangulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toposcope import _core
from toposcope._progress import progress_callback
from toposcope._typing import byte_count, float_array, integer
from toposcope.diagram import Diagram, DiagramInfo

if TYPE_CHECKING:
    from toposcope._typing import Progress

_LARGEST_FIELD = 65_521


def alpha(
    points: Any,
    max_dim: int | None = None,
    *,
    field: int = 2,
    n_threads: int | None = None,
    memory_limit: int | str | None = None,
    progress: bool | Progress = False,
) -> Diagram:
    r"""Persistent homology of the alpha filtration of points in the plane or in space.

    A simplex of the Delaunay triangulation enters at the radius of the smallest sphere through its vertices that has no
    point inside. At radius :math:`r` the complex has the shape of the union of the balls of radius :math:`r` around the
    points, as the Čech complex has, with far fewer simplices.

    Parameters
    ----------
    points : array-like of shape (n_points, 2) or (n_points, 3)
        Points as float32 or float64, in any memory order; integers are converted. Points at the same position count as
        one. They may be in any position: on a grid, a sphere, a plane, a line.
    max_dim : int, optional
        Largest homology dimension computed; by default ``n_dims - 1``, beyond which there is none.
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
        Intervals of dimensions 0 to ``max_dim``, as radii: half of a distance where :func:`rips` has the distance, and
        the square root of what GUDHI's ``AlphaComplex`` has.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described; the message names it.
    MemoryLimitError
        If more memory is needed than ``memory_limit``, or than the system has.
    KeyboardInterrupt
        On Ctrl-C, within a tenth of a second.

    Notes
    -----
    The triangulation is exact: signs of determinants are computed in exact arithmetic where rounding could turn them.
    Radii are computed with 106 bits and rounded once, so that radii which are equal, by symmetry for instance, are
    equal numbers, and simplices that share a sphere begin and end nothing. Coordinates below the 2⁻¹⁴⁸-th part of the
    largest are rounded to a multiple of about its 2⁻²⁰⁰-th part.

    References
    ----------
    Edelsbrunner and Mücke, *Three-dimensional alpha shapes*, ACM Trans. Graphics 13, 1994.

    Examples
    --------
    Four corners of a square: balls of radius 1/2 close a loop, which is filled when they reach the centre.

    >>> import toposcope as ts
    >>> diagram = ts.alpha([[0, 0], [0, 1], [1, 1], [1, 0]])
    >>> diagram[1]
    array([[0.5       , 0.70710678]])
    """
    array = float_array(points, "points", 2)
    with progress_callback(progress) as callback:
        columns = _core.alpha_points(
            array,
            max_dim=None if max_dim is None else integer(max_dim, "max_dim", at_least=0),
            field=integer(field, "field", at_least=2, at_most=_LARGEST_FIELD),
            n_threads=None if n_threads is None else integer(n_threads, "n_threads", at_least=1),
            memory_limit=None if memory_limit is None else byte_count(memory_limit, "memory_limit"),
            progress=callback,
        )
    info = DiagramInfo(complex="alpha", unit="radius", metric="euclidean", field=field)
    return Diagram.from_engine(columns, info)
