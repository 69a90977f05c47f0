"""SentenceEmbedder: against a BERT written out in NumPy, and on the ways in which texts are grouped and cut."""

from __future__ import annotations

import _thread
import json
import math
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toposcope import ModelError
from toposcope.embedding import Embedder, SentenceEmbedder
from toposcope.embedding._bert import build_bert

MODELS = Path(__file__).parents[2] / "data" / "models"
N_HEADS, EPSILON = 4, 1e-12


def bert_weights(n_words: int = 320, n_dims: int = 16, n_layers: int = 2, n_positions: int = 64, seed: int = 3):
    """Random weights of a small BERT under their usual names."""
    rng = np.random.default_rng(seed)

    def matrix(*shape: int):
        return (rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)

    def norm(prefix: str):
        gain = 1 + 0.1 * matrix(n_dims)
        return {f"{prefix}.weight": gain.astype(np.float32), f"{prefix}.bias": 0.1 * matrix(n_dims)}

    def dense(prefix: str, n_out: int, n_in: int):
        return {f"{prefix}.weight": matrix(n_out, n_in), f"{prefix}.bias": 0.1 * matrix(n_out)}

    weights = {
        "embeddings.word_embeddings.weight": matrix(n_words, n_dims),
        "embeddings.position_embeddings.weight": matrix(n_positions, n_dims),
        "embeddings.token_type_embeddings.weight": matrix(2, n_dims),
        **norm("embeddings.LayerNorm"),
    }
    for layer in range(n_layers):
        prefix = f"encoder.layer.{layer}."
        for name in ("query", "key", "value"):
            weights |= dense(f"{prefix}attention.self.{name}", n_dims, n_dims)
        weights |= dense(f"{prefix}attention.output.dense", n_dims, n_dims)
        weights |= norm(f"{prefix}attention.output.LayerNorm")
        weights |= dense(f"{prefix}intermediate.dense", 4 * n_dims, n_dims)
        weights |= dense(f"{prefix}output.dense", n_dims, 4 * n_dims)
        weights |= norm(f"{prefix}output.LayerNorm")
    return weights


WEIGHTS = bert_weights()
TEXTS = ["def main():", "a", "the quick brown fox jumps over the lazy dog", "x = [1, 2, 3]", "naïve 漢字"]
ERF = np.vectorize(math.erf)


def layer_norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
    return scaled * WEIGHTS[f"{name}.weight"] + WEIGHTS[f"{name}.bias"]


def dense(x, name):
    return x @ WEIGHTS[f"{name}.weight"].T.astype(np.float64) + WEIGHTS[f"{name}.bias"]


def attention(x, prefix):
    query, key, value = (
        dense(x, f"{prefix}attention.self.{name}").reshape(len(x), N_HEADS, -1) for name in ("query", "key", "value")
    )
    scores = np.einsum("qhd,khd->hqk", query, key) / np.sqrt(query.shape[-1])
    shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", shares, value).reshape(x.shape)


def states(ids):
    """The last hidden states, one token after the other, no batch and no mask."""
    table = WEIGHTS["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    x = table + WEIGHTS["embeddings.position_embeddings.weight"][: len(ids)]
    x = layer_norm(x + WEIGHTS["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(2):
        prefix = f"encoder.layer.{layer}."
        update = dense(attention(x, prefix), f"{prefix}attention.output.dense")
        x = layer_norm(x + update, f"{prefix}attention.output.LayerNorm")
        hidden = dense(x, f"{prefix}intermediate.dense")
        hidden = hidden * 0.5 * (1 + ERF(hidden / np.sqrt(2)))
        x = layer_norm(x + dense(hidden, f"{prefix}output.dense"), f"{prefix}output.LayerNorm")
    return x


def write(folder, name="model.onnx", weights=WEIGHTS, *, int8=False):
    """Write a model, and a tokenizer that appends token 256 to the bytes of a text."""
    (folder / name).write_bytes(build_bert(weights, n_heads=N_HEADS, epsilon=EPSILON, int8=int8))
    tokenizer = json.loads((MODELS / "tiny_tokenizer_bytes.json").read_text())
    template = json.loads((MODELS / "tiny_tokenizer_eos.json").read_text())["post_processor"]
    tokenizer["post_processor"] = json.loads(json.dumps(template).replace("317", "256"))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder


@pytest.fixture(scope="module")
def tokenize(byte_ids):
    return lambda text: [*byte_ids(text), 256]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def int8_folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("bert-int8"), "model_quantized.onnx", int8=True)


@pytest.mark.parametrize("pooling", [None, "mean", "cls", "last"])
@pytest.mark.parametrize("normalize", [True, False])
def test_vectors_are_those_of_the_reference(folder, tokenize, pooling, normalize):
    embedder = SentenceEmbedder(folder, pooling, normalize=normalize)
    got = embedder.embed(TEXTS)
    assert got.shape == (len(TEXTS), 16)
    assert got.dtype == np.float32
    for text, row in zip(TEXTS, got, strict=True):
        tokens = states(tokenize(text))
        expected = {"cls": tokens[0], "last": tokens[-1]}.get(pooling, tokens.mean(0))
        if normalize:
            expected = expected / np.linalg.norm(expected)
        np.testing.assert_allclose(row, expected, atol=1e-5)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text("ab xyz", min_size=1, max_size=12), max_size=7),
    batch_tokens=st.integers(1, 60),
    data=st.data(),
)
def test_company_and_order_do_not_matter(folder, texts, batch_tokens, data):
    alone = SentenceEmbedder(folder, n_threads=1)
    together = SentenceEmbedder(folder, batch_tokens=batch_tokens, n_threads=1)
    order = data.draw(st.permutations(range(len(texts))))
    got = together.embed([texts[i] for i in order])
    for i, row in zip(order, got, strict=True):
        np.testing.assert_allclose(row, alone.embed([texts[i]])[0], atol=1e-5)
        assert abs(np.linalg.norm(row) - 1) < 1e-5


def test_int8_is_close_and_bit_for_bit_repeatable(folder, int8_folder):
    exact, quantized = SentenceEmbedder(folder), SentenceEmbedder(int8_folder)
    vectors = quantized.embed(TEXTS)
    assert (vectors * exact.embed(TEXTS)).sum(1).min() >= 0.99
    assert quantized.info()["dynamic_int8"]
    assert quantized.info()["n_padding"] == 0
    np.testing.assert_array_equal(quantized.embed(TEXTS[::-1])[::-1], vectors)


def test_info_tells_what_was_loaded_and_done(folder, tokenize):
    embedder = SentenceEmbedder(folder, max_tokens=4)
    assert isinstance(embedder, Embedder)
    embedder.embed(TEXTS)
    info = embedder.info()
    assert info["model"] == folder / "model.onnx"
    assert "onnxruntime" in info["runtime"].name
    assert (info["embedding_source"], info["pooling"], info["dtype"]) == ("last_hidden_state", "mean", "float32")
    n_tokens = [len(tokenize(text)) for text in TEXTS]
    assert info["n_texts"] == 5
    assert info["n_tokens"] == sum(min(n, 4) for n in n_tokens)
    assert info["n_truncated"] == sum(n > 4 for n in n_tokens)


def test_long_texts_are_cut_where_asked(folder, tokenize):
    text, ids = TEXTS[2], tokenize(TEXTS[2])
    for truncate, kept in [("end", [*ids[:5], ids[-1]]), ("start", ids[-6:])]:
        got = SentenceEmbedder(folder, normalize=False, max_tokens=6, truncate=truncate).embed([text])
        np.testing.assert_allclose(got[0], states(kept).mean(0), atol=1e-5)
    strict = SentenceEmbedder(folder, max_tokens=6, truncate="error")
    with pytest.raises(
        ValueError, match=rf"texts\[1\]: {len(ids)} tokens, over max_tokens=6; split it, or pass truncate"
    ):
        strict.embed(["a", text])


def test_a_text_beyond_the_positions_is_an_error_of_the_model(folder):
    with pytest.raises(ModelError, match=r"model\.onnx: run failed"):
        SentenceEmbedder(folder, max_tokens=500).embed(["word " * 200])


def test_nothing_in_nothing_out(folder):
    assert SentenceEmbedder(folder).embed([]).shape == (0, 16)


def test_outputs_that_are_not_finite_name_the_text(tmp_path, byte_ids):
    weights = dict(WEIGHTS)
    table = weights["embeddings.word_embeddings.weight"].copy()
    table[byte_ids("~")] = np.nan
    weights["embeddings.word_embeddings.weight"] = table
    write(tmp_path, weights=weights)
    with pytest.raises(ModelError, match=r'"last_hidden_state" \(float32\) is not finite for texts\[1\]'):
        SentenceEmbedder(tmp_path).embed(["fine", "not ~ fine"])


def test_ctrl_c_stops_between_runs(folder):
    embedder = SentenceEmbedder(folder)
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        embedder.embed(["some text"] * 500_000)
    assert time.perf_counter() - started < 2
    assert embedder.info()["n_texts"] == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"path": 3}, TypeError, "path: expected str or os.PathLike, got int"),
        ({"pooling": "max"}, ValueError, 'pooling: expected "mean", "cls" or "last", got "max"'),
        ({"pooling": 1}, TypeError, "pooling: expected str, got int"),
        ({"truncate": "middle"}, ValueError, 'truncate: expected "end", "start" or "error", got "middle"'),
        ({"max_tokens": 0}, ValueError, "max_tokens: expected an integer of at least 1, got 0"),
        ({"max_tokens": 1}, ValueError, "max_tokens: expected more than the 1 special tokens"),
        ({"batch_tokens": 0}, ValueError, "batch_tokens: expected an integer of at least 1, got 0"),
        ({"n_threads": 0}, ValueError, "n_threads: expected an integer of at least 1, got 0"),
        ({"n_threads": 1.5}, TypeError, "n_threads: expected an integer, got 1.5"),
        ({"runtime_path": 3}, TypeError, "runtime_path: expected str or os.PathLike, got int"),
    ],
)
def test_wrong_parameters(folder, arguments, error, message):
    with pytest.raises(error, match=message):
        SentenceEmbedder(**{"path": folder} | arguments)


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("a text", TypeError, "texts: expected a sequence of str, got str"),
        (["a", 7], TypeError, r"texts\[1\]: expected str, got int"),
        (["a", "\udcff"], ValueError, r"texts\[1\]: expected valid Unicode"),
    ],
)
def test_wrong_texts(folder, texts, error, message):
    with pytest.raises(error, match=message):
        SentenceEmbedder(folder).embed(texts)


def test_empty_texts_are_refused_even_if_the_template_has_tokens(folder):
    with pytest.raises(ValueError, match=r"texts\[1\]: empty, it has no tokens to embed"):
        SentenceEmbedder(folder).embed(["a", ""])
