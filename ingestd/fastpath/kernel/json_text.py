"""JSON as it stands in a record, checked and copied. Part of the kernel.

What is copied is what orjson would write of what it reads, or nothing is: a number or a name that would have to be written in
another way, a member that comes twice, and whatever is no JSON are all left to the reference.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.json_numbers import number
from ingestd.fastpath.kernel.simd import eq64, get, load8, low_bits, put, trailing_zeros, unclean64
from ingestd.fastpath.kernel.strings import copy, hex_pair, sequence, write_escape

__all__ = [
    "CLEAN", "CROWDED_AT", "ESCAPED", "GOING_AT", "HELD_AT", "KEPT_AT", "LEVELS_AT", "NAMED_AT", "NAME_MAX", "PAIRS_AT",
    "REWRITTEN_AT", "blank", "literal", "name_end", "note_name", "string_end", "unescaped", "value",
]  # fmt: skip

TAB, NEWLINE, RETURN, SPACE, QUOTE, COMMA, MINUS, ZERO, NINE, COLON = 9, 10, 13, 32, 34, 44, 45, 48, 57, 58
OPEN, BACKSLASH, CLOSE, U, OPEN_OBJECT, CLOSE_OBJECT = 91, 92, 93, 117, 123, 125
SOLIDUS = 47
TRUE, FALSE, NULL = (int.from_bytes(word, "little") for word in (b"true", b"fals", b"null"))
E, REPLACEMENT = 101, 0xFFFD
SHORT = b'"\\bfnrt'  # behind a backslash, as orjson writes them; the solidus stands for itself
FOUR = uint64(0xFFFFFFFF)
LEVELS = 10  # of what is copied
NAMES_MAX, NAME_MAX = 400, 256  # names that are open at once, and a name's bytes
TEXT_MAX = 30_000  # bytes of a string: a longer one may have to be cut into pieces (table.py, TERM_MAX)
NAMED_MAX = 1000  # names of a record: with more, one of its fields may have to be folded (table.py, MEMBERS_MAX)
# what is where in `work`: where the names of each level begin, the levels of the walk, what is kept, the names, pairs
# how many names there were is behind where those of the deepest level begin; whether a value was written in another way
FIRSTS_AT, NAMED_AT, LEVELS_AT, REWRITTEN_AT, KEPT_AT, NAMES_AT, PAIRS_AT = 0, 15, 16, 47, 48, 352, 1552
# how many columns' values go back to where they came from, and these; whether columns of one field have values; what is held
GOING_AT, CROWDED_AT, HELD_AT = 1952, 1961, 1962
CLEAN, UTF_8, ESCAPED = 0, 1, 2  # what a string holds


@inlined
def blank(buf: Any, at: int, end: int) -> Any:
    """The first of buf[at:end] that is no whitespace."""
    while at < end and get(buf, at) in (SPACE, NEWLINE, RETURN, TAB):
        at += 1
    return at


@inlined
def string_end(buf: Any, at: int, end: int) -> Any:
    """Where the string whose inside begins at `at` has its closing quote, or -1; and what it holds (flags)."""
    held = CLEAN
    while at < end:
        within = low_bits(min(end - at, 64))
        found = (eq64(buf, at, QUOTE) | unclean64(buf, at)) & within
        if found == uint64(0):
            at += 64
            continue
        at += trailing_zeros(found)
        char = get(buf, at)
        if char == QUOTE:
            return at, held
        if char == BACKSLASH:
            held |= ESCAPED
            at += 2
        elif char >= 128:
            size = sequence(buf, at, end)
            if size <= 0:
                return -1, held
            held |= UTF_8
            at += size
        else:
            return -1, held
    return -1, held


@inlined
def name_end(buf: Any, at: int, end: int) -> Any:
    """Where the name whose inside begins at `at` has its closing quote; -1 if orjson would write it in another way.

    One that it writes so is the same as another if its bytes are; with escapes it is none that a column has.
    """
    close, held = string_end(buf, at, end)
    return -1 if close >= 0 and held & ESCAPED and not is_written_so(buf, at, close) else close


@outlined
def is_written_so(buf: Any, at: int, end: int) -> Any:
    """Whether the escapes of a string are those that orjson writes."""
    while at < end:
        if get(buf, at) != BACKSLASH:
            at += 1
            continue
        char = get(buf, at + 1)
        if char == U:
            code = hex_pair(buf, at + 4) if at + 6 <= end and get(buf, at + 2) == ZERO and get(buf, at + 3) == ZERO else -1
            is_short = code in (8, 9, 10, 12, 13)
            if code < 0 or code >= SPACE or is_short or get(buf, at + 5) in (65, 66, 67, 68, 69, 70):
                return False
            at += 6
        else:
            known = False
            for short in SHORT:
                known = known or char == short
            if not known:
                return False
            at += 2
    return True


@inlined
def escaped(buf: Any, at: int, end: int) -> Any:
    """The character of the escape at `at`, U+FFFD for half of a pair, and how many bytes that takes; 0 of what is none."""
    char = get(buf, at + 1)
    if char == U:
        code = code_unit(buf, at, end)
        if code < 0xD800 or code >= 0xE000:
            return code, 6 if code >= 0 else 0
        low = code_unit(buf, at + 6, end)
        is_pair = code < 0xDC00 and 0xDC00 <= low < 0xE000 and get(buf, at + 6) == BACKSLASH and get(buf, at + 7) == U
        return (0x10000 + (code - 0xD800 << 10) + low - 0xDC00, 12) if is_pair else (REPLACEMENT, 6)
    if char == 98:
        char = 8
    elif char == 102:
        char = 12
    elif char == 110:
        char = NEWLINE
    elif char == 114:
        char = RETURN
    elif char == 116:
        char = TAB
    elif char not in (QUOTE, BACKSLASH, SOLIDUS):
        return 0, 0
    return char, 2


@inlined
def code_unit(buf: Any, at: int, end: int) -> Any:
    """The four hexadecimal digits of the escape at `at`; -1 if they are none."""
    if at + 6 > end:
        return -1
    high, low = hex_pair(buf, at + 2), hex_pair(buf, at + 4)
    return high * 256 + low if high >= 0 and low >= 0 else -1


@inlined
def put_character(out: Any, to: int, code: int) -> Any:
    """Write a character in UTF-8."""
    if code < 0x80:
        put(out, to, code)
        return to + 1
    if code < 0x800:
        put(out, to, 0xC0 | code >> 6)
        put(out, to + 1, 0x80 | code & 63)
        return to + 2
    if code < 0x10000:
        put(out, to, 0xE0 | code >> 12)
        put(out, to + 1, 0x80 | code >> 6 & 63)
        put(out, to + 2, 0x80 | code & 63)
        return to + 3
    put(out, to, 0xF0 | code >> 18)
    put(out, to + 1, 0x80 | code >> 12 & 63)
    put(out, to + 2, 0x80 | code >> 6 & 63)
    put(out, to + 3, 0x80 | code & 63)
    return to + 4


@outlined
def unescaped(buf: Any, at: int, end: int, out: Any, to: int, is_json: bool) -> Any:
    """The content of a string with escapes, from out[to]; or, `is_json`, as orjson writes it. Where it ends there, or -1 if the
    reference has to say."""
    while at < end:
        char = get(buf, at)
        if char != BACKSLASH:
            put(out, to, char)
            at += 1
            to += 1
            continue
        code, size = escaped(buf, at, end)
        if size == 0:
            return -1
        at += size
        if is_json and (code < SPACE or code in (QUOTE, BACKSLASH)):
            to = write_escape(out, to, code)
        else:
            to = put_character(out, to, code)
    return to


@inlined
def literal(buf: Any, at: int, end: int) -> Any:
    """Where `true`, `false` or `null` at `at` ends; -1 if it is none of them."""
    word = load8(buf, at) & FOUR
    if word == uint64(TRUE) or word == uint64(NULL):
        at += 4
    elif word == uint64(FALSE) and get(buf, at + 4) == E:
        at += 5
    else:
        return -1
    return at if at <= end else -1


@inlined
def note_name(buf: Any, at: int, end: int, work: Any, first: int, count: int) -> Any:
    """Add a name to those of its object, the ones from `first` on; how many there are then, -1 for a name that comes twice."""
    size = end - at
    named = get(work, NAMED_AT) + 1
    put(work, NAMED_AT, named)
    if size > NAME_MAX or count >= NAMES_MAX or named > NAMED_MAX:
        return -1
    word = int64(load8(buf, at) & (uint64(0xFFFFFFFFFFFFFFFF) >> uint64(64 - 8 * min(size, 8)) if size > 0 else uint64(0)))
    for i in range(first, count):
        if get(work, NAMES_AT + 3 * i) == word and get(work, NAMES_AT + 3 * i + 1) == size:
            other, same = get(work, NAMES_AT + 3 * i + 2), 8
            while same < size and get(buf, other + same) == get(buf, at + same):
                same += 1
            if same >= size:
                return -1
    put(work, NAMES_AT + 3 * count, word)
    put(work, NAMES_AT + 3 * count + 1, size)
    put(work, NAMES_AT + 3 * count + 2, at)
    return count + 1


@outlined
def value(buf: Any, at: int, end: int, out: Any, to: int, work: Any, count: int) -> Any:
    """Copy the value at `at` without its spaces: (where it ends, where its copy does), or -1 first if it is left.

    `work` holds the names of the objects around it, `count` of them.
    """
    depth, nest, expect_name = 0, 0, False
    while True:
        at = blank(buf, at, end)
        if at >= end:
            return -1, to
        char = get(buf, at)
        if expect_name:
            if char != QUOTE:
                return -1, to
            close = name_end(buf, at + 1, end)
            if close < 0:
                return -1, to
            count = note_name(buf, at + 1, close, work, get(work, FIRSTS_AT + depth), count)
            if count < 0:
                return -1, to
            to = copy(out, to, buf, at, close + 1 - at)
            at = blank(buf, close + 1, end)
            if at >= end or get(buf, at) != COLON:
                return -1, to
            put(out, to, COLON)
            to += 1
            at += 1
            expect_name = False
            continue
        stop, last = at, -1  # where it ends, and where what is copied of it does, if that is before
        if char == QUOTE:
            close, held = string_end(buf, at + 1, end)
            if close < 0 or close - at > TEXT_MAX:
                return -1, to
            stop = close + 1
            if held & ESCAPED and not is_written_so(buf, at + 1, close):
                put(out, to, QUOTE)
                to = unescaped(buf, at + 1, close, out, to + 1, True)
                if to < 0:
                    return -1, to
                put(out, to, QUOTE)
                to += 1
                at = stop
                put(work, REWRITTEN_AT, 1)
        elif char in (OPEN, OPEN_OBJECT):
            put(out, to, char)
            to += 1
            at = blank(buf, at + 1, end)
            depth += 1
            nest = nest << 1 | int64(char == OPEN)
            put(work, FIRSTS_AT + depth, count)
            if depth > LEVELS or at >= end:
                return -1, to
            if get(buf, at) != char + 2:
                expect_name = char == OPEN_OBJECT
                continue
            stop = at
        elif char == MINUS or ZERO <= char <= NINE:
            stop, last = number(buf, at, end)
            if last < stop:
                put(work, REWRITTEN_AT, 1)
        else:
            stop = literal(buf, at, end)
        if stop < 0:
            return -1, to
        to = copy(out, to, buf, at, (stop if last < 0 else last) - at)
        at = stop
        while depth > 0:
            at = blank(buf, at, end)
            if at >= end:
                return -1, to
            char = get(buf, at)
            put(out, to, char)
            to += 1
            at += 1
            if char == COMMA:
                expect_name = nest & 1 == 0
                break
            if char != (CLOSE if nest & 1 else CLOSE_OBJECT):
                return -1, to
            count = get(work, FIRSTS_AT + depth)
            depth -= 1
            nest >>= 1
        if depth == 0:
            return at, to
