"""Small models as users have them: folders with a graph and a tokenizer."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

# Read when ONNX Runtime is loaded, which the tests do through its own package as well.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

MODELS = Path(__file__).parents[2] / "data" / "models"

collect_ignore_glob = [] if importlib.util.find_spec("onnxruntime") else ["test_[!h]*.py"]


@pytest.fixture(scope="session")
def byte_ids() -> Callable[[str], list[int]]:
    """The ids that the vocabulary of Qwen gives to the bytes of a text."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    order = printable + [byte for byte in range(256) if byte not in printable]

    def ids(text: str) -> list[int]:
        return [order.index(byte) for byte in text.encode()]

    return ids


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with one of the small models and a tokenizer, under the names that exporters use."""

    def make(model: str, tokenizer: str | None = "tiny_tokenizer.json", config: str | None = None) -> Path:
        folder = tmp_path / f"{model}-{tokenizer}"
        folder.mkdir()
        shutil.copy(MODELS / model, folder / "model.onnx")
        if tokenizer is not None:
            shutil.copy(MODELS / tokenizer, folder / "tokenizer.json")
        if config is not None:
            (folder / "config.json").write_text(config)
        return folder

    return make
