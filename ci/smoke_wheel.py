"""Install the bare wheel into an environment of its own and use it: NumPy must be all it needs.

Checks that ``import toposcope`` loads no optional dependency and stays below its time, that ``rips`` and
``Stream`` work, and that asking for what an extra provides says which extra.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from pathlib import Path

LONGEST_IMPORT_SECONDS = 0.150
#: The machine runs other things: the fastest start is the import's own time. One that is fast enough ends it.
STARTS = 7

USE = """
import sys, toposcope as ts
extras = {"sklearn", "matplotlib", "plotly", "onnxruntime", "onnx", "pyarrow", "pandas", "scipy", "rich"}
heavy = extras & set(sys.modules)
assert not heavy, f"import toposcope loads {heavy}"
square = [[0, 0], [0, 1], [1, 1], [1, 0]]
diagram = ts.rips(square)
assert diagram[1].shape == (1, 2), diagram
stream = ts.Stream(n_dims=2, window=10)
import numpy as np
assert stream.push(np.array(square, float)).diagram == diagram
uses = {"ml": lambda: __import__("toposcope.vectorizers"), "arrow": lambda: diagram.save("d.parquet")}
for extra, use in uses.items():
    try:
        use()
    except ImportError as error:
        assert f"toposcope[{extra}]" in str(error), error
    else:
        raise AssertionError(f"extra {extra} is not needed?")
"""
TIME = """
import time
start = time.perf_counter()
import numpy
middle = time.perf_counter()
import toposcope
end = time.perf_counter()
print(end - start, end - middle)
"""


def main() -> int:
    (wheel,) = Path(sys.argv[1]).resolve().glob("*.whl")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "virtualenv", "-q", f"{folder}/venv"], check=True)
        python = f"{folder}/venv/bin/python"
        subprocess.run([python, "-m", "pip", "install", "-q", wheel], check=True)
        subprocess.run([python, "-W", "error", "-c", USE], check=True, cwd=folder)
        fastest, beyond_numpy = math.inf, math.inf
        for _ in range(STARTS):
            output = subprocess.check_output([python, "-c", TIME], cwd=folder)
            start = [float(seconds) for seconds in output.split()]
            fastest, beyond_numpy = min((fastest, beyond_numpy), (start[0], start[1]))
            if fastest <= LONGEST_IMPORT_SECONDS:
                break
    total, own = (round(seconds * 1e3) for seconds in (fastest, beyond_numpy))
    print(f"bare wheel works; import toposcope takes {total} ms, {own} of them beyond NumPy")
    return 0 if fastest <= LONGEST_IMPORT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
