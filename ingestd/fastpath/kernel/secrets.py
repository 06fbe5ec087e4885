"""Masking the values of secret parameters in a block, before it is read: formats/rules.py, worked off. Part of the kernel.

What was there is kept aside, and put back once the block has been read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import (
    M_AT,
    M_KEPT,
    M_SPANS,
    NAME_BUCKETS,
    SECRET_ESCAPES,
    SECRET_RECORD,
)
from ingestd.fastpath.kernel.jit import SOURCES, entry, inlined, outlined
from ingestd.fastpath.kernel.scan import same_lowered
from ingestd.fastpath.kernel.simd import drop_lowest, eq64, get, load8, low_bits, put, store8, trailing_zeros, unclean64
from ingestd.fastpath.kernel.strings import copy

__all__ = ["mask_secrets", "unmask_secrets"]

QUOTE, PERCENT, AMPERSAND, STAR, MINUS, POINT, ZERO, TWO, THREE, FIVE, SIX, NINE = (
    34,
    37,
    38,
    42,
    45,
    46,
    48,
    50,
    51,
    53,
    54,
    57,
)
EQUALS, CAPITAL_D, BACKSLASH, CLOSE, LINE, SMALL_D, SMALL_N, SMALL_R, SMALL_T, SMALL_U = (
    61,
    68,
    92,
    93,
    95,
    100,
    110,
    114,
    116,
    117,
)
SPACE, RUN_MAX = 32, 40
SIGN_MAX = 4  # bytes before the `3` of an encoded sign
STARS = uint64(0x2A2A2A2A2A2A2A2A)


@outlined
def _mask(buf: Any, size: int, shape: int, separator: int, names: Any, text: Any, spans: Any, kept: Any, state: Any) -> Any:
    """Mask buf[state[M_AT]:size]; each place goes to `spans`, what stood there to `kept`. False: no room, call again."""
    until, count, saved = get(state, M_AT), get(state, M_SPANS), get(state, M_KEPT)
    at, before = until, uint64(0)
    while at < size:
        found, marks = eq64(buf, at, EQUALS), eq64(buf, at, PERCENT)
        if shape == SECRET_RECORD:
            marks |= eq64(buf, at, BACKSLASH)
        if found | marks | before == uint64(0):
            at += 64
            continue
        if marks | before != uint64(0):
            found |= eq64(buf, at, THREE) & (eq64(buf, at + 1, CAPITAL_D) | eq64(buf, at + 1, SMALL_D))
        before = marks >> uint64(64 - SIGN_MAX)
        found &= low_bits(min(size - at, 64))
        while found != uint64(0):
            sign = at + trailing_zeros(found)
            found = drop_lowest(found)
            if sign < until:
                continue
            begin, end, level = _equals(buf, until, sign, shape)
            if level < 0 or not _may_be_named(buf, end, names) or not _is_named(buf, end, shape, names, text):
                continue
            stop = _value_end(buf, begin, size, level, shape, separator)
            if stop == begin:
                continue
            if 2 * count + 2 > len(spans):
                put(state, M_AT, until)
                put(state, M_SPANS, count)
                put(state, M_KEPT, saved)
                return False
            put(spans, 2 * count, begin)
            put(spans, 2 * count + 1, stop)
            count += 1
            saved = _hide(buf, begin, stop, kept, saved)
            until = stop
        at += 64
    put(state, M_SPANS, count)
    put(state, M_KEPT, saved)
    return True


@inlined
def _hide(buf: Any, at: int, stop: int, kept: Any, to: int) -> Any:
    """Keep buf[at:stop] at kept[to:], where there is room for 63 bytes more, and put stars there; returns where that ends."""
    copy(kept, to, buf, at, stop - at)
    to += stop - at
    while at + 8 <= stop:
        store8(buf, at, STARS)
        at += 8
    while at < stop:
        put(buf, at, STAR)
        at += 1
    return to


@inlined
def _equals(buf: Any, until: int, sign: int, shape: int) -> Any:
    """(where the value begins, where the name ends, how often the sign is encoded, or -1 if it is none)."""
    if get(buf, sign) == EQUALS:
        return sign + 1, sign, 0
    if sign - 1 >= until and get(buf, sign - 1) == PERCENT:
        return sign + 2, sign - 1, 1
    if sign - 3 >= until and get(buf, sign - 1) == FIVE and get(buf, sign - 2) == TWO and get(buf, sign - 3) == PERCENT:
        return sign + 2, sign - 3, 2
    is_escape = shape == SECRET_RECORD and sign - 4 >= until and get(buf, sign - 1) == ZERO and get(buf, sign - 2) == ZERO
    if is_escape and get(buf, sign - 3) == SMALL_U and get(buf, sign - 4) == BACKSLASH:
        return sign + 2, sign - 4, 0
    return sign, sign, -1


@inlined
def _may_be_named(buf: Any, end: int, names: Any) -> Any:
    """Whether the two bytes before `end` are as a name's last two: by these most of what stands there is told from names."""
    if end < 2:
        return True
    return get(names, NAME_BUCKETS + (get(buf, end - 1) & 31)) >> (get(buf, end - 2) & 31) & 1 != 0


@outlined
def _is_named(buf: Any, end: int, shape: int, names: Any, text: Any) -> Any:
    """Whether the name of a secret ends at `end`."""
    if end > 0 and get(buf, end - 1) == CLOSE:
        end -= 1
    elif end > 2 and get(buf, end - 2) == FIVE and get(buf, end - 1) | 32 == SMALL_D:
        if get(buf, end - 3) == PERCENT:
            end -= 3
        elif end > 4 and get(buf, end - 3) == FIVE and get(buf, end - 4) == TWO and get(buf, end - 5) == PERCENT:
            end -= 5
    at = end
    while at > 0 and end - at < RUN_MAX and _is_name_char(get(buf, at - 1)):
        at -= 1
    mark = get(buf, at - 1) if at > 0 else 0
    if mark == PERCENT:
        again = end - at > 2 and get(buf, at) == TWO and get(buf, at + 1) == FIVE
        return _is_known(buf, at + 2, end, names, text) or (again and _is_known(buf, at + 4, end, names, text))
    if mark == BACKSLASH and shape == SECRET_RECORD:
        at += 5 if get(buf, at) | 32 == SMALL_U else 1
    return _is_known(buf, at, end, names, text)


@inlined
def _is_name_char(char: int) -> Any:
    return ZERO <= char <= NINE or 97 <= char | 32 <= 122 or char in (LINE, MINUS, POINT)


@outlined
def _is_known(buf: Any, at: int, end: int, names: Any, text: Any) -> Any:
    """Whether buf[at:end] is the name of a secret, in whatever case."""
    size = end - at
    if size <= 0:
        return False
    row = get(names, (7 * size + 3 * (get(buf, end - 1) | 32) + (get(buf, at) | 32)) % NAME_BUCKETS)
    while row > 0:
        if same_lowered(buf, at, end, text, get(names, row)):
            return True
        row = get(names, row + 1)
    return False


@outlined
def _value_end(buf: Any, at: int, end: int, level: int, shape: int, separator: int) -> Any:
    """Where the value that begins at `at` ends; only bytes that may end it are looked at one by one."""
    while at < end:
        marks = unclean64(buf, at) | eq64(buf, at, SPACE) | eq64(buf, at, QUOTE) | eq64(buf, at, AMPERSAND)
        marks |= eq64(buf, at, separator)
        if level > 0:
            marks |= eq64(buf, at, PERCENT)
        at = min(at + trailing_zeros(marks), end)
        if marks == uint64(0) or at == end:
            continue
        char = get(buf, at)
        if char <= SPACE or char in (QUOTE, AMPERSAND, separator):
            return at
        if level > 0 and char == PERCENT and at + 3 <= end and get(buf, at + 1) == TWO:
            if get(buf, at + 2) == SIX:
                return at
            if level > 1 and at + 5 <= end and get(buf, at + 2) == FIVE and get(buf, at + 3) == TWO and get(buf, at + 4) == SIX:
                return at
        if char == BACKSLASH and shape >= SECRET_ESCAPES:
            if at + 1 >= end or get(buf, at + 1) <= SPACE or (shape == SECRET_RECORD and _ends_in_record(buf, at + 1, end)):
                return at
            at += 1
        at += 1
    return at


@inlined
def _ends_in_record(buf: Any, at: int, end: int) -> Any:
    """Whether what stands behind a backslash makes it a quote, an ampersand, or whitespace."""
    char = get(buf, at)
    if char == SMALL_U and at + 5 <= end:
        zeros = get(buf, at + 1) == ZERO and get(buf, at + 2) == ZERO
        return zeros and get(buf, at + 3) == TWO and get(buf, at + 4) == SIX
    return char in (QUOTE, SMALL_N, SMALL_R, SMALL_T)


@outlined
def _unmask(buf: Any, spans: Any, kept: Any, count: int) -> None:
    saved = 0
    for i in range(0, 2 * count, 2):
        at, stop = get(spans, i), get(spans, i + 1)
        while at + 8 <= stop:
            store8(buf, at, load8(kept, saved))
            at += 8
            saved += 8
        while at < stop:
            put(buf, at, get(kept, saved))
            at += 1
            saved += 1


def _entries(sources: int) -> tuple[Callable[..., bool], Callable[..., None]]:
    """As for the loop over lines (`block.py`)."""

    def mask_secrets(*arguments: Any) -> bool:
        _ = sources
        return _mask(*arguments)  # type: ignore[no-any-return]

    def unmask_secrets(*arguments: Any) -> None:
        _ = sources
        _unmask(*arguments)

    return entry(mask_secrets), entry(unmask_secrets)


mask_secrets, unmask_secrets = _entries(SOURCES)
