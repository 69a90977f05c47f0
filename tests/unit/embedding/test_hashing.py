"""HashingEmbedder: against its definition written out in Python, and on wrong input."""

from __future__ import annotations

import math
import pickle
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toposcope.embedding import Embedder, HashingEmbedder

MASK = 2**64 - 1


def hash_of(ngram: str, seed: int) -> int:
    value = 0xCBF29CE484222325 ^ seed
    for byte in ngram.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def by_definition(text: str, n_dims: int, ngram: tuple[int, int], seed: int) -> list[float]:
    text = f" {' '.join(unicodedata.normalize('NFC', text).lower().split())} "
    signed, plain = [0.0] * n_dims, [0.0] * n_dims
    for n in range(min(ngram[0], len(text)), min(ngram[1], len(text)) + 1):
        for start in range(len(text) - n + 1):
            value = hash_of(text[start : start + n], seed)
            dim = ((value >> 1) * n_dims) >> 63
            signed[dim] += -1.0 if value & 1 else 1.0
            plain[dim] += 1.0
    row = signed if any(signed) else plain
    norm = math.sqrt(sum(x * x for x in row))
    return [x / norm for x in row]


# Spellings on which Python's and Rust's ideas of white space and lower case agree.
ALPHABET = st.characters(codec="ascii", exclude_categories=["Cc"]) | st.sampled_from("éÉßñ漢字🙂\n\t")
TEXTS = st.text(ALPHABET, min_size=1, max_size=30).filter(str.strip)


@settings(deadline=None, max_examples=200)
@given(text=TEXTS, n_dims=st.integers(1, 40), low=st.integers(1, 5), more=st.integers(0, 3), seed=st.integers(0, MASK))
def test_it_is_its_definition(text, n_dims, low, more, seed):
    embedder = HashingEmbedder(n_dims, ngram=(low, low + more), seed=seed)
    got = embedder.embed([text])
    np.testing.assert_allclose(got[0], by_definition(text, n_dims, (low, low + more), seed), atol=1e-6)


def test_shape_dtype_and_protocol():
    embedder = HashingEmbedder()
    assert isinstance(embedder, Embedder)
    assert embedder.n_dims == 256
    vectors = embedder.embed(("one", "two", "one"))
    assert vectors.shape == (3, 256)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert embedder.embed([]).shape == (0, 256)
    assert embedder.embed(text for text in ["a generator"]).shape == (1, 256)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_dims": 0}, ValueError, "n_dims: expected an integer of at least 1, got 0"),
        ({"n_dims": 2.5}, TypeError, "n_dims: expected an integer, got 2.5"),
        ({"ngram": (3, 2)}, ValueError, r"ngram: expected \(shortest, longest\).*got \(3, 2\)"),
        ({"ngram": 3}, TypeError, r"ngram: expected \(shortest, longest\), got 3"),
        ({"ngram": (0, 2)}, ValueError, r"ngram\[0\]: expected an integer of at least 1"),
        ({"ngram": (2, 99)}, ValueError, "longest <= 16"),
        ({"seed": -1}, ValueError, "seed: expected an integer of at least 0"),
    ],
)
def test_wrong_parameters(arguments, error, message):
    with pytest.raises(error, match=message):
        HashingEmbedder(**arguments)


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("a text", TypeError, "texts: expected a sequence of str, got str"),
        (None, TypeError, "texts: expected a sequence of str, got NoneType"),
        (["a", None], TypeError, r"texts\[1\]: expected str, got NoneType"),
        (["a", b"b"], TypeError, r"texts\[1\]: expected str, got bytes"),
        ([3.5], TypeError, r"texts\[0\]: expected str, got float"),
        (["a", "  \n"], ValueError, r"texts\[1\]: empty"),
        (["a", "\ud800"], ValueError, r"texts\[1\]: expected valid Unicode"),
    ],
)
def test_wrong_texts(texts, error, message):
    with pytest.raises(error, match=message):
        HashingEmbedder().embed(texts)


def test_pickling_keeps_the_vectors() -> None:
    embedder = HashingEmbedder(n_dims=32, ngram=(1, 3), lowercase=False, seed=7)
    again = pickle.loads(pickle.dumps(embedder))
    np.testing.assert_array_equal(again.embed(["A loop", "a loop"]), embedder.embed(["A loop", "a loop"]))
