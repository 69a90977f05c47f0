"""What every benchmark does before it times anything."""

import os

import numpy as np

from toposcope import _core

#: Set by ``ci/bench_smoke.py``, which wants to know that benchmarks run, not how fast.
SMOKE = "TOPOSCOPE_BENCH_SMOKE"


class Benchmark:
    """Base of the benchmarks: refuses builds whose times mean nothing."""

    def setup(self, *params):
        if _core.BUILD_PROFILE != "release" and SMOKE not in os.environ:
            raise RuntimeError(f"toposcope._core is a {_core.BUILD_PROFILE} build: install a release build to time it")
        self.prepare(*params)

    def prepare(self, *params):
        """Make the input, compute the result once and check it."""


def expect(what, got, expected, rtol=1e-9):
    """Refuse to time a wrong result."""
    if not np.allclose(got, expected, rtol=rtol, atol=1e-12):
        raise AssertionError(f"{what}: expected {expected}, got {got}")
