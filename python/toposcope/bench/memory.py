"""The memory of this process, as Linux counts it.

``ru_maxrss`` will not do: a child inherits it from its parent. The kernel counts pages by thread or processor before
it adds them up, so that a figure can be off by some hundred KiB.
"""

from __future__ import annotations

import os
from pathlib import Path

_STATUS = Path("/proc/self/status")
_PAGES = Path("/proc/self/statm")
#: Writing 5 here sets the peak of resident memory to what is resident now.
_RESET = Path("/proc/self/clear_refs")


def reset_peak() -> bool:
    """Forget the peak of resident memory so far; False where the system has no such thing."""
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def peak_bytes() -> int:
    """Return the peak of resident memory since :func:`reset_peak`."""
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    line = next(line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def resident_bytes() -> int:
    """Return the memory that is resident now."""
    return int(_PAGES.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
