"""What the process takes of the machine: by psutil where it is installed, else from the files in which Linux tells."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_INTERVAL = 1.0
_SELF = Path("/proc/self")
#: Fields of /proc/self/stat after the name, which may hold anything and ends with the last parenthesis.
_N_THREADS = 17


@dataclass(frozen=True, slots=True)
class ProcessGauges:
    """The process at a moment.

    Attributes
    ----------
    rss_bytes : int
        Memory that is resident.
    cpu_seconds : float
        Processor time so far, of all threads, the system's share included.
    n_threads : int
        Threads.
    n_fds : int or None
        Open file descriptors; None on systems that do not count them.
    available_bytes : int
        Memory that the machine could still give to anyone.
    """

    rss_bytes: int
    cpu_seconds: float
    n_threads: int
    n_fds: int | None
    available_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "rss_bytes": self.rss_bytes,
            "cpu_seconds": self.cpu_seconds,
            "n_threads": self.n_threads,
            "n_fds": self.n_fds,
            "available_bytes": self.available_bytes,
        }


class ProcessMeter:
    """Looks at the process, though not more often than it is worth.

    Parameters
    ----------
    interval : float, default=1.0
        Seconds between two looks: one takes a fraction of a millisecond, which would be a share of every push.

    Examples
    --------
    >>> from toposcope.telemetry.process import ProcessMeter
    >>> meter = ProcessMeter()
    >>> gauges = meter.read()
    >>> gauges is None or gauges.rss_bytes > 0
    True
    >>> meter.read() is None
    True
    """

    def __init__(self, interval: float = _INTERVAL) -> None:
        self._interval = interval
        self._due = 0.0
        self._process: Any = None
        self._pid = -1

    def read(self) -> ProcessGauges | None:
        """Return what there is to tell; None if it is too early, or the system does not say."""
        now = time.monotonic()
        if now < self._due:
            return None
        self._due = now + self._interval
        return self._look()

    def _look(self) -> ProcessGauges | None:
        try:
            import psutil  # noqa: PLC0415 (an extra)
        except ModuleNotFoundError:
            return read_proc()
        if self._pid != os.getpid():  # a fork has made another process of this one
            self._process, self._pid = psutil.Process(), os.getpid()
        process = self._process
        try:
            with process.oneshot():
                times = process.cpu_times()
                return ProcessGauges(
                    rss_bytes=process.memory_info().rss,
                    cpu_seconds=times.user + times.system,
                    n_threads=process.num_threads(),
                    n_fds=process.num_fds() if hasattr(process, "num_fds") else None,
                    available_bytes=psutil.virtual_memory().available,
                )
        except (psutil.Error, OSError):
            return None


def read_proc() -> ProcessGauges | None:
    """Return what the files of Linux tell about this process; None on other systems."""
    try:
        n_pages = int((_SELF / "statm").read_text().split()[1])
        stat = (_SELF / "stat").read_text().rpartition(")")[2].split()
        memory = Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()
        times = os.times()
        return ProcessGauges(
            rss_bytes=n_pages * os.sysconf("SC_PAGE_SIZE"),
            cpu_seconds=times.user + times.system,
            n_threads=int(stat[_N_THREADS]),
            n_fds=len(os.listdir(_SELF / "fd")) - 1,  # noqa: PTH208 (without the one that lists them)
            available_bytes=int(memory[0]) * 1024,
        )
    except (OSError, ValueError, IndexError):
        return None
