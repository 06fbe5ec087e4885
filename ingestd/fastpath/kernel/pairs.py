"""Arrays of names and values, as the headers of a request are written, that become one object. Part of the kernel.

Such an array comes here when it has been read as any other value is: its strings are written as orjson writes them.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.json_text import CLEAN, NAME_MAX, PAIRS_AT, blank, string_end
from ingestd.fastpath.kernel.scan import lower
from ingestd.fastpath.kernel.simd import get, load8, put
from ingestd.fastpath.kernel.sound import following, member_value, over
from ingestd.fastpath.kernel.strings import copy

__all__ = ["paired"]

QUOTE, COMMA, COLON, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT = 34, 44, 58, 91, 93, 123, 125
NULL = b"null"
NAME, VALUE = (int.from_bytes(word, "little") for word in (b"name", b"value"))
FOUR, FIVE = uint64(0xFFFFFFFF), uint64(0xFFFFFFFFFF)
PAIR_ROW, PAIRS_MAX = 4, 100  # of a pair: where its name begins and the size of that, where its value begins and ends


@outlined
def paired(buf: Any, at: int, end: int, work: Any, scratch: Any, to: int) -> Any:
    """Write the array of names and values at `at` as one object; where it ends in scratch, -1 if the reference has to say."""
    count = 0
    at = blank(buf, at + 1, end)
    while at < end and get(buf, at) != CLOSE:
        if count >= PAIRS_MAX or not pair(buf, at, end, work, PAIRS_AT + count * PAIR_ROW):
            return -1
        count += 1
        at = following(buf, over(buf, at, end), end)
    put(scratch, to, OPEN_OBJECT)
    to += 1
    for row in range(PAIRS_AT, PAIRS_AT + count * PAIR_ROW, PAIR_ROW):
        if get(work, row + 1) < 0:
            continue
        if row > PAIRS_AT:
            put(scratch, to, COMMA)
            to += 1
        to = lowered(buf, get(work, row), get(work, row + 1), scratch, to)
        to = values(buf, row, PAIRS_AT + count * PAIR_ROW, work, scratch, to)
    put(scratch, to, CLOSE_OBJECT)
    return to + 1


@inlined
def pair(buf: Any, at: int, end: int, work: Any, row: int) -> Any:
    """Note where name and value of the item at `at` stand; whether it is a plain pair."""
    if get(buf, at) != OPEN_OBJECT:
        return False
    put(work, row + 1, -1)
    put(work, row + 2, -1)
    at = blank(buf, at + 1, end)
    while at < end and get(buf, at) != CLOSE_OBJECT:
        begin = at + 1
        size, at = member_value(buf, at, end)
        size -= begin
        stop = over(buf, at, end)
        if size == 4 and load8(buf, begin) & FOUR == uint64(NAME):
            last, held = string_end(buf, at + 1, end)
            if get(buf, at) != QUOTE or held != CLEAN or last - at - 1 > NAME_MAX:
                return False
            put(work, row, at + 1)
            put(work, row + 1, last - at - 1)
        elif size == 5 and load8(buf, begin) & FIVE == uint64(VALUE):
            if get(buf, at) in (OPEN, OPEN_OBJECT):
                return False
            put(work, row + 2, at)
            put(work, row + 3, stop)
        else:
            return False
        at = following(buf, stop, end)
    return get(work, row + 1) >= 0


@inlined
def values(buf: Any, row: int, last: int, work: Any, scratch: Any, to: int) -> Any:
    """Write the value of a pair, or an array of it and those of the pairs behind it with the same name, which are done then."""
    begin, is_many = to, False
    put(scratch, to, OPEN)
    to = pair_value(buf, row, work, scratch, to + 1)
    for other in range(row + PAIR_ROW, last, PAIR_ROW):
        if is_same_name(buf, row, other, work):
            is_many = True
            put(work, other + 1, -1)
            put(scratch, to, COMMA)
            to = pair_value(buf, other, work, scratch, to + 1)
    if is_many:
        put(scratch, to, CLOSE)
        return to + 1
    return pair_value(buf, row, work, scratch, begin)


@inlined
def pair_value(buf: Any, row: int, work: Any, scratch: Any, to: int) -> Any:
    at, end = get(work, row + 2), get(work, row + 3)
    if at >= 0:
        return copy(scratch, to, buf, at, end - at)
    for char in NULL:
        put(scratch, to, char)
        to += 1
    return to


@inlined
def is_same_name(buf: Any, row: int, other: int, work: Any) -> Any:
    """Whether two pairs have one name, but for the case of its letters."""
    size, same = get(work, row + 1), 0
    if get(work, other + 1) != size:
        return False
    one, two = get(work, row), get(work, other)
    while same < size and lower(get(buf, one + same)) == lower(get(buf, two + same)):
        same += 1
    return same == size


@inlined
def lowered(buf: Any, at: int, size: int, scratch: Any, to: int) -> Any:
    """Write a name in lower case, and its colon."""
    put(scratch, to, QUOTE)
    for i in range(size):
        put(scratch, to + 1 + i, lower(get(buf, at + i)))
    put(scratch, to + 1 + size, QUOTE)
    put(scratch, to + 2 + size, COLON)
    return to + 3 + size
