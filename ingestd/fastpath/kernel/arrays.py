"""Arrays of a record: what columns select of them, and those that become lists of strings. Part of the kernel.

An array comes here when it has been read as any other value is (`json_text.value`): its strings are written as orjson writes
them, and what nobody asks for is stepped over.
"""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.codes import (
    PLACE_LEFT,
    PLACE_LIST,
    SELECTION_COLUMN,
    SELECTION_KIND,
    SELECTION_NAME,
    SELECTION_PATH,
    SELECTION_ROW,
    SELECTION_TEXTS,
    SELECTION_VALUE,
)
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.json_text import CLEAN, ESCAPED, blank, string_end
from ingestd.fastpath.kernel.kept import KEPT_MAX, keep
from ingestd.fastpath.kernel.scalar import scalar
from ingestd.fastpath.kernel.scan import same_lowered
from ingestd.fastpath.kernel.simd import get, put
from ingestd.fastpath.kernel.sound import following, member, over
from ingestd.fastpath.kernel.strings import copy

__all__ = ["listed", "selected"]

QUOTE, COMMA, MINUS, OPEN, CLOSE, OPEN_OBJECT, N = 34, 44, 45, 91, 93, 123, 110


@outlined
def selected(
    buf: Any, at: int, end: int, first: int, count: int, selections: Any, text: Any, dashes: bool,
    work: Any, spans: Any, scratch: Any, to: int, kept: int,
) -> Any:  # fmt: skip
    """Give the columns that look into the array at `at` what they find: (where scratch is free, how many values are kept there,
    or -1 if the record is left, what strings hold)."""
    held = CLEAN
    for row in range(first * SELECTION_ROW, (first + count) * SELECTION_ROW, SELECTION_ROW):
        column, kind = get(selections, row + SELECTION_COLUMN), get(selections, row + SELECTION_KIND)
        if kind == PLACE_LEFT or kept >= KEPT_MAX:
            return to, -1, held
        if kind == PLACE_LIST:
            last = listed(buf, at, end, selections, row, text, scratch, to)
            if last < 0:
                return to, -1, held
            if last > to:
                keep(work, kept, spans, column, to, last)
                kept, to = kept + 1, last
            continue
        place, holds = named(buf, at, end, selections, row, text)
        if place >= 0:
            place = below(buf, place, end, selections, row, text)
        if holds != CLEAN:
            return to, -1, held
        if place < 0:
            continue
        behind, begin, stop, holds = scalar(buf, place, end, kind, dashes)
        if behind < 0:
            return to, -1, held
        if stop > begin:
            held |= holds
            put(spans, 2 * column, begin)
            put(spans, 2 * column + 1, stop)
    return to, kept, held


@inlined
def named(buf: Any, at: int, end: int, selections: Any, row: int, text: Any) -> Any:
    """The first item of the array at `at` whose member has the value that is asked for; -1 if there is none.

    And ESCAPED if a value before it had to be decoded to be compared.
    """
    name, value = get(selections, row + SELECTION_NAME), get(selections, row + SELECTION_VALUE)
    at = blank(buf, at + 1, end)
    while at < end and get(buf, at) != CLOSE:
        place = member(buf, at, end, text, name)
        if place >= 0 and get(buf, place) == QUOTE:
            stop, held = string_end(buf, place + 1, end)
            if held & ESCAPED:
                return -1, ESCAPED
            if same_lowered(buf, place + 1, stop, text, value):
                return at, CLEAN
        at = following(buf, over(buf, at, end), end)
    return -1, CLEAN


@inlined
def below(buf: Any, at: int, end: int, selections: Any, row: int, text: Any) -> Any:
    """The value at a selection's path below the item at `at`; -1 if there is none."""
    step = row + SELECTION_PATH
    while at >= 0 and step < row + SELECTION_ROW and get(selections, step) != 0:
        at = member(buf, at, end, text, get(selections, step))
        step += 1
    return at


@outlined
def listed(buf: Any, at: int, end: int, selections: Any, row: int, text: Any, scratch: Any, to: int) -> Any:
    """Write the items of the array at `at` as strings, or what the selection at `row`, if it is not -1, finds in each of them.

    Returns where that ends in scratch: `to` if there is none, -1 if the reference has to say.
    """
    begin = to
    at = blank(buf, at + 1, end)
    while at < end and get(buf, at) != CLOSE:
        place = at
        if row >= 0:
            if get(buf, at) == OPEN_OBJECT:
                place = below(buf, at, end, selections, row, text)
            elif get(buf, at) != QUOTE or get(selections, row + SELECTION_TEXTS) == 0:
                place = -1
        if place >= 0:
            char, stop = get(buf, place), over(buf, place, end)
            if char in (OPEN, OPEN_OBJECT):
                if row < 0 or get(buf, blank(buf, place + 1, end)) != char + 2:
                    return -1
            elif char == QUOTE:
                if stop > place + 3 or (stop == place + 3 and get(buf, place + 1) != MINUS):
                    to = copy(scratch, separated(scratch, to, begin), buf, place, stop - place)
            elif char != N:
                to = separated(scratch, to, begin)
                put(scratch, to, QUOTE)
                to = copy(scratch, to + 1, buf, place, stop - place)
                put(scratch, to, QUOTE)
                to += 1
        at = following(buf, over(buf, at, end), end)
    if to > begin:
        put(scratch, to, CLOSE)
        to += 1
    return to


@inlined
def separated(scratch: Any, to: int, begin: int) -> Any:
    """What stands before an item."""
    put(scratch, to, OPEN if to == begin else COMMA)
    return to + 1
