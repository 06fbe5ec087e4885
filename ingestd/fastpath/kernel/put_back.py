"""Values that go back to where they came from: of tables that catch, those of columns that fill nothing. Part of the kernel.

Which these are is known once a record has been read; it is cut again then. Their members are held in scratch, and written at
the end of the object that they stood in, in the order of their columns.
"""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.codes import PLACE_ROW, R_COLUMN, ROW
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.json_text import GOING_AT, HELD_AT
from ingestd.fastpath.kernel.simd import get, put
from ingestd.fastpath.kernel.strings import copy

__all__ = ["goes_back", "hold", "is_alone", "note_going", "put_back"]

OPEN_OBJECT, COMMA = 123, 44
GOING_MAX = 8  # columns of one record that go back: each may cost another cut
HELD_ROW = 4  # of what is held: its object's level, -1 once it is written, its column, where it begins and ends in scratch


@outlined
def note_going(row: int, rows: Any, places: Any, spans: Any, work: Any) -> Any:
    """Note the columns that go back: that of the row that could not be read, or, if it is -1, all that have a value while one
    before them fills the same field. How many there are anew; -1 if the reference has to say."""
    before = get(work, GOING_AT)
    if row >= 0:
        return add_going(work, get(rows, row * ROW + R_COLUMN))
    for place in range(len(places) // PLACE_ROW):
        column = get(places, place * PLACE_ROW)
        if column >= 0 and get(spans, 2 * column + 1) > get(spans, 2 * column):
            other = get(places, place * PLACE_ROW + 3)
            while other != place:
                first = get(places, other * PLACE_ROW)
                if first < column and get(spans, 2 * first + 1) > get(spans, 2 * first):
                    if add_going(work, column) < 0:
                        return -1
                    break
                other = get(places, other * PLACE_ROW + 3)
    return get(work, GOING_AT) - before


@inlined
def add_going(work: Any, column: int) -> Any:
    """1, or -1 if there are too many, or it does not help."""
    count = get(work, GOING_AT)
    if count >= GOING_MAX or goes_back(work, column):
        return -1
    put(work, GOING_AT + 1 + count, column)
    put(work, GOING_AT, count + 1)
    return 1


@inlined
def goes_back(work: Any, column: int) -> Any:
    """Whether the values of a column do, in this record."""
    found = False
    for i in range(get(work, GOING_AT)):
        found = found or get(work, GOING_AT + 1 + i) == column
    return found


@inlined
def is_alone(places: Any, below: int, spans: Any) -> Any:
    """Whether none of the columns that fill the same field has a value: the next of them in a ring."""
    other = get(places, below * PLACE_ROW + 3)
    while other != below:
        column = get(places, other * PLACE_ROW)
        if get(spans, 2 * column + 1) > 0:
            return False
        other = get(places, other * PLACE_ROW + 3)
    return True


@inlined
def hold(work: Any, level: int, column: int, at: int, end: int) -> None:
    """Note a member that goes back: scratch[at:end], of an object at this level."""
    row = HELD_AT + 1 + get(work, HELD_AT) * HELD_ROW
    put(work, row, level)
    put(work, row + 1, column)
    put(work, row + 2, at)
    put(work, row + 3, end)
    put(work, HELD_AT, get(work, HELD_AT) + 1)


@outlined
def put_back(alt: Any, to: int, scratch: Any, level: int, work: Any) -> Any:
    """Write what was held of the object at this level behind its other members; where that ends."""
    last = HELD_AT + 1 + get(work, HELD_AT) * HELD_ROW
    while True:
        next_row = -1
        for row in range(HELD_AT + 1, last, HELD_ROW):
            if get(work, row) == level and (next_row < 0 or get(work, row + 1) < get(work, next_row + 1)):
                next_row = row
        if next_row < 0:
            return to
        if get(alt, to - 1) != OPEN_OBJECT:
            put(alt, to, COMMA)
            to += 1
        begin = get(work, next_row + 2)
        to = copy(alt, to, scratch, begin, get(work, next_row + 3) - begin)
        put(work, next_row, -1)
