"""The public names: adding one is a decision, dropping one a breaking change."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import toposcope as ts

PUBLIC = {
    "batch": {
        "Chain", "Diagram", "DiagramInfo", "Estimate", "Representative", "Representatives", "alpha", "cech", "estimate",
        "rips",
    },
    "distances": {"bottleneck_distance", "wasserstein_distance"},
    "sequences": {"Vine", "crocker_matrix", "vines"},
    "pictures": {"plot"},
    "streaming": {"ChunkBuffer", "PushStats", "Report", "Stream", "StreamTotals"},
    "events": {
        "CobordismTracker", "ComponentBirth", "ComponentDeath", "Continue", "Event", "ExplainedFeature", "Explanation",
        "Feature", "LoopBirth", "LoopContinue", "LoopDeath", "Merge", "Reorganise", "Split", "Transient",
        "VoidBirth", "VoidContinue", "VoidDeath",
    },
    "comparison": {"Comparison", "ConfidenceBand", "FrozenReference", "PermutationTest"},
    "monitoring": {"ChunkRing", "Monitor", "Subscription", "telemetry"},
    "packages": {"embedding", "safety"},
    "errors": {
        "CheckpointError", "DiagramFileError", "Error", "GuardError", "InternalError", "LaggedError",
        "MemoryLimitError", "ModelError", "NotEnoughDataError",
    },
    "warnings": {
        "CheckpointWarning", "EssentialClassWarning", "GuardWarning", "TelemetryWarning", "TokenizerWarning",
        "ToposcopeWarning", "TrackingWarning",
    },
    "version": {"__version__"},
}  # fmt: skip


def test_the_public_names_are_these() -> None:
    assert set(ts.__all__) == set().union(*PUBLIC.values())
    assert list(ts.__all__) == sorted(ts.__all__)
    assert all(hasattr(ts, name) for name in ts.__all__)


@pytest.mark.parametrize("name", sorted(set().union(*PUBLIC.values()) - {"__version__"}))
def test_every_public_name_is_documented(name: str) -> None:
    documented = inspect.getdoc(getattr(ts, name))
    assert documented
    assert documented[0].isupper() or documented.startswith(("``", "toposcope"))


def test_import_loads_no_extra() -> None:
    program = (
        "import sys, toposcope, toposcope.embedding, toposcope.telemetry, toposcope.pipeline, toposcope.plotting\n"
        "extras = {'matplotlib', 'onnx', 'onnxruntime', 'opentelemetry', 'pandas', 'plotly', 'prometheus_client',"
        " 'psutil', 'pyarrow', 'rich', 'scipy', 'sklearn'}\n"
        "print(sorted(extras & set(sys.modules)))\n"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert loaded.strip() == "[]"


def test_import_loads_no_plotting() -> None:
    program = "import sys, toposcope; print(sorted(name for name in sys.modules if name.startswith('toposcope.plot')))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert loaded.strip() == "[]"


def test_errors_are_what_the_documentation_says() -> None:
    assert issubclass(ts.MemoryLimitError, MemoryError)
    for name in PUBLIC["errors"]:
        assert issubclass(getattr(ts, name), ts.Error)
        assert not issubclass(getattr(ts, name), ValueError)
