"""The limits that a guard holds, as data."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

from toposcope._typing import byte_count, integer, number
from toposcope.safety.memory import machine_bytes

MEMORY_SHARE = 0.8
"""Share of the memory that this process may have, from which on a guard trips unless told otherwise."""
N_BLOCKS = 8
"""Parts of :attr:`GuardConfig.growth_pushes`, each of which has to bring more simplices than the one before."""
_POLICIES = ("raise", "warn")


@dataclass(frozen=True, kw_only=True)
class GuardConfig:
    """What a guard watches, and what it does; None = that is not watched.

    Attributes
    ----------
    memory : int, str or None
        Resident bytes of the process, such as ``"2GiB"``. ``"auto"`` is 80 % of what the process may have: the
        machine's memory, or its control group's.
    latency : float or None
        Seconds of a push, over ``patience`` pushes one after another.
    queue : int or None
        Events that wait in the fullest subscription, over ``patience`` pushes one after another.
    simplices : int or None
        Critical simplices of a diagram: those in the stream's pool, or its intervals where the pool holds none.
    growth : float or None
        Factor by which the simplices may grow over ``growth_pushes``, while there are no more landmarks: it trips if
        each eighth of these pushes has brought more of them than the one before, and the last so many times the first.
    growth_pushes : int
        Over how many pushes growth is looked for.
    patience : int
        Pushes one after another that are too slow, or leave too much behind, until that counts.
    non_finite : bool
        Whether NaN and infinities of the input are looked for. The stream refuses them in any case; a guard that warns
        leaves out the points that hold them.
    on_trip : {"raise", "warn"}
        Whether the next push is refused, or only a warning is given.

    Raises
    ------
    ValueError, TypeError
        If a value is not as described.

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.safety.GuardConfig(memory="2GiB", latency=0.5).memory_bytes
    2147483648
    """

    memory: int | str | None = "auto"
    latency: float | None = 10.0
    queue: int | None = 1000
    simplices: int | None = 1_000_000
    growth: float | None = 4.0
    growth_pushes: int = 512
    patience: int = 3
    non_finite: bool = True
    on_trip: Literal["raise", "warn"] = "raise"

    def __post_init__(self) -> None:
        if self.memory not in {None, "auto"}:
            byte_count(self.memory, "memory")
        if self.latency is not None and not 0 < number(self.latency, "latency") < math.inf:
            raise ValueError(f"latency: expected a finite number of seconds above 0, got {self.latency!r}")
        for name in ("queue", "simplices"):
            if getattr(self, name) is not None:
                integer(getattr(self, name), name, at_least=1)
        if self.growth is not None and not 1 < number(self.growth, "growth") < math.inf:
            raise ValueError(f"growth: expected a finite factor above 1, got {self.growth!r}")
        integer(self.growth_pushes, "growth_pushes", at_least=N_BLOCKS)
        integer(self.patience, "patience", at_least=1)
        if not isinstance(self.non_finite, bool):
            raise TypeError(f"non_finite: expected True or False, got {self.non_finite!r}")
        if self.on_trip not in _POLICIES:
            raise ValueError(f"on_trip: expected one of {', '.join(_POLICIES)}, got {self.on_trip!r}")

    @property
    def memory_bytes(self) -> int | None:
        """The limit on memory in bytes; None if there is none, or nobody knows what the machine has."""
        if self.memory is None:
            return None
        if self.memory == "auto":
            total = machine_bytes()
            return None if total is None else int(MEMORY_SHARE * total)
        return byte_count(self.memory, "memory")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return dataclasses.asdict(self)
