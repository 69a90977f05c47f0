"""Arguments that the embedders share."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from toposcope import _core
from toposcope._typing import describe, integer

#: Names of the library on Linux, macOS and Windows; the version is part of the name on the first two.
_LIBRARIES = ("libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll")


def text_list(texts: Iterable[str]) -> list[str]:
    """Return ``texts`` as a list; a lone string is refused, as it would be taken for a list of characters."""
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise TypeError(f"texts: expected a sequence of str, got {describe(texts)}")
    return list(texts)


def model_path(path: Any) -> Path:
    """Return ``path`` as a path."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected str or os.PathLike, got {describe(path)}")
    return Path(os.fspath(path)).expanduser()


def choice(value: Any, argument: str) -> str:
    """Return ``value`` if it is a str; which ones are known, the Rust side says."""
    if not isinstance(value, str):
        raise TypeError(f"{argument}: expected str, got {describe(value)}")
    return value


def optional_choice(value: Any, argument: str) -> str | None:
    """Return ``value`` if it is a str or None."""
    return None if value is None else choice(value, argument)


def thread_count(n_threads: Any) -> int | None:
    """Return ``n_threads`` as an int of at least 1, or None."""
    return None if n_threads is None else integer(n_threads, "n_threads", at_least=1)


def runtime_search(runtime_path: Any) -> _core.RuntimeSearch:
    """Return where ONNX Runtime is looked for: ``runtime_path``, else the environment, else the installed wheel.

    To be called before it is loaded: from 1.29 on it sends usage data to its maker, keeps an identifier in the home
    folder, and hangs forked children when they exit, unless this variable says no by then.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    if runtime_path is None:
        return _core.RuntimeSearch(None, _wheel_libraries())
    if not isinstance(runtime_path, str | os.PathLike):
        raise TypeError(f"runtime_path: expected str or os.PathLike, got {describe(runtime_path)}")
    return _core.RuntimeSearch(Path(os.fspath(runtime_path)), [])


def _wheel_libraries() -> list[Path]:
    """Return the libraries inside the installed wheel ``onnxruntime``, without importing it."""
    spec = importlib.util.find_spec("onnxruntime")
    folders = (spec.submodule_search_locations if spec is not None else None) or []
    return [
        library.resolve()
        for folder in folders
        for pattern in _LIBRARIES
        for library in sorted((Path(folder) / "capi").glob(pattern))
    ]
