"""The check of instruction counts: when it passes, fails, or says that it can tell nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "counts" / "counts.py"


@pytest.fixture
def counts() -> Any:
    spec = importlib.util.spec_from_file_location("counts", SCRIPT)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


def test_growth_beyond_the_tolerance_fails(counts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stored = counts.Counts({"compiler": "1"}, {"a": 1000, "b": 1000}, {"a": [1], "b": [2]})
    assert counts.verdict(stored, stored._replace(instructions={"a": 1029, "b": 10}), 0.03) == 0
    assert counts.verdict(stored, stored._replace(instructions={"a": 1031, "b": 10}), 0.03) == 1
    text = capsys.readouterr().out
    assert "| a | 1,000 | 1,031 | +3.10% |" in text
    assert text.endswith("More than 3% above what is stored: a\n")


def test_another_compiler_is_not_compared_and_another_diagram_fails(
    counts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = counts.Counts({"compiler": "1"}, {"a": 1000}, {"a": [1]})
    assert counts.verdict(stored, stored._replace(conditions={"compiler": "2"}, instructions={"a": 5000}), 0.03) == 0
    assert "Not comparable" in capsys.readouterr().out
    assert counts.verdict(stored, stored._replace(intervals={"a": [2]}), 0.03) == 1
    assert "Other diagrams" in capsys.readouterr().out


def test_without_valgrind_it_says_so(
    counts: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(counts.shutil, "which", lambda name: None)
    assert counts.main([]) == 1
    assert capsys.readouterr().out.startswith("valgrind is not installed")


def test_the_stored_counts_are_complete(counts: Any) -> None:
    stored = counts.Counts(**counts.json.loads(counts.STORED.read_text()))
    assert set(stored.instructions) == set(stored.intervals)
    assert len(stored.instructions) == 3
    assert set(stored.conditions) == {"compiler", "valgrind", "machine"}
