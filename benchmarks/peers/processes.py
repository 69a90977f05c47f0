"""Starting one measured call, and ending it when it takes too long or too much."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from .cases import Case, Input

#: Seconds for what comes before and after the call: imports, the input, the answer.
AROUND = 120
#: Seconds between two looks at a child's memory.
GLANCE = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")


class Limits(NamedTuple):
    """What a call may take."""

    seconds: int
    bytes: int
    n_threads: int


class Failure(NamedTuple):
    """Why there is no time that counts."""

    #: "hopeless": not started; "limit": took too much; "error": ended otherwise; "wrong": gave another diagram.
    kind: str
    why: str


class Answer(NamedTuple):
    """What became of one call: what it took and gave, or why there is nothing."""

    seconds: float = float("nan")
    peak: int = 0
    diagrams: list[np.ndarray] | None = None
    failure: Failure | None = None


class Bench:
    """Runs calls about one case, whose input it keeps in a file that every process reads."""

    def __init__(self, case: Case, given: Input, folder: Path, limits: Limits) -> None:
        self.case, self.kind, self.limits = case, given.kind, limits
        self.input = folder / f"{case.name}.npy"
        np.save(self.input, given.array)

    def baseline(self, contestant: str) -> Answer:
        """Do all but the call itself: import, read the input, make it ready."""
        return self._ask(contestant, None)

    def call(self, contestant: str) -> Answer:
        """One call in a fresh process."""
        with tempfile.TemporaryDirectory(dir=self.input.parent) as folder:
            return self._ask(contestant, Path(folder) / "diagram.npz")

    def _ask(self, contestant: str, diagram: Path | None) -> Answer:
        question = {
            "contestant": contestant,
            "input": str(self.input),
            "kind": self.kind,
            "max_dim": self.case.max_dim,
            "threshold": self.case.threshold,
            "field": self.case.field,
            "n_threads": self.limits.n_threads,
            "timeout": self.limits.seconds,
            "diagram": None if diagram is None else str(diagram),
        }
        child = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.call", json.dumps(question)],
            cwd=Path(__file__).parents[1],
            env=os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(self.limits.n_threads)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stopped = watch(child, self.limits)
        out, errors = child.communicate()
        if child.returncode == 0:
            return read(json.loads(out.splitlines()[-1]), diagram)
        return Answer(failure=stopped or reason(child.returncode, errors, self.limits))


def watch(child: subprocess.Popen[str], limits: Limits) -> Failure | None:
    """Wait for the end of a child, or bring it about; say why."""
    last = time.monotonic() + limits.seconds + AROUND
    while child.poll() is None:
        time.sleep(GLANCE)
        if resident_bytes(child.pid) > limits.bytes:
            child.kill()
            return Failure("limit", f"> {limits.bytes / 2**30:g} GiB")
        if time.monotonic() > last:
            child.kill()
            return Failure("limit", f"> {limits.seconds} s")
    return None


def resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0  # It has just ended.


def read(answer: dict[str, float], diagram: Path | None) -> Answer:
    if diagram is None:
        return Answer(peak=int(answer["peak"]))
    with np.load(diagram) as file:
        diagrams = [file[name] for name in file.files]
    return Answer(answer["seconds"], int(answer["peak"]), diagrams)


def reason(code: int, errors: str, limits: Limits) -> Failure:
    """Why a child ended without an answer, in a few words."""
    if code == -signal.SIGALRM:
        return Failure("limit", f"> {limits.seconds} s")
    if code < 0:
        return Failure("error", f"killed by {signal.Signals(-code).name}")
    return Failure("error", errors.strip().splitlines()[-1] if errors.strip() else f"exit status {code}")
