"""Packages that only some users need."""

from __future__ import annotations

import importlib
from typing import Any


def import_extra(module: str, extra: str, purpose: str) -> Any:
    """Import an optional package, or say which extra brings it.

    Raises
    ------
    ImportError
        If it is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # the package is there, and broken: that is another message
        raise ImportError(f'{purpose} needs {package}: pip install "toposcope[{extra}]"', name=package) from None
