"""The benchmarks refuse to time what means nothing."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SUITE = Path(__file__).parents[2] / "asv_benchmarks"


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SUITE))
    yield importlib.import_module("benchmarks.common")
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]


def test_a_debug_build_is_refused_unless_nothing_is_timed(common: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(common.SMOKE, raising=False)
    monkeypatch.setattr("toposcope._core.BUILD_PROFILE", "debug")
    with pytest.raises(RuntimeError, match=r"toposcope\._core is a debug build: install a release build to time it"):
        common.Benchmark().setup()
    monkeypatch.setenv(common.SMOKE, "1")
    common.Benchmark().setup()
    monkeypatch.delenv(common.SMOKE)
    monkeypatch.setattr("toposcope._core.BUILD_PROFILE", "release")
    common.Benchmark().setup()


def test_a_wrong_result_is_refused(common: Any) -> None:
    common.expect("sum", np.array([1.0]), [1.0])
    with pytest.raises(AssertionError, match=r"sum: expected 3, got 2"):
        common.expect("sum", 2, 3)
