"""What a table's rules say of a line whose slots have been filled: formats/rules.py, worked off. Part of the kernel.

Values are compared as they stand in the line, or in scratch as JSON; there, an escape makes it a question for the reference.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.core import sampling
from ingestd.fastpath.kernel.addresses import network_words
from ingestd.fastpath.kernel.codes import (
    BARE,
    BEGINS,
    CHOICE_ROW,
    CONDITION_ROW,
    CONTAINS,
    ENDS,
    EQUALS,
    LEFT_OUT,
    MEANING,
    NETWORK_ROW,
    SCRATCH,
    SIZE,
    W_REDACTED,
    WITHIN,
)
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.scan import find, find_text, same_text
from ingestd.fastpath.kernel.simd import get, put

__all__ = ["ASKED", "KEPT", "choose", "redact"]

KEPT, ASKED = -1, -2  # a line that becomes a document, and one that the reference has to decide about
NO, YES, UNSURE = 0, 1, 2
QUOTE, MINUS, POINT, ZERO, NINE, OPEN, BACKSLASH = 34, 45, 46, 48, 57, 91, 92
WHOLE_MAX, PLACES, BILLION = 18, 9, 10**9
REDACTED_SIZE = 10  # with its quotes
GOLDEN, FIRST, SECOND = uint64(sampling.GOLDEN), uint64(sampling.FIRST), uint64(sampling.SECOND)


@outlined
def choose(
    src: Any, scratch: Any, text: Any, fields: Any, strings: Any, count: int, choices: Any, seed: int, offset: int
) -> Any:
    """The number of the choice by which the line becomes no document; KEPT or ASKED."""
    for number in range(count):
        row = number * CHOICE_ROW
        said = YES
        for condition in range(get(choices, row), get(choices, row + 1), CONDITION_ROW):
            said = holds(src, scratch, text, fields, strings, choices, condition)
            if said != YES:
                break
        if said == UNSURE:
            return ASKED
        if said == YES:
            one_in = get(choices, row + 2)
            return KEPT if one_in > 0 and draw(seed, offset) % uint64(one_in) == uint64(0) else number
    return KEPT


@outlined
def draw(seed: int, offset: int) -> Any:
    """As core/sampling.py has it."""
    mixed = uint64(seed) + GOLDEN * (uint64(offset) + uint64(1))
    mixed = (mixed ^ (mixed >> uint64(30))) * FIRST
    mixed = (mixed ^ (mixed >> uint64(27))) * SECOND
    return mixed ^ (mixed >> uint64(31))


@outlined
def holds(src: Any, scratch: Any, text: Any, fields: Any, strings: Any, choices: Any, row: int) -> Any:
    """Whether the field, the first of its slots that has a value, fits."""
    slot, last = get(choices, row), get(choices, row + 1)
    while slot < last and get(fields, 2 * slot + 1) == 0:
        slot += 1
    if slot == last:
        return NO
    at, size, is_string = get(fields, 2 * slot), get(fields, 2 * slot + 1), get(strings, slot) != 0
    end = at + (size & SIZE)
    if size & SCRATCH:
        return fits_json(scratch, at, end, is_string, text, choices, row)
    if size & MEANING:
        return fits_json(text, at, end, is_string, text, choices, row)
    return fits(src, at, end, text, choices, row)


@outlined
def fits_json(buf: Any, at: int, end: int, is_string: bool, text: Any, choices: Any, row: int) -> Any:
    """The same of JSON: the inside of a string, or a value with its quotes or brackets."""
    if find(buf, at, end, BACKSLASH) < end:
        return UNSURE
    if is_string or (get(buf, at) != OPEN and get(buf, at) != QUOTE):
        return fits(buf, at, end, text, choices, row)
    said = NO
    at = find(buf, at, end, QUOTE)
    while at < end and said == NO:
        close = find(buf, at + 1, end, QUOTE)
        said = fits(buf, at + 1, close, text, choices, row)
        at = find(buf, close + 1, end, QUOTE)
    return said


@outlined
def fits(buf: Any, at: int, end: int, text: Any, choices: Any, row: int) -> Any:
    """The same of one text, buf[at:end]."""
    test, first, last = get(choices, row + 2), get(choices, row + 3), get(choices, row + 4)
    if test == WITHIN:
        return within(buf, at, end, choices, first)
    if test > WITHIN:
        return from_network(buf, at, end, choices, first, last)
    found = False
    for place in range(first, last):
        span = get(choices, place)
        size = span & 0xFFFF
        if size > end - at:
            continue
        if test == EQUALS:
            found = found or (size == end - at and same_text(buf, at, end, text, span))
        elif test == BEGINS:
            found = found or same_text(buf, at, end, text, span)
        elif test == ENDS:
            found = found or same_text(buf, end - size, end, text, span)
        elif test == CONTAINS:
            found = found or find_text(buf, at, end, text, span) < end
    return YES if found else NO


@outlined
def within(buf: Any, at: int, end: int, choices: Any, first: int) -> Any:
    """Whether a number is in a range: whole ones as they are, others in billionths; what is longer is the reference's."""
    is_negative = at < end and get(buf, at) == MINUS
    at += is_negative
    value, digits = 0, 0
    while at < end and ZERO <= get(buf, at) <= NINE:
        value = value * 10 + get(buf, at) - ZERO
        digits += 1
        at += 1
        if digits > WHOLE_MAX:
            return UNSURE
    if at < end:
        places = 0
        if digits > PLACES or get(buf, at) != POINT or end - at - 1 > PLACES:
            return UNSURE
        for place in range(at + 1, end):
            if not ZERO <= get(buf, place) <= NINE:
                return UNSURE
            value = value * 10 + get(buf, place) - ZERO
            places += 1
        while places < PLACES:
            value *= 10
            places += 1
        first += 2
    value = -value if is_negative else value
    return YES if get(choices, first) <= value <= get(choices, first + 1) else NO


@outlined
def from_network(buf: Any, at: int, end: int, choices: Any, first: int, last: int) -> Any:
    """Whether an address is in one of the networks."""
    version, high, low = network_words(buf, at, end)
    for row in range(first, last, NETWORK_ROW):
        is_same = get(choices, row) == version
        is_same = is_same and int64(high) & get(choices, row + 3) == get(choices, row + 1)
        if is_same and int64(low) & get(choices, row + 4) == get(choices, row + 2):
            return YES
    return NO


@inlined
def redact(count: int, redacted: Any, fields: Any) -> None:
    """Take out what documents are not to show."""
    for i in range(0, 2 * count, 2):
        slot = get(redacted, i)
        if get(fields, 2 * slot + 1) != 0:
            kind = get(redacted, i + 1)
            inside = int64(kind == BARE)
            put(fields, 2 * slot, W_REDACTED + inside)
            put(fields, 2 * slot + 1, (REDACTED_SIZE - 2 * inside) | SCRATCH if kind != LEFT_OUT else 0)
