"""Write the small Qwen models: ``python tiny_qwen.py DIR``. Needs numpy and onnx.

The graphs are built node by node from the architecture (RMSNorm, rotary embedding, grouped-query attention with a
cache, SwiGLU, tied head) with random weights from a fixed seed; inputs and outputs are those of the usual exporters:

    input_ids                 int64  [batch, new]
    attention_mask            int64  [batch, past + new]
    position_ids              int64  [batch, new]                     unless left out
    past_key_values.{i}.key   T      [batch, kv_heads, past, size]    and .value
    logits                    T      [batch, new, vocabulary]         or
    hidden_states             T      [batch, new, hidden]             besides, or
    last_hidden_state         T      [batch, new, hidden]             instead
    present.{i}.key           T      [batch, kv_heads, past + new, size]

T is float32 or float16; arithmetic is always in float32. Quantised models store matrices as int8 and multiply through
DynamicQuantizeLinear and MatMulInteger, with 7 bits of weight, so that every processor gives the same integers.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


@dataclass(frozen=True)
class Config:
    """What a model looks like; stored in the file, whose bytes therefore depend on the names."""

    arch: str = "qwen2"  # qwen2: biases on queries, keys, values; qwen3: norms on queries and keys
    layers: int = 24
    hidden: int = 32
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 8
    intermediate: int = 48
    vocab: int = 320
    rope_theta: float = 1_000_000.0
    rms_eps: float = 1e-6
    seed: int = 20250101
    io: str = "f32"  # cache and outputs: f32 or f16
    quantize: str = "none"  # none or int8
    output: str = "logits"  # logits, hidden or both
    position_ids: bool = True


DEEP = Config()
SHALLOW = Config(layers=2)
MODELS = {
    "tiny_qwen2_24l.onnx": DEEP,
    "tiny_qwen2_24l_f16.onnx": replace(DEEP, io="f16"),
    "tiny_qwen2_24l_quantized.onnx": replace(DEEP, quantize="int8"),
    "tiny_qwen2_2l.onnx": SHALLOW,
    "tiny_qwen2_2l_hidden.onnx": replace(SHALLOW, output="both"),
    "tiny_qwen2_2l_nopos.onnx": replace(SHALLOW, position_ids=False),
    "tiny_qwen3_2l_embed.onnx": replace(SHALLOW, arch="qwen3", output="hidden"),
    "tiny_qwen2_3l_wide.onnx": replace(SHALLOW, layers=3, hidden=48, heads=6, seed=7),
}


def weights(c: Config) -> dict[str, np.ndarray]:
    """Random weights by their usual names, (n_outputs, n_inputs).

    RandomState is NumPy's frozen generator: it gives the same numbers in every release.
    """
    random = np.random.RandomState(c.seed)

    def matrix(n_rows: int, n_columns: int, gain: float = 1.0) -> np.ndarray:
        return (random.standard_normal((n_rows, n_columns)) * gain / np.sqrt(n_columns)).astype(np.float32)

    def vector(n: int, scale: float) -> np.ndarray:
        return (random.standard_normal(n) * scale).astype(np.float32)

    n_query, n_kv = c.heads * c.head_dim, c.kv_heads * c.head_dim
    # Residual branches are damped with depth, so that many random layers stay well scaled.
    damped = 1.0 / np.sqrt(2 * c.layers)
    w = {"embed": (random.standard_normal((c.vocab, c.hidden)) * 0.5).astype(np.float32)}
    for layer in range(c.layers):
        n = f"l{layer}_"
        w[n + "ln1"] = 1.0 + vector(c.hidden, 0.1)
        w[n + "q"] = matrix(n_query, c.hidden)
        w[n + "k"] = matrix(n_kv, c.hidden)
        w[n + "v"] = matrix(n_kv, c.hidden)
        if c.arch == "qwen2":
            w[n + "q_b"] = vector(n_query, 0.2)
            w[n + "k_b"] = vector(n_kv, 0.2)
            w[n + "v_b"] = vector(n_kv, 0.2)
        else:
            w[n + "qn"] = 1.0 + vector(c.head_dim, 0.1)
            w[n + "kn"] = 1.0 + vector(c.head_dim, 0.1)
        w[n + "o"] = matrix(c.hidden, n_query, damped)
        w[n + "ln2"] = 1.0 + vector(c.hidden, 0.1)
        w[n + "g"] = matrix(c.intermediate, c.hidden)
        w[n + "u"] = matrix(c.intermediate, c.hidden)
        w[n + "d"] = matrix(c.hidden, c.intermediate, damped)
    w["norm"] = 1.0 + vector(c.hidden, 0.1)
    return {name: a.astype(np.float16).astype(np.float32) for name, a in w.items()} if c.io == "f16" else w


class Graph:
    """Nodes and initializers in order of creation; equal constants are shared."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._constants: dict[tuple, str] = {}
        self._n_names = 0

    def operator(self, kind: str, *inputs: str, out: str | None = None, n_outputs: int = 1, **attributes) -> list[str]:
        outputs = [out] if out else [self._fresh() for _ in range(n_outputs)]
        # Named, because ONNX Runtime before 1.21 mis-fuses graphs with unnamed nodes.
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=name, **attributes))
        return outputs

    def __call__(self, kind: str, *inputs: str, **attributes) -> str:
        return self.operator(kind, *inputs, **attributes)[0]

    def initializer(self, name: str, array: np.ndarray) -> str:
        array = np.asarray(array)
        contiguous = np.ascontiguousarray(array).reshape(array.shape)
        self.initializers.append(numpy_helper.from_array(contiguous, name))
        return name

    def constant(self, value: object, dtype: type = np.int64) -> str:
        array = np.asarray(value, dtype)
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.initializer(f"c{len(self._constants)}", array)
        return self._constants[key]

    def unsqueeze(self, x: str, *axes: int) -> str:
        return self("Unsqueeze", x, self.constant(list(axes)))

    def _fresh(self) -> str:
        self._n_names += 1
        return f"t{self._n_names}"


class Decoder:
    """The model, built in the order in which it computes."""

    def __init__(self, c: Config) -> None:
        self.c = c
        self.w = weights(c)
        self.g = Graph()
        self.io = TensorProto.FLOAT16 if c.io == "f16" else TensorProto.FLOAT

    def build(self) -> onnx.ModelProto:
        g, c = self.g, self.c
        self.lengths_and_mask()
        self.positions()
        x = self.embedding()
        self.shapes()
        for layer in range(c.layers):
            x = self.layer(x, layer)
        x = self.norm(x, "norm")
        outputs = self.outputs(x)
        inputs, cache_outputs = self.ports()
        graph = helper.make_graph(g.nodes, f"tiny_{c.arch}", inputs, outputs + cache_outputs, g.initializers)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="make_tiny_qwen")
        helper.set_model_props(model, {"tiny_qwen_config": json.dumps(asdict(c), sort_keys=True)})
        onnx.checker.check_model(model, full_check=True)
        return model

    def lengths_and_mask(self) -> None:
        """Lengths, and a bias of 0 or the lowest float for every new token and token: [batch, 1, 1, new, all]."""
        g = self.g
        self.total = g("Gather", g("Shape", "attention_mask"), g.constant(1), axis=0)
        n_new = g("Gather", g("Shape", "input_ids"), g.constant(1), axis=0)
        self.past = g("Sub", self.total, n_new)
        queries = g.unsqueeze(g("Range", self.past, self.total, g.constant(1)), 1)
        keys = g.unsqueeze(g("Range", g.constant(0), self.total, g.constant(1)), 0)
        causal = g("LessOrEqual", keys, queries)
        attended = g.unsqueeze(g("Cast", "attention_mask", to=TensorProto.BOOL), 1, 2, 3)
        lowest = np.finfo(np.float32).min
        allowed = g("And", causal, attended)
        self.bias = g("Where", allowed, g.constant(0.0, np.float32), g.constant(lowest, np.float32))

    def positions(self) -> None:
        """Cosines and sines of the rotary embedding, of shape [batch, 1, 1, new, size]."""
        g, c = self.g, self.c
        position = "position_ids" if c.position_ids else self.counted_positions()
        frequencies = 1.0 / c.rope_theta ** (np.arange(0, c.head_dim, 2, dtype=np.float64) / c.head_dim)
        position = g.unsqueeze(g("Cast", position, to=TensorProto.FLOAT), 2)
        angles = g("Mul", position, g.constant(frequencies.astype(np.float32), np.float32))
        angles = g.unsqueeze(g("Concat", angles, angles, axis=-1), 1, 2)
        self.cos, self.sin = g("Cos", angles), g("Sin", angles)

    def counted_positions(self) -> str:
        """The number of attended tokens before each new one, as exports without the input count it themselves."""
        g = self.g
        counts = g("Sub", g("CumSum", "attention_mask", g.constant(1)), g.constant(1))
        counts = g("Max", counts, g.constant(0))
        return g("Slice", counts, g.unsqueeze(self.past, 0), g.unsqueeze(self.total, 0), g.constant([1]))

    def embedding(self) -> str:
        g = self.g
        if self.c.quantize == "int8":
            table, scale, zero = self.quantized("embed", self.w["embed"])
            return g("DequantizeLinear", g("Gather", table, "input_ids", axis=0), scale, zero)
        self.table = self.weight("embed", self.w["embed"])
        return g("Gather", self.table, "input_ids", axis=0)

    def shapes(self) -> None:
        g, c = self.g, self.c
        self.query_shape = g.constant([0, 0, c.kv_heads, c.heads // c.kv_heads, c.head_dim])
        self.kv_shape = g.constant([0, 0, c.kv_heads, c.head_dim])
        self.context_shape = g.constant([0, 0, c.heads * c.head_dim])
        self.scale = g.constant(1.0 / np.sqrt(c.head_dim), np.float32)
        self.kv_cos = g("Squeeze", self.cos, g.constant([2]))
        self.kv_sin = g("Squeeze", self.sin, g.constant([2]))

    def layer(self, x: str, layer: int) -> str:
        g, n = self.g, f"l{layer}_"
        x = g("Add", x, self.attention(self.norm(x, n + "ln1"), layer))
        h = self.norm(x, n + "ln2")
        gate, up = self.linear(h, n + "g"), self.linear(h, n + "u")
        activated = g("Mul", g("Mul", gate, g("Sigmoid", gate)), up)
        return g("Add", x, self.linear(activated, n + "d"))

    def attention(self, h: str, layer: int) -> str:
        g, n = self.g, f"l{layer}_"
        q, k, v = (self.linear(h, n + name) for name in "qkv")
        q, k, v = g("Reshape", q, self.query_shape), g("Reshape", k, self.kv_shape), g("Reshape", v, self.kv_shape)
        if self.c.arch == "qwen3":
            q, k = self.norm(q, n + "qn"), self.norm(k, n + "kn")
        q = self.rotated(g("Transpose", q, perm=[0, 2, 3, 1, 4]), self.cos, self.sin)
        k = self.rotated(g("Transpose", k, perm=[0, 2, 1, 3]), self.kv_cos, self.kv_sin)
        v = g("Transpose", v, perm=[0, 2, 1, 3])
        k = g("Concat", self.received(f"past_key_values.{layer}.key"), k, axis=2)
        v = g("Concat", self.received(f"past_key_values.{layer}.value"), v, axis=2)
        self.give(k, f"present.{layer}.key")
        self.give(v, f"present.{layer}.value")
        scores = g("MatMul", q, g.unsqueeze(g("Transpose", k, perm=[0, 1, 3, 2]), 2))
        shares = g("Softmax", g("Add", g("Mul", scores, self.scale), self.bias), axis=-1)
        context = g("Transpose", g("MatMul", shares, g.unsqueeze(v, 2)), perm=[0, 3, 1, 2, 4])
        return self.linear(g("Reshape", context, self.context_shape), n + "o")

    def rotated(self, x: str, cos: str, sin: str) -> str:
        """Rotate the pairs (j, j + size / 2), as Hugging Face does."""
        g, half = self.g, self.c.head_dim // 2
        low = g("Slice", x, g.constant([0]), g.constant([half]), g.constant([-1]))
        high = g("Slice", x, g.constant([half]), g.constant([2 * half]), g.constant([-1]))
        turned = g("Concat", g("Neg", high), low, axis=-1)
        return g("Add", g("Mul", x, cos), g("Mul", turned, sin))

    def outputs(self, x: str) -> list[onnx.ValueInfoProto]:
        g, c = self.g, self.c
        outputs = []
        axes = ["batch_size", "sequence_length"]
        if c.output in ("logits", "both"):
            if c.quantize == "int8":
                logits = self.linear(x, "head", self.w["embed"])
            else:
                logits = g("MatMul", x, g("Transpose", self.table, perm=[1, 0]))
            self.give(logits, "logits")
            outputs.append(helper.make_tensor_value_info("logits", self.io, [*axes, c.vocab]))
        if c.output in ("both", "hidden"):
            name = "hidden_states" if c.output == "both" else "last_hidden_state"
            self.give(x, name)
            outputs.append(helper.make_tensor_value_info(name, self.io, [*axes, c.hidden]))
        return outputs

    def ports(self) -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
        c, axes, grown = self.c, ["batch_size", "sequence_length"], "past_sequence_length + sequence_length"
        inputs = [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, axes),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch_size", grown]),
        ]
        if c.position_ids:
            inputs.append(helper.make_tensor_value_info("position_ids", TensorProto.INT64, axes))
        outputs = []
        for layer in range(c.layers):
            for kind in ("key", "value"):
                past = ["batch_size", c.kv_heads, "past_sequence_length", c.head_dim]
                present = ["batch_size", c.kv_heads, grown, c.head_dim]
                inputs.append(helper.make_tensor_value_info(f"past_key_values.{layer}.{kind}", self.io, past))
                outputs.append(helper.make_tensor_value_info(f"present.{layer}.{kind}", self.io, present))
        return inputs, outputs

    def received(self, x: str) -> str:
        return self.g("Cast", x, to=TensorProto.FLOAT) if self.c.io == "f16" else x

    def give(self, x: str, name: str) -> None:
        if self.c.io == "f16":
            self.g("Cast", x, out=name, to=TensorProto.FLOAT16)
        else:
            self.g("Identity", x, out=name)

    def weight(self, name: str, array: np.ndarray) -> str:
        if self.c.io == "f16":
            return self.g("Cast", self.g.initializer(name, array.astype(np.float16)), to=TensorProto.FLOAT)
        return self.g.initializer(name, array)

    def quantized(self, name: str, array: np.ndarray) -> tuple[str, str, str]:
        scale = np.float32(max(float(np.abs(array).max()), 1e-8) / 63.0)
        integers = np.clip(np.rint(array / scale), -64, 63).astype(np.int8)
        g = self.g
        return g.initializer(name + "_q", integers), g.initializer(name + "_s", scale), g.constant(0, np.int8)

    def linear(self, x: str, name: str, matrix: np.ndarray | None = None) -> str:
        g = self.g
        matrix = np.ascontiguousarray((self.w[name] if matrix is None else matrix).T)
        if self.c.quantize == "int8":
            table, scale, zero = self.quantized(name, matrix)
            integers, x_scale, x_zero = g.operator("DynamicQuantizeLinear", x, n_outputs=3)
            product = g("Cast", g("MatMulInteger", integers, table, x_zero, zero), to=TensorProto.FLOAT)
            y = g("Mul", product, g("Mul", x_scale, scale))
        else:
            y = g("MatMul", x, self.weight(name, matrix))
        bias = self.w.get(name + "_b")
        return y if bias is None else g("Add", y, self.weight(name + "_b", bias))

    def norm(self, x: str, name: str) -> str:
        g = self.g
        mean_square = g("ReduceMean", g("Mul", x, x), axes=[-1], keepdims=1)
        root = g("Sqrt", g("Add", mean_square, g.constant(self.c.rms_eps, np.float32)))
        return g("Mul", g("Div", x, root), self.weight(name, self.w[name]))


def write_all(folder: Path) -> None:
    for name, config in MODELS.items():
        content = Decoder(config).build().SerializeToString(deterministic=True)
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
