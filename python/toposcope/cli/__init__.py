"""The command line: a thin shell over :mod:`toposcope.pipeline`.

Exit codes: 0 done, 1 an error (one line on standard error says which), 2 wrong usage, 3 a guard has ended the run, or
no checkpoint is sound, 130 stopped by Ctrl-C and 143 by SIGTERM, with everything saved, 141 the reader of standard
output went away.
``TOPOSCOPE_DEBUG=1`` lets errors through with their traceback.
"""

from toposcope.cli.app import main, run_process

__all__ = ["main", "run_process"]
