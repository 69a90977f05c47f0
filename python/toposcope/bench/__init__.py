"""What a stream takes, against the number of points: ``toposcope bench``.

A *rung* is one run through :class:`~toposcope.Stream` with so many points, in a process of its own; the *ladder* is the
rungs of one command, written to a folder with a manifest. :mod:`~toposcope.bench.checks` reads such a folder alone, and
says what in it cannot be true, or has become worse.
"""
