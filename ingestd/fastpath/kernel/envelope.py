"""The events of an envelope as CloudWatch Logs writes it, cut in one pass: their texts, without escapes, one behind the other,
and where the rest of each stands.

It takes an envelope whole or leaves it to `core/envelope.py`: events have `id`, `timestamp` and `message` and nothing else,
in any order, a name that can be a document's and a whole number. Whitespace between tokens is no matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import EVENT_ID_MAX
from ingestd.fastpath.kernel.envelope_codes import JSON, LEFT, R_END, R_ID, R_ID_END, R_KIND, R_TIME, ROW, TEXT, UNSURE
from ingestd.fastpath.kernel.jit import SOURCES, entry, inlined, outlined
from ingestd.fastpath.kernel.json_numbers import digits_end, number
from ingestd.fastpath.kernel.json_text import ESCAPED, blank, escaped, literal, string_end, unescaped
from ingestd.fastpath.kernel.simd import get, load8, put
from ingestd.fastpath.kernel.strings import copy

__all__ = ["cut_events"]

QUOTE, COMMA, MINUS, ZERO, NINE, COLON, UNDERSCORE = b'",-09:_'
OPEN, BACKSLASH, CLOSE, OPEN_OBJECT, CLOSE_OBJECT = b"[\\]{}"
FOUR = uint64(0xFFFFFFFF)
ID = int.from_bytes(b'"id"', "little")
TIMESTAMP, TIMESTAMP_REST, TIMESTAMP_SIZE = *(int.from_bytes(word, "little") for word in (b'"timesta', b'mestamp"')), 11
MESSAGE, MESSAGE_SIZE = int.from_bytes(b'"message', "little"), 9
IS_ID, IS_TIME, IS_MESSAGE, ALL = 1, 2, 4, 7  # bits of the members that were seen
DIGITS_MAX, TIME_MS_MAX = 16, 1 << 53
LEVELS = 60  # objects and arrays in one another, a bit each


@inlined
def events(buf: Any, at: int, end: int, texts: Any, rows: Any) -> Any:
    """Cut the events of the array whose inside begins at `at`, the last member of the envelope that ends at `end`: how many
    there are, or LEFT."""
    count, to = 0, 0
    at = blank(buf, at, end)
    if at < end and get(buf, at) == CLOSE:
        return count if closes(buf, at, end) else LEFT
    while at < end and get(buf, at) == OPEN_OBJECT and (count + 1) * ROW <= len(rows):
        at, to = event(buf, at + 1, end, texts, to, rows, count * ROW)
        if at < 0:
            return LEFT
        count += 1
        at = blank(buf, at, end)
        if at >= end or get(buf, at) != COMMA:
            return count if closes(buf, at, end) else LEFT
        at = blank(buf, at + 1, end)
    return LEFT


@inlined
def closes(buf: Any, at: int, end: int) -> Any:
    """Whether buf[at:end] is the end of the array and of the envelope."""
    if at >= end or get(buf, at) != CLOSE:
        return False
    at = blank(buf, at + 1, end)
    return at < end and get(buf, at) == CLOSE_OBJECT and blank(buf, at + 1, end) == end


@outlined
def event(buf: Any, at: int, end: int, texts: Any, to: int, rows: Any, row: int) -> Any:
    """Read the event whose first member stands at `at` into a row: (behind it, where texts end then), or LEFT first."""
    seen = 0
    while True:
        at = blank(buf, at, end)
        member, size = known(buf, at)
        if member == 0 or seen & member:
            return LEFT, to
        seen |= member
        at = blank(buf, at + size, end)
        if at >= end or get(buf, at) != COLON:
            return LEFT, to
        at = blank(buf, at + 1, end)
        if member == IS_TIME:
            at = read_time(buf, at, end, rows, row)
        elif member == IS_ID:
            at = read_id(buf, at, end, rows, row)
        else:
            at, to = read_message(buf, at, end, texts, to, rows, row)
        if at < 0:
            return LEFT, to
        at = blank(buf, at, end)
        if at >= end:
            return LEFT, to
        if get(buf, at) == CLOSE_OBJECT and seen == ALL:
            return at + 1, to
        if get(buf, at) != COMMA:
            return LEFT, to
        at += 1


@inlined
def known(buf: Any, at: int) -> Any:
    """Which member's name stands at `at`, 0 for another, and its size with its quotes."""
    word = load8(buf, at)
    if word & FOUR == uint64(ID):
        return IS_ID, 4
    if word == uint64(TIMESTAMP) and load8(buf, at + TIMESTAMP_SIZE - 8) == uint64(TIMESTAMP_REST):
        return IS_TIME, TIMESTAMP_SIZE
    if word == uint64(MESSAGE) and get(buf, at + MESSAGE_SIZE - 1) == QUOTE:
        return IS_MESSAGE, MESSAGE_SIZE
    return 0, 0


@inlined
def read_time(buf: Any, at: int, end: int, rows: Any, row: int) -> Any:
    """Behind the whole number at `at`, or LEFT."""
    is_negative = at < end and get(buf, at) == MINUS
    first = at + is_negative
    stop, time = digits_end(buf, first, end), 0
    if not 1 <= stop - first <= DIGITS_MAX or (get(buf, first) == ZERO and (is_negative or stop - first > 1)):
        return LEFT
    for i in range(first, stop):
        time = time * 10 + get(buf, i) - ZERO
    put(rows, row + R_TIME, -time if is_negative else time)
    return stop if time <= TIME_MS_MAX else LEFT


@inlined
def read_id(buf: Any, at: int, end: int, rows: Any, row: int) -> Any:
    """Behind the string at `at` if that can be a document's name, or LEFT."""
    if at >= end or get(buf, at) != QUOTE:
        return LEFT
    stop = at + 1
    while stop < end and is_of_id(get(buf, stop)):
        stop += 1
    if not 1 <= stop - at - 1 <= EVENT_ID_MAX or stop >= end or get(buf, stop) != QUOTE:
        return LEFT
    put(rows, row + R_ID, at + 1)
    put(rows, row + R_ID_END, stop)
    return stop + 1


@inlined
def is_of_id(char: int) -> Any:
    """A letter, a digit, `_` or `-`."""
    return ZERO <= char <= NINE or 97 <= char | 32 <= 122 or char in (MINUS, UNDERSCORE)


@inlined
def read_message(buf: Any, at: int, end: int, texts: Any, to: int, rows: Any, row: int) -> Any:
    """Append the content of the string at `at` to texts: (behind it, where texts end), or LEFT first."""
    if at >= end or get(buf, at) != QUOTE:
        return LEFT, to
    stop, held = string_end(buf, at + 1, end)
    if stop < 0:
        return LEFT, to
    if held & ESCAPED:
        last = unescaped(buf, at + 1, stop, texts, to, False)
        if last < 0:
            return LEFT, to
    else:
        last = copy(texts, to, buf, at + 1, stop - at - 1)
    put(rows, row + R_END, last)
    first, kind = blank(texts, to, last), TEXT
    if first < last and get(texts, first) == OPEN_OBJECT:
        kind = JSON if is_object(texts, first, last) else UNSURE
    put(rows, row + R_KIND, kind)
    return stop + 1, last


@outlined
def is_object(buf: Any, at: int, end: int) -> Any:
    """Whether buf[at:end] begins with an object and is certainly whole JSON: what is very deep, or has numbers that orjson
    might not take, is not certain."""
    depth, nest, expect_name = 0, 0, False
    while True:
        at = blank(buf, at, end)
        if at >= end:
            return False
        char = get(buf, at)
        if char == QUOTE:
            stop = checked(buf, at + 1, end)
            at = stop
            if stop >= 0 and expect_name:
                at = blank(buf, stop, end)
                if at >= end or get(buf, at) != COLON:
                    return False
                at, expect_name = at + 1, False
                continue
        elif expect_name:
            return False
        elif char in (OPEN, OPEN_OBJECT):
            depth, nest = depth + 1, nest << 1 | (char == OPEN)
            at = blank(buf, at + 1, end)
            if depth > LEVELS or at >= end:
                return False
            if get(buf, at) != char + 2:
                expect_name = char == OPEN_OBJECT
                continue
        elif char == MINUS or ZERO <= char <= NINE:
            at, _ = number(buf, at, end)
        else:
            at = literal(buf, at, end)
        if at < 0:
            return False
        while True:
            at = blank(buf, at, end)
            if at >= end:
                return False
            char = get(buf, at)
            at += 1
            if char == COMMA:
                expect_name = nest & 1 == 0
                break
            if char != (CLOSE if nest & 1 else CLOSE_OBJECT):
                return False
            depth, nest = depth - 1, nest >> 1
            if depth == 0:
                return blank(buf, at, end) == end


@inlined
def checked(buf: Any, at: int, end: int) -> Any:
    """Behind the string whose inside begins at `at`; -1 if it is none."""
    stop, held = string_end(buf, at, end)
    return -1 if stop < 0 or (held & ESCAPED and not are_escapes(buf, at, stop)) else stop + 1


@outlined
def are_escapes(buf: Any, at: int, end: int) -> Any:
    """Whether each backslash of a string begins an escape."""
    while at < end:
        size = 1
        if get(buf, at) == BACKSLASH:
            _, size = escaped(buf, at, end)
        if size == 0:
            return False
        at += size
    return True


def _entry(sources: int) -> Callable[..., int]:
    """numba keeps compiled code by what the entry closes over: a change in any of the sources makes it compile anew."""

    def cut_events(*arguments: Any) -> int:
        _ = sources
        return events(*arguments)  # type: ignore[no-any-return]

    return entry(cut_events)


cut_events = _entry(SOURCES)
