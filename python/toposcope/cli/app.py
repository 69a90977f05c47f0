"""From arguments to an exit code."""

from __future__ import annotations

import io
import os
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from toposcope.cli.arguments import build_parser
from toposcope.exceptions import Error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
EXIT_PIPE_CLOSED = 141
_SIGNALLED = frozenset({EXIT_INTERRUPTED, EXIT_TERMINATED})


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; by default those of the process.

    Returns
    -------
    int
        The exit code. Wrong usage does not return: it raises ``SystemExit(2)``, as argparse does.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a sentence must not end a run on an old terminal
    parser = build_parser()
    arguments = parser.parse_args(argv)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = _show_warning
        try:
            return int(arguments.command(arguments))
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            # What is still buffered has nowhere to go; without this the interpreter would complain at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_PIPE_CLOSED
        except Exception as error:
            if os.environ.get("TOPOSCOPE_DEBUG"):
                raise
            print(f"toposcope: error: {_one_line(error)}", file=sys.stderr)
            return EXIT_ERROR


def run_process() -> NoReturn:
    """Run the command of this process, and end it.

    After a signal everything has been written, and the process is ended there and then: taking down the modules of
    scikit-learn, one by one, would cost it a second more on a busy machine.
    """
    code = main()
    if code in _SIGNALLED:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # a closed pipe
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = " ".join(str(error).split())
    if isinstance(error, (Error, ValueError, TypeError, ImportError)) and text:
        return text
    return f"{type(error).__name__}: {text} (TOPOSCOPE_DEBUG=1 shows where)"


def _show_warning(  # noqa: PLR0917 (the signature is Python's)
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,
    line: str | None = None,  # noqa: ARG001
) -> None:
    print(f"toposcope: warning: {message}", file=file or sys.stderr)
