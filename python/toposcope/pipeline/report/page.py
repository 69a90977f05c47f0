"""Puts a run's numbers into the page that draws them."""

from __future__ import annotations

import json
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

from toposcope._files import replace_file
from toposcope.pipeline.report.content import page_content
from toposcope.telemetry.jsonl import finite

if TYPE_CHECKING:
    from pathlib import Path

# Inside a script element the parser looks for "</script" and "<!--" only; the last two would end lines of a script.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def write_report(folder: Path) -> Path:
    """Build ``report.html`` out of the files of a run, whatever of them there is.

    Parameters
    ----------
    folder : Path
        Where ``run.json`` and the other outputs are.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    ValueError
        If the folder holds no run.
    OSError
        If the report cannot be written; an existing one is left as it was.
    """
    content = page_content(folder)
    path = folder / "report.html"
    with replace_file(path) as file:
        file.write(render(content).encode())
    return path


def render(content: dict[str, Any]) -> str:
    """Return the page: markup, style, script and numbers in one."""
    part = resources.files("toposcope.pipeline.report")
    page = Template(part.joinpath("page.html").read_text(encoding="utf-8"))
    return page.substitute(
        style=part.joinpath("page.css").read_text(encoding="utf-8"),
        script=part.joinpath("page.js").read_text(encoding="utf-8"),
        data=_embedded(content),
    )


def _embedded(content: dict[str, Any]) -> str:
    text = json.dumps(finite(content), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPES)
