"""Strings are escaped as orjson does it, and what is no UTF-8 in them is replaced as Python does it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import orjson
import pytest

from ingestd.fastpath.kernel import strings
from ingestd.fastpath.kernel.jit import alone
from ingestd.model import PAD

VALID = (
    "a",
    " ",
    '"',
    "\\",
    "\n",
    "\x01",
    "\x7f",
    "é",
    "ß",
    "я",
    "浏",
    "器",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "😀",
    "\U0010ffff",
)
BROKEN = (
    b"\xc3",
    b"\xe6",
    b"\xe6\xb5",
    b"\x80",
    b"\xbf\xbf",
    b"\xc0\xaf",
    b"\xe0\x80",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98",
    b"\xf5",
    b"\xff",
)


@alone
def escape(out: Any, src: Any, size: int) -> Any:
    return strings.escape(out, 0, src, 0, size)


def escaped(text: bytes) -> bytes:
    source = np.frombuffer(text + b"\xe6\x80" * (PAD // 2), np.uint8)  # behind its end stands what would go on with it
    out = np.zeros(6 * len(text) + PAD, np.uint8)
    return out[: escape(out, source, len(text))].tobytes()


def wanted(text: bytes) -> bytes:
    return orjson.dumps(text.decode("utf-8", "replace"))[1:-1]


@pytest.mark.parametrize("seed", range(4))
def test_mixtures(seed: int) -> None:
    """Whatever stands beside what, whole sequences and broken ones, long runs of one kind among them."""
    r = random.Random(seed)
    pieces = [*(piece.encode() for piece in VALID), *BROKEN]
    for _ in range(400):
        text = b"".join(r.choice(pieces) * r.choice((1, 1, 2, 3, 40)) for _ in range(r.randrange(12)))
        assert escaped(text) == wanted(text)


@pytest.mark.parametrize("text", ["é ", "a浏b", " ß浏", 'é"', "浏\\", "😀é ", "\xa0\x1f"])
def test_letters_among_others(text: str) -> None:
    """Letters and spaces of a text stand beside each other, wherever they are among the 64 bytes that are read at once."""
    for begin in range(66):
        whole = ("x" * begin + text * 70).encode()
        assert escaped(whole) == wanted(whole)
        assert escaped(whole[:-1]) == wanted(whole[:-1])


@pytest.mark.parametrize("char", ["é", "浏", "😀"])
def test_cut_at_every_place(char: str) -> None:
    """A text that ends, or begins, within a sequence, wherever that is among the 64 bytes that are read at once."""
    whole = (char * 50).encode()
    for begin in range(4):
        for end in range(60, 75):
            assert escaped(whole[begin:end]) == wanted(whole[begin:end])
