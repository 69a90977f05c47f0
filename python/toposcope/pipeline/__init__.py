"""From sources to events: reading, cutting into chunks, watching, writing down.

:class:`toposcope.Monitor` watches a stream for a program. The whole path from a file to a folder of results, as
``toposcope watch`` runs it, is :class:`toposcope.pipeline.watch.StreamPipeline` with a
:class:`toposcope.pipeline.config.WatchConfig`; :func:`toposcope.pipeline.sources.open_source` reads the files.
"""
