"""The one policy for intervals that never die."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from toposcope._typing import number
from toposcope.exceptions import EssentialClassWarning

if TYPE_CHECKING:
    from toposcope.vectorizers._collection import Collection

Essential: TypeAlias = Literal["drop", "clip", "value", "keep", "raise"]

_POLICIES = ("drop", "clip", "value", "keep", "raise")


@dataclass(frozen=True)
class EssentialPolicy:
    """What becomes of an interval that never dies.

    Attributes
    ----------
    policy : {"drop", "clip", "value", "keep", "raise"}
        ``"drop"`` leaves it out; ``"clip"`` lets it die at its diagram's threshold or, where there is none, at
        ``value``; ``"value"`` lets it die at ``value``; ``"keep"`` leaves it as it is; ``"raise"`` refuses it.
    value : float or None
        For ``"clip"`` the largest finite filtration value seen in ``fit``; for ``"value"`` the number given.
    """

    policy: Essential
    value: float | None = None

    @classmethod
    def of(cls, policy: Essential, value: float | None) -> EssentialPolicy:
        """Check the parameters ``essential`` and ``essential_value`` of a vectorizer."""
        if policy not in _POLICIES:
            expected = ", ".join(f'"{name}"' for name in _POLICIES)
            raise ValueError(f"essential: expected one of {expected}, got {policy!r}")
        if policy != "value":
            if value is not None:
                raise ValueError(f'essential_value: expected None unless essential="value", got {value!r}')
            return cls(policy)
        if value is None or not np.isfinite(number(value, "essential_value")):
            raise ValueError(f'essential_value: expected a finite number with essential="value", got {value!r}')
        return cls(policy, float(value))

    def learned(self, largest: float) -> EssentialPolicy:
        """Return the policy with the largest value seen as the place where ``"clip"`` cuts."""
        return replace(self, value=largest) if self.policy == "clip" else self

    def apply(self, intervals: Collection) -> Collection:
        """Let essential intervals die where the policy says; those it cannot place yet stay as they are."""
        essential = intervals.essential
        if self.policy == "keep" or not essential.any():
            return intervals
        match self.policy:
            case "drop":
                return intervals.where(~essential)
            case "raise":
                at = int(np.argmax(essential))
                raise ValueError(
                    f'X[{intervals.samples[at]}]: expected no essential interval (essential="raise"), got one in '
                    f"dimension {intervals.dims[at]} born at {intervals.births[at]}"
                )
            case "value":
                ends = np.full(len(essential), self.value)
            case "clip":
                thresholds = intervals.thresholds[intervals.samples]
                value = np.inf if self.value is None else self.value
                ends = np.where(np.isfinite(thresholds), thresholds, value)
        return intervals.with_deaths(np.where(essential, ends, intervals.deaths))


def warn_clipped(intervals: Collection, value: float) -> None:
    """Warn of intervals that ``"clip"`` had to cut at the largest value seen, for want of a threshold.

    One component of each diagram never dies, whatever the data: to warn of it would be to warn always.
    """
    open_ends = intervals.essential
    samples, dims = intervals.samples[open_ends], intervals.dims[open_ends]
    counts = np.bincount(dims, minlength=1)
    counts[0] -= len(set(samples[dims == 0].tolist()))
    if counts.any():
        warnings.warn(
            f"essential intervals without a threshold, beside the component that lasts: {counts.sum()}, in dimensions "
            f"{np.flatnonzero(counts).tolist()}; cut at {value:.6g}, the largest value seen; choose with "
            'essential="drop", "value", "keep" or "raise"',
            EssentialClassWarning,
            stacklevel=4,
        )
