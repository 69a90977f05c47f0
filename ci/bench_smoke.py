"""Run every benchmark of asv_benchmarks once, on whatever build is installed. Nothing is timed: it has to run.

Usage: python ci/bench_smoke.py [PART_OF_A_NAME]
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUITE = Path(__file__).parent.parent / "asv_benchmarks"
PREFIXES = ("time_", "timeraw_", "peakmem_", "track_")


def main() -> int:
    os.environ["TOPOSCOPE_BENCH_SMOKE"] = "1"
    sys.path.insert(0, str(SUITE))
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    count = 0
    for name, run in benchmarks():
        if wanted in name:
            print(name, flush=True)
            run()
            count += 1
    print(f"{count} benchmarks ran")
    return 0 if count else 1


def benchmarks() -> Iterator[tuple[str, Callable[[], None]]]:
    """Name each benchmark with its parameters, as asv finds them, and say how to run it once."""
    package = importlib.import_module("benchmarks")
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"benchmarks.{module_info.name}")
        for name, item in inspect.getmembers(module):
            if inspect.isfunction(item) and name.startswith(PREFIXES):
                yield f"{module_info.name}.{name}", lambda item=item: finish(item.__name__, item())
            elif inspect.isclass(item) and item.__module__ == module.__name__:
                yield from methods_of(f"{module_info.name}.{name}", item)


def methods_of(prefix: str, cls: type[Any]) -> Iterator[tuple[str, Callable[[], None]]]:
    params = getattr(cls, "params", [])
    axes = params if params and isinstance(params[0], list | tuple) else [params] * bool(params)
    for name, _ in inspect.getmembers(cls, inspect.isfunction):
        if name.startswith(PREFIXES):
            for values in itertools.product(*axes):
                label = f"{prefix}.{name}({', '.join(map(str, values))})"
                yield label, lambda name=name, values=values: run_method(cls(), name, values)


def run_method(instance: Any, name: str, values: tuple[Any, ...]) -> None:
    instance.setup(*values)
    finish(name, getattr(instance, name)(*values))
    if hasattr(instance, "teardown"):
        instance.teardown(*values)


def finish(name: str, result: Any) -> None:
    """Run the code that a ``timeraw_`` benchmark returns."""
    if name.startswith("timeraw_"):
        subprocess.run([sys.executable, "-c", result], check=True)


if __name__ == "__main__":
    sys.exit(main())
