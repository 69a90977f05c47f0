"""From sources to events: reading, cutting into chunks, watching, writing down."""

from toposcope.pipeline.config import WatchConfig
from toposcope.pipeline.sources import Batch, Source, open_source

__all__ = ["Batch", "Source", "WatchConfig", "open_source"]
