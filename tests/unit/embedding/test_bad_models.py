"""Files that are no model, or not the one asked for: always a ModelError that names the file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from toposcope import ModelError
from toposcope.embedding import QwenEmbedder, SentenceEmbedder

MODELS = Path(__file__).parents[2] / "data" / "models"
DECODER = MODELS / "tiny_qwen2_2l.onnx"


def encoder(**changes) -> onnx.ModelProto:
    """A model that looks up one number per token; ``changes`` replace its parts."""
    table = changes.get("table", helper.make_tensor("table", TensorProto.FLOAT, [320, 1], np.ones(320, np.float32)))
    inputs = changes.get("inputs", ["input_ids", "attention_mask"])
    output = changes.get("output", "last_hidden_state")
    dtype = changes.get("dtype", TensorProto.FLOAT)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["rows"], name="look_up")]
    nodes.append(helper.make_node("Cast", ["rows"], [output], name="cast", to=dtype))
    ports = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in inputs]
    result = helper.make_tensor_value_info(output, dtype, ["n", "t", 1])
    graph = helper.make_graph(nodes, "graph", ports, [result], [table])
    opsets = [helper.make_opsetid("", 17), *changes.get("opsets", [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def external_table():
    table = onnx.TensorProto(name="table", data_type=TensorProto.FLOAT, dims=[320, 1])
    table.data_location = onnx.TensorProto.EXTERNAL
    table.external_data.add(key="location", value="../../etc/passwd")
    return table


def without_present(path: Path) -> bytes:
    model = onnx.load(path)
    del model.graph.output[-1]
    return model.SerializeToString()


CONTENTS = {
    "empty": (b"", "not an ONNX model: the file is empty"),
    "text": (b"once upon a time", "not an ONNX model, or truncated"),
    "zeros": (bytes(1000), "not an ONNX model, or truncated"),
    "truncated": (DECODER.read_bytes()[:50_000], "not an ONNX model, or truncated"),
    "last byte missing": (DECODER.read_bytes()[:-1], "not an ONNX model, or truncated"),
    "no graph": (onnx.ModelProto(ir_version=8).SerializeToString(), "there is no graph"),
    "external data": (encoder(table=external_table()).SerializeToString(), '"table" is kept in another file'),
    "custom operators": (encoder(opsets=[helper.make_opsetid("evil", 1)]).SerializeToString(), 'operators of "evil"'),
    "no mask": (encoder(inputs=["input_ids"]).SerializeToString(), 'has no input "attention_mask"'),
    "an image model": (
        encoder(inputs=["input_ids", "attention_mask", "pixels"]).SerializeToString(),
        'needs an input "pixels" that is not supported',
    ),
    "invalid graph": (encoder(table=helper.make_tensor("other", 1, [1], [0.0])).SerializeToString(), "table"),
}
ENCODERS = {
    "no output": (encoder(output="scores").SerializeToString(), "has no output .*; its outputs: scores"),
    "bfloat16": (encoder(dtype=TensorProto.BFLOAT16).SerializeToString(), '"last_hidden_state" is bfloat16, supported'),
    "a decoder": (DECODER.read_bytes(), "it is a decoder: use QwenEmbedder"),
}
DECODERS = {
    "an encoder": (encoder().SerializeToString(), "it is no decoder: use SentenceEmbedder"),
    "no present": (without_present(DECODER), 'no output "present.1.value"'),
}
CASES = [
    *[(embedder, *case) for case in CONTENTS.values() for embedder in (SentenceEmbedder, QwenEmbedder)],
    *[(SentenceEmbedder, *case) for case in ENCODERS.values()],
    *[(QwenEmbedder, *case) for case in DECODERS.values()],
]


@pytest.mark.parametrize(("embedder", "content", "message"), CASES)
def test_content(tmp_path, embedder, content, message):
    (tmp_path / "model.onnx").write_bytes(content)
    shutil.copy(MODELS / "tiny_tokenizer.json", tmp_path / "tokenizer.json")
    with pytest.raises(ModelError, match=rf"model\.onnx: .*{message}"):
        embedder(tmp_path)


@pytest.mark.parametrize("embedder", [SentenceEmbedder, QwenEmbedder])
def test_places(tmp_path, embedder):
    with pytest.raises(ModelError, match=r"no_such\.onnx: No such file"):
        embedder(tmp_path / "no_such.onnx")
    with pytest.raises(ModelError, match=rf"{tmp_path.name}: holds no model; looked for model\.onnx, "):
        embedder(tmp_path)
    (tmp_path / "model.onnx").mkdir()
    with pytest.raises(ModelError, match=r"model\.onnx: not a file"):
        embedder(tmp_path)


@pytest.mark.parametrize("embedder", [SentenceEmbedder, QwenEmbedder])
@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (b"", "not a tokenizer"),
        (b"{}", "not a tokenizer"),
        (b"\xff\xfe", "not a tokenizer"),
        (b'{"model": {"type": "BPE", "vocab": {"a": 100000}, "merges": []}}', "100001 tokens, but the model has 320"),
        (b'{"model": {"type": "BPE", "vocab": {"a": 1}, "merges": []}}', "2 tokens, but the model has 320"),
    ],
)
def test_tokenizers(tmp_path, embedder, tokenizer, message):
    model = DECODER.read_bytes() if embedder is QwenEmbedder else encoder().SerializeToString()
    (tmp_path / "model.onnx").write_bytes(model)
    (tmp_path / "tokenizer.json").write_bytes(tokenizer)
    with pytest.raises(ModelError, match=rf"tokenizer\.json: .*{message}"):
        embedder(tmp_path)


def test_missing_tokenizers(model_folder, tmp_path):
    (tmp_path / "model.onnx").write_bytes(encoder().SerializeToString())
    with pytest.raises(ModelError, match=r"tokenizer\.json: No such file"):
        SentenceEmbedder(tmp_path)
    folder = model_folder("tiny_qwen2_2l.onnx", None, config='{"model_type": "llama"}')
    with pytest.raises(ModelError, match=r"tokenizer\.json: does not exist, and strict_tokenizer forbids"):
        QwenEmbedder(folder, strict_tokenizer=True)
    with pytest.raises(ModelError, match=r"tokenizer\.json: .*a llama model numbers them in its own way"):
        QwenEmbedder(folder)


def test_a_configuration_that_is_not_json(model_folder):
    folder = model_folder("tiny_qwen2_2l.onnx", config="{")
    with pytest.raises(ModelError, match=r"config\.json: not JSON"):
        QwenEmbedder(folder)


def test_models_without_positions_cannot_evict(model_folder):
    folder = model_folder("tiny_qwen2_2l_nopos.onnx")
    with pytest.raises(ModelError, match=r"model\.onnx: has no input position_ids, so that tokens cannot be evicted"):
        QwenEmbedder(folder, window={"on_full": "evict"})
    assert QwenEmbedder(folder).info()["on_full"] == "reencode"
