"""Lists, written to scratch as finished JSON arrays. Part of the kernel.

Each writer returns the end of what it wrote; `to` if there is no item, and then nothing is meant to be there.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.addresses import is_address, without_port
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.percent import percent
from ingestd.fastpath.kernel.scan import find, find_text
from ingestd.fastpath.kernel.simd import eq64, get, low_bits, put, unclean64
from ingestd.fastpath.kernel.strings import copy, escape
from ingestd.fastpath.kernel.values import begin_of

__all__ = ["extra", "hosts", "words"]

QUOTE, COMMA, MINUS, SPACE, OPEN, CLOSE = 34, 44, 45, 32, 91, 93
BACKSLASH, PERCENT, SMALL_X, TWO, ZERO = 92, 37, 120, 50, 48
ITEM_MAX = 6  # bytes that a byte of an item may become


@inlined
def words(scratch: Any, to: int, src: Any, at: int, end: int, text: Any, separator: int, times: int) -> Any:
    """The items of src[at:end] that are neither empty nor `-`, percent-decoded so many times; `separator`: a span of text."""
    size = end - at
    if times == 0 and 1 < size <= 64:
        special = unclean64(src, at) | eq64(src, at, QUOTE) | eq64(src, at, get(text, separator >> 16))
        if special & low_bits(size) == uint64(0):  # one item, as most often, and JSON as it stands
            put(scratch, to, OPEN)
            put(scratch, to + 1, QUOTE)
            to = copy(scratch, to + 2, src, at, size)
            put(scratch, to, QUOTE)
            put(scratch, to + 1, CLOSE)
            return to + 2
    return _words(scratch, to, src, at, end, text, separator, times)


@outlined
def _words(scratch: Any, to: int, src: Any, at: int, end: int, text: Any, separator: int, times: int) -> Any:
    begin = to
    while at <= end:
        stop = find_text(src, at, end, text, separator)
        if is_item(src, at, stop):
            if times > 0:
                # made behind the room that the item may take, and moved
                first, last = percent(scratch, to + ITEM_MAX * (stop - at) + 64, src, at, stop, times)
                to = copy(scratch, open_item(scratch, to, begin), scratch, first, last - first)
                put(scratch, to, QUOTE)
                to += 1
            else:
                to = item(scratch, to, begin, src, at, stop)
        at = stop + (separator & 0xFFFF)
    return close(scratch, to, begin)


@outlined
def hosts(scratch: Any, to: int, src: Any, at: int, end: int, addresses: bool) -> Any:
    """The items of X-Forwarded-For; with `addresses` those that are addresses, without their ports."""
    begin = to
    while at <= end:
        stop = find(src, at, end, COMMA)
        first, last = unpadded(src, at, stop)
        at = stop + 1
        if is_item(src, first, last):
            if addresses:
                first, last = without_port(src, first, last)
                if not is_address(src, first, last):
                    continue
            to = item(scratch, to, begin, src, first, last)
    return close(scratch, to, begin)


@outlined
def extra(
    scratch: Any, to: int, buf: Any, edges: Any, spans: Any, count: int,
    positions: int, named: int, owned: Any, names: Any, text: Any, run: int,
) -> Any:  # fmt: skip
    """The values at positions that belong to no column, as the line has them, each behind the header's name for it."""
    begin = to
    for k in range(count):
        if k < positions and get(owned, k) != 0:
            continue
        if named != 0 and get(spans, 2 * k) >= get(spans, 2 * k + 1):
            continue
        to = open_item(scratch, to, begin)
        if k < positions:
            to = copy(scratch, to, text, get(names, k) >> 16, get(names, k) & 0xFFFF)
        to = escape(scratch, to, buf, begin_of(buf, get(edges, k) + 1, get(edges, k + 1), run), get(edges, k + 1))
        put(scratch, to, QUOTE)
        to += 1
    return close(scratch, to, begin)


@outlined
def is_item(src: Any, at: int, end: int) -> Any:
    """Whether src[at:end] is a value: not empty, not `-`."""
    return end - at > 1 or (end - at == 1 and get(src, at) != MINUS)


@outlined
def item(scratch: Any, to: int, begin: int, src: Any, at: int, end: int) -> Any:
    """One more string of the array that begins at `begin`."""
    to = escape(scratch, open_item(scratch, to, begin), src, at, end)
    put(scratch, to, QUOTE)
    return to + 1


@outlined
def open_item(scratch: Any, to: int, begin: int) -> Any:
    """What stands before an item's text."""
    put(scratch, to, OPEN if to == begin else COMMA)
    put(scratch, to + 1, QUOTE)
    return to + 2


@outlined
def close(scratch: Any, to: int, begin: int) -> Any:
    """End the array that begins at `begin`, if it has an item."""
    if to == begin:
        return to
    put(scratch, to, CLOSE)
    return to + 1


@outlined
def unpadded(src: Any, at: int, end: int) -> Any:
    """The span without the spaces, `\\\\x20` and `%20` on both sides."""
    more = True
    while more:
        more = at < end
        if more and get(src, at) == SPACE:
            at += 1
        elif padding(src, at, end) > 0:
            at += padding(src, at, end)
        else:
            more = False
    more = True
    while more:
        more = at < end
        if more and get(src, end - 1) == SPACE:
            end -= 1
        elif end - at >= 4 and padding(src, end - 4, end) == 4:
            end -= 4
        elif end - at >= 3 and padding(src, end - 3, end) == 3:
            end -= 3
        else:
            more = False
    return at, end


@outlined
def padding(src: Any, at: int, end: int) -> Any:
    """Size of a literal `\\\\x20` or `%20` at src[at:end]; 0 if there is none."""
    size = 0
    if end - at >= 4 and get(src, at) == BACKSLASH and get(src, at + 1) == SMALL_X:
        size = 4
    elif end - at >= 3 and get(src, at) == PERCENT:
        size = 3
    if size > 0 and get(src, at + size - 2) == TWO and get(src, at + size - 1) == ZERO:
        return size
    return 0
