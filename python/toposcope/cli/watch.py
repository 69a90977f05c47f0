"""``toposcope watch``."""

from __future__ import annotations

import dataclasses
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from toposcope.cli.display import Display
from toposcope.cli.signals import Stopped, Stopper
from toposcope.pipeline.config import WatchConfig

if TYPE_CHECKING:
    import argparse

    from toposcope.pipeline.watch import StreamPipeline


def run(arguments: argparse.Namespace) -> int:
    """Watch a source to its end, or until a signal comes."""
    config = _config(arguments)
    # Loads what only this command needs.
    from toposcope.pipeline.watch import StreamPipeline  # noqa: PLC0415

    with Stopper() as stopper:
        try:
            pipeline = StreamPipeline(config)
        except Stopped:
            return stopper.exit_code
        with closing(Display(pipeline)) as display:
            try:
                _watch(pipeline, display, stopper)
            except Stopped:
                pipeline.stop("signal")
            except Exception as error:
                pipeline.stop(f"error: {error}")
                # What broke first says why; what breaks after it, on the way out, does not.
                with stopper.busy(), suppress(Exception):
                    pipeline.close()
                raise
            finally:
                with stopper.busy():
                    pipeline.close()
            display.finish()
    return stopper.exit_code


def _watch(pipeline: StreamPipeline, display: Display, stopper: Stopper) -> None:
    for batch in pipeline.batches():
        with stopper.busy():
            display.show(pipeline.push(batch))
        if stopper.signum is not None:
            raise Stopped


def _config(arguments: argparse.Namespace) -> WatchConfig:
    given = {**vars(arguments), "n_threads": arguments.threads, "telemetry": tuple(arguments.telemetry or ())}
    try:
        return WatchConfig(**{field.name: given[field.name] for field in dataclasses.fields(WatchConfig)})
    except ValueError as error:
        arguments.usage_error(str(error))
        raise
