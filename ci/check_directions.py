"""Check the direction of dependencies between the crates (docs/architecture.md): exit 1 and say which edge is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

#: What each crate may depend on, besides crates of others.
ALLOWED = {
    "toposcope-core": set(),
    "toposcope-oracle": set(),
    "toposcope-embed": set(),
    "toposcope-vectorize": {"toposcope-core"},
    "toposcope-cobordism": {"toposcope-core"},
    "toposcope-py": {"toposcope-core", "toposcope-vectorize", "toposcope-cobordism", "toposcope-embed"},
}
#: Crates of others that one crate alone may name.
OWNERS = {"pyo3": "toposcope-py", "numpy": "toposcope-py", "ort": "toposcope-embed", "tokenizers": "toposcope-embed"}


def main() -> int:
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]
    wrong = []
    for package in packages:
        name = package["name"]
        for dependency in package["dependencies"]:
            other, kind = dependency["name"], dependency["kind"]
            if other == "toposcope-oracle" and kind == "dev":
                continue
            if other.startswith("toposcope-") and kind != "dev" and other not in ALLOWED[name]:
                wrong.append(f"{name} must not depend on {other}")
            if OWNERS.get(other, name) != name:
                wrong.append(f"{name} must not depend on {other}: only {OWNERS[other]} does")
            if name == "toposcope-oracle" and kind != "dev":
                wrong.append(f"the oracle depends on nothing, not on {other}")
    print("\n".join(wrong) or f"directions of {len(packages)} crates are right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
