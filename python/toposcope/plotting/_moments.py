"""When the diagrams of a sequence are of."""

from __future__ import annotations

from typing import Any

import numpy as np

from toposcope.crocker import sequence_of


def moments_of(diagrams: Any) -> tuple[list[Any], Any, str]:
    """Return the diagrams, a place on the axis for each, and what the axis is: steps of reports, or places."""
    given = list(diagrams) if hasattr(diagrams, "__iter__") and not hasattr(diagrams, "births") else diagrams
    found = sequence_of(given, "diagrams")
    steps = [getattr(each, "step", None) for each in given]
    if steps and None not in steps:
        return found, np.array(steps), "step"
    return found, np.arange(len(found)), "diagram"
