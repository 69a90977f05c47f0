"""Write the small tokenizers: ``python tiny_tokenizer.py DIR``. Needs the package ``tokenizers``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

N_MERGES = 61
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
#: The pattern of Qwen's tokenizers, which needs look-ahead.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CORPUS = [
    "def main(args):\n    return [x for x in range(10) if x % 2 == 0]\n",
    "fn embed(&self, text: &str) -> Result<Vec<f32>, Error> {\n    let mut out = Vec::new();\n",
    "class Node:\n    def __init__(self, name, children=None):\n        self.name = name\n",
    "for (let i = 0; i < items.length; i++) { console.log(items[i].value); }\n",
    "import numpy as np\nfrom typing import List, Optional\n\nprint(np.mean([1.0, 2.0]))\n",
    "The quick brown fox jumps over the lazy dog, and the cat sat on the mat.\n",
    'if err != nil {\n\treturn nil, fmt.Errorf("cannot open %s: %w", path, err)\n}\n',
]


def byte_level(*, trim_offsets: bool) -> processors.ByteLevel:
    return processors.ByteLevel(add_prefix_space=False, trim_offsets=trim_offsets, use_regex=False)


def tokenizer(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, fuse_unk=False, byte_fallback=False))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.post_processor = byte_level(trim_offsets=False)
    made.add_special_tokens(SPECIALS)
    return made


def learned_merges(alphabet: list[str]) -> list[tuple[str, str]]:
    learner = tokenizer({}, [])
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + N_MERGES,
        initial_alphabet=alphabet,
        special_tokens=[],
        show_progress=False,
        min_frequency=2,
    )
    learner.train_from_iterator(CORPUS, trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    return [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in merges][:N_MERGES]


def write_all(folder: Path) -> None:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = learned_merges(alphabet)
    letters = {letter: i for i, letter in enumerate(alphabet)}
    # Ids in order of the merges, so that they do not depend on the order of the trainer's map.
    vocabulary = letters | {left + right: len(alphabet) + i for i, (left, right) in enumerate(merges)}
    whole = tokenizer(vocabulary, merges)
    whole.save(str(folder / "tiny_tokenizer.json"))
    end = whole.token_to_id(SPECIALS[0])
    template = processors.TemplateProcessing(
        single=f"$A {SPECIALS[0]}",
        pair=f"$A {SPECIALS[0]} $B:1 {SPECIALS[0]}:1",
        special_tokens=[(SPECIALS[0], end)],
    )
    whole.post_processor = processors.Sequence([byte_level(trim_offsets=False), template])
    whole.save(str(folder / "tiny_tokenizer_eos.json"))
    tokenizer(letters, []).save(str(folder / "tiny_tokenizer_bytes.json"))


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
