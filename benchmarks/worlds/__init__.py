"""Scripted worlds with known events, and who tells them: the tracker, drift detectors, matched diagrams.

``python -m worlds --help`` (with ``benchmarks`` on the path) or ``make worlds``. The modules, in the order in which a
run passes them: `shapes` where points lie, `world` what a script is and how its points are drawn, `catalogue` the
worlds, `watch` the tracker on one of them, `score` which of its events are true, `rivals` what others see, `table` what
is printed, `record` where it is kept.
"""
