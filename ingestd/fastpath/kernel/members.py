"""Cutting a record into columns: its members by the tree of the columns' paths. Part of the kernel.

In one pass: the names are looked up on the way, strings, numbers and literals become spans of the record, what is kept as JSON
is copied to scratch, and what belongs to nobody to `alt`, until all is known. It takes a record whole or leaves it: whatever is
not as plain as it mostly is (see `json_text.py`, and the kinds of places) is the reference's.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.arrays import listed, selected
from ingestd.fastpath.kernel.codes import (
    HASH,
    HASH_BITS,
    HASH_SHIFT,
    LINE_MAX,
    NAME_ROW,
    P_DASHES,
    P_NAMES_MASK,
    P_POSITIONS,
    PLACE_BOOLEAN,
    PLACE_KEPT,
    PLACE_KNOWN,
    PLACE_LEFT,
    PLACE_LIST,
    PLACE_LOOSE,
    PLACE_NONE,
    PLACE_PAIRS,
    PLACE_PLAIN,
    PLACE_ROW,
)
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.json_text import (
    CROWDED_AT,
    ESCAPED,
    GOING_AT,
    HELD_AT,
    LEVELS_AT,
    NAMED_AT,
    REWRITTEN_AT,
    blank,
    name_end,
    note_name,
    unescaped,
    value,
)
from ingestd.fastpath.kernel.kept import KEPT_MAX, keep
from ingestd.fastpath.kernel.pairs import paired
from ingestd.fastpath.kernel.put_back import goes_back, hold, is_alone, put_back
from ingestd.fastpath.kernel.scalar import scalar
from ingestd.fastpath.kernel.simd import ALL, get, load8, put
from ingestd.fastpath.kernel.strings import copy

__all__ = ["cut_members"]

QUOTE, COMMA, MINUS, COLON, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT = 34, 44, 45, 58, 91, 93, 123, 125
N = 110  # of null
LEVEL_ROW, LEVELS_MAX = 4, 6
WRAPPED = b'{"value":'
LEFT = (-1, False, 0, 0, 0)


@outlined
def cut_members(
    buf: Any, at: int, end: int, params: Any, places: Any, names: Any, selections: Any, text: Any, work: Any, spans: Any,
    alt: Any, scratch: Any, to: int,
) -> Any:  # fmt: skip
    """Cut a record: (columns or -1, whether the values are in `alt`, where scratch is free, how many values are kept there,
    bytes of `extra` at the end of scratch)."""
    positions, dashes = get(params, P_POSITIONS), get(params, P_DASHES) != 0
    if end - at > LINE_MAX or at >= end or get(buf, at) != OPEN_OBJECT:
        return LEFT
    for i in range(2 * positions):
        put(spans, i, 0)
    level, place, first, count, kept, escaped = 0, 0, 0, 0, 0, False
    seen = 0  # arrays that were looked into, a bit each
    extra = 1  # where `alt` is free
    put(work, NAMED_AT, 0)
    put(work, CROWDED_AT, 0)
    put(work, HELD_AT, 0)
    put(alt, 0, OPEN_OBJECT)
    at = blank(buf, at + 1, end)
    is_empty = at < end and get(buf, at) == CLOSE_OBJECT
    while True:
        if not is_empty:
            # a name
            at = blank(buf, at, end)
            if at >= end or get(buf, at) != QUOTE:
                return LEFT
            name, close = at + 1, name_end(buf, at + 1, end)
            if close < 0:
                return LEFT
            count = note_name(buf, name, close, work, first, count)
            at = blank(buf, close + 1, end)
            if count < 0 or at >= end or get(buf, at) != COLON:
                return LEFT
            at = blank(buf, at + 1, end)
            if at >= end:
                return LEFT
            below = child(buf, name, close, place, names, params, text)
            column = get(places, below * PLACE_ROW) if below >= 0 else -1
            kind = get(places, below * PLACE_ROW + 1) if below >= 0 else PLACE_NONE
            char = get(buf, at)
            if below >= 0 and get(places, below * PLACE_ROW + 2) != 0 and char == OPEN_OBJECT:
                level += 1
                if level >= LEVELS_MAX:
                    return LEFT
                row = LEVELS_AT + level * LEVEL_ROW
                put(work, row, place)
                put(work, row + 1, first)
                put(work, row + 2, extra)
                put(work, row + 3, column if kind == PLACE_KEPT else -1)
                if kind != PLACE_KEPT:
                    extra = open_member(alt, extra, buf, name, close)
                put(alt, extra, OPEN_OBJECT)
                extra += 1
                place, first = below, count
                at = blank(buf, at + 1, end)
                is_empty = at < end and get(buf, at) == CLOSE_OBJECT
                continue
            # a value
            begin = at
            put(work, REWRITTEN_AT, 0)
            if char in (OPEN, OPEN_OBJECT) and (kind in (PLACE_PLAIN, PLACE_BOOLEAN) or (kind == PLACE_LIST and char != OPEN)):
                kind = PLACE_NONE  # it is none that the column can read
            elif kind in (PLACE_PLAIN, PLACE_BOOLEAN, PLACE_LOOSE) and get(spans, 2 * column + 1) != 0:
                kind = PLACE_NONE  # by another way the column has a value already
            if kind in (PLACE_NONE, PLACE_KNOWN):
                before = extra
                if kind == PLACE_NONE:
                    extra = open_member(alt, extra, buf, name, close)
                at, last = value(buf, at, end, alt, extra, work, count)
                if at < 0:
                    return LEFT
                extra = before if kind == PLACE_KNOWN or is_absent(alt, extra, last, dashes) else last
            elif get(work, GOING_AT) > 0 and goes_back(work, column):
                inside = name_member(scratch, to, buf, name, close)
                at, last = value(buf, at, end, scratch, inside, work, count)
                if at < 0:
                    return LEFT
                if not is_absent(scratch, inside, last, dashes):
                    put(spans, 2 * column + 1, -1)
                    hold(work, level, column, to, last)
                    to = last
            elif kind in (PLACE_KEPT, PLACE_LIST, PLACE_PAIRS):
                at, last = kept_value(buf, at, end, kind, dashes, scratch, to, work, count)
                if at < 0 or last < 0 or kept >= KEPT_MAX or get(spans, 2 * column + 1) != 0:
                    return LEFT
                if last > to:
                    keep(work, kept, spans, column, to, last)
                    kept, to = kept + 1, last
            else:
                at, text_at, stop, held = scalar(buf, at, end, kind, dashes)
                if at < 0:
                    return LEFT
                escaped = escaped or held & ESCAPED != 0
                if stop > text_at:
                    if kind == PLACE_LEFT:
                        return LEFT
                    if not is_alone(places, below, spans):
                        put(work, CROWDED_AT, 1)
                    put(spans, 2 * column, text_at)
                    put(spans, 2 * column + 1, stop)
            if char == OPEN_OBJECT and below >= 0 and get(places, below * PLACE_ROW + 5) != 0:
                return LEFT
            if char == OPEN and below >= 0 and get(places, below * PLACE_ROW + 5) != 0:
                selection = get(places, below * PLACE_ROW + 4)
                if (seen >> selection) & 1 != 0 or get(work, REWRITTEN_AT) != 0:
                    return LEFT
                seen |= 1 << selection
                to, kept, held = selected(
                    buf, begin, at, selection, get(places, below * PLACE_ROW + 5), selections, text, dashes, work, spans,
                    scratch, to, kept,
                )  # fmt: skip
                if kept < 0:
                    return LEFT
                escaped = escaped or held & ESCAPED != 0
        # behind a value: a comma, or the end of one object or of several
        while True:
            at = blank(buf, at, end)
            if at >= end:
                return LEFT
            char = get(buf, at)
            at += 1
            if char == COMMA and not is_empty:
                break
            if char != CLOSE_OBJECT:
                return LEFT
            is_empty = False
            if get(work, HELD_AT) > 0:
                extra = put_back(alt, extra, scratch, level, work)
            if level == 0:
                if blank(buf, at, end) < end:
                    return LEFT
                return finished(buf, positions, spans, alt, extra, scratch, to, escaped, kept)
            row = LEVELS_AT + level * LEVEL_ROW
            if get(alt, extra - 1) == OPEN_OBJECT:  # nothing of it is left
                extra = get(work, row + 2)
            else:
                put(alt, extra, CLOSE_OBJECT)
                extra += 1
                column = get(work, row + 3)
                if column >= 0:  # what is left of it is kept apart
                    if kept >= KEPT_MAX or get(spans, 2 * column + 1) != 0:
                        return LEFT
                    begin = get(work, row + 2)
                    last = copy(scratch, to, alt, begin, extra - begin)
                    keep(work, kept, spans, column, to, last)
                    kept, to, extra = kept + 1, last, begin
            count, place, first = first, get(work, row), get(work, row + 1)
            level -= 1


@inlined
def kept_value(buf: Any, at: int, end: int, kind: int, dashes: bool, scratch: Any, to: int, work: Any, count: int) -> Any:
    """Write the value at `at` to scratch as its column keeps it: (behind it, where that ends in scratch: `to` if it is absent).
    Either is -1 if the reference has to say."""
    begin, char = at, get(buf, at)
    is_wrapped, is_item = kind == PLACE_KEPT and char != OPEN_OBJECT, kind == PLACE_LIST and char != OPEN
    inside = copy_wrapped(scratch, to) if is_wrapped else to + is_item * (1 + (char != QUOTE))
    at, last = value(buf, at, end, scratch, inside, work, count)
    if at < 0 or is_absent(scratch, inside, last, dashes):
        return at, to
    if is_item:
        return at, listed_alone(scratch, to, inside, last)
    if is_wrapped:
        put(scratch, last, CLOSE_OBJECT)
        return at, last + 1
    if kind == PLACE_KEPT:
        return at, last
    if char != OPEN or get(work, REWRITTEN_AT) != 0:
        return -1, to
    if kind == PLACE_PAIRS:
        return at, paired(buf, begin, at, work, scratch, to)
    last = listed(buf, begin, at, work, -1, buf, scratch, to)
    return at, last if last > to else -1


@inlined
def listed_alone(scratch: Any, to: int, inside: int, end: int) -> Any:
    """Make a list of the string at scratch[inside:end], or of the number or literal there as one; where that ends, -1 if the
    reference has to say."""
    put(scratch, to, OPEN)
    if inside > to + 1:
        put(scratch, to + 1, QUOTE)
        put(scratch, end, QUOTE)
        end += 1
    elif end - inside == 3 and get(scratch, inside + 1) == MINUS:
        return -1
    put(scratch, end, CLOSE)
    return end + 1


@inlined
def child(buf: Any, at: int, end: int, place: int, names: Any, params: Any, text: Any) -> Any:
    """The place below `place` whose name is buf[at:end]; -1 if there is none. A row: first bytes, span, place above, place."""
    size = end - at
    if size == 0:
        return -1
    word = load8(buf, at) & (ALL >> uint64(64 - 8 * min(size, 8)))
    mask = get(params, P_NAMES_MASK)
    row = hashed(word, size, place) & mask
    while get(names, row * NAME_ROW + 1) != 0:
        span = get(names, row * NAME_ROW + 1)
        if get(names, row * NAME_ROW) == int64(word) and (span & 0xFFFF) == size and get(names, row * NAME_ROW + 2) == place:
            same, other = 8, span >> 16
            while same < size and get(text, other + same) == get(buf, at + same):
                same += 1
            if same >= size:
                return get(names, row * NAME_ROW + 3)
        row = (row + 1) & mask
    return -1


@inlined
def hashed(word: Any, size: int, place: int) -> Any:
    """Where the search for a name begins."""
    folded = (word ^ (word >> uint64(29)) ^ uint64(size * 31 + place * 1021)) & uint64(HASH_BITS)
    return int64((folded * uint64(HASH)) >> uint64(HASH_SHIFT)) & HASH_BITS


@inlined
def open_member(alt: Any, to: int, buf: Any, name: int, close: int) -> Any:
    """A comma if there are members before, the name and its colon."""
    if get(alt, to - 1) != OPEN_OBJECT:
        put(alt, to, COMMA)
        to += 1
    return name_member(alt, to, buf, name, close)


@inlined
def name_member(alt: Any, to: int, buf: Any, name: int, close: int) -> Any:
    """The name and its colon."""
    to = copy(alt, to, buf, name - 1, close + 2 - name)
    put(alt, to, COLON)
    return to + 1


@inlined
def is_absent(out: Any, at: int, end: int, dashes: bool) -> Any:
    """Whether the JSON value out[at:end] is one that says there is none."""
    size, char = end - at, get(out, at)
    if size == 2:
        return char in (QUOTE, OPEN, OPEN_OBJECT)
    if size == 3:
        return dashes and char == QUOTE and get(out, at + 1) == MINUS
    return size == 4 and char == N


@inlined
def copy_wrapped(scratch: Any, to: int) -> Any:
    for char in WRAPPED:
        put(scratch, to, char)
        to += 1
    return to


@inlined
def finished(
    buf: Any, positions: int, spans: Any, alt: Any, extra: int, scratch: Any, to: int, escaped: bool, kept: int
) -> Any:
    """What is left over goes to scratch; if a value has escapes, all values go to `alt`, decoded."""
    size = 0
    if extra > 1:
        put(alt, extra, CLOSE_OBJECT)
        size = extra + 1
        to = copy(scratch, to, alt, 0, size)
    if escaped:
        place = 0
        for column in range(positions):
            at, end = get(spans, 2 * column), get(spans, 2 * column + 1)
            put(spans, 2 * column, place)
            if end > at:
                place = unescaped(buf, at, end, alt, place, False)
                if place < 0:
                    return LEFT
            put(spans, 2 * column + 1, place)
    return positions, escaped, to, kept, size
