"""``toposcope doctor``: what is installed, and whether it works."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toposcope import _core, batch

if TYPE_CHECKING:
    import argparse

_EXTRAS = {
    "embed": ("onnxruntime",),
    "models": ("onnx",),
    "ml": ("scikit-learn",),
    "plot": ("matplotlib",),
    "interactive": ("plotly",),
    "arrow": ("pyarrow",),
    "process": ("psutil",),
    "cli": ("rich", "pyarrow", "scikit-learn"),
    "prometheus": ("prometheus-client",),
    "otel": ("opentelemetry-sdk",),
}
_SIMD = ("sse4_2", "avx2", "fma", "avx512f", "avx512bw", "avx512_vpopcntdq", "asimd", "sve")
_N_POINTS = 60


def run(arguments: argparse.Namespace) -> int:
    """Print what there is; 1 if the self-test fails."""
    del arguments
    for name, value in facts():
        print(f"{name:<12} {value}")
    problem = self_test()
    print(f"{'self-test':<12} {problem or 'the loop of a circle is found where it should be'}")
    return 0 if problem is None else 1


def facts() -> list[tuple[str, str]]:
    """Return versions, processor and extras, as names and values."""
    rows = [
        ("toposcope", f"{_core.__version__} ({_core.BUILD_PROFILE} build, {Path(_core.__file__).parent})"),
        ("python", f"{platform.python_version()} ({sys.executable})"),
        ("numpy", np.__version__),
        ("platform", platform.platform()),
        ("processor", f"{os.cpu_count()} threads, {' '.join(_simd()) or 'vector instructions not known'}"),
        ("onnxruntime", _onnxruntime()),
    ]
    return rows + [(f"[{extra}]", _extra(extra, packages)) for extra, packages in _EXTRAS.items()]


def self_test() -> str | None:
    """Find the loop of a regular polygon; return what is wrong, None if nothing is.

    The loop of n points on the unit circle is born with the sides, at 2 sin(π/n), and is filled by the first triangles
    around the centre, at 2 sin(π/3) where 3 divides n.
    """
    angles = 2 * np.pi * np.arange(_N_POINTS) / _N_POINTS
    diagram = batch.rips(np.column_stack([np.cos(angles), np.sin(angles)]), max_dim=1)
    expected = [[2 * math.sin(math.pi / _N_POINTS), 2 * math.sin(math.pi / 3)]]
    if len(diagram[0]) != _N_POINTS or not np.allclose(diagram[1], expected, rtol=1e-9):
        return f"FAILED: expected one loop {expected}, got {diagram!r} with {diagram[1].tolist()}"
    return None


def _extra(extra: str, packages: tuple[str, ...]) -> str:
    versions = {package: _version(package) for package in packages}
    missing = [package for package, version in versions.items() if version is None]
    if missing:
        return f'{", ".join(missing)} missing: pip install "toposcope[{extra}]"'
    return ", ".join(f"{package} {version}" for package, version in versions.items())


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _onnxruntime() -> str:
    """Say where the shared library is that the embedders would load."""
    spec = importlib.util.find_spec("onnxruntime")
    folders = [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]
    found = [library for folder in folders for library in sorted(folder.glob("capi/libonnxruntime.so*"))]
    return str(found[0]) if found else 'not found: pip install "toposcope[embed]"'


def _simd() -> list[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    flags = next(
        (line.partition(":")[2].split() for line in lines if line.lower().startswith(("flags", "features"))), []
    )
    return [name for name in _SIMD if name in flags]
