"""toposcope: exact, streaming persistent homology of embeddings."""

from toposcope import embedding, telemetry
from toposcope._core import __version__
from toposcope.alpha import alpha
from toposcope.batch import rips
from toposcope.cech import cech
from toposcope.comparison import Comparison, ConfidenceBand, FrozenReference, PermutationTest
from toposcope.diagram import Diagram, DiagramInfo
from toposcope.distances import bottleneck_distance, wasserstein_distance
from toposcope.estimate import Estimate, estimate
from toposcope.exceptions import (
    CheckpointError,
    DiagramFileError,
    Error,
    EssentialClassWarning,
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
from toposcope.pipeline.monitor import Monitor
from toposcope.pipeline.subscription import Subscription
from toposcope.reports import PushStats, Report
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

__all__ = [
    "Chain",
    "CheckpointError",
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
    "Feature",
    "FrozenReference",
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
    "Subscription",
    "TelemetryWarning",
    "TokenizerWarning",
    "ToposcopeWarning",
    "TrackingWarning",
    "Transient",
    "VoidBirth",
    "VoidContinue",
    "VoidDeath",
    "__version__",
    "alpha",
    "bottleneck_distance",
    "cech",
    "embedding",
    "estimate",
    "rips",
    "telemetry",
    "wasserstein_distance",
]
