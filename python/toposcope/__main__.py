"""``python -m toposcope``: the command line."""

from toposcope.cli import run_process

if __name__ == "__main__":
    run_process()
