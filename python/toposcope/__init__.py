"""toposcope: exact, streaming persistent homology of embeddings."""

from toposcope import embedding, telemetry
from toposcope._core import __version__
from toposcope.alpha import alpha
from toposcope.batch import rips
from toposcope.cech import cech
from toposcope.chunk_buffer import ChunkBuffer
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
    TelemetryWarning,
    TokenizerWarning,
    ToposcopeWarning,
    TrackingWarning,
)
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
)

__all__ = [
    "Chain",
    "CheckpointError",
    "ChunkBuffer",
    "ChunkRing",
    "CobordismTracker",
    "ComponentBirth",
    "ComponentDeath",
    "Continue",
    "Diagram",
    "DiagramFileError",
    "DiagramInfo",
    "Error",
    "EssentialClassWarning",
    "Estimate",
    "Event",
    "Feature",
    "InternalError",
    "LaggedError",
    "LoopBirth",
    "LoopContinue",
    "LoopDeath",
    "MemoryLimitError",
    "Merge",
    "ModelError",
    "Monitor",
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
