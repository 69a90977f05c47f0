"""``toposcope watch``."""

from __future__ import annotations

import dataclasses
import signal
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from toposcope.cli.display import Display
from toposcope.cli.signals import GraceOver, Stopped, Stopper
from toposcope.exceptions import GuardError
from toposcope.pipeline.abort import Cause
from toposcope.pipeline.config import WatchConfig

if TYPE_CHECKING:
    import argparse

    from toposcope.pipeline.watch import StreamPipeline


EXIT_TRIPPED = 3
"""Exit code of a run that its guard has ended."""


def run(arguments: argparse.Namespace) -> int:
    """Watch a source to its end, until a signal comes, or until the guard ends it."""
    config = _config(arguments)
    # Loads what only this command needs.
    from toposcope.pipeline.watch import StreamPipeline  # noqa: PLC0415

    with Stopper() as stopper:
        try:
            pipeline = StreamPipeline(config)
            with closing(Display(pipeline)) as display:
                return _run(pipeline, display, stopper)
        except (Stopped, KeyboardInterrupt):  # before there was anything to save, or a second time: at once
            return stopper.exit_code


def _run(pipeline: StreamPipeline, display: Display, stopper: Stopper) -> int:
    code = 0
    try:
        code = _run_to_its_end(pipeline, display, stopper)
    except Stopped:
        with stopper.busy():
            pipeline.abort(Cause.of_signal(stopper.signum or signal.SIGTERM))
        display.finish(is_complete=_end(pipeline, stopper))
    return stopper.exit_code or code


def _run_to_its_end(pipeline: StreamPipeline, display: Display, stopper: Stopper) -> int:
    tripped: GuardError | None = None
    try:
        _watch(pipeline, display, stopper)
    except GuardError as error:
        tripped = error
        pipeline.abort(Cause.of_error(error))
    except Exception as error:
        pipeline.abort(Cause.of_error(error))
        # What broke first says why; what breaks after it, on the way out, does not.
        with suppress(Exception):
            _end(pipeline, stopper)
        display.tell_of_end()
        raise
    display.finish(is_complete=_end(pipeline, stopper))
    if tripped is None:
        return 0
    print(f"toposcope: error: {tripped}", file=sys.stderr)
    return EXIT_TRIPPED


def _watch(pipeline: StreamPipeline, display: Display, stopper: Stopper) -> None:
    for batch in pipeline.batches():
        vectors = pipeline.embed(batch)
        with stopper.busy(is_breakable=True):
            display.show(pipeline.push(batch, vectors))
        if stopper.signum is not None:
            raise Stopped
        if pipeline.guard is not None:
            pipeline.guard.check()


def _end(pipeline: StreamPipeline, stopper: Stopper) -> bool:
    """Save what must be saved, then make what can be made in the time that is left; whether that was all."""
    with stopper.busy():
        pipeline.seal()
    try:
        with stopper.grace():
            pipeline.close()
    except GraceOver:
        return False
    return True


def _config(arguments: argparse.Namespace) -> WatchConfig:
    given = {**vars(arguments), "n_threads": arguments.threads, "telemetry": tuple(arguments.telemetry or ())}
    try:
        return WatchConfig(**{field.name: given[field.name] for field in dataclasses.fields(WatchConfig)})
    except ValueError as error:
        arguments.usage_error(str(error))
        raise
