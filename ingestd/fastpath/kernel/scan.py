"""Finding bytes and cutting lines into columns. Part of the kernel: arrays and positions in, positions out.

A cut fills `edges`: column k as it stands in the line (quotes and all) lies between edges[k] and edges[k + 1], both exclusive.
It returns how many there are, or a negative number: LEFT, the line is for the careful cut or, from there, for the reference;
OPEN_QUOTE, a quote is not closed. Every read starts before the end that it was given, and so stays within PAD bytes behind it.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import COLUMNS_MAX
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.simd import (
    ALL,
    ONE,
    drop_lowest,
    eq64,
    get,
    low_bits,
    popcount,
    prefix_xor,
    put,
    trailing_zeros,
    unclean64,
)
from ingestd.fastpath.kernel.strings import copy, decode_escapes

__all__ = ["LEFT", "OPEN_QUOTE", "cut_spaced", "cut_spaced_carefully", "cut_tabbed", "find", "find_last", "newline", "values"]

LEFT, OPEN_QUOTE = -1, -2
NEWLINE, TAB, SPACE, QUOTE, MINUS, BACKSLASH, OPEN, CLOSE = 10, 9, 32, 34, 45, 92, 91, 93


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
def mark(edges: Any, k: int, at: int, cuts: Any) -> Any:
    """Note the cuts of 64 bytes at `at` as the ends of columns from k on; returns the next k.

    Eight at a time, wanted or not: their number changes from place to place, and a wrong guess costs more than eight stores.
    """
    count = popcount(cuts)
    done = 0
    while done < count:
        for i in range(8):
            put(edges, k + 1 + done + i, at + trailing_zeros(cuts))
            cuts = drop_lowest(cuts)
        done += 8
    return k + count


@inlined
def cut_tabbed(buf: Any, at: int, end: int, edges: Any) -> Any:
    """Cut buf[at:end] at its tabs. Returns (columns or LEFT, whether a byte needs care in JSON)."""
    k, care = 0, uint64(0)
    put(edges, 0, at - 1)
    while at < end:
        within = low_bits(min(end - at, 64))
        tabs = eq64(buf, at, TAB) & within
        care |= ((unclean64(buf, at) & ~tabs) | eq64(buf, at, QUOTE)) & within
        if k >= COLUMNS_MAX - 64:
            return LEFT, True
        k = mark(edges, k, at, tabs)
        at += 64
    put(edges, k + 1, end)
    return k + 1, care != uint64(0)


@inlined
def cut_spaced(buf: Any, at: int, end: int, escapes: bool, edges: Any) -> Any:
    """Cut buf[at:end] at the spaces outside quotes, 64 bytes at a time. Returns (columns or LEFT, whether a byte needs care).

    Sure of a line only if its quotes come in pairs, the first of each at a column's start and the second at its end, and no
    column begins with a bracket; and, with `escapes`, if there is no backslash. By induction over the columns the cut is then
    the definition's. Everything else is left.
    """
    k, care, odd = 0, uint64(0), uint64(0)
    carry, after_space, after_close = uint64(0), ONE, uint64(0)
    put(edges, 0, at - 1)
    while at < end:
        within = low_bits(min(end - at, 64))
        spaces = eq64(buf, at, SPACE) & within
        quotes = eq64(buf, at, QUOTE) & within
        inside = prefix_xor(quotes) ^ carry
        opening = quotes & inside
        closing = quotes & ~inside
        starts = (spaces << ONE) | after_space
        odd |= opening & ~starts
        odd |= eq64(buf, at, OPEN) & within & starts & ~inside
        odd |= ((closing << ONE) | after_close) & ~spaces & within
        unclean = unclean64(buf, at) & within
        care |= unclean
        if escapes:
            odd |= unclean & eq64(buf, at, BACKSLASH)
        if k >= COLUMNS_MAX - 64:
            return LEFT, True
        k = mark(edges, k, at, spaces & ~inside)
        carry = ALL if inside >> uint64(63) else uint64(0)
        after_space = spaces >> uint64(63)
        after_close = closing >> uint64(63)
        at += 64
    put(edges, k + 1, end)
    if odd != uint64(0) or carry != uint64(0):
        return LEFT, True
    return k + 1, care != uint64(0)


@outlined
def cut_spaced_carefully(buf: Any, at: int, end: int, escapes: bool, edges: Any) -> Any:
    """Cut buf[at:end] by the definition's letter. Returns columns, OPEN_QUOTE, or LEFT for too many."""
    k = 0
    put(edges, 0, at - 1)
    while True:
        if k >= COLUMNS_MAX:
            return LEFT
        stop = find(buf, at, end, SPACE)
        if at < end and get(buf, at) == QUOTE:
            stop = _closing(buf, at + 1, end, escapes) + 1
            if stop == 0:
                return OPEN_QUOTE
        elif at < end and get(buf, at) == OPEN:
            close = find(buf, at, end, CLOSE) + 1
            if close == end or (close < end and get(buf, close) == SPACE):
                stop = close
        k += 1
        put(edges, k, stop)
        if stop >= end:
            return k
        at = stop + 1


@inlined
def _closing(buf: Any, at: int, end: int, escapes: bool) -> Any:
    """Position of the quote that closes a value beginning at `at`; -1 if it stays open."""
    begin = at
    while True:
        at = find(buf, at, end, QUOTE)
        if at >= end:
            return -1
        if at + 1 == end or get(buf, at + 1) == SPACE:
            slashes = 0
            if escapes:
                while at - slashes > begin and get(buf, at - slashes - 1) == BACKSLASH:
                    slashes += 1
            if slashes % 2 == 0:
                return at
        at += 1


@inlined
def values(buf: Any, count: int, quoted: bool, edges: Any, spans: Any) -> None:
    """The spans of the values: columns without their quotes, and empty for `-`."""
    for k in range(count):
        at, end = get(edges, k) + 1, get(edges, k + 1)
        if quoted and get(buf, at) == QUOTE and end > at:  # a branch, or LLVM makes vectors of the loop, at twice the time
            at += 1
            end -= 1
        end -= end - at == 1 and get(buf, at) == MINUS
        put(spans, 2 * k, at)
        put(spans, 2 * k + 1, end)


@outlined
def values_carefully(buf: Any, count: int, escapes: bool, edges: Any, spans: Any, alt: Any) -> Any:
    """The same for a line cut carefully. If a value has escapes, all values are copied to `alt`, decoded; returns whether."""
    escaped = False
    for k in range(count):
        at, end = get(edges, k) + 1, get(edges, k + 1)
        if at < end and get(buf, at) == QUOTE:
            at += 1
            end -= 1
            escaped = escaped or (escapes and find(buf, at, end, BACKSLASH) < end)
        elif at < end and get(buf, at) == OPEN and find(buf, at, end, CLOSE) == end - 1:
            at += 1
            end -= 1
        if end - at == 1 and get(buf, at) == MINUS:
            end = at
        put(spans, 2 * k, at)
        put(spans, 2 * k + 1, end)
    if not escaped:
        return False
    to = 0
    for k in range(count):
        at, end = get(spans, 2 * k), get(spans, 2 * k + 1)
        put(spans, 2 * k, to)
        if end > at and get(buf, get(edges, k) + 1) == QUOTE:
            to = decode_escapes(buf, at, end, alt, to)
        elif end > at:
            to = copy(alt, to, buf, at, end - at)
        put(spans, 2 * k + 1, to)
    return True
