"""Print the path of the shared library inside the installed onnxruntime wheel, for the Rust tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def main() -> int:
    spec = importlib.util.find_spec("onnxruntime")
    if spec is None or not spec.submodule_search_locations:
        print("onnxruntime is not installed", file=sys.stderr)
        return 1
    folder = Path(spec.submodule_search_locations[0]) / "capi"
    names = ("libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll")
    libraries = sorted(path for name in names for path in folder.glob(name))
    if not libraries:
        print(f"no ONNX Runtime library in {folder}", file=sys.stderr)
        return 1
    print(libraries[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
