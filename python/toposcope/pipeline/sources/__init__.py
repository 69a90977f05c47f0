"""Where texts and vectors come from: files in five formats, and standard input.

:func:`open_source` finds the format by the file's ending and looks at the first record, so that it is known before
anything runs whether there is text to embed or vectors to take as they are. Whatever is wrong with a file is a
``ValueError`` that names the file, the line or row, what was expected and what was found there.
"""

from toposcope.pipeline.sources.base import Batch, Source
from toposcope.pipeline.sources.opening import FORMATS, open_source

__all__ = ["FORMATS", "Batch", "Source", "open_source"]
