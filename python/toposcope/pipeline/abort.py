"""Why a run ended before its source did, and how it stood then, in a file that is whole or not there."""

from __future__ import annotations

import errno
import json
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from toposcope._files import replace_file
from toposcope.exceptions import GuardError
from toposcope.telemetry.jsonl import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ABORT_FILE = "abort.json"
"""Name of the report."""
ABORT_SCHEMA = 1
"""Version of its fields; it grows whenever one changes its meaning or goes away."""
_RESERVE_FILE = ".abort.reserve"
#: More than a report takes: of the guard's trips the latest hundred are in it.
_N_RESERVED = 65_536
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a run was ended.

    Attributes
    ----------
    kind : {"signal", "guard", "disk", "error"}
        A signal; a limit that a guard watches; a disk that is full; anything else.
    message : str
        What happened, in a sentence.
    detail : mapping
        Number and name of the signal; the trip; the type of the exception.
    """

    kind: Literal["signal", "guard", "disk", "error"]
    message: str
    detail: Mapping[str, Any]

    @classmethod
    def of_signal(cls, signum: int) -> Cause:
        """Return the cause that a signal is."""
        name = signal.Signals(signum).name
        return cls("signal", f"stopped by {name}", {"signal": signum, "name": name})

    @classmethod
    def of_error(cls, error: BaseException) -> Cause:
        """Return the cause that an exception is."""
        if isinstance(error, KeyboardInterrupt):
            return cls.of_signal(signal.SIGINT)
        if isinstance(error, GuardError):
            return cls("guard", str(error), {"trip": error.trip.to_dict()})
        kind: Literal["disk", "error"] = "disk" if isinstance(error, OSError) and error.errno in _FULL else "error"
        return cls(kind, str(error) or type(error).__name__, {"type": type(error).__name__})

    @property
    def reason(self) -> str:
        """The cause as ``run.json`` names it."""
        return "signal" if self.kind == "signal" else f"error: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """Return kind, message and detail as plain values."""
        return {"kind": self.kind, "message": self.message, **self.detail}


class AbortFile:
    """Writes ``abort.json`` into the first of some folders that takes it.

    What an earlier run left under this name is removed. A file of 64 KiB beside it is given up then, so that there is
    room for the report on a disk that is full.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = list(folders)
        for folder in self._folders:
            (folder / ABORT_FILE).unlink(missing_ok=True)
            (folder / _RESERVE_FILE).write_bytes(bytes(_N_RESERVED))

    def write(self, content: Mapping[str, Any]) -> Path | None:
        """Write the report; return where it is, None if no folder took it."""
        text = json.dumps(finite(content), indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        for folder in self._folders:
            # One that is full has room now; elsewhere the reserve is not needed any more either.
            with suppress(OSError):
                (folder / _RESERVE_FILE).unlink(missing_ok=True)
            with suppress(OSError):
                with replace_file(folder / ABORT_FILE) as file:
                    file.write(text)
                return folder / ABORT_FILE
        return None

    def close(self) -> None:
        """Give the reserve back."""
        for folder in self._folders:
            with suppress(OSError):
                (folder / _RESERVE_FILE).unlink(missing_ok=True)
