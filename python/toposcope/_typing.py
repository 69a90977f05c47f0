"""Types and conversions that every public function shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float64Array: TypeAlias = npt.NDArray[np.float64]
FloatArray: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
#: Called as ``progress(stage, done, total)``, at most about fifty times a second: what is being done, and which share
#: of the whole call is behind. ``done`` never goes back, ``total`` is always the same, and at the end they are equal.
Progress: TypeAlias = Callable[[str, int, int], object]

_UNITS = {
    "": 1,
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "t": 1000**4,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def float_array(value: Any, argument: str, ndim: int) -> FloatArray:
    """Return ``value`` as a float32 or float64 array of ``ndim`` axes, without a copy where it already is one.

    Integers and booleans become float64, float16 becomes float32; both conversions are exact for integers up to 2**53.

    Raises
    ------
    TypeError
        If the entries are not real numbers.
    ValueError
        If the number of axes is wrong, rows differ in length, or entries are masked.
    """
    # NumPy drops masks without a word, and what is masked is no number at all.
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        n_masked = int(np.ma.getmaskarray(value).sum())
        raise ValueError(f"{argument}: expected an array without masked entries, got {n_masked} of them")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{argument}: expected rows of equal length, got {error}") from None
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype.newbyteorder("=") not in (np.float32, np.float64):
        raise TypeError(
            f"{argument}: expected real numbers (float32, float64 or integers), got {describe(value)} "
            f"of dtype {array.dtype}"
        )
    if array.ndim != ndim:
        shape = "(n_points, n_dims)" if ndim == 2 else "(n,)"
        raise ValueError(f"{argument}: expected an array of shape {shape}, got shape {array.shape}")
    # Foreign byte order and misaligned buffers are put right here, so that Rust sees plain memory.
    return np.require(array, dtype=array.dtype.newbyteorder("="), requirements=["ALIGNED"])


def describe(value: object) -> str:
    """Return the type of ``value`` as error messages name it."""
    return type(value).__name__


def integer(value: Any, argument: str, *, at_least: int, at_most: int = 2**63 - 1) -> int:
    """Return ``value`` as an int; ``TypeError`` if it is no integer, ``ValueError`` if it is out of range."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{argument}: expected an integer, got {value!r}")
    try:
        number = int(value.__index__())
    except TypeError:  # an array of several
        raise TypeError(f"{argument}: expected an integer, got {value!r}") from None
    if number < at_least:
        raise ValueError(f"{argument}: expected an integer of at least {at_least}, got {number}")
    if number > at_most:
        raise ValueError(f"{argument}: expected an integer of at most {at_most}, got {number}")
    return number


def number(value: Any, argument: str) -> float:
    """Return ``value`` as a float; ``TypeError`` if it is no real number, ``ValueError`` if it is too large for one."""
    if isinstance(value, bool) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError(f"{argument}: expected a number, got {value!r}")
    try:
        return float(value)
    except TypeError:  # an array of several
        raise TypeError(f"{argument}: expected a number, got {value!r}") from None
    except OverflowError:
        raise ValueError(f"{argument}: expected a number within the range of float64, got a larger one") from None


def byte_count(value: Any, argument: str) -> int:
    """Return a size in bytes, given as a number or as text such as ``"64MiB"`` or ``"2 GB"``."""
    if not isinstance(value, str):
        return integer(value, argument, at_least=1)
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?|)b?\s*", value.lower())
    if match is None:
        raise ValueError(f'{argument}: expected a size such as "64MiB" or "2GB", got {value!r}')
    size = float(match[1]) * _UNITS[match[2]]
    if not 1 <= size < 2**63:
        raise ValueError(f"{argument}: expected at least one byte and fewer than 8 EiB, got {value!r}")
    return int(size)
