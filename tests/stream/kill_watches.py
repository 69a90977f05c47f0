"""Kill ``toposcope watch`` with SIGTERM and SIGKILL under load, go on with ``--resume``, and look at what comes out.

    python tests/stream/kill_watches.py [SIGTERMS [SIGKILLS]]

Every run is killed twice, the second time after it has gone on from a checkpoint, and then comes to its end; meanwhile
other processes keep every core busy. A kill comes when a number of pushes that is drawn anew each time are done, and up
to 30 milliseconds later; every tenth comes some time in the first second of the process. At the end events.jsonl has to
be that of a run that nobody has killed, byte for byte, so that each event has the same ids; telemetry has to tell of
every push once; and the diagrams have to be the same. Prints counts as JSON; what is wrong ends it with a traceback.

- ``early``: killed before the process had taken over the signals, or had made its folder
- ``torn``: telemetry or events ended in the middle of a line; that is looked for in every line, and in any but the last
  it is an error
- ``resumed``: kills after which a checkpoint was gone on from; the others were before the first
- ``seconds_median``, ``seconds_most``: from a SIGTERM to the end of the process
- ``without_report``: ended by SIGTERM with no time left for features and report
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toposcope.pipeline.diagram_file import read_diagrams
from toposcope.safety import CheckpointManager

if TYPE_CHECKING:
    from collections.abc import Iterator

N_POINTS, CHUNK = 3000, 20
N_PUSHES = N_POINTS // CHUNK
OPTIONS = ("--window", "200", "--chunk", str(CHUNK), "--scale", "0.6", "--confirm-after", "2")
CHECKPOINT_EVERY = 7
KILLS_PER_RUN = 2
EARLY_SHARE, EARLY_SECONDS = 0.1, 1.0
JITTER_SECONDS = 0.03
#: From a SIGTERM to the end of the process.
LIMIT_SECONDS = 2.0


def make_source(path: Path) -> None:
    """Clusters that come and go, a ring that opens and is filled: an event every few pushes."""
    rng = np.random.default_rng(0)
    phase = np.arange(N_POINTS) // 300 % 4
    angles, cluster = rng.uniform(0, 2 * np.pi, N_POINTS), rng.integers(0, 3, N_POINTS)
    noise = rng.normal(0, 0.1, (N_POINTS, 2))
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    shapes = [
        np.column_stack([4.0 * (cluster % 2), 0 * angles]),
        ring,
        np.column_stack([3.0 * cluster, 2 + 0 * angles]),
    ]
    points = np.select([(phase == p)[:, np.newaxis] for p in range(3)], shapes, 0.0)
    np.save(path, points + np.where((phase == 1)[:, np.newaxis], 0.2, 1.0) * noise)


def command(source: Path, out: Path, checkpoints: Path | None) -> list[str]:
    words = [sys.executable, "-m", "toposcope", "watch", str(source), *OPTIONS, "--out", str(out)]
    if checkpoints is not None:
        words += ["--checkpoint-dir", str(checkpoints), "--checkpoint-every", str(CHECKPOINT_EVERY), "--resume"]
    return words


def start(source: Path, run: Path) -> subprocess.Popen[bytes]:
    words = command(source, run / "out", run / "checkpoints")
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def n_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_for_kill(child: subprocess.Popen[bytes], telemetry: Path, rng: random.Random) -> None:
    """Wait until it is time to kill, or the child has ended."""
    if rng.random() < EARLY_SHARE:
        time.sleep(rng.uniform(0, EARLY_SECONDS))
        return
    at = n_lines(telemetry) + rng.randint(1, N_PUSHES // 2)
    while child.poll() is None and n_lines(telemetry) < at:
        time.sleep(0.002)
    time.sleep(rng.uniform(0, JITTER_SECONDS))


def kill(
    source: Path, run: Path, signum: int, rng: random.Random, counts: collections.Counter[str], seconds: list[float]
) -> bool:
    """Start and kill; whether it was killed, or had ended before."""
    child = start(source, run)
    telemetry = run / "out" / "telemetry.jsonl"
    wait_for_kill(child, telemetry, rng)
    sent = time.perf_counter()
    if child.poll() is not None:
        assert child.returncode == 0, child.stderr.read().decode()
        return False
    child.send_signal(signum)
    said = child.communicate(timeout=60)[1].decode()
    took = time.perf_counter() - sent
    if child.returncode == 0:
        return False
    assert "Traceback" not in said, said
    if signum == signal.SIGTERM:
        check_sigterm(child.returncode, run, said, counts)
        seconds.append(took)
    else:
        assert child.returncode == -signal.SIGKILL, said
        counts["early"] += not telemetry.exists()
    for name in ("telemetry.jsonl", "events.jsonl"):
        counts["torn"] += is_torn(run / "out" / name)
    for entry in CheckpointManager(run / "checkpoints").verify():
        assert entry.is_sound, entry.problem
    return True


def check_sigterm(returncode: int, run: Path, said: str, counts: collections.Counter[str]) -> None:
    """By a SIGTERM nothing is torn, and its report says what there is, unless it came before all."""
    abort = run / "out" / "abort.json"
    if returncode == -signal.SIGTERM or not abort.exists():
        counts["early"] += 1
        return
    assert returncode == 128 + signal.SIGTERM, said
    counts["without_report"] += "no time for features and report" in said
    told = json.loads(abort.read_bytes())
    assert told["cause"] == {"kind": "signal", "message": "stopped by SIGTERM", "signal": 15, "name": "SIGTERM"}
    assert not is_torn(run / "out" / "telemetry.jsonl")
    if told["state"]["step"]:
        newest = CheckpointManager(run / "checkpoints").entries()[-1]
        assert told["checkpoint"] == {"file": str(newest.path), "step": newest.metadata.step, "problem": None}
        assert told["state"]["step"] == newest.metadata.step == n_lines(run / "out" / "telemetry.jsonl")
        assert told["config_hash"] == newest.metadata.config_hash


def is_torn(path: Path) -> bool:
    """Whether the last line is torn; that any other is, is an error."""
    *lines, last = path.read_bytes().split(b"\n") if path.exists() else [b""]
    for line in lines:
        json.loads(line)
    return last != b""


def run_killed(
    source: Path, run: Path, signum: int, rng: random.Random, counts: collections.Counter[str], seconds: list[float]
) -> int:
    """Kill a run twice, then let it come to its end; how often it was killed."""
    n_kills = 0
    for _ in range(KILLS_PER_RUN):
        if not kill(source, run, signum, rng, counts, seconds):
            break
        n_kills += 1
        counts["resumed"] += bool(CheckpointManager(run / "checkpoints").entries())
    last = start(source, run)
    said = last.communicate(timeout=300)[1].decode()
    assert last.returncode == 0, said
    return n_kills


def check_outputs(run: Path, reference: Path) -> None:
    out = run / "out"
    assert (out / "events.jsonl").read_bytes() == (reference / "events.jsonl").read_bytes(), f"{run}: other events"
    records = [json.loads(line) for line in (out / "telemetry.jsonl").read_bytes().splitlines()]
    assert [(r["seq"], r["step"]) for r in records] == [(i, i + 1) for i in range(N_PUSHES)], f"{run}: other pushes"
    assert len({record["run_id"] for record in records}) == 1
    theirs, ours = (list(read_diagrams(folder / "diagrams.parquet")) for folder in (reference, out))
    assert [step for step, _ in ours] == [step for step, _ in theirs]
    assert all(a == b for (_, a), (_, b) in zip(ours, theirs, strict=True)), f"{run}: other diagrams"
    left = {path.name for path in out.iterdir()} - {path.name for path in reference.iterdir()}
    assert not left, f"{run}: left behind: {left}"


@contextlib.contextmanager
def load() -> Iterator[None]:
    """Keep every core busy."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def run(n_sigterms: int, n_sigkills: int, folder: Path, seed: int) -> dict[str, object]:
    """Kill so often; what came out."""
    source, reference = folder / "points.npy", folder / "reference"
    make_source(source)
    subprocess.run(command(source, reference, None), check=True, capture_output=True)
    n_events = n_lines(reference / "events.jsonl")
    assert n_events > 20, "a run in which nothing happens shows nothing"
    rng = random.Random(seed)
    told: dict[str, object] = {"seed": seed, "pushes": N_PUSHES, "events": n_events}
    with load():
        for signum, n_wanted in ((signal.SIGTERM, n_sigterms), (signal.SIGKILL, n_sigkills)):
            counts: collections.Counter[str] = collections.Counter(kills=0, runs=0, early=0, resumed=0, torn=0)
            seconds: list[float] = []
            while counts["kills"] < n_wanted:
                here = folder / f"{signal.Signals(signum).name}-{counts['runs']}"
                here.mkdir()
                counts["kills"] += run_killed(source, here, signum, rng, counts, seconds)
                counts["runs"] += 1
                check_outputs(here, reference)
            told[signal.Signals(signum).name] = dict(counts) | in_words(seconds)
    return told


def in_words(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    n_late = sum(took > LIMIT_SECONDS for took in seconds)
    most, median = round(max(seconds), 2), round(statistics.median(seconds), 2)
    return {"seconds_median": median, "seconds_most": most, "late": n_late}


def main() -> None:
    given = [int(word) for word in sys.argv[1:3]]
    n_sigterms, n_sigkills = (given + given)[:2] if given else (50, 50)
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(n_sigterms, n_sigkills, Path(folder), seed)))


if __name__ == "__main__":
    main()
