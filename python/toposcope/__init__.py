"""toposcope: exact, streaming persistent homology of embeddings."""

from typing import TYPE_CHECKING, Any

from toposcope import embedding, telemetry
from toposcope._core import __version__
from toposcope.alpha import alpha
from toposcope.batch import rips
from toposcope.cech import cech
from toposcope.chunk_buffer import ChunkBuffer
from toposcope.comparison import Comparison, ConfidenceBand, FrozenReference, PermutationTest
from toposcope.crocker import crocker_matrix
from toposcope.diagram import Diagram, DiagramInfo
from toposcope.distances import bottleneck_distance, wasserstein_distance
from toposcope.estimate import Estimate, estimate
from toposcope.exceptions import (
    CheckpointError,
    CheckpointWarning,
    DiagramFileError,
    Error,
    EssentialClassWarning,
    GuardError,
    GuardWarning,
    InternalError,
    LaggedError,
    MemoryLimitError,
    ModelError,
    NotEnoughDataError,
    TelemetryWarning,
    TokenizerWarning,
    ToposcopeWarning,
    TrackingWarning,
)
from toposcope.explanations import ExplainedFeature, Explanation
from toposcope.pipeline.monitor import Monitor
from toposcope.pipeline.ring import ChunkRing
from toposcope.pipeline.subscription import Subscription
from toposcope.reports import PushStats, Report, StreamTotals
from toposcope.representatives import Chain, Representative, Representatives
from toposcope.stream import Stream
from toposcope.tracking import (
    CobordismTracker,
    ComponentBirth,
    ComponentDeath,
    Continue,
    Event,
    Feature,
    LoopBirth,
    LoopContinue,
    LoopDeath,
    Merge,
    Reorganise,
    Split,
    Transient,
    VoidBirth,
    VoidContinue,
    VoidDeath,
)
from toposcope.vines import Vine, vines

if TYPE_CHECKING:
    from toposcope import plotting as plot
    from toposcope import safety

__all__ = [
    "Chain",
    "CheckpointError",
    "CheckpointWarning",
    "ChunkBuffer",
    "ChunkRing",
    "CobordismTracker",
    "Comparison",
    "ComponentBirth",
    "ComponentDeath",
    "ConfidenceBand",
    "Continue",
    "Diagram",
    "DiagramFileError",
    "DiagramInfo",
    "Error",
    "EssentialClassWarning",
    "Estimate",
    "Event",
    "ExplainedFeature",
    "Explanation",
    "Feature",
    "FrozenReference",
    "GuardError",
    "GuardWarning",
    "InternalError",
    "LaggedError",
    "LoopBirth",
    "LoopContinue",
    "LoopDeath",
    "MemoryLimitError",
    "Merge",
    "ModelError",
    "Monitor",
    "NotEnoughDataError",
    "PermutationTest",
    "PushStats",
    "Reorganise",
    "Report",
    "Representative",
    "Representatives",
    "Split",
    "Stream",
    "StreamTotals",
    "Subscription",
    "TelemetryWarning",
    "TokenizerWarning",
    "ToposcopeWarning",
    "TrackingWarning",
    "Transient",
    "Vine",
    "VoidBirth",
    "VoidContinue",
    "VoidDeath",
    "__version__",
    "alpha",
    "bottleneck_distance",
    "cech",
    "crocker_matrix",
    "embedding",
    "estimate",
    "plot",
    "rips",
    "safety",
    "telemetry",
    "vines",
    "wasserstein_distance",
]


def __dir__() -> list[str]:
    return sorted({*globals(), "plot", "safety"})


def __getattr__(name: str) -> Any:
    # Loaded when they are asked for: importing toposcope has to stay quick.
    if name == "safety":
        import importlib  # noqa: PLC0415

        return importlib.import_module("toposcope.safety")
    if name == "plot":
        from toposcope import plotting  # noqa: PLC0415

        return plotting
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
