"""What the columns of a line fill: the table's readings, as operations over the line's values. Part of the kernel.

Nothing is written to the document here: slots get positions, in the line or in scratch.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.addresses import endpoint, is_address
from ingestd.fastpath.kernel.codes import (
    DATETIME,
    DECIMAL,
    ENDPOINT,
    HOSTS,
    INSTANT,
    IP,
    PERCENT,
    PROTOCOL,
    R_ARGUMENT,
    R_CODE,
    R_COLUMN,
    R_SLOT,
    R_TIME,
    REQUEST,
    ROW,
    SCRATCH,
    STATUS,
    TEXT,
    TLS,
    VERSION,
    W_FAILURE,
    W_SSL,
    W_SUCCESS,
    W_TLS,
    WHOLE,
    WORD,
    WORDS,
    ZULU,
)  # fmt: skip
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.lists import hosts, words
from ingestd.fastpath.kernel.numbers import BAD, NONE, decimal, whole
from ingestd.fastpath.kernel.request import request
from ingestd.fastpath.kernel.scan import find
from ingestd.fastpath.kernel.simd import copy64, get, load8, put
from ingestd.fastpath.kernel.slots import fill, fill_part
from ingestd.fastpath.kernel.strings import decode_percent, escape
from ingestd.fastpath.kernel.times import instant

__all__ = ["fill_texts", "read"]

SLASH, POINT, ZERO, MINUS, T, Z = 47, 46, 48, 45, 84, 90
TLS_V, SSL_V, FOUR = uint64(0x76534C54), uint64(0x764C5353), uint64(0xFFFFFFFF)  # "TLSv", "SSLv"
SUCCESS_MAX = 399
DATE_SIZE, TIME_SIZE_MAX = 10, 19
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
def read(src: Any, count: int, rows: Any, spans: Any, fields: Any, scratch: Any, to: int, memo: Any) -> Any:
    """Do the operations in the table's order. Returns (where scratch is free, the event's day or -1, the
    row that rejects the line or -1)."""
    day = -1
    for row in range(count):
        code, column, slot = get(rows, row * ROW + R_CODE), get(rows, row * ROW + R_COLUMN), get(rows, row * ROW + R_SLOT)
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
            if found >= 0:
                fill(fields, slot, at, (end - at) | (0 if zulu else ZULU))
            if slot == 0:
                if found < 0:
                    return to, -1, row
                day = found if day < 0 else day
        elif code == DATETIME:
            time = get(rows, row * ROW + R_TIME)
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
                if found >= 0:
                    put(scratch, to + size, Z)
                    fill(fields, slot, to, (size + (not zulu)) | SCRATCH)
            if slot == 0:
                if found < 0:
                    return to, -1, row
                day = found if day < 0 else day
            to += STEP
        elif code == REQUEST:
            request(src, at, end, fields, rows, row)
        elif code == TEXT:
            fill(fields, slot, at, end - at)
        elif code == WORDS:
            stop = words(scratch, to, src, at, end, get(rows, row * ROW + R_ARGUMENT))
            fill(fields, slot, to, (stop - to) | SCRATCH if stop > to else NONE)
            to = stop
        elif code == PERCENT:
            place, stop = percent(scratch, to, src, at, end, get(rows, row * ROW + R_ARGUMENT))
            fill(fields, slot, place, (stop - place) | SCRATCH)
            to = stop
        elif code == IP:
            fill(fields, slot if is_address(src, at, end) else get(rows, row * ROW + R_SLOT + 1), at, end - at)
        elif code == TLS:
            tls(src, at, end, fields, rows, row)
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
def percent(scratch: Any, to: int, src: Any, at: int, end: int, times: int) -> Any:
    """src[at:end] with %HH decoded once or twice, as the inside of a JSON string in scratch: (its begin, its end)."""
    begin = to
    to, again, care = decode_percent(scratch, to, src, at, end)
    if times > 1 and again:
        first, begin = begin, to
        to, again, care = decode_percent(scratch, to, scratch, first, begin)
    if care:
        first, begin = begin, to
        to = escape(scratch, to, scratch, first, begin)
    return begin, to


@inlined
def tls(src: Any, at: int, end: int, fields: Any, rows: Any, row: int) -> None:
    """A protocol's name and version, or the text as it is."""
    name, size = load8(src, at) & FOUR, end - at
    digits = size >= 5 and ZERO <= get(src, at + 4) <= ZERO + 9
    if size != 5:
        digits = digits and size == 7 and get(src, at + 5) == POINT and ZERO <= get(src, at + 6) <= ZERO + 9
    if digits and name in (TLS_V, SSL_V):
        fill(fields, get(rows, row * ROW + R_SLOT), at + 4, size - 4)
        fill(fields, get(rows, row * ROW + R_SLOT + 1), W_TLS if name == TLS_V else W_SSL, PROTOCOL | SCRATCH)
    else:
        fill(fields, get(rows, row * ROW + R_SLOT + 2), at, size)
