"""Finding bytes. Part of the kernel: arrays and positions in, positions out.

Every read starts before the end that it was given, and so stays within PAD bytes behind it.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.simd import eq64, get, trailing_zeros

__all__ = ["find", "find_last", "find_text", "lower", "newline", "same_lowered", "same_text"]

NEWLINE, SPACE, A, Z = 10, 32, 65, 90


@inlined
def newline(buf: Any, at: int) -> Any:
    """Position of the next newline; there is one."""
    mask = eq64(buf, at, NEWLINE)
    while mask == uint64(0):
        at += 64
        mask = eq64(buf, at, NEWLINE)
    return at + trailing_zeros(mask)


@inlined
def find(src: Any, at: int, end: int, char: int) -> Any:
    """Position of the first `char` in src[at:end]; `end` if there is none."""
    while at < end:
        mask = eq64(src, at, char)
        if mask != uint64(0):
            return min(at + trailing_zeros(mask), end)
        at += 64
    return end


@inlined
def find_last(src: Any, at: int, end: int, char: int) -> Any:
    """Position of the last `char` in src[at:end]; `at - 1` if there is none."""
    end -= 1
    while end >= at and get(src, end) != char:
        end -= 1
    return end


@inlined
def same_text(src: Any, at: int, end: int, text: Any, span: int) -> Any:
    """Whether src[at:end] begins with a piece of `text`."""
    first, size = span >> 16, span & 0xFFFF
    same = 0
    while same < size and at + same < end and get(src, at + same) == get(text, first + same):
        same += 1
    return same == size


@inlined
def find_text(src: Any, at: int, end: int, text: Any, span: int) -> Any:
    """Position of a piece of `text`, which is not empty, in src[at:end]; `end` if it is not there."""
    char = get(text, span >> 16)
    at = find(src, at, end, char)
    while at < end and not same_text(src, at, end, text, span):
        at = find(src, at + 1, end, char)
    return at


@inlined
def lower(char: int) -> Any:
    """An ASCII letter in lower case."""
    return char | SPACE if A <= char <= Z else char


@inlined
def same_lowered(src: Any, at: int, end: int, text: Any, span: int) -> Any:
    """Whether src[at:end] in lower case is a piece of `text`."""
    first, size = span >> 16, span & 0xFFFF
    if end - at != size:
        return False
    same = 0
    while same < size and lower(get(src, at + same)) == get(text, first + same):
        same += 1
    return same == size
