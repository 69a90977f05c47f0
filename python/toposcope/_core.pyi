# The compiled module, as the Python layer sees it. Checked against the build by mypy.stubtest.
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt

__version__: Final[str]
BUILD_PROFILE: Final[str]

# batch.rs ------------------------------------------------------------

@final
class DiagramColumns:
    @property
    def dims(self) -> npt.NDArray[np.uint8]: ...
    @property
    def births(self) -> npt.NDArray[np.float64]: ...
    @property
    def deaths(self) -> npt.NDArray[np.float64]: ...
    @property
    def max_dim(self) -> int: ...

@final
class RipsParams:
    def __new__(
        cls,
        *,
        max_dim: int,
        threshold: float | None,
        field: int,
        method: str,
        n_threads: int | None,
        progress: Any,
    ) -> RipsParams: ...

def rips_points(points: Any, metric: str, params: RipsParams) -> DiagramColumns: ...
def rips_square(matrix: Any, params: RipsParams) -> DiagramColumns: ...
def rips_condensed(condensed: Any, n: int, params: RipsParams) -> DiagramColumns: ...
def rips_sparse(rows: Any, columns: Any, distances: Any, n: int, params: RipsParams) -> DiagramColumns: ...

# stream.rs ------------------------------------------------------------

# track.rs ------------------------------------------------------------

# vectorize.rs ------------------------------------------------------------

@final
class IntervalBatch:
    def __new__(
        cls, births: npt.NDArray[np.float64], deaths: npt.NDArray[np.float64], offsets: npt.NDArray[np.uintp]
    ) -> IntervalBatch: ...

def betti_curves(batch: IntervalBatch, nodes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
def landscapes(batch: IntervalBatch, n_layers: int, nodes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
def persistence_images(
    batch: IntervalBatch,
    sigma: float,
    power: float,
    mode: str,
    births: npt.NDArray[np.float64],
    persistences: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]: ...

# embed.rs ------------------------------------------------------------
