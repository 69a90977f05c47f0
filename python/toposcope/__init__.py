"""toposcope: exact, streaming persistent homology of embeddings."""

from toposcope import embedding
from toposcope._core import __version__
from toposcope.batch import rips
from toposcope.diagram import Diagram, DiagramInfo
from toposcope.exceptions import (
    CheckpointError,
    DiagramFileError,
    Error,
    EssentialClassWarning,
    InternalError,
    MemoryLimitError,
    ModelError,
    TokenizerWarning,
    ToposcopeWarning,
)

__all__ = [
    "CheckpointError",
    "Diagram",
    "DiagramFileError",
    "DiagramInfo",
    "Error",
    "EssentialClassWarning",
    "InternalError",
    "MemoryLimitError",
    "ModelError",
    "TokenizerWarning",
    "ToposcopeWarning",
    "__version__",
    "embedding",
    "rips",
]
