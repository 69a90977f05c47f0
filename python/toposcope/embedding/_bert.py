"""A BERT encoder as an ONNX graph, from its weights. Needs the package ``onnx``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Readable by every ONNX Runtime that can be loaded; has LayerNormalization.
_OPSET = 17
_IR_VERSION = 8
#: Weights use 7 of their 8 bits, so that no processor's u8 × s8 kernel saturates and all give the same integers.
_TOP_WEIGHT = 63
_TOP_EMBEDDING = 127


def build_bert(weights: Mapping[str, npt.NDArray[Any]], *, n_heads: int, epsilon: float, int8: bool) -> bytes:
    """Return the serialized model.

    Inputs are ``input_ids``, ``attention_mask`` and ``token_type_ids``, int64 of shape (n_texts, n_tokens); the
    output is ``last_hidden_state``, float32 of shape (n_texts, n_tokens, n_dims).

    Parameters
    ----------
    weights : mapping of str to ndarray
        Tensors by their usual names, such as ``encoder.layer.0.attention.self.query.weight``.
    n_heads : int
        Attention heads.
    epsilon : float
        Added to the variance in layer normalisation.
    int8 : bool
        Quantise matrices with one scale per column, activations at run time.
    """
    bert = _Bert(weights, n_heads=n_heads, epsilon=epsilon, int8=int8)
    bert.embed_tokens()
    for layer in range(bert.n_layers):
        bert.attend(f"encoder.layer.{layer}.")
        bert.feed_forward(f"encoder.layer.{layer}.")
    return bert.serialize()


class _Graph:
    """Nodes and initializers in order of creation; equal constants are shared."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def operator(self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> list[str]:
        # ONNX Runtime before 1.21 mis-fuses graphs with unnamed nodes.
        name = f"{kind}_{len(self.nodes)}"
        outputs = [f"{name}_{i}" for i in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=name, **attributes))
        return outputs

    def __call__(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.operator(kind, *inputs, **attributes)[0]

    def initializer(self, name: str, array: npt.NDArray[Any]) -> str:
        # Scalars stay scalars: ascontiguousarray alone would give them an axis.
        contiguous = np.ascontiguousarray(array).reshape(array.shape)
        self.initializers.append(numpy_helper.from_array(contiguous, name))
        return name

    def constant(self, value: Any, dtype: npt.DTypeLike = np.int64) -> str:
        array = np.asarray(value, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.initializer(f"constant_{len(self._constants)}", array)
        return self._constants[key]


class _Bert:
    """The encoder, layer by layer; ``_x`` names the activations reached so far."""

    def __init__(self, weights: Mapping[str, npt.NDArray[Any]], *, n_heads: int, epsilon: float, int8: bool) -> None:
        self._weights = weights
        self._epsilon = epsilon
        self._int8 = int8
        self._graph = _Graph()
        self._n_heads = n_heads
        self._n_dims = weights["embeddings.word_embeddings.weight"].shape[1]
        self._x = ""
        self._mask = self._mask_bias()
        self.n_layers = sum(name.endswith("attention.self.query.weight") for name in weights)

    def embed_tokens(self) -> None:
        g = self._graph
        n_tokens = g("Gather", g("Shape", "input_ids"), g.constant(1), axis=0)
        positions = g("Range", g.constant(0), n_tokens, g.constant(1))
        position_rows = g("Unsqueeze", self._rows("position", positions), g.constant([0]))
        token_rows = g("Add", self._word_rows(), self._rows("token_type", "token_type_ids"))
        self._x = self._layer_norm(g("Add", token_rows, position_rows), "embeddings.LayerNorm")

    def attend(self, prefix: str) -> None:
        g, n_heads = self._graph, self._n_heads
        size = self._n_dims // n_heads
        query, key, value = (
            g("Reshape", self._linear(self._x, f"{prefix}attention.self.{name}"), g.constant([0, 0, n_heads, size]))
            for name in ("query", "key", "value")
        )
        query, value = g("Transpose", query, perm=[0, 2, 1, 3]), g("Transpose", value, perm=[0, 2, 1, 3])
        scores = g("MatMul", query, g("Transpose", key, perm=[0, 2, 3, 1]))
        scores = g("Mul", scores, g.constant(1 / np.sqrt(size), np.float32))
        shares = g("Softmax", g("Add", scores, self._mask), axis=-1)
        context = g("Transpose", g("MatMul", shares, value), perm=[0, 2, 1, 3])
        merged = g("Reshape", context, g.constant([0, 0, self._n_dims]))
        update = self._linear(merged, f"{prefix}attention.output.dense")
        self._x = self._layer_norm(g("Add", update, self._x), f"{prefix}attention.output.LayerNorm")

    def feed_forward(self, prefix: str) -> None:
        hidden = self._gelu(self._linear(self._x, f"{prefix}intermediate.dense"))
        update = self._linear(hidden, f"{prefix}output.dense")
        self._x = self._layer_norm(self._graph("Add", update, self._x), f"{prefix}output.LayerNorm")

    def serialize(self) -> bytes:
        g = self._graph
        g.nodes.append(helper.make_node("Identity", [self._x], ["last_hidden_state"], name="last"))
        axes = ["n_texts", "n_tokens"]
        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in names]
        output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*axes, self._n_dims])
        graph = helper.make_graph(g.nodes, "bert", inputs, [output], g.initializers)
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="toposcope")
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _mask_bias(self) -> str:
        """0 where there is a token, the lowest float where there is padding; broadcast over heads and queries."""
        g = self._graph
        mask = g("Cast", "attention_mask", to=TensorProto.FLOAT)
        padding = g("Sub", g.constant(1.0, np.float32), g("Unsqueeze", mask, g.constant([1, 2])))
        return g("Mul", padding, g.constant(np.finfo(np.float32).min, np.float32))

    def _rows(self, table: str, ids: str) -> str:
        array = self._weights[f"embeddings.{table}_embeddings.weight"]
        return self._graph("Gather", self._graph.initializer(table, array), ids, axis=0)

    def _word_rows(self) -> str:
        if not self._int8:
            return self._rows("word", "input_ids")
        g = self._graph
        table, scales = self._quantized("word", self._weights["embeddings.word_embeddings.weight"], 1, _TOP_EMBEDDING)
        rows = g("Cast", g("Gather", table, "input_ids", axis=0), to=TensorProto.FLOAT)
        row_scales = g("Unsqueeze", g("Gather", scales, "input_ids", axis=0), g.constant([2]))
        return g("Mul", rows, row_scales)

    def _linear(self, x: str, name: str) -> str:
        g = self._graph
        matrix = self._weights[f"{name}.weight"].T  # MatMul wants (n_inputs, n_outputs)
        if self._int8:
            table, scales = self._quantized(name, matrix, 0, _TOP_WEIGHT)
            quantized, scale, zero = g.operator("DynamicQuantizeLinear", x, n_outputs=3)
            product = g("Cast", g("MatMulInteger", quantized, table, zero), to=TensorProto.FLOAT)
            product = g("Mul", product, g("Mul", scale, scales))
        else:
            product = g("MatMul", x, g.initializer(f"{name}.weight", matrix))
        return g("Add", product, g.initializer(f"{name}.bias", self._weights[f"{name}.bias"]))

    def _quantized(self, name: str, array: npt.NDArray[Any], axis: int, top: int) -> tuple[str, str]:
        """Symmetric int8, one scale per slice along ``axis``: one for the whole table costs far more accuracy."""
        largest = np.maximum(np.abs(array).max(axis=axis, keepdims=True), 1e-8)
        scales = (largest / top).astype(np.float32)
        integers = np.clip(np.rint(array / scales), -top, top).astype(np.int8)
        g = self._graph
        return g.initializer(f"{name}.int8", integers), g.initializer(f"{name}.scale", scales.squeeze(axis))

    def _layer_norm(self, x: str, name: str) -> str:
        gain, bias = (
            self._graph.initializer(f"{name}.{part}", self._weights[f"{name}.{part}"]) for part in ("weight", "bias")
        )
        return self._graph("LayerNormalization", x, gain, bias, axis=-1, epsilon=self._epsilon)

    def _gelu(self, x: str) -> str:
        g = self._graph
        error = g("Erf", g("Mul", x, g.constant(np.sqrt(0.5), np.float32)))
        half = g("Mul", x, g.constant(0.5, np.float32))
        return g("Mul", half, g("Add", error, g.constant(1.0, np.float32)))
