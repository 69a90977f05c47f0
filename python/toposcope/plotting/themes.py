"""Light and dark paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from toposcope.plotting._axes import COLOURS, COLOURS_ON_DARK, matplotlib

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def theme(name: Literal["light", "dark"] = "light") -> AbstractContextManager[None]:
    """Return a context in which Matplotlib draws as in toposcope's documentation, without frames, on light or dark.

    The functions of this package go by the Axes that they are given: on dark ones they take brighter colours, whatever
    made them dark.

    Parameters
    ----------
    name : {"light", "dark"}, default="light"
        Which paper.

    Raises
    ------
    ValueError
        If it is another name.

    Examples
    --------
    >>> import toposcope as ts
    >>> with ts.plot.theme("dark"):
    ...     axes = ts.plot.barcode(ts.rips([[0, 0], [0, 1], [1, 1], [1, 0]]))
    """
    if name not in ("light", "dark"):
        raise ValueError(f'name: expected "light" or "dark", got {name!r}')
    is_dark = name == "dark"
    paper, ink, rule = ("#14171B", "#E6E9ED", "#59636F") if is_dark else ("#FFFFFF", "#1B1F24", "#8A94A0")
    colours = COLOURS_ON_DARK if is_dark else COLOURS
    settings: dict[str, Any] = {
        "figure.facecolor": paper,
        "axes.facecolor": paper,
        "savefig.facecolor": paper,
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "axes.edgecolor": rule,
        "xtick.color": rule,
        "ytick.color": rule,
        "xtick.labelcolor": ink,
        "ytick.labelcolor": ink,
        "axes.prop_cycle": matplotlib().cycler(color=list(colours)),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": "medium",
        "axes.titlelocation": "left",
        "legend.frameon": False,
        "legend.fontsize": "small",
    }
    context: AbstractContextManager[None] = matplotlib().rc_context(settings)
    return context
