"""The benchmark of telemetry, tracking and handover: its ratios are of what they say, and all of it runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toposcope as ts

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "telemetry.py"


@pytest.fixture(name="script")
def _script(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("telemetry_benchmark", SCRIPT)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "SIZES", {"2x64": (2, 64)})
    return module


def rows(text: str) -> list[list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return [row for row in cells[1:] if not set(row[0]) <= {"-"}]


def test_the_interval_holds_the_median_ratio(script: Any) -> None:
    times = np.column_stack([np.full(101, 2.0), np.linspace(2.0, 4.0, 101)])
    ratio, low, high = script.interval(times)
    assert ratio == pytest.approx(1.5)
    assert 1.3 < low < ratio < high < 1.7


def test_sides_change_places_and_have_to_agree(script: Any) -> None:
    order: list[str] = []
    streams = [ts.Stream(n_dims=2, window=4000) for _ in range(2)]

    def side(name: str) -> Any:
        def push(chunk: np.ndarray) -> ts.Report:
            order.append(name)
            return streams["ab".index(name)].push(chunk)

        return push

    times = script.paired(script.clusters(2, script.WARM_UP + 3), side("a"), side("b"))
    assert times.shape == (3, 2)
    assert "".join(order[:8]) == "abbaabba"
    with pytest.raises(SystemExit, match="do not agree"):
        script.paired(script.clusters(2, 1), side("a"), lambda chunk: streams[1].push(chunk + 1))


def test_telemetry_runs(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("prometheus_client")
    pytest.importorskip("opentelemetry.sdk")
    script.telemetry(["2x64"], 2)
    table = rows(capsys.readouterr().out)
    assert [row[1] for row in table] == list(script.sinks(Path()))
    assert all(re.fullmatch(r"[+-]\d+\.\d\d%", row[3]) for row in table)
    assert table[0][5] == "0 µs"
    assert all(int(row[5].split()[0]) > 0 for row in table[1:])


def test_tracking_runs(script: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "WATCHED", (("four clusters", script.clusters, 1.5),))
    script.tracking(["2x64"], 2)
    (row,) = rows(capsys.readouterr().out)
    assert row[:2] == ["four clusters", "2, 64"]
    monkeypatch.setattr(script.ts, "CobordismTracker", lambda **_: Blind())
    with pytest.raises(SystemExit, match="has found no scale"):
        script.tracking(["2x64"], 2)


class Blind:
    """A tracker that never has enough to go by."""

    is_tracking = False

    def observe(self, report: ts.Report) -> list[ts.Event]:
        return []


def test_handover_runs(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    script.handover(["2x64"], 2)
    (row,) = rows(capsys.readouterr().out)
    assert row[1] == "0.01 MB"


@pytest.mark.parametrize("arguments", [["speed"], ["--rounds", "1"], ["--sizes", "3x3"]])
def test_other_arguments_are_refused(
    script: Any, arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [str(SCRIPT), *arguments])
    with pytest.raises(SystemExit) as stopped:
        script.main()
    assert stopped.value.code == 2
    assert "expected" in (error := capsys.readouterr().err) or "invalid choice" in error
