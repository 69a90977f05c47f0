"""Reading points, and telling of the diagram that came of them: what ``rips`` and ``alpha`` share."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from toposcope._files import replace_file
from toposcope.pipeline.sources import open_source

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from toposcope._typing import Float64Array
    from toposcope.diagram import Diagram

_LONGEST = 5
_ROWS = 4096


def run(arguments: argparse.Namespace, compute: Callable[[Float64Array], Diagram]) -> int:
    """Compute a diagram of the rows of the input, print its longest intervals, and write it if asked to."""
    out = None if arguments.out is None else Path(arguments.out)
    if out is not None and out.suffix not in {".parquet", ".npz", ".csv"}:
        arguments.usage_error(f"--out: expected a name ending in .parquet, .npz or .csv, got {out.name}")
    diagram = compute(read(arguments))
    print("\n".join(summary(diagram)))
    if out is not None:
        _save(diagram, out)
        print(f"wrote {out}", file=sys.stderr)
    return 0


def summary(diagram: Diagram) -> list[str]:
    """Return the number of intervals and the longest of them, by dimension."""
    lines = []
    for dim, intervals in enumerate(diagram):
        essential = int(np.isinf(intervals[:, 1]).sum())
        lines.append(f"H{dim}: {len(intervals)} intervals, {essential} of them without end")
        order = np.argsort(intervals[:, 0] - intervals[:, 1], kind="stable")[:_LONGEST]
        lines.extend(f"    {birth:.6g} to {death:.6g}" for birth, death in intervals[order])
    return lines


def read(arguments: argparse.Namespace) -> Float64Array:
    """Read all rows; a .txt file holds numbers here, separated by blanks or commas."""
    path = Path(arguments.source)
    if arguments.file_format in {None, "txt"} and path.suffix.lower() == ".txt":
        return _read_numbers(path)
    with closing(open_source(path, file_format=arguments.file_format, columns=arguments.columns)) as source:
        if source.kind != "vectors":
            raise ValueError(f"{source.name}: expected rows of numbers, got text")
        blocks = [part.vectors for part in source.batches(_ROWS, linger=0.0) if part.vectors is not None]
    return np.concatenate(blocks)


def _read_numbers(path: Path) -> Float64Array:
    rows: list[list[float]] = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            words = line.replace(",", " ").split()
            try:
                row = [float(word) for word in words]
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: expected numbers, got {error}") from None
            if row and rows and len(row) != len(rows[0]):
                raise ValueError(f"{path}, line {number}: expected {len(rows[0])} numbers, got {len(row)}")
            if row:
                rows.append(row)
    if not rows:
        raise ValueError(f"{path}: expected at least one row of numbers, got none")
    return np.array(rows)


def _save(diagram: Diagram, path: Path) -> None:
    if path.suffix != ".csv":
        diagram.save(path)
        return
    with replace_file(path) as file:
        file.write(b"dim,birth,death\n")
        rows = zip(diagram.dims.tolist(), diagram.births.tolist(), diagram.deaths.tolist(), strict=True)
        file.writelines(f"{dim},{birth!r},{death!r}\n".encode() for dim, birth, death in rows)
