"""``ts.rips`` beside its peers: each call in a process of its own, and no time without an equal diagram.

``python -m peers --help`` (with ``benchmarks`` on the path) or ``make peers``. The modules, in the order in which a run
passes them: `cases` what is computed, `packages` how each package is asked for it, `call` one call in a fresh process,
`processes` starting and watching such processes, `compare` whether two diagrams are the same, `rounds` all of it in
turn, `table` what is printed and recorded. `scaling` draws time and memory against the number of points.
"""
