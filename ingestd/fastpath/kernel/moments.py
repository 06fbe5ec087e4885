"""Times that are not written as instants, rewritten so in scratch: counts since 1970 and web servers' form. Part of the kernel.

`memo` goes on where `times.py` has it: the last day's date in that form, `DD/Mon/YYYY`, as two words, and its day.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.numbers import run
from ingestd.fastpath.kernel.simd import get, load8, put, store8
from ingestd.fastpath.kernel.times import NO_DAY, YEAR_MAX, YEAR_MIN, day_of, is_clock, no_clock, number

__all__ = ["DAY_SECONDS", "SECONDS_MAX", "clf_time", "epoch", "millisecond", "write_second"]

MINUS, PLUS, POINT, ZERO, SLASH, COLON, SPACE, T, Z = 45, 43, 46, 48, 47, 58, 32, 84, 90
DAY_SECONDS = 86400
DAY, HOUR, MINUTE = uint64(DAY_SECONDS), uint64(3600), uint64(60)  # unsigned: dividing is one multiplication then
SECONDS_MAX = 7_258_118_400  # where 2200 begins
COUNT_MAX, FRACTION_MAX = 19, 9  # digits
CLOCK = uint64(0x30303A30303A3030)  # 00:00:00
CLF_SIZE = 26
MONTHS = (
    0x6E614A,
    0x626546,
    0x72614D,
    0x727041,
    0x79614D,
    0x6E754A,
    0x6C754A,
    0x677541,
    0x706553,
    0x74634F,
    0x766F4E,
    0x636544,
)
THREE = uint64(0xFFFFFF)


@inlined
def epoch(src: Any, at: int, end: int, scratch: Any, to: int, memo: Any) -> Any:
    """(day since 1970, size of the instant at scratch[to:]) of a count since 1970; day -1 if src[at:end] is none."""
    digits = run(src, at, end)
    if digits < 1 or digits > COUNT_MAX:
        return -1, 0
    below = 0  # digits of it that are a fraction
    if digits > 11:
        below = 3 if digits <= 14 else 6 if digits <= 17 else 9
    point, fraction = at + digits, 0  # of seconds with a fraction
    if point < end:
        fraction = run(src, point + 1, end)
        if below or get(src, point) != POINT or fraction < 1 or fraction > FRACTION_MAX or point + 1 + fraction != end:
            return -1, 0
    second = _count(src, at, digits - below)
    if second >= SECONDS_MAX:
        return -1, 0
    day = write_second(scratch, to, second, memo)
    size = 19
    if below or fraction:
        first, size = (point - below, 20 + below) if below else (point + 1, 20 + fraction)
        put(scratch, to + 19, POINT)
        store8(scratch, to + 20, load8(src, first))
        put(scratch, to + 28, get(src, first + 8))
    put(scratch, to + size, Z)
    return day, size + 1


@outlined
def millisecond(at: int, scratch: Any, to: int, memo: Any) -> Any:
    """The same of `at`, milliseconds since 1970."""
    if at < 0 or at >= SECONDS_MAX * 1000:
        return -1, 0
    second = at // 1000
    below = at - second * 1000
    day = write_second(scratch, to, second, memo)
    put(scratch, to + 19, POINT)
    put(scratch, to + 20, ZERO + below // 100)
    _two(scratch, to + 21, below % 100)
    put(scratch, to + 23, Z)
    return day, 24


@inlined
def clf_time(src: Any, at: int, end: int, scratch: Any, to: int, memo: Any) -> Any:
    """The same of `DD/Mon/YYYY:hh:mm:ss +hhmm`."""
    if end - at != CLF_SIZE or get(src, at + 11) != COLON or get(src, at + 20) != SPACE:
        return -1, 0
    clock, sign, zone = load8(src, at + 12), get(src, at + 21), at + 22
    if not is_clock(clock):
        return no_clock(clock), 0
    if (sign != PLUS and sign != MINUS) or run(src, zone, end) != 4:
        return -1, 0
    ahead = number(src, zone, 2) * 60 + number(src, zone + 2, 2)
    if ahead >= 24 * 60 or get(src, zone + 2) > ZERO + 5:
        return -1, 0
    head, tail = load8(src, at), load8(src, at + 3)
    if head == memo[3] and tail == memo[4]:
        day = int64(memo[5])
    else:
        day = _clf_date(src, at)
        if day == NO_DAY:
            return -1, 0
        if day >= 0:
            memo[3], memo[4], memo[5] = head, tail, day
    second = day * DAY_SECONDS + number(src, at + 12, 2) * 3600 + number(src, at + 15, 2) * 60 + number(src, at + 18, 2)
    second += ahead * 60 if sign == MINUS else -ahead * 60
    if second < 0 or second >= SECONDS_MAX:
        return -1, 0
    day = write_second(scratch, to, second, memo)
    put(scratch, to + 19, Z)
    return day, 20


@outlined
def _clf_date(src: Any, at: int) -> Any:
    """Days from 1970-01-01 to the date `DD/Mon/YYYY`, perhaps a year outside of those kept; NO_DAY if it is none."""
    if run(src, at, at + 2) != 2 or get(src, at + 2) != SLASH or get(src, at + 6) != SLASH or run(src, at + 7, at + 11) != 4:
        return NO_DAY
    name, month = int64(load8(src, at + 3) & THREE), 0
    for i in range(12):
        if name == MONTHS[i]:
            month = i + 1
    year = number(src, at + 7, 4)
    return day_of(year, month, number(src, at, 2)) if YEAR_MIN - 1 <= year <= YEAR_MAX + 1 else NO_DAY


@inlined
def _count(src: Any, at: int, size: int) -> Any:
    """The number that up to 18 digits src[at:at+size] make; eight of them at once."""
    value = 0
    if size >= 8:
        # tens and ones of each two digits, hundreds of each four, then of all eight, side by side in a word
        word = load8(src, at) & uint64(0x0F0F0F0F0F0F0F0F)
        word = ((word * uint64(10)) + (word >> uint64(8))) & uint64(0x00FF00FF00FF00FF)
        word = ((word * uint64(100)) + (word >> uint64(16))) & uint64(0x0000FFFF0000FFFF)
        value = int64(((word * uint64(10000)) + (word >> uint64(32))) & uint64(0xFFFFFFFF))
        at += 8
        size -= 8
    for i in range(size):
        value = value * 10 + get(src, at + i) - ZERO
    return value


@inlined
def write_second(scratch: Any, to: int, second: int, memo: Any) -> Any:
    """`YYYY-MM-DDThh:mm:ss` of a second since 1970 at scratch[to:]; returns its day."""
    day = int64(uint64(second) // DAY)
    second_of_day = uint64(second) - uint64(day) * DAY
    if day != int64(memo[2]):
        _write_date(scratch, to, day)
        memo[0], memo[1], memo[2] = load8(scratch, to), load8(scratch, to + 2), day
    store8(scratch, to, memo[0])
    store8(scratch, to + 2, memo[1])
    put(scratch, to + 10, T)
    hours, minutes = second_of_day // HOUR, second_of_day // MINUTE
    minute, second_of_minute = minutes - hours * MINUTE, second_of_day - minutes * MINUTE
    parts = hours | minute << uint64(24) | second_of_minute << uint64(48)
    tens = ((parts * uint64(103)) >> uint64(10)) & uint64(0x000F00000F00000F)
    store8(scratch, to + 11, (tens | (parts - tens * uint64(10)) << uint64(8)) | CLOCK)
    return day


@outlined
def _write_date(scratch: Any, to: int, day: Any) -> None:
    """`YYYY-MM-DD` of a day since 1970; counted in years that begin with March, so that a leap day is a year's last."""
    days = day + 719468
    century, days = days // 146097, days % 146097
    years = (days - days // 1460 + days // 36524 - days // 146096) // 365
    days -= 365 * years + years // 4 - years // 100
    months = (5 * days + 2) // 153
    year, month = century * 400 + years + (months >= 10), months + 3 if months < 10 else months - 9
    _two(scratch, to, year // 100)
    _two(scratch, to + 2, year % 100)
    put(scratch, to + 4, MINUS)
    _two(scratch, to + 5, month)
    put(scratch, to + 7, MINUS)
    _two(scratch, to + 8, days - (153 * months + 2) // 5 + 1)


@inlined
def _two(scratch: Any, to: int, value: int) -> None:
    """Two digits."""
    put(scratch, to, ZERO + value // 10)
    put(scratch, to + 1, ZERO + value % 10)
