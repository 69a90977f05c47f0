"""All contestants on one case, in turn, round after round."""

from __future__ import annotations

import os
import statistics
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .compare import difference
from .packages import CONTESTANTS, OURS
from .processes import Failure

if TYPE_CHECKING:
    import numpy as np

    from .cases import Case
    from .packages import Contestant
    from .processes import Answer, Bench


#: Seconds, and multiples of the fastest peer's, beyond which a peer is run once and not again.
SLOW, SLOWER = 5.0, 4.0


@dataclass
class Result:
    """What one contestant took on one case; the times mean something only where nothing failed."""

    contestant: str
    seconds: list[float] = field(default_factory=list)
    #: Peak of resident memory in each round, above the same process without the call.
    bytes: list[int] = field(default_factory=list)
    failure: Failure | None = None

    @property
    def best(self) -> float:
        """The fastest call."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The call in the middle."""
        return statistics.median(self.seconds)

    @property
    def peak(self) -> int:
        """The memory of the round in the middle; a call may fit into what the process had over."""
        return max(0, int(statistics.median(self.bytes)))


@dataclass
class Row:
    """One case and what became of it."""

    case: Case
    results: list[Result]

    def finished(self) -> list[Result]:
        """The contestants whose times count."""
        return [result for result in self.results if result.seconds and result.failure is None]

    def ours(self) -> Result | None:
        """What toposcope took."""
        return next((result for result in self.finished() if result.contestant == OURS), None)

    def fastest_peer(self) -> Result | None:
        """The fastest of the others."""
        peers = [result for result in self.finished() if result.contestant != OURS]
        return min(peers, key=lambda result: result.best, default=None)

    def ratio(self) -> float | None:
        """How many times faster than the fastest peer toposcope is."""
        ours, peer = self.ours(), self.fastest_peer()
        return None if ours is None or peer is None else peer.best / ours.best

    def memory_ratio(self) -> float | None:
        """Toposcope's memory as a share of the fastest peer's."""
        ours, peer = self.ours(), self.fastest_peer()
        return None if ours is None or peer is None or peer.peak <= 0 else ours.peak / peer.peak


def refuse_debug_builds() -> None:
    """A debug build's times mean nothing; tests of this code, which want none, say so in the environment."""
    from toposcope import _core  # noqa: PLC0415

    if _core.BUILD_PROFILE != "release" and "TOPOSCOPE_BENCH_SMOKE" not in os.environ:
        sys.exit(f"toposcope._core is a {_core.BUILD_PROFILE} build: install a release build to time it")


def out_of_the_race(row: Row) -> set[str]:
    """Name the peers who are so slow that another round cannot make them the fastest, but only the whole run longer."""
    fastest = row.fastest_peer()
    slow = [one for one in row.finished() if fastest and one.best > max(SLOW, SLOWER * fastest.best)]
    return {one.contestant for one in slow if one.contestant != OURS}


def entrants(case: Case, names: list[str]) -> list[Contestant]:
    """Give the contestants of these names, or all, whose settings make a difference to the case."""
    wanted = [one for one in CONTESTANTS if not names or one.name in names]
    return [one for one in wanted if one.enters(case.max_dim)]


def run(case: Case, bench: Bench, contestants: list[Contestant], n_rounds: int) -> Row:
    """Run every contestant once per round, and compare each diagram with that of the first one who finished.

    Who fails, or is far behind, is not run again.
    """
    hopeless = {name: Failure("hopeless", why) for name, why in case.hopeless}
    row = Row(case, [Result(one.name, failure=hopeless.get(one.name)) for one in contestants])
    baselines: dict[str, Answer] = {}
    reference: list[np.ndarray] | None = None
    for _ in range(n_rounds):
        done = out_of_the_race(row)
        for result in row.results:
            name = result.contestant
            if result.failure is not None or name in done:
                continue
            if name not in baselines:
                baselines[name] = bench.baseline(name)
            answer = bench.call(name)
            result.failure = baselines[name].failure or answer.failure
            if answer.diagrams is None or result.failure is not None:
                continue
            reference = reference or answer.diagrams
            why = difference(reference, answer.diagrams)
            result.failure = None if why is None else Failure("wrong", why)
            result.seconds.append(answer.seconds)
            result.bytes.append(answer.peak - baselines[name].peak)
    return row
