"""Vectors from persistence diagrams: scikit-learn transformers over the kernels of ``toposcope._core``."""

try:
    import sklearn  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError(
        'toposcope.vectorizers needs scikit-learn: pip install "toposcope[ml]"', name="sklearn"
    ) from error

from toposcope.vectorizers.betti import BettiCurve
from toposcope.vectorizers.image import PersistenceImage
from toposcope.vectorizers.landscape import PersistenceLandscape
from toposcope.vectorizers.rips import VietorisRips
from toposcope.vectorizers.stack import VectorStack
from toposcope.vectorizers.stream import StreamTransformer

__all__ = ["BettiCurve", "PersistenceImage", "PersistenceLandscape", "StreamTransformer", "VectorStack", "VietorisRips"]
