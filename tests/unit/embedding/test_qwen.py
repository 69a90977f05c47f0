"""QwenEmbedder: against ONNX Runtime driven by hand, and on what a history is."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from toposcope import ModelError, TokenizerWarning
from toposcope.embedding import Embedder, QwenEmbedder, Window

MODELS = Path(__file__).parents[2] / "data" / "models"
EXPECTED = json.loads((MODELS / "tiny_qwen_expected.json").read_text())
DECODERS = sorted(EXPECTED)
IDS = np.asarray(EXPECTED["tiny_qwen2_2l.onnx"]["ids"])


class ByHand:
    """The same model, driven through the onnxruntime package."""

    def __init__(self, name: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(MODELS / name, options, providers=["CPUExecutionProvider"])
        self.inputs = {i.name: i for i in self.session.get_inputs()}
        self.outputs = [o.name for o in self.session.get_outputs()]

    def step(self, ids, past=None, mask=None):
        """Return all outputs by name for ``ids`` after the tensors of ``past``; ``mask`` is over all of them."""
        past = past or self.empty()
        n_past = past["past_key_values.0.key"].shape[2]
        feed = dict(past)
        feed["input_ids"] = np.asarray(ids, np.int64)[None]
        feed["attention_mask"] = np.ones((1, n_past + len(ids)), np.int64) if mask is None else mask[None]
        feed["position_ids"] = np.arange(n_past, n_past + len(ids))[None]
        feed = {name: value for name, value in feed.items() if name in self.inputs}
        return dict(zip(self.outputs, self.session.run(None, feed), strict=True))

    def empty(self):
        tensors = {}
        for name, tensor in self.inputs.items():
            if name.startswith("past"):
                dtype = np.float16 if "float16" in tensor.type else np.float32
                tensors[name] = np.zeros((1, tensor.shape[1], 0, tensor.shape[3]), dtype)
        return tensors


def value_rows(outputs):
    """One row per cached token: the values of all layers and heads."""
    layers = sum(name.endswith(".value") for name in outputs)
    values = [outputs[f"present.{layer}.value"][0].transpose(1, 0, 2) for layer in range(layers)]
    return np.concatenate([v.reshape(len(v), -1) for v in values], axis=1).astype(np.float64)


def token_rows(outputs, source):
    if source == "values":
        return value_rows(outputs)
    if source == "logits":
        logits = outputs["logits"][0].astype(np.float64)
        return logits - logits.mean(axis=1, keepdims=True)
    return next(outputs[n][0] for n in ("last_hidden_state", "hidden_states") if n in outputs).astype(np.float64)


def sources(name):
    found = ["values"]
    if "embed" in name or "hidden" in name:
        found.append("hidden")
    if "embed" not in name:
        found.append("logits")
    return found


@pytest.fixture
def load(model_folder):
    """Load one of the small models with a tokenizer."""

    def load(name: str, tokenizer: str = "tiny_tokenizer.json", **arguments) -> QwenEmbedder:
        return QwenEmbedder(model_folder(name, tokenizer), n_threads=1, **arguments)

    return load


CASES = [(name, source) for name in DECODERS for source in sources(name)]


@pytest.mark.parametrize(("name", "source"), CASES)
def test_at_once_and_in_pieces_are_the_reference(load, name, source):
    embedder = load(name, source=source, pooling="last", normalize=False)
    outputs = ByHand(name).step(IDS)
    expected = token_rows(outputs, source)[-1]
    assert embedder.n_dims == len(expected)
    for cuts in ([37], [1] * 37, [5, 1, 30, 1], [36, 1], [1, 36], [12, 25]):
        embedder.reset()
        for piece in np.split(IDS, np.cumsum(cuts)[:-1]):
            got = embedder.feed_ids(piece)
        if "quantized" in name:
            cosine = got @ expected / np.linalg.norm(got) / np.linalg.norm(expected)
            assert cosine >= 0.99
        else:
            np.testing.assert_allclose(got, expected, atol=1e-2 if "f16" in name else 1e-4)


@pytest.mark.parametrize("name", DECODERS)
def test_the_reference_is_the_stored_one(name):
    expected = EXPECTED[name]
    got = ByHand(name).step(expected["ids"])[expected["output"]][0, -1, :8]
    np.testing.assert_allclose(got, expected["last_row_first8"], atol=2e-2 if "quantized" in name else 1e-4)


def test_a_vector_is_that_of_this_calls_tokens_given_the_history(load):
    embedder = load("tiny_qwen2_2l_hidden.onnx", pooling="mean", normalize=False)
    rows = token_rows(ByHand("tiny_qwen2_2l_hidden.onnx").step(IDS), "hidden")
    np.testing.assert_allclose(embedder.feed_ids(IDS[:10]), rows[1:10].mean(0), atol=1e-4)
    np.testing.assert_allclose(embedder.feed_ids(IDS[10:]), rows[10:].mean(0), atol=1e-4)
    whole = load(
        "tiny_qwen2_2l_hidden.onnx", "tiny_tokenizer_eos.json", pooling="mean", normalize=False, skip_first_tokens=0
    )
    np.testing.assert_allclose(whole.feed_ids(IDS), rows.mean(0), atol=1e-4)


@pytest.mark.parametrize("name", ["tiny_qwen2_2l_hidden.onnx", "tiny_qwen3_2l_embed.onnx"])
def test_evicting_equals_masking_what_was_evicted(load, name):
    embedder = load(name, window={"max_tokens": 12, "sinks": 3}, normalize=False)
    reference = ByHand(name)
    rng = np.random.default_rng(0)
    held, past, n_seen = [], None, 0
    for n in (5, 4, 3, 6, 1, 9, 2, 7, 5, 5, 4):
        ids = rng.integers(0, 320, n)
        if len(held) + n > 12:  # down to three quarters, or as far as needed; sinks stay
            n_kept = max(3, min(9, 12 - n))
            held = held[:3] + held[len(held) - (n_kept - 3) :]
        held += range(n_seen, n_seen + n)
        n_seen += n
        mask = np.isin(np.arange(n_seen), held).astype(np.int64)
        outputs = reference.step(ids, past, mask)
        past = {k.replace("present", "past_key_values"): v for k, v in outputs.items() if k.startswith("present")}
        np.testing.assert_allclose(embedder.feed_ids(ids), token_rows(outputs, "hidden")[-1], atol=1e-4)
        info = embedder.info()
        assert (info["cache_tokens"], info["next_position"]) == (len(held), n_seen)
    assert info["n_evicted"] == n_seen - len(held) > 0


def test_embed_is_stateless_and_keeps_order(load):
    embedder = load("tiny_qwen3_2l_embed.onnx", "tiny_tokenizer_eos.json")
    assert isinstance(embedder, Embedder)
    texts = ["def main():", "a", "the quick brown fox jumps over the lazy dog"]
    before = embedder.embed(texts)
    assert before.shape == (3, 32)
    assert before.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(before, axis=1), 1, atol=1e-5)
    embedder.feed("something else")
    info = embedder.info()
    np.testing.assert_array_equal(embedder.embed(texts[::-1])[::-1], before)
    assert embedder.info() == info
    assert (info["n_tokens"], info["n_calls"]) == (info["cache_tokens"], 1)
    assert embedder.embed([]).shape == (0, 32)


def test_feeding_text_is_feeding_its_ids(load, byte_ids):
    text = "fn embed(&self) {"
    embedder = load("tiny_qwen2_2l.onnx", "tiny_tokenizer_bytes.json")
    np.testing.assert_array_equal(embedder.feed(text), embedder.with_new_history().feed_ids(byte_ids(text)))
    merged = load("tiny_qwen2_2l.onnx")
    merged.feed(text)
    assert merged.info()["n_tokens"] < len(text)


def test_the_template_is_for_whole_texts_only(load):
    embedder = load("tiny_qwen2_2l.onnx", "tiny_tokenizer_eos.json", pooling="last", source="logits")
    streamed = embedder.with_new_history()
    streamed.feed("def main")
    np.testing.assert_allclose(streamed.feed_ids([317]), embedder.embed(["def main"])[0], atol=1e-4)


def test_without_a_tokenizer_bytes_are_tokens(model_folder):
    folder = model_folder("tiny_qwen2_2l.onnx", tokenizer=None)
    with pytest.warns(TokenizerWarning, match="bytes are used as tokens") as caught:
        embedder = QwenEmbedder(folder)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert embedder.info()["tokenizer"] == "byte-fallback"
    np.testing.assert_array_equal(embedder.feed("! \n"), embedder.with_new_history().feed_ids([0, 220, 198]))


@pytest.mark.parametrize(
    ("name", "source", "pooling"),
    [
        ("tiny_qwen2_2l.onnx", "value cache", "mean"),
        ("tiny_qwen2_2l_hidden.onnx", "hidden_states", "last"),
        ("tiny_qwen3_2l_embed.onnx", "last_hidden_state", "last"),
    ],
)
def test_the_best_output_is_chosen(load, name, source, pooling):
    info = load(name).info()
    assert (info["embedding_source"], info["pooling"]) == (source, pooling)


def test_cache_is_discovered_from_the_model(load):
    info = load("tiny_qwen2_24l_f16.onnx", dtype="float16").info()
    assert (info["n_layers"], info["n_kv_heads"], info["head_dim"], info["cache_dtype"]) == (24, 2, 8, "float16")
    embedder = load("tiny_qwen2_3l_wide.onnx", dtype="float32")
    embedder.feed_ids(IDS)
    info = embedder.info()
    assert info["cache_bytes"] == 2 * info["n_layers"] * info["n_kv_heads"] * 37 * info["head_dim"] * 4


def test_threads_take_turns(load):
    first = load("tiny_qwen2_2l_hidden.onnx")
    streams = [np.random.default_rng(i).integers(0, 320, 40) for i in range(4)]
    histories = [first.with_new_history() for _ in streams]
    got = [None] * 4

    def run(i):
        for piece in np.split(streams[i], 10):
            got[i] = histories[i].feed_ids(piece)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ids, row in zip(streams, got, strict=True):
        np.testing.assert_allclose(row, first.with_new_history().feed_ids(ids), atol=1e-4)
    assert first.info()["n_tokens"] == 0


def test_calls_on_one_history_take_turns(load):
    embedder = load("tiny_qwen2_2l.onnx")
    threads = [threading.Thread(target=embedder.feed_ids, args=(IDS,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    info = embedder.info()
    assert (info["n_calls"], info["n_tokens"], info["cache_tokens"]) == (6, 6 * 37, 6 * 37)


class Histories(RuleBasedStateMachine):
    """Two histories over one model, fed, reset and disturbed in any order: each is as if it were alone."""

    embedder: QwenEmbedder

    @initialize()
    def start(self):
        self.histories = [self.embedder.with_new_history() for _ in range(2)]
        self.fed = [[], []]

    @rule(which=st.integers(0, 1), ids=st.lists(st.integers(0, 319), min_size=1, max_size=12))
    def feed(self, which, ids):
        got = self.histories[which].feed_ids(ids)
        self.fed[which] += ids
        fresh = self.embedder.with_new_history().feed_ids(self.fed[which])
        np.testing.assert_allclose(got, fresh, atol=1e-4)

    @rule(which=st.integers(0, 1))
    def reset(self, which):
        self.histories[which].reset()
        self.fed[which] = []

    @rule(which=st.integers(0, 1), bad=st.sampled_from([[-1], [5, 320], []]))
    def fail(self, which, bad):
        before = self.histories[which].info()
        with pytest.raises(ValueError, match="ids: expected"):
            self.histories[which].feed_ids(bad)
        assert self.histories[which].info() == before

    @precondition(lambda self: any(self.fed))
    @rule(which=st.integers(0, 1), text=st.text("abc", min_size=1, max_size=5))
    def embed(self, which, text):
        got = self.histories[which].embed([text])
        np.testing.assert_array_equal(got, self.embedder.embed([text]))

    @invariant()
    def stats_add_up(self):
        for history, fed in zip(self.histories, self.fed, strict=True):
            info = history.info()
            assert info["n_tokens"] >= len(fed)
            assert info["cache_tokens"] == info["next_position"] == len(fed)


def test_histories_do_not_disturb_each_other(load):
    class Machine(Histories):
        embedder = load("tiny_qwen2_2l_hidden.onnx")

    checks = [HealthCheck.too_slow]
    Machine.TestCase.settings = settings(
        max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=checks
    )
    Machine.TestCase().runTest()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dtype": "float64"}, ValueError, 'dtype: expected "auto", "float32" or "float16", got "float64"'),
        ({"dtype": None}, TypeError, "dtype: expected str, got NoneType"),
        ({"dtype": "float16"}, ModelError, r"model\.onnx: its cache or output is float32"),
        ({"pooling": "max"}, ValueError, 'pooling: expected "mean", "cls" or "last", got "max"'),
        ({"source": "tokens"}, ValueError, 'source: expected "auto", "hidden", "values" or "logits"'),
        ({"source": "hidden"}, ModelError, r"model\.onnx: has no output last_hidden_state; its outputs: logits"),
        ({"window": 5}, TypeError, "window: expected Window or a mapping, got int"),
        (
            {"window": {"max_tokens": 4, "sink": 2}},
            TypeError,
            "window: expected max_tokens, sinks, on_full, got 'sink'",
        ),
        ({"window": {"max_tokens": 0}}, ValueError, r"window\.max_tokens: expected an integer of at least 1"),
        ({"window": Window(4, 4)}, ValueError, r"window\.max_tokens: expected more than sinks=4, got 4"),
        ({"window": Window(50_000)}, ValueError, r"window\.max_tokens: expected at most 32768"),
        ({"window": Window(on_full="forget")}, ValueError, r'window\.on_full: expected "evict", "reencode" or "raise"'),
        ({"window": Window(sinks=-1)}, ValueError, r"window\.sinks: expected an integer of at least 0"),
        ({"chunk_tokens": 0}, ValueError, "chunk_tokens: expected an integer of at least 1"),
        ({"skip_first_tokens": -1}, ValueError, "skip_first_tokens: expected an integer of at least 0"),
        ({"n_threads": 0}, ValueError, "n_threads: expected an integer of at least 1"),
    ],
)
def test_wrong_parameters(model_folder, arguments, error, message):
    with pytest.raises(error, match=message):
        QwenEmbedder(model_folder("tiny_qwen2_2l.onnx"), **arguments)


@pytest.mark.parametrize(
    ("method", "argument", "error", "message"),
    [
        ("embed", "a text", TypeError, "texts: expected a sequence of str, got str"),
        ("embed", ["a", b"b"], TypeError, r"texts\[1\]: expected str, got bytes"),
        ("embed", ["a", ""], ValueError, r"texts\[1\]: empty, it has no tokens"),
        ("embed", ["\ud800"], ValueError, r"texts\[0\]: expected valid Unicode"),
        ("feed", None, TypeError, "text: expected str, got NoneType"),
        ("feed", "", ValueError, "text: expected at least one token, got none"),
        ("feed", "\ud800", ValueError, "text: expected valid Unicode"),
        ("feed_ids", [1, -1], ValueError, "ids: expected token ids from 0 to 319, got -1 at 1"),
        ("feed_ids", [320], ValueError, "ids: expected token ids from 0 to 319, got 320 at 0"),
        ("feed_ids", [], ValueError, "ids: expected at least one token id, got none"),
        ("feed_ids", [1.5], TypeError, "ids: expected integers along one axis, got float64"),
        ("feed_ids", [[1]], TypeError, r"ids: expected integers along one axis, got int64 of shape \(1, 1\)"),
    ],
)
def test_wrong_texts_leave_the_history_alone(load, method, argument, error, message):
    embedder = load("tiny_qwen2_2l.onnx")
    embedder.feed("before")
    before = embedder.info()
    with pytest.raises(error, match=message):
        getattr(embedder, method)(argument)
    assert embedder.info() == before


def test_a_history_that_may_not_forget_says_so(load):
    embedder = load("tiny_qwen2_2l.onnx", window=Window(8, 2, "raise"))
    embedder.feed_ids(IDS[:6])
    with pytest.raises(ModelError, match=r"holds 6 tokens, 3 more would pass the limit of 8; reset it"):
        embedder.feed_ids(IDS[6:9])
    assert embedder.info()["cache_tokens"] == 6


def test_positions_are_limited_by_the_configuration(model_folder):
    folder = model_folder("tiny_qwen2_2l.onnx", config='{"model_type": "qwen2", "max_position_embeddings": 30}')
    embedder = QwenEmbedder(folder, window=Window(16))
    for piece in np.split(IDS, range(4, 37, 4)):
        embedder.feed_ids(piece)
        assert embedder.info()["next_position"] <= 30
    assert embedder.info()["n_reencoded"] == 1
    with pytest.raises(ValueError, match="expected at most 30, the positions that the model was made for, got 31"):
        QwenEmbedder(folder, window=Window(31))
