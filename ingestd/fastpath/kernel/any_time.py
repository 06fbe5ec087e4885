"""Times in any of the forms that applications write them in, rewritten as instants in scratch. Part of the kernel."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.jit import outlined
from ingestd.fastpath.kernel.json_numbers import digits_end
from ingestd.fastpath.kernel.moments import DAY_SECONDS, SECONDS_MAX, epoch, write_second
from ingestd.fastpath.kernel.numbers import run
from ingestd.fastpath.kernel.simd import get, load8, put
from ingestd.fastpath.kernel.times import NO_DAY, YEAR_MAX, YEAR_MIN, date_day, is_clock, no_clock, number

__all__ = ["any_time"]

PLUS, COMMA, MINUS, POINT, COLON, SPACE, T, Z = 43, 44, 45, 46, 58, 32, 84, 90
NO_ZONE = -(1 << 20)
LOWER = 32  # the bit by which a small letter differs
BEFORE_FRACTION, FRACTION_MAX = 19, 9
MILLISECONDS_MIN, COUNT_MAX = 12, 19  # digits of a count that is not of seconds


@outlined
def any_time(src: Any, at: int, end: int, scratch: Any, to: int, memo: Any) -> Any:
    """(day since 1970, size of the instant at scratch[to:]) of a `Moment`; day -1 if src[at:end] is none, or LEAP. Writes
    at most 64 bytes."""
    digits = run(src, at, end)
    if digits == end - at or (digits > 0 and get(src, at + digits) == POINT):
        if MILLISECONDS_MIN <= digits <= COUNT_MAX and digits < end - at - 1:
            end = at + digits if digits_end(src, at + digits + 1, end) == end else end
        return epoch(src, at, end, scratch, to, memo)
    place = at + BEFORE_FRACTION
    if place > end or not (get(src, at + 10) | LOWER == T | LOWER or get(src, at + 10) == SPACE):
        return -1, 0
    day = date_day(src, at, YEAR_MIN - 1, YEAR_MAX + 1)
    if day == NO_DAY:
        return -1, 0
    if not is_clock(load8(src, at + 11)):
        return no_clock(load8(src, at + 11)), 0
    fraction = 0
    if place < end and get(src, place) in (POINT, COMMA):
        fraction = run(src, place + 1, end)
        if fraction < 1 or fraction > FRACTION_MAX:
            return -1, 0
        place += 1 + fraction
    ahead = minutes_ahead(src, place, end)
    if ahead == NO_ZONE:
        return -1, 0
    second = day * DAY_SECONDS + number(src, at + 11, 2) * 3600 + number(src, at + 14, 2) * 60 + number(src, at + 17, 2)
    second -= ahead * 60
    if second < 0 or second >= SECONDS_MAX:
        return -1, 0
    day, size = write_second(scratch, to, second, memo), BEFORE_FRACTION
    if fraction > 0:
        put(scratch, to + size, POINT)
        for i in range(fraction):
            put(scratch, to + size + 1 + i, get(src, at + BEFORE_FRACTION + 1 + i))
        size += 1 + fraction
    put(scratch, to + size, Z)
    return day, size + 1


@outlined
def minutes_ahead(src: Any, at: int, end: int) -> Any:
    """How far ahead of UTC src[at:end] says a time is: by nothing, `Z`, `+hh`, `+hhmm` or `+hh:mm`, perhaps behind a space.

    NO_ZONE if it is none of these.
    """
    at += at < end and get(src, at) == SPACE
    if at == end or (at + 1 == end and get(src, at) | LOWER == Z | LOWER):
        return 0
    sign = get(src, at)
    if (sign != PLUS and sign != MINUS) or run(src, at + 1, min(at + 3, end)) != 2:
        return NO_ZONE
    minutes, hours, at = 0, number(src, at + 1, 2), at + 3
    if at < end:
        at += get(src, at) == COLON
        if run(src, at, end) != 2 or at + 2 != end:
            return NO_ZONE
        minutes = number(src, at, 2)
    if hours > 23 or minutes > 59:
        return NO_ZONE
    return -(hours * 60 + minutes) if sign == MINUS else hours * 60 + minutes
