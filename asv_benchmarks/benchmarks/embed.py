"""Texts to vectors: hashing, and the overhead around a model too small to cost anything itself."""

import warnings
from pathlib import Path

import numpy as np

from toposcope import TokenizerWarning
from toposcope.embedding import HashingEmbedder, QwenEmbedder

from .common import Benchmark, expect

MODELS = Path(__file__).parents[2] / "tests" / "data" / "models"
LINES = [f"line {i}: the quick brown fox jumps over {i * 7919 % 1000} lazy dogs" for i in range(1000)]


class Hashing(Benchmark):
    """A thousand lines of text without a model."""

    def prepare(self):
        self.embedder = HashingEmbedder()
        expect("norms", np.linalg.norm(self.embedder.embed(LINES), axis=1), np.ones(1000), rtol=1e-5)

    def time_embed(self):
        self.embedder.embed(LINES)


class Feed(Benchmark):
    """A stream of tokens through a decoder of 24 layers, as cut by the parameter."""

    params = (1, 16, 128)
    param_names = ("tokens_per_call",)

    def prepare(self, n):
        with warnings.catch_warnings():
            # There is no tokenizer beside it, and none is needed for ids.
            warnings.simplefilter("ignore", TokenizerWarning)
            self.embedder = QwenEmbedder(MODELS / "tiny_qwen2_24l.onnx", n_threads=1)
        self.pieces = np.split(np.arange(512) * 7 % 320, 512 // n)
        self.time_feed(n)
        expect("tokens", self.embedder.info()["cache_tokens"], 512)

    def time_feed(self, n):
        self.embedder.reset()
        for ids in self.pieces:
            self.embedder.feed_ids(ids)
