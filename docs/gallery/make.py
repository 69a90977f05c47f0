"""Draws the gallery by running the page's own code, on light and on dark paper. The docs build calls it.

python docs/gallery/make.py
"""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

import toposcope as ts

PAGE = Path(__file__).parent / "index.md"
MADE = PAGE.parent / "_made"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"_made/([a-z]+)-light\.svg")


def main() -> None:
    MADE.mkdir(exist_ok=True)
    for old in MADE.glob("*.svg"):
        old.unlink()
    mpl.rcParams["svg.hashsalt"] = "gallery"
    for theme in ("light", "dark"):
        with ts.plot.theme(theme):
            draw(PAGE.read_text(), theme)


def draw(page: str, theme: str) -> None:
    """Run the blocks in order; what a block has drawn is saved under the name of the picture that follows it."""
    names: dict[str, object] = {"__name__": "gallery", "print": lambda *_: None}
    blocks = list(BLOCK.finditer(page))
    ends = [block.start() for block in blocks[1:]] + [len(page)]
    for block, end in zip(blocks, ends, strict=True):
        source = "\n" * page.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, str(PAGE), "exec"), names)
        picture = PICTURE.search(page, block.end(), end)
        if bool(plt.get_fignums()) != (picture is not None):
            line = page.count("\n", 0, block.start(1))
            raise ValueError(f"{PAGE}:{line}: expected a picture behind each block that draws, and behind no other")
        if picture is not None:
            plt.gcf().savefig(MADE / f"{picture[1]}-{theme}.svg", metadata={"Date": None})
            plt.close("all")


if __name__ == "__main__":
    main()
