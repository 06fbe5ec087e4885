"""What the columns of a line fill: the table's readings, as operations over the line's values. Part of the kernel.

Nothing is written to the document here: slots get positions, in the line or in scratch.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.addresses import endpoint, is_address
from ingestd.fastpath.kernel.any_time import any_time
from ingestd.fastpath.kernel.codes import (
    ANY_TIME,
    CLF,
    CUT,
    DATETIME,
    DECIMAL,
    ENDPOINT,
    EPOCH,
    HOSTS,
    INSTANT,
    IP,
    MAPPED,
    MEANING,
    PERCENT,
    R_ARGUMENT,
    R_CODE,
    R_COLUMN,
    R_MASK,
    R_OTHER,
    R_SEPARATOR,
    R_SLOT,
    REQUEST,
    ROW,
    SCRATCH,
    STATUS,
    TEXT,
    TLS,
    VERSION,
    W_FAILURE,
    W_SUCCESS,
    WHOLE,
    WORD,
    WORDS,
    ZULU,
)  # fmt: skip
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.lists import hosts, words
from ingestd.fastpath.kernel.meanings import meaning
from ingestd.fastpath.kernel.moments import clf_time, epoch
from ingestd.fastpath.kernel.numbers import BAD, NONE, decimal, whole
from ingestd.fastpath.kernel.percent import percent
from ingestd.fastpath.kernel.pieces import piece
from ingestd.fastpath.kernel.request import request
from ingestd.fastpath.kernel.scan import find
from ingestd.fastpath.kernel.simd import copy64, get, load8, put
from ingestd.fastpath.kernel.slots import fill, fill_part
from ingestd.fastpath.kernel.times import LEAP, instant
from ingestd.fastpath.kernel.tls import tls

__all__ = ["fill_texts", "first_of_twins", "read"]

SLASH, ZERO, MINUS, T, Z = 47, 48, 45, 84, 90
SUCCESS_MAX = 399
DATE_SIZE, TIME_SIZE_MAX = 10, 19
PLUS_NOTHING, OFFSET, FIVE = uint64(int.from_bytes(b"+0000", "little")), 5, uint64(0xFFFFFFFFFF)
STEP = 64  # scratch that a reading of bounded size may take


@inlined
def fill_texts(count: int, texts: Any, spans: Any, fields: Any) -> None:
    """The columns that are one string in a slot of their own: most of them, without a branch."""
    for i in range(0, 2 * count, 2):
        column, slot = get(texts, i), get(texts, i + 1)
        at = get(spans, 2 * column)
        put(fields, 2 * slot, at)
        put(fields, 2 * slot + 1, get(spans, 2 * column + 1) - at)


@inlined
def read(
    src: Any, count: int, rows: Any, spans: Any, fields: Any, scratch: Any, to: int, meanings: Any, text: Any, memo: Any
) -> Any:
    """Do the operations in the table's order. Returns (where scratch is free, the event's day or -1, the
    row that rejects the line or -1; `count` if the reference has to say)."""
    day = -1
    for row in range(count):
        code, column, slot = get(rows, row * ROW + R_CODE), get(rows, row * ROW + R_COLUMN), get(rows, row * ROW + R_SLOT)
        at, end = get(spans, 2 * column), get(spans, 2 * column + 1)
        if at >= end:
            if code != EPOCH or get(rows, row * ROW + R_OTHER) < 0:
                continue
            column = get(rows, row * ROW + R_OTHER)
            at, end = get(spans, 2 * column), get(spans, 2 * column + 1)
            if at >= end:
                continue
        if code == DECIMAL:
            place, size = decimal(src, at, end, scratch, to, get(rows, row * ROW + R_ARGUMENT) != 0)
            if size == BAD:
                return to, -1, row
            fill(fields, slot, place, size)
            to += STEP
        elif code == WHOLE:
            place, size = whole(src, at, end, scratch, to, get(rows, row * ROW + R_ARGUMENT) != 0)
            if size == BAD:
                return to, -1, row
            fill(fields, slot, place, size)
            to += STEP
        elif code == ENDPOINT:
            place, stop, port = endpoint(src, at, end)
            if place < 0:
                fill(fields, get(rows, row * ROW + R_SLOT + 2), at, end - at)
            else:
                fill(fields, slot, place, stop - place)
                fill(fields, get(rows, row * ROW + R_SLOT + 1), end - port, port)
        elif code == STATUS:
            place, size = whole(src, at, end, scratch, to, False)
            if size == BAD:
                return to, -1, row
            fill(fields, slot, place, size)
            word = W_SUCCESS if is_success(src, place, size) else W_FAILURE
            fill(fields, get(rows, row * ROW + R_SLOT + 1), word, WORD | SCRATCH)
            to += STEP
        elif code == INSTANT:
            found, zulu = instant(src, at, end, memo)
            if found == LEAP:
                return to, -1, count
            if found >= 0:
                fill(fields, slot, at, (end - at) | (0 if zulu else ZULU))
            if slot == 0:
                if found < 0:
                    return to, -1, row
                day = found if day < 0 else day
        elif code == DATETIME:
            time = get(rows, row * ROW + R_OTHER)
            first, last = (get(spans, 2 * time), get(spans, 2 * time + 1)) if time >= 0 else (0, 0)
            if last <= first:
                continue
            found = -1
            if end - at == DATE_SIZE and last - first <= TIME_SIZE_MAX:
                copy64(scratch, to, src, at)
                put(scratch, to + DATE_SIZE, T)
                copy64(scratch, to + DATE_SIZE + 1, src, first)
                size = DATE_SIZE + 1 + last - first
                found, zulu = instant(scratch, to, to + size, memo)
                if found == LEAP:
                    return to, -1, count
                if found >= 0:
                    put(scratch, to + size, Z)
                    fill(fields, slot, to, (size + (not zulu)) | SCRATCH)
            if slot == 0:
                if found < 0:
                    return to, -1, row
                day = found if day < 0 else day
            to += STEP
        elif code in (EPOCH, CLF):
            if code == EPOCH:
                found, size = epoch(src, at, end, scratch, to, memo)
            else:
                found, size = clf_time(src, at, end, scratch, to, memo)
                if found == LEAP:
                    return to, -1, count
            if found >= 0:
                fill(fields, slot, to, size | SCRATCH)
            if slot == 0:
                if found < 0:
                    return to, -1, row
                day = found if day < 0 else day
            to += STEP
        elif code == ANY_TIME:
            stop = end - OFFSET if end - at > OFFSET and load8(src, end - OFFSET) & FIVE == PLUS_NOTHING else end
            found, zulu = instant(src, at, stop, memo)
            if found >= 0 and (stop == end or not zulu):
                fill(fields, slot, at, (stop - at) | (0 if zulu else ZULU))
            else:
                found, size = any_time(src, at, end, scratch, to, memo)
                if found == LEAP:
                    return to, -1, count
                if found < 0:
                    if get(rows, row * ROW + R_ARGUMENT) != 0:
                        return to, -1, row
                    continue
                fill(fields, slot, to, size | SCRATCH)
                to += STEP
            if slot == 0:
                day = found if day < 0 else day
        elif code == MAPPED:
            span = meaning(src, at, end, meanings, get(rows, row * ROW + R_ARGUMENT), get(rows, row * ROW + R_MASK), text)
            if span != 0:
                fill(fields, slot, span >> 16, (span & 0xFFFF) | MEANING)
        elif code == CUT:
            found = piece(src, at, end, fields, rows, row, text, memo)
            if found == LEAP:
                return to, -1, count
            if slot == 0 and day < 0:
                day = found
        elif code == REQUEST:
            request(src, at, end, fields, rows, row)
        elif code == TEXT:
            fill(fields, slot, at, end - at)
        elif code == WORDS:
            separator, times = get(rows, row * ROW + R_SEPARATOR), get(rows, row * ROW + R_ARGUMENT)
            stop = words(scratch, to, src, at, end, text, separator, times)
            fill(fields, slot, to, (stop - to) | SCRATCH if stop > to else NONE)
            to = stop
        elif code == PERCENT:
            place, stop = percent(scratch, to, src, at, end, get(rows, row * ROW + R_ARGUMENT))
            fill(fields, slot, place, (stop - place) | SCRATCH)
            to = stop
        elif code == IP:
            fill(fields, slot if is_address(src, at, end) else get(rows, row * ROW + R_SLOT + 1), at, end - at)
        elif code == TLS:
            tls(src, at, end, fields, rows, row, get(rows, row * ROW + R_ARGUMENT) != 0, scratch, to)
            to += STEP
        elif code == VERSION:
            fill_part(src, fields, slot, min(find(src, at, end, SLASH) + 1, end), end)
        elif code == HOSTS:
            stop = hosts(scratch, to, src, at, end, False)
            fill(fields, slot, to, (stop - to) | SCRATCH if stop > to else NONE)
            to = stop
            stop = hosts(scratch, to, src, at, end, True)
            fill(fields, get(rows, row * ROW + R_SLOT + 1), to, (stop - to) | SCRATCH if stop > to else NONE)
            to = stop
    return to, day, -1


@inlined
def is_success(src: Any, at: int, size: int) -> Any:
    """Whether a checked whole number is a status of 1-399; one that had to be rewritten is negative."""
    if size > 3 or get(src, at) == MINUS:
        return False
    value = 0
    for i in range(size):
        value = value * 10 + get(src, at + i) - ZERO
    return 1 <= value <= SUCCESS_MAX


@outlined
def first_of_twins(count: int, twins: Any, fields: Any) -> None:
    """Of slots that are one field keep the first that is filled. A row: their first slot, and how many they are."""
    for group in range(count):
        filled = False
        for slot in range(get(twins, 2 * group), get(twins, 2 * group) + get(twins, 2 * group + 1)):
            if filled:
                put(fields, 2 * slot + 1, 0)
            filled = filled or get(fields, 2 * slot + 1) != 0
