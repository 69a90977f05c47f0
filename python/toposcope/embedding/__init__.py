"""Texts to vectors: sentence models, decoders that remember a stream, hashing without a model.

Nothing is downloaded, and ONNX Runtime is loaded only when a model is.
"""

from toposcope.embedding.hashing import HashingEmbedder
from toposcope.embedding.minilm import build_minilm
from toposcope.embedding.protocol import Embedder
from toposcope.embedding.qwen import QwenEmbedder, Window
from toposcope.embedding.sentence import SentenceEmbedder

__all__ = ["Embedder", "HashingEmbedder", "QwenEmbedder", "SentenceEmbedder", "Window", "build_minilm"]
