"""The small models in ``tests/data/models`` are what their generators write."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "data" / "models"


def generator(name: str):
    spec = importlib.util.spec_from_file_location(name, MODELS / "generate" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    import sys

    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "pattern", "count"), [("tiny_qwen", "*.onnx", 8), ("tiny_tokenizer", "*.json", 3)])
def test_models_are_written_again_byte_for_byte(tmp_path, name, pattern, count):
    pytest.importorskip("tokenizers" if name == "tiny_tokenizer" else "onnx")
    generator(name).write_all(tmp_path)
    made = sorted(tmp_path.glob(pattern))
    assert len(made) == count
    for path in made:
        assert path.read_bytes() == (MODELS / path.name).read_bytes(), path.name
