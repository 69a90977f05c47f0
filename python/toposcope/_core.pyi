# The compiled module, as the Python layer sees it. Checked against the build by mypy.stubtest.
from collections.abc import Sequence
from pathlib import Path
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

@final
class RuntimeSearch:
    def __new__(cls, explicit: Path | None, wheel: Sequence[Path]) -> RuntimeSearch: ...

@final
class SentenceModel:
    def __new__(
        cls,
        path: Path,
        *,
        pooling: str | None,
        normalize: bool,
        max_tokens: int,
        truncate: str,
        batch_tokens: int,
        n_threads: int | None,
        search: RuntimeSearch,
    ) -> SentenceModel: ...
    @property
    def n_dims(self) -> int: ...
    def embed(self, texts: list[str]) -> npt.NDArray[np.float32]: ...
    def info(self) -> dict[str, Any]: ...

@final
class QwenModel:
    def __new__(
        cls,
        path: Path,
        *,
        dtype: str,
        pooling: str | None,
        source: str,
        normalize: bool,
        max_tokens: int,
        sinks: int,
        on_full: str | None,
        chunk_tokens: int,
        skip_first_tokens: int,
        strict_tokenizer: bool,
        n_threads: int | None,
        search: RuntimeSearch,
    ) -> QwenModel: ...
    @property
    def n_dims(self) -> int: ...
    @property
    def tokenizer(self) -> str: ...
    def with_new_history(self) -> QwenModel: ...
    def embed(self, texts: list[str]) -> npt.NDArray[np.float32]: ...
    def feed(self, text: str) -> npt.NDArray[np.float32]: ...
    def feed_ids(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]: ...
    def reset(self) -> None: ...
    def info(self) -> dict[str, Any]: ...

@final
class HashingModel:
    def __new__(cls, *, n_dims: int, ngram: tuple[int, int], lowercase: bool, seed: int) -> HashingModel: ...
    def embed(self, texts: list[str]) -> npt.NDArray[np.float32]: ...
