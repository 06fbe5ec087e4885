"""Instants, checked by the calendar. Part of the kernel.

`memo` remembers the last date that was good, since a log's lines share theirs: its ten bytes as two words, and its day.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.numbers import run
from ingestd.fastpath.kernel.simd import get, load8

__all__ = ["LEAP", "NO_DAY", "YEAR_MAX", "YEAR_MIN", "date_day", "day_of", "instant", "is_clock", "no_clock", "number"]

NO_DAY = -(1 << 20)  # before all days that there are
LEAP = -2  # what a leap second is the reference says

YEAR_MIN, YEAR_MAX = 1970, 2199
MINUS, POINT, ZERO, COLON, T, Z = 45, 46, 48, 58, 84, 90
BEFORE_FRACTION, FRACTION_MAX = 19, 9
# hh:mm:ss as a word, first byte lowest: the bits that say digit or colon, what they must be, and what must be added to the
# low half of each digit so that bit 4 tells that it is too large.
KIND, KIND_IS = uint64(0xF0F0FFF0F0FFF0F0), uint64(0x30303A30303A3030)
SIXTY, FIFTY_NINE, MINUTES = uint64(0x3036), uint64(0x3935), uint64(0x0000FFFFFFFFFFFF)
HALVES, ROOM, OVER = uint64(0x0F0F000F0F000F0F), uint64(0x060A00060A00060D), uint64(0x1010001010001010)


@inlined
def instant(src: Any, at: int, end: int, memo: Any) -> Any:
    """(day since 1970, whether it ends in Z) of `YYYY-MM-DDThh:mm:ss[.f][Z]`; day -1 if src[at:end] is none, or LEAP."""
    if end - at < BEFORE_FRACTION or get(src, at + 10) != T:
        return -1, False
    if not is_clock(load8(src, at + 11)):
        return no_clock(load8(src, at + 11)), False
    place = at + BEFORE_FRACTION
    if place < end and get(src, place) == POINT:
        fraction = run(src, place + 1, end)
        if fraction < 1 or fraction > FRACTION_MAX:
            return -1, False
        place += 1 + fraction
    zulu = place < end and get(src, place) == Z
    if place + zulu != end:
        return -1, False
    head, tail = load8(src, at), load8(src, at + 2)
    if head == memo[0] and tail == memo[1]:
        return int64(memo[2]), zulu
    day = date(src, at)
    if day >= 0:
        memo[0], memo[1], memo[2] = head, tail, day
    return day, zulu


@inlined
def is_clock(word: Any) -> Any:
    """Whether a word is `hh:mm:ss`, up to 23:59:59."""
    late = (word & uint64(0x0F)) == uint64(2) and (word & uint64(0x0F00)) > uint64(0x0300)
    return (word & KIND) == KIND_IS and (((word & HALVES) + ROOM) & OVER) == uint64(0) and not late


@outlined
def no_clock(word: Any) -> Any:
    """LEAP if a word that is no clock would be one in the second before it, -1 else."""
    if word >> uint64(48) != SIXTY:
        return -1
    return LEAP if is_clock((word & MINUTES) | (FIFTY_NINE << uint64(48))) else -1


@outlined
def date(src: Any, at: int) -> Any:
    """Days from 1970-01-01 to the date `YYYY-MM-DD` at src[at:at+10]; -1 if it is none."""
    return max(date_day(src, at, YEAR_MIN, YEAR_MAX), -1)


@outlined
def date_day(src: Any, at: int, first: int, last: int) -> Any:
    """The same of a date in one of these years, or before 1970; NO_DAY if it is none."""
    for i in range(10):
        char = get(src, at + i)
        if i == 4 or i == 7:
            if char != MINUS:
                return NO_DAY
        elif char < ZERO or char > ZERO + 9:
            return NO_DAY
    year = number(src, at, 4)
    month = number(src, at + 5, 2)
    day = number(src, at + 8, 2)
    return day_of(year, month, day) if first <= year <= last else NO_DAY


@outlined
def day_of(year: int, month: int, day: int) -> Any:
    """Days from 1970-01-01 to a date; NO_DAY if there is none such."""
    if month < 1 or month > 12 or day < 1:
        return NO_DAY
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    days = 31
    if month == 2:
        days = 29 if leap else 28
    elif month == 4 or month == 6 or month == 9 or month == 11:
        days = 30
    if day > days:
        return NO_DAY
    # counted in years that begin with March, so that a leap day is a year's last
    years = year - 1 if month <= 2 else year
    months = month + 9 if month <= 2 else month - 3
    century, of_century = years // 400, years % 400
    return century * 146097 + of_century * 365 + of_century // 4 - of_century // 100 + (153 * months + 2) // 5 + day - 719469


@inlined
def number(src: Any, at: int, size: int) -> Any:
    """The number that the digits src[at:at+size] make."""
    value = 0
    for i in range(size):
        value = value * 10 + get(src, at + i) - ZERO
    return value
