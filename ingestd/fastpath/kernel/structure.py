"""Where the JSON records of an object begin and end: the scan of the record cutter. Part of the kernel.

64 bytes at a time: which of them are quotes that count, which stand in strings, and so which braces and brackets are structure.
Nothing else of a record is looked at: whether it is JSON is found out where it is read. What it does is told, slowly, by its
plain twin in `fastpath/structure.py`; both change the bytes between records in place, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.jit import SOURCES, entry, inlined, outlined
from ingestd.fastpath.kernel.simd import ALL, ONE, drop_lowest, eq64, get, low_bits, prefix_xor, put, trailing_zeros
from ingestd.fastpath.kernel.structure_codes import (
    BEHIND,
    BETWEEN,
    BROKEN,
    C_AT,
    C_DEPTH,
    C_ESCAPED,
    C_JOINTS,
    C_LINE,
    C_LINES,
    C_MODE,
    C_NEST,
    C_SKIPPING,
    C_START,
    C_STRING,
    C_UNTIL,
    C_WRAPPED,
    FULL,
    JUNK,
    LEVELS,
    MORE,
    NEED,
    OVER,
    SKIPPED,
    WITHIN,
    WRAPPER_BYTES,
)  # fmt: skip

__all__ = ["escaped64", "scan_records"]

TAB, NEWLINE, RETURN, SPACE, QUOTE, COMMA, COLON = 9, 10, 13, 32, 34, 44, 58
OPEN, BACKSLASH, CLOSE, OPEN_OBJECT, CLOSE_OBJECT = 91, 92, 93, 123, 125
EVEN = uint64(0x5555555555555555)
NONE, CLOSED, BAD = 0, 1, 2  # what structure within 64 bytes comes to


@outlined
def records(buf: Any, size: int, whole: bool, limit: int, name: Any, state: Any, joints: Any) -> Any:
    """Scan buf[state[C_AT]:size]. `whole`: nothing more comes before this is dealt with. Returns why it stopped."""
    at, mode, why = get(state, C_AT), get(state, C_MODE), MORE
    while at < size and why == MORE:
        if mode == WITHIN:
            why, at, mode = within(buf, at, size, limit, state)
        elif mode == JUNK:
            why, at, mode = junk(buf, at, size, limit, state)
        elif mode == BEHIND:
            why, at, mode = behind(buf, at, size, whole, state, joints)
        else:
            why, at, mode = between(buf, at, size, whole, name, state)
    put(state, C_AT, at)
    put(state, C_MODE, mode)
    return why


@inlined
def separator(buf: Any, at: int, size: int, whole: bool, state: Any) -> Any:
    """How many bytes at `at` separate records: whitespace, commas, the brackets of arrays, the wrapper's end, byte order marks
    and zero-width spaces. 0: none of them; -1: more must be seen."""
    char = get(buf, at)
    if char in (SPACE, NEWLINE, COMMA, TAB, RETURN, OPEN, CLOSE):
        return 1
    if char == CLOSE_OBJECT and get(state, C_WRAPPED) != 0:
        put(state, C_WRAPPED, 0)
        return 1
    if char == 0xEF or char == 0xE2:
        if at + 2 >= size:
            return 0 if whole else -1
        mark = char << 16 | get(buf, at + 1) << 8 | get(buf, at + 2)
        return 3 if mark == 0xEFBBBF or mark == 0xE2808B else 0
    return 0


@inlined
def behind(buf: Any, at: int, size: int, whole: bool, state: Any, joints: Any) -> Any:
    """End the line of the record before `at`: by what separates it from the next, or by a newline that is to be put in."""
    count = separator(buf, at, size, whole, state)
    if count < 0:
        return NEED, at, BEHIND
    if count > 0:
        for i in range(at, at + count):
            put(buf, i, SPACE)
        put(buf, at, NEWLINE)
        put(state, C_LINE, at + 1)
        return MORE, at + count, BETWEEN
    joint = get(state, C_JOINTS)
    if joint >= len(joints):
        return FULL, at, BEHIND
    put(joints, joint, at)
    put(state, C_JOINTS, joint + 1)
    put(state, C_LINE, at)
    return MORE, at, BETWEEN


@inlined
def between(buf: Any, at: int, size: int, whole: bool, name: Any, state: Any) -> Any:
    """Blank what separates records, up to the next."""
    while at < size:
        count = separator(buf, at, size, whole, state)
        if count <= 0:
            put(state, C_START, at)
            if count < 0:
                return NEED, at, BETWEEN
            if get(buf, at) != OPEN_OBJECT:
                return MORE, at, JUNK
            if len(name) == 0 or get(state, C_WRAPPED) != 0:
                break
            if not whole and size - at < WRAPPER_BYTES:
                return NEED, at, BETWEEN
            count = wrapper(buf, at, min(size, at + WRAPPER_BYTES), name) - at
            if count <= 0:
                break
            put(state, C_WRAPPED, 1)
        for i in range(at, at + count):
            put(buf, i, SPACE)
        at += count
    if at < size:
        for field in (C_DEPTH, C_NEST, C_STRING, C_ESCAPED, C_LINES):
            put(state, field, 0)
        return MORE, at, WITHIN
    return MORE, at, BETWEEN


@outlined
def wrapper(buf: Any, at: int, end: int, name: Any) -> Any:
    """Behind `{"name":[`, however it is spaced; `at` if something else stands there before `end`."""
    begin = at
    at = blank(buf, at + 1, end)
    if at >= end or get(buf, at) != QUOTE or end - at < len(name) + 2:
        return begin
    for i in range(len(name)):
        if get(buf, at + 1 + i) != get(name, i):
            return begin
    at += len(name) + 1
    if get(buf, at) != QUOTE:
        return begin
    at = blank(buf, at + 1, end)
    if at >= end or get(buf, at) != COLON:
        return begin
    at = blank(buf, at + 1, end)
    return at + 1 if at < end and get(buf, at) == OPEN else begin


@inlined
def blank(buf: Any, at: int, end: int) -> Any:
    """The first of buf[at:end] that is no whitespace."""
    while at < end and get(buf, at) in (SPACE, NEWLINE, RETURN, TAB):
        at += 1
    return at


@inlined
def junk(buf: Any, at: int, size: int, limit: int, state: Any) -> Any:
    """To the end of a line that is no record."""
    place = at
    while place < size:
        found = eq64(buf, place, NEWLINE) & low_bits(min(size - place, 64))
        if found != uint64(0):
            why, place = end_of_line(place + trailing_zeros(found), limit, state)
            return why, place, BETWEEN
        place += 64
    return MORE, size, JUNK


@inlined
def end_of_line(newline: int, limit: int, state: Any) -> Any:
    """A line that is no record ends at this newline: (why to stop, where to go on)."""
    if get(state, C_SKIPPING) != 0:
        return SKIPPED, newline
    if newline - get(state, C_START) > limit:
        return OVER, newline
    put(state, C_LINE, newline + 1)
    return MORE, newline + 1


@inlined
def within(buf: Any, at: int, size: int, limit: int, state: Any) -> Any:
    """To the end of the record. The state of a stop is that of the 64 bytes' beginning, so that they can be read again."""
    start, until, skipping = get(state, C_START), get(state, C_UNTIL), get(state, C_SKIPPING) != 0
    depth, nest, lines = get(state, C_DEPTH), get(state, C_NEST), get(state, C_LINES) != 0
    carry, escape = ALL if get(state, C_STRING) != 0 else uint64(0), uint64(get(state, C_ESCAPED))
    why, mode = MORE, WITHIN
    while at < size:
        count = min(size - at, 64)
        here = low_bits(count)
        escaped, next_escape = escaped64(eq64(buf, at, BACKSLASH) & here, escape, count)
        inside = prefix_xor(eq64(buf, at, QUOTE) & here & ~escaped) ^ carry
        newlines = eq64(buf, at, NEWLINE) & here
        stops = newlines & inside
        if skipping or at < until:
            stops = newlines & (ALL if skipping else low_bits(min(until - at, 64)))
        structure = eq64(buf, at, OPEN_OBJECT) | eq64(buf, at, OPEN) | eq64(buf, at, CLOSE_OBJECT) | eq64(buf, at, CLOSE)
        events = (structure & here & ~inside) | (stops ^ drop_lowest(stops))
        found, place, new_depth, new_nest = NONE, at, depth, nest
        while events != uint64(0) and found == NONE:
            place = at + trailing_zeros(events)
            events = drop_lowest(events)
            found, new_depth, new_nest = step(buf, place, start, new_depth, new_nest)
        if found != NONE:
            lines = lines or (newlines & low_bits(place - at)) != uint64(0)
            why, place, mode = stop(buf, place, found, lines, limit, state)
            if why != OVER:
                at = place
            break
        lines = lines or newlines != uint64(0)
        last = uint64(count - 1)
        carry = ALL if (inside >> last) & ONE else uint64(0)
        escape, depth, nest = next_escape, new_depth, new_nest
        at += count
    put(state, C_DEPTH, depth)
    put(state, C_NEST, nest)
    put(state, C_STRING, int64(carry & ONE))
    put(state, C_ESCAPED, int64(escape))
    put(state, C_LINES, int64(lines))
    return why, at, mode


@inlined
def escaped64(backslashes: Any, escape: Any, count: int) -> Any:
    """Which of `count` bytes stand behind a backslash that counts, and whether the one behind them does.

    A run of backslashes is a number: the carry of an addition comes out behind it, at an even or an odd place.
    """
    backslashes &= ~escape
    follows = (backslashes << ONE) | escape
    odd = backslashes & ~EVEN & ~follows
    total = odd + backslashes
    escaped = (EVEN ^ (total << ONE)) & follows
    if count == 64:
        return escaped, uint64(total < odd)
    return escaped, (escaped >> uint64(count)) & ONE


@inlined
def step(buf: Any, at: int, start: int, depth: int, nest: int) -> Any:
    """A brace, a bracket or a newline that counts: (CLOSED, BAD or NONE, depth, nest)."""
    char = get(buf, at)
    if char == NEWLINE:
        return BAD, depth, nest
    is_array = int64(char in (OPEN, CLOSE))
    if char in (OPEN, OPEN_OBJECT):
        if depth > 0 and not may_open(buf, at, start, depth, nest):
            return BAD, depth, nest
        return NONE, depth + 1, ((nest << 1) | is_array) if depth < LEVELS else nest
    if depth <= LEVELS:
        if (nest & 1) != is_array:
            return BAD, depth, nest
        nest >>= 1
    return CLOSED if depth == 1 else NONE, depth - 1, nest


@inlined
def may_open(buf: Any, at: int, start: int, depth: int, nest: int) -> Any:
    """Whether an object or array may begin at `at`: behind a colon in an object, behind a comma or the bracket in an array."""
    at -= 1
    while at > start and get(buf, at) in (SPACE, NEWLINE, RETURN, TAB):
        at -= 1
    if depth > LEVELS or at < start:
        return True
    before = get(buf, at)
    if before in (SPACE, NEWLINE, RETURN, TAB):  # what is skipped has its beginning elsewhere
        return True
    if (nest & 1) != 0:
        return before in (COMMA, OPEN)
    return before == COLON


@inlined
def stop(buf: Any, at: int, found: int, lines: bool, limit: int, state: Any) -> Any:
    """The record ends at `at`, well or not: (why to stop, where to go on, how)."""
    start, skipping = get(state, C_START), get(state, C_SKIPPING) != 0
    if found == CLOSED:
        if skipping:
            return SKIPPED, at + 1, BETWEEN
        if at + 1 - start > limit:
            return OVER, at, WITHIN
        if lines:
            flatten(buf, start, at)
        return MORE, at + 1, BEHIND
    if lines and not skipping:
        return BROKEN, at, WITHIN
    if get(buf, at) != NEWLINE:
        return MORE, at, JUNK
    why, place = end_of_line(at, limit, state)
    return why, place, WITHIN if why == OVER else BETWEEN


@outlined
def flatten(buf: Any, at: int, end: int) -> None:
    """The newlines between a record's tokens become spaces."""
    while at < end:
        found = eq64(buf, at, NEWLINE) & low_bits(min(end - at, 64))
        while found != uint64(0):
            put(buf, at + trailing_zeros(found), SPACE)
            found = drop_lowest(found)
        at += 64


def _entry(sources: int) -> Callable[..., int]:
    """numba keeps compiled code by what the entry closes over: a change in any of the sources makes it compile anew."""

    def scan_records(*arguments: Any) -> int:
        _ = sources
        return records(*arguments)  # type: ignore[no-any-return]

    return entry(scan_records)


scan_records = _entry(SOURCES)
