"""How much memory this process takes, and how much it may take."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_STATM = Path("/proc/self/statm")
#: Of version 2 and of version 1; a container sees its own group there.
_GROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes.

    It is read from ``/proc/self`` where there is such a thing, else asked of psutil (the extra ``process``). Without
    either it is the largest that it ever was, which is all that the standard library knows.
    """
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        process = _psutil_process()
        return _peak_bytes() if process is None else int(process.memory_info().rss)


def machine_bytes() -> int | None:
    """Return the memory that this process may have: the machine's, or its control group's; None if nobody knows."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    return min([total, *_group_bytes()])


def _group_bytes() -> list[int]:
    limits = []
    for path in _GROUP_LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return limits


@cache
def _psutil_process() -> Any:
    try:
        import psutil  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        return None
    return psutil.Process()


def _peak_bytes() -> int:
    import resource  # noqa: PLC0415 (only where nothing better is known)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
