"""One call in a process of its own: ``python -m peers.call QUESTION`` with a JSON object, answered by one on stdout."""

from __future__ import annotations

import json
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .cases import Input
from .packages import Question, as_pairs, contestant

if TYPE_CHECKING:
    from .packages import Call

STATUS = Path("/proc/self/status")
#: Writing 5 here sets the peak of resident memory to what is resident now.
RESET = Path("/proc/self/clear_refs")
#: Points of the call that comes first and is not measured: it loads and starts what a package does when first used.
FEW = 12


def main() -> None:
    asked = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    question = Question(
        Input(np.load(asked["input"]), asked["kind"]),
        asked["max_dim"],
        asked["threshold"],
        asked["field"],
        asked["n_threads"],
    )
    ask = contestant(asked["contestant"]).ask
    ask(warm_up(question))()
    call = ask(question)
    RESET.write_text("5")
    answer: dict[str, Any] = {}
    if asked["diagram"] is not None:
        answer["seconds"], diagrams = timed(call, asked["timeout"])
    answer["peak"] = peak_bytes()
    if asked["diagram"] is not None:
        np.savez(asked["diagram"], *as_pairs(diagrams))
    print(json.dumps(answer))


def warm_up(question: Question) -> Question:
    """Ask the same about a few points, by the same way through the package."""
    array, kind = question.input
    few = array[:FEW] if kind == "points" else array[: FEW * (FEW - 1) // 2]
    # All of them within the threshold: some packages fail without any edge.
    threshold = None if question.threshold is None else 1e6
    return question._replace(input=Input(few, kind), threshold=threshold)


def timed(call: Call, timeout: int) -> tuple[float, Any]:
    """Call under an alarm, which ends the process also in the middle of foreign code."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(timeout)
    start = time.perf_counter()
    diagrams = call()
    seconds = time.perf_counter() - start
    signal.alarm(0)
    return seconds, diagrams


def peak_bytes() -> int:
    """Give the peak of resident memory since it was reset."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
