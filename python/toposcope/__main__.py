"""``python -m toposcope``: the command line."""

import sys

from toposcope.cli import main

if __name__ == "__main__":
    sys.exit(main())
