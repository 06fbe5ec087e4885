"""Cutting a line into columns, in each shape. Part of the kernel: arrays and positions in, positions out.

A cut fills `edges`: column k as it stands in the line (quotes and all) lies between edges[k] and edges[k + 1], both exclusive;
where several separators in a row are one, it begins behind all of them (see `begin_of`). It returns how many columns there
are, or a negative number: LEFT, the line is for the careful cut or, from there, for the reference; OPEN_QUOTE, a quote is not
closed.

Every read starts before the end that it was given, and so stays within PAD bytes behind it.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import (
    COLUMNS_MAX,
    CSV,
    LINE_MAX,
    P_POSITIONS,
    P_RUN,
    P_SEPARATOR,
    P_SHAPE,
    P_SURE,
    P_UNTABBED,
    SPACED,
    TABBED,
)  # fmt: skip
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.scan import find
from ingestd.fastpath.kernel.simd import (
    ALL,
    ONE,
    drop_lowest,
    eq64,
    get,
    low_bits,
    marked64,
    popcount,
    prefix_xor,
    put,
    trailing_zeros,
    unclean64,
)
from ingestd.fastpath.kernel.values import begin_of, values, values_carefully

__all__ = ["LEFT", "OPEN_QUOTE", "cut"]

LEFT, OPEN_QUOTE = -1, -2
SPACE, QUOTE, BACKSLASH, OPEN, CLOSE = 32, 34, 92, 91, 93


@inlined
def cut(buf: Any, at: int, end: int, params: Any, edges: Any, spans: Any, alt: Any) -> Any:
    """Cut a line: (columns or why not, whether a byte needs care in JSON, whether the values are in `alt`)."""
    shape, separator, run = get(params, P_SHAPE), get(params, P_SEPARATOR), get(params, P_RUN)
    columns, care, bracketed = LEFT, True, False
    if end - at > LINE_MAX:
        return LEFT, True, False
    if run >= 0:
        at, end = _stripped(buf, at, end, run)
        if at == end and shape == TABBED:
            return 0, True, False
    if shape == TABBED:
        columns, care = _cut_tabbed(buf, at, end, separator, run >= 0, edges)
        if columns == 1 and get(params, P_UNTABBED) != 0 and _words(buf, at, end) == get(params, P_POSITIONS):
            return LEFT, True, False
    elif get(params, P_SURE) != 0:
        columns, care, bracketed = _cut_quoted(buf, at, end, shape, separator, run >= 0, edges)
    if columns > 0 and not bracketed:
        values(buf, columns, shape != TABBED, edges, spans)
        return columns, care, False
    if columns < 0:
        columns, care = _cut_carefully(buf, at, end, shape, separator, run, edges), True
    escaped = columns > 0 and values_carefully(buf, columns, shape, run, edges, spans, alt)
    return columns, care, escaped


@inlined
def _stripped(buf: Any, at: int, end: int, separator: int) -> Any:
    """The span without the separators at its beginning and end."""
    while at < end and get(buf, at) == separator:
        at += 1
    while at < end and get(buf, end - 1) == separator:
        end -= 1
    return at, end


@outlined
def _words(buf: Any, at: int, end: int) -> Any:
    """How many words stand between spaces in buf[at:end]."""
    count, before = 0, SPACE
    while at < end:
        char = get(buf, at)
        count += before == SPACE and char != SPACE
        before, at = char, at + 1
    return count


@inlined
def _mark(edges: Any, k: int, at: int, cuts: Any) -> Any:
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
def _cut_tabbed(buf: Any, at: int, end: int, separator: int, runs: bool, edges: Any) -> Any:
    """Cut buf[at:end] at its separators. Returns (columns or LEFT, whether a byte needs care in JSON).

    With `runs`, sure only of a line in which no two separators stand together.
    """
    k, care, odd, after = 0, uint64(0), uint64(0), uint64(0)
    put(edges, 0, at - 1)
    while at < end:
        within = low_bits(min(end - at, 64))
        cuts = eq64(buf, at, separator) & within
        care |= ((unclean64(buf, at) & ~cuts) | eq64(buf, at, QUOTE)) & within
        if runs:
            odd |= cuts & ((cuts << ONE) | after)
            after = cuts >> uint64(63)
        if k >= COLUMNS_MAX - 64:
            return LEFT, True
        k = _mark(edges, k, at, cuts)
        at += 64
    put(edges, k + 1, end)
    if odd != uint64(0):
        return LEFT, True
    return k + 1, care != uint64(0)


@inlined
def _cut_quoted(buf: Any, at: int, end: int, shape: int, separator: int, runs: bool, edges: Any) -> Any:
    """Cut buf[at:end] at the separators outside quotes and brackets, 64 bytes at a time. Returns (columns or LEFT, whether a
    byte needs care, whether a column stands in brackets).

    Sure of a line only if its quotes come in pairs, the first of each at a column's start and the second at its end, none of
    them in brackets; if there is no backslash where that escapes; and, with `runs`, if no two separators stand together. By
    induction over the columns the cut is then the definition's. Everything else is left.
    """
    k, care, odd, bracketed = 0, uint64(0), uint64(0), uint64(0)
    carry, after_separator, after_close = uint64(0), ONE, uint64(0)
    brackets = uint64(0) if shape == CSV else ALL
    until = at  # where the last column in brackets ends
    put(edges, 0, at - 1)
    while at < end:
        within = low_bits(min(end - at, 64))
        separators = eq64(buf, at, separator) & within
        quotes = eq64(buf, at, QUOTE) & within
        starts = (separators << ONE) | after_separator
        # As a rule the quotes at columns' starts open and the others close: then a subtraction says what stands inside.
        first = quotes & starts
        inside = (quotes ^ first) - first - carry
        if inside ^ ((inside << ONE) | carry) != quotes:
            inside = prefix_xor(quotes) ^ (uint64(0) - carry)
        opening = quotes & inside
        closing = quotes ^ opening
        odd |= opening & ~starts
        odd |= ((closing << ONE) | after_close) & ~separators & within
        cuts = separators & ~inside
        if marked64(buf, at) & within != uint64(0) or until > at:  # rare, and then looked at more closely
            opens = eq64(buf, at, OPEN) & within & starts & ~inside & brackets
            if opens != uint64(0) or until > at:
                region, until = _bracketed(buf, at, end, opens, until, separator)
                odd |= quotes & region
                cuts &= ~region
                bracketed |= region
            unclean = unclean64(buf, at) & within
            care |= unclean & ~cuts
            if shape == SPACED:
                odd |= unclean & eq64(buf, at, BACKSLASH)
        if runs:
            odd |= cuts & starts
        if k >= COLUMNS_MAX - 64:
            return LEFT, True, False
        k = _mark(edges, k, at, cuts)
        carry = inside >> uint64(63)
        after_separator = separators >> uint64(63)
        after_close = closing >> uint64(63)
        at += 64
    put(edges, k + 1, end)
    if odd != uint64(0) or carry != uint64(0):
        return LEFT, True, False
    return k + 1, care != uint64(0), bracketed != uint64(0)


@outlined
def _bracketed(buf: Any, at: int, end: int, opens: Any, until: int, separator: int) -> Any:
    """(which of the 64 bytes at `at` stand in columns in brackets, where the last of these ends); `opens`: where they may."""
    region = low_bits(min(max(until - at, 0), 64))
    opens &= ~region
    while opens != uint64(0):
        begin = trailing_zeros(opens)
        close = find(buf, at + begin, end, CLOSE)
        if close + 1 == end or (close < end and get(buf, close + 1) == separator):
            until = close + 1
            region |= low_bits(min(until - at, 64)) & ~low_bits(begin)
        opens = drop_lowest(opens) & ~region
    return region, until


@outlined
def _cut_carefully(buf: Any, at: int, end: int, shape: int, separator: int, run: int, edges: Any) -> Any:
    """Cut buf[at:end] by the definition's letter. Returns columns, OPEN_QUOTE, or LEFT for too many."""
    k = 0
    put(edges, 0, at - 1)
    while k < COLUMNS_MAX:
        at = begin_of(buf, at, end, run)
        stop = find(buf, at, end, separator)
        if at < end and shape != TABBED and get(buf, at) == QUOTE:
            close = (
                _pair(buf, at + 1, end, separator) if shape == CSV else _closing(buf, at + 1, end, separator, shape == SPACED)
            )
            if close < 0:
                return OPEN_QUOTE
            stop = close + 1
        elif at < end and shape != TABBED and shape != CSV and get(buf, at) == OPEN:
            close = find(buf, at, end, CLOSE) + 1
            if close == end or (close < end and get(buf, close) == separator):
                stop = close
        k += 1
        put(edges, k, stop)
        if stop >= end:
            return k
        at = stop + 1
    return LEFT


@inlined
def _closing(buf: Any, at: int, end: int, separator: int, escapes: bool) -> Any:
    """Position of the quote that closes a value beginning at `at`; -1 if it stays open."""
    begin = at
    while True:
        at = find(buf, at, end, QUOTE)
        if at >= end:
            return -1
        if at + 1 == end or get(buf, at + 1) == separator:
            slashes = 0
            if escapes:
                while at - slashes > begin and get(buf, at - slashes - 1) == BACKSLASH:
                    slashes += 1
            if slashes % 2 == 0:
                return at
        at += 1


@inlined
def _pair(buf: Any, at: int, end: int, separator: int) -> Any:
    """Position of the first quote that is not one of a pair; -1 if there is none, or it closes no column."""
    at = find(buf, at, end, QUOTE)
    while at + 1 < end and get(buf, at + 1) == QUOTE:
        at = find(buf, at + 2, end, QUOTE)
    return at if at + 1 == end or (at < end and get(buf, at + 1) == separator) else -1
