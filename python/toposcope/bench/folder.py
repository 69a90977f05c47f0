"""The folder of a ladder: written whole, read with suspicion."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from toposcope._files import replace_file
from toposcope.bench.config import LadderConfig
from toposcope.bench.records import (
    SCHEMA_VERSION,
    Chunk,
    DegreeCount,
    Row,
    Rung,
    cells_of,
    columns_of,
    row_from_cells,
    row_from_values,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from toposcope.bench.ladder import Ladder

MANIFEST = "manifest.json"
LINES = "ladder.jsonl"
TABLES: dict[str, type[Rung | Chunk | DegreeCount]] = {
    "ladder.csv": Rung,
    "chunks.csv": Chunk,
    "degrees.csv": DegreeCount,
}
PICTURES = ("ladder.png", "ladder.svg")

#: What comes of JSON that is none, or says something else.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(kw_only=True)
class Contents:
    """What was found in a folder.

    Attributes
    ----------
    config : LadderConfig or None
        What was run, as the manifest says.
    rungs, chunks, degrees : list or None
        Rows of the tables; None where there is no table that can be read.
    lines : list of Rung or None
        The rungs of ``ladder.jsonl``.
    missing : list of str
        Names of files that are not there.
    findings : list of str
        What is wrong with the files themselves.
    """

    config: LadderConfig | None = None
    rungs: list[Rung] | None = None
    chunks: list[Chunk] | None = None
    degrees: list[DegreeCount] | None = None
    lines: list[Rung] | None = None
    missing: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def write(folder: Path, ladder: Ladder, pictures: Mapping[str, bytes]) -> None:
    """Write every file whole, and the manifest last: without one the folder is not finished.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    contents = {
        "ladder.csv": _table(Rung, ladder.rungs),
        LINES: _lines(ladder),
        "chunks.csv": _table(Chunk, ladder.chunks),
        "degrees.csv": _table(DegreeCount, ladder.degrees),
        **pictures,
    }
    for name in PICTURES:
        if name not in contents:
            (folder / name).unlink(missing_ok=True)  # of an earlier run
    for name, content in contents.items():
        with replace_file(folder / name) as file:
            file.write(content)
    manifest = {
        "schema": SCHEMA_VERSION,
        "config": ladder.config.to_dict(),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in contents.items()
        },
    }
    with replace_file(folder / MANIFEST) as file:
        file.write(json.dumps(manifest, indent=2).encode() + b"\n")


def _table(cls: type[Row], rows: list[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns_of(cls))
    writer.writerows(map(cells_of, rows))
    return text.getvalue().encode()


def _lines(ladder: Ladder) -> bytes:
    lines = [
        json.dumps(
            {
                "schema": SCHEMA_VERSION,
                "rung": dataclasses.asdict(rung),
                "config": ladder.config.to_dict(),
                "environment": ladder.environment,
            },
            allow_nan=False,
        )
        for rung in ladder.rungs
    ]
    return "".join(line + "\n" for line in lines).encode()


def read(folder: Path) -> Contents:
    """Read what there is, and say what is missing, changed or unreadable.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    OSError
        If a file cannot be read.
    """
    names = {entry.name for entry in folder.iterdir()}
    found = Contents()
    expected = [MANIFEST, LINES, *TABLES]
    if MANIFEST in names:
        files = _read_manifest(folder / MANIFEST, found)
        expected += [name for name in files if name not in expected]
        unlisted = [name for name in (LINES, *TABLES, *PICTURES) if name in names and name not in files]
        found.findings += [f"{name}: not in the manifest" for name in unlisted]
        for name in sorted(files.keys() & names):
            _check_hash(folder / name, files[name], found)
    found.missing = [name for name in expected if name not in names]
    found.rungs = _read_table(folder, "ladder.csv", Rung, found)
    found.chunks = _read_table(folder, "chunks.csv", Chunk, found)
    found.degrees = _read_table(folder, "degrees.csv", DegreeCount, found)
    if LINES in names:
        found.lines = _read_lines(folder / LINES, found)
    return found


def _read_manifest(path: Path, found: Contents) -> dict[str, Any]:
    """Return what the manifest says of each file; names that lead elsewhere are none of its business."""
    try:
        manifest = _of_this_schema(json.loads(path.read_bytes()))
        files = dict(manifest["files"])
        if wrong := sorted(files.keys() - {LINES, *TABLES, *PICTURES}):
            found.findings.append(f"{path.name}: names files that are not of a ladder: {', '.join(wrong)}")
        found.config = LadderConfig.from_dict(manifest["config"])
    except _UNREADABLE as error:
        found.findings.append(f"{path.name}: no manifest of a ladder ({_told(error)})")
        return {}
    return {name: entry for name, entry in files.items() if name not in wrong}


def _of_this_schema(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise TypeError("expected an object")
    if record.get("schema") != SCHEMA_VERSION:
        raise ValueError(f"schema: expected {SCHEMA_VERSION}, got {record.get('schema')!r}")
    return record


def _check_hash(path: Path, entry: Any, found: Contents) -> None:
    content = path.read_bytes()
    if not isinstance(entry, dict) or entry.get("sha256") != hashlib.sha256(content).hexdigest():
        found.findings.append(f"{path.name}: changed since it was written: its sha256 is not the manifest's")


def _read_table(folder: Path, name: str, cls: type[Row], found: Contents) -> list[Row] | None:
    try:
        text = (folder / name).read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        found.findings.append(f"{name}: {_told(error)}")
        return None
    lines = [line.split(",") for line in text.splitlines()]  # numbers only: there is nothing to quote
    if not lines or lines[0] != columns_of(cls):
        found.findings.append(f"{name}: expected the columns {','.join(columns_of(cls))}")
        return None
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        try:
            rows.append(row_from_cells(cls, dict(zip(lines[0], cells, strict=True))))
        except ValueError as error:
            found.findings.append(f"{name}, line {number}: {_told(error)}")
    return rows


def _read_lines(path: Path, found: Contents) -> list[Rung]:
    rungs = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            record = _of_this_schema(json.loads(line))
            config = LadderConfig.from_dict(record["config"])
            rungs.append(row_from_values(Rung, record["rung"]))
        except _UNREADABLE as error:
            found.findings.append(f"{path.name}, line {number}: {_told(error)}")
            continue
        if found.config is None:
            found.config = config
        elif config != found.config:
            found.findings.append(f"{path.name}, line {number}: of another run: its config is not the manifest's")
    return rungs


def _told(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
