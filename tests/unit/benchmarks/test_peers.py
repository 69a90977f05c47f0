"""The comparison with the peers: what it calls equal, what it counts, and one case from end to end."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import gudhi
import numpy as np
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package ``peers``, whose modules are imported for one test."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield lambda name: importlib.import_module(f"peers.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "peers"]:
        del sys.modules[name]


def test_the_tolerance_is_a_bottleneck_distance(peers: Any) -> None:
    """Against GUDHI's, over diagrams with ties, short intervals and distances on both sides of the tolerance."""
    within = peers("compare").within
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(300):
        births = rng.integers(0, 6, rng.integers(0, 9)) / 2
        a = np.stack([births, births + rng.integers(1, 5, len(births)) / 2], axis=1)
        b = rng.permutation(a + rng.integers(-1, 2, a.shape) / 4)
        b = b[b[:, 1] > b[:, 0]][: rng.integers(0, 9)]
        tolerance = float(rng.choice([0.25, 0.5, 0.75]))
        # Every value is a multiple of 1/8, so nothing is near the tolerance but on it.
        expected = gudhi.bottleneck_distance(a, b) <= tolerance + 1e-3
        assert within(a, b, tolerance) == expected, (a, b, tolerance)
        seen.add(expected)
    assert seen == {True, False}


def test_diagrams_differ_by_a_pair_an_essential_class_or_a_dimension(peers: Any) -> None:
    difference = peers("compare").difference
    ours = [np.array([[0.0, 1.0], [0.0, np.inf]]), np.array([[1.0, 2.0], [1.5, 3.0]])]
    rounded = [array.astype(np.float32)[::-1].astype(float) + 1e-7 for array in ours]
    assert difference(ours, rounded) is None
    assert difference(ours, [ours[0], ours[1][:1]]).startswith("H1: finite intervals")
    assert difference(ours, [ours[0], np.array([[1.0, 3.0], [1.5, 2.0]])]).startswith("H1: finite intervals")
    assert difference(ours, [ours[0][:1], ours[1]]) == "H0: 1 and 0 essential classes"
    assert difference(ours, [ours[0] + [[0, 0], [1, 0]], ours[1]]) == "H0: other births of essential classes"
    assert difference(ours, ours[:1]) == "2 dimensions and 1"


def test_the_table_counts_what_finished(peers: Any) -> None:
    cases, processes, rounds, table = map(peers, ("cases", "processes", "rounds", "table"))
    case = cases.Case("ring", lambda: None, 1, 0.5, field=3, goal=5)
    results = [
        rounds.Result("toposcope", [0.2, 0.1, 0.3], [10 * 2**20] * 3),
        rounds.Result("GUDHI", [0.8, 0.9, 1.0], [40 * 2**20] * 3),
        rounds.Result("giotto-ph", [0.01], [2**20], processes.Failure("wrong", "H1: 3 apart")),
        rounds.Result("holos-tda", failure=processes.Failure("limit", "> 60 s")),
        rounds.Result("ripser.py", failure=processes.Failure("error", "MemoryError")),
    ]
    row = rounds.Row(case, results)
    assert row.ratio() == pytest.approx(8)
    assert row.memory_ratio() == 0.25
    text = table.markdown([row])
    cells = "0.1000 (0.2000) | 0.8000 (0.9000) | void | > 60 s | – | ×8.0 | ×5 | yes |"  # noqa: RUF001
    assert f"| `ring`, H0-H1, ≤ 0.5, Z/3 | {cells}" in text
    assert "| 10.0 | 40.0 |  |  |  | 0.25 | ≤ 0.5 | yes |" in text
    assert "- ring, giotto-ph: void, for another diagram: H1: 3 apart" in text
    assert "- ring, ripser.py: MemoryError" in text


class Scripted:
    """Stands in for processes: answers from a list."""

    def __init__(self, processes: Any, answers: dict[str, Any]) -> None:
        self.processes, self.answers, self.asked = processes, answers, []

    def baseline(self, name: str) -> Any:
        return self.processes.Answer(peak=100)

    def call(self, name: str) -> Any:
        self.asked.append(name)
        seconds, diagrams = self.answers[name]
        return self.processes.Answer(seconds, 150, diagrams)


def test_a_wrong_diagram_and_a_hopeless_time_end_a_contestants_rounds(peers: Any) -> None:
    cases, packages, processes, rounds = map(peers, ("cases", "packages", "processes", "rounds"))
    names = ["toposcope", "GUDHI", "giotto-ph", "holos-tda", "ripser.py"]
    contestants = [packages.contestant(name) for name in names]
    diagram, other = [np.array([[0.0, 1.0]])], [np.array([[0.0, 2.0]])]
    answers = {
        "toposcope": (1.0, diagram),
        "GUDHI": (2.0, diagram),
        "giotto-ph": (3.0, other),
        "holos-tda": (9, diagram),
    }
    bench = Scripted(processes, answers)
    case = cases.Case("ring", lambda: None, 0, hopeless=(("ripser.py", "why"),))
    row = rounds.run(case, bench, contestants, 2)
    assert bench.asked == ["toposcope", "GUDHI", "giotto-ph", "holos-tda", "toposcope", "GUDHI"]
    assert [result.failure and result.failure.kind for result in row.results] == [None, None, "wrong", None, "hopeless"]
    assert row.ours().bytes == [50, 50]
    assert row.ratio() == 2


def test_collapse_off_is_gudhis_own_choice_below_h2(peers: Any) -> None:
    cases, rounds = map(peers, ("cases", "rounds"))
    flat, solid = (cases.Case("x", lambda: None, dim) for dim in (1, 2))
    names = [{one.name for one in rounds.entrants(case, [])} for case in (flat, solid)]
    assert names[1] - names[0] == {"GUDHI, no collapse"}


@pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are read from /proc")
def test_a_call_is_measured_and_its_limits_hold(peers: Any, tmp_path: Path) -> None:
    cases, processes = map(peers, ("cases", "processes"))
    case = cases.Case("cube", lambda: cases.cube(1000), 1)
    limits = processes.Limits(60, 2**32, 2)
    bench = processes.Bench(case, case.make(), tmp_path, limits)
    # GUDHI makes a square matrix of float64, and the whole is far from what the process has without it.
    above = bench.call("GUDHI").peak - bench.baseline("GUDHI").peak
    assert 8_000_000 < above < 80_000_000
    assert bench.call("toposcope").diagrams[0].shape == (1000, 2)
    small = processes.Bench(case, case.make(), tmp_path, limits._replace(bytes=2**20))
    assert small.call("toposcope").failure == processes.Failure("limit", "> 0.000976562 GiB")
    endless = cases.Case("cube", lambda: None, 6)
    slow = processes.Bench(endless, cases.cube(300), tmp_path, limits._replace(seconds=1))
    assert slow.call("GUDHI, no collapse").failure == processes.Failure("limit", "> 1 s")
    broken = processes.Bench(case._replace(field=4), case.make(), tmp_path, limits)
    assert broken.call("toposcope").failure.why.startswith("ValueError: field: expected a prime")


@pytest.mark.skipif(sys.platform != "linux", reason="peaks of memory are read from /proc")
def test_a_case_from_end_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "peers", "random_50_16", "--rounds", "1", "--json", str(tmp_path / "raw.json")]
    done = subprocess.run(
        [*command, "--peers", "toposcope", "GUDHI"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "benchmarks"), "TOPOSCOPE_BENCH_SMOKE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "| case | toposcope | GUDHI | faster by | goal | reached |" in done.stdout
    (raw,) = json.loads((tmp_path / "raw.json").read_text())
    assert raw["case"] == "random_50_16"
    assert [result["failure"] for result in raw["results"]] == [None, None]


def test_curves_end_where_a_contestant_fails(peers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes, rounds, scaling = map(peers, ("processes", "rounds", "scaling"))
    asked = []

    def at(case: Any, contestants: list[Any], *_: Any) -> list[Any]:
        asked.append((case.name, [one.name for one in contestants]))
        results = [rounds.Result(one.name, [1.0], [2**20]) for one in contestants]
        if case.name == "cube-300":
            results[1].failure = processes.Failure("limit", "> 60 s")
        return results

    monkeypatch.setattr(scaling, "at", at)
    monkeypatch.setattr(scaling, "NAMES", ("toposcope", "GUDHI"))
    curves = scaling.measure(list(scaling.FAMILIES[:1]), [100, 300, 1000], processes.Limits(1, 1, 1), 1)
    both = ["toposcope", "GUDHI"]
    assert asked == [("cube-100", both), ("cube-300", both), ("cube-1000", ["toposcope"])]
    text = scaling.markdown(curves, "picture.svg")
    assert "| 300 | 1.00 (1.0) | > 60 s |\n| 1,000 | 1.00 (1.0) |  |" in text
    assert json.loads(scaling.saved(curves))["cube"]["300"][0]["seconds"] == [1.0]
    scaling.draw(curves, tmp_path / "picture")
    assert (tmp_path / "picture.svg").stat().st_size > 10_000
    assert (tmp_path / "picture.png").exists()


def test_names_that_do_not_exist_are_refused(peers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    main = peers("__main__").main
    for arguments in (["nothing"], ["--peers", "nobody"], ["--rounds", "0"]):
        with pytest.raises(SystemExit):
            main(arguments)
    text = capsys.readouterr().err
    assert "no case 'nothing'; there are sphere_3_192" in text
    assert "no contestant 'nobody'" in text
    assert "are positive" in text
