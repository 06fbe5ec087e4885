"""JSON's numbers, as orjson writes what it has read of them: whole ones exactly, others as the shortest of their double.

Part of the kernel. Zeros at the end of a fraction are left off; what else would have to be written in another way is the
reference's: more than 17 digits, a fraction that is not its double's shortest, an exponent that is not written as orjson does.
"""

from __future__ import annotations

from typing import Any

import orjson

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.simd import get

__all__ = ["digits_end", "is_shortest", "number"]

PLUS, MINUS, POINT, ZERO, NINE, E = 43, 45, 46, 48, 57, 101
PLUS_SIZE = int(b"+" in orjson.dumps(1e300))  # not all of its versions write one
WHOLE_MAX = 19  # digits that always are a number of 64 bits; below zero one less
SURE_MAX, SHORTEST_MAX = 15, 17  # digits of a fraction that always is the shortest of its double, and that can be
ZEROS_MAX = 3  # of a fraction's beginning: smaller numbers may be written with an exponent
EXPONENT_MIN, EXPONENT_MAX = 17, 300  # that certainly is written, and far from where doubles end
SMALL_EXPONENT_MIN = 7
HIDDEN = 1 << 52  # the first bit of a double's 53
DOUBLINGS_MAX = 56  # with more of them decimals are further from each other than doubles are
NONE = (-1, -1)


@inlined
def number(buf: Any, at: int, end: int) -> Any:
    """Of the number at `at`: (where it ends, where it ends as orjson writes it); -1 if the reference has to say."""
    last = digits_end(buf, at, end)
    if 0 < last - at <= WHOLE_MAX and get(buf, at) != ZERO and get(buf, last) != POINT and get(buf, last) | 32 != E:
        return last, last
    return any_number(buf, at, end)


@outlined
def any_number(buf: Any, at: int, end: int) -> Any:
    """The same of one with a sign, a fraction or an exponent, too."""
    is_negative = get(buf, at) == MINUS
    whole = at + is_negative
    at = digits_end(buf, whole, end)
    size = at - whole
    if size == 0 or size > WHOLE_MAX - is_negative or (size > 1 and get(buf, whole) == ZERO):
        return NONE
    last, digits = at, size
    if at < end and get(buf, at) == POINT:
        fraction = at + 1
        at = digits_end(buf, fraction, end)
        if at == fraction:
            return NONE
        last = at
        while last > fraction + 1 and get(buf, last - 1) == ZERO:
            last -= 1
        digits += last - fraction
        if get(buf, whole) == ZERO:
            zeros = leading_zeros(buf, fraction, last)
            if zeros > ZEROS_MAX or (is_negative and fraction + zeros == last):
                return NONE
            digits -= 1 + zeros
        if digits > SURE_MAX and (digits > SHORTEST_MAX or not is_shortest(buf, whole, last, last - fraction)):
            return NONE
    elif is_negative and get(buf, whole) == ZERO:
        return NONE
    if at < end and get(buf, at) | 32 == E:
        is_plain = size == 1 and get(buf, whole) != ZERO and last == at and get(buf, at - 1) != ZERO and digits <= SURE_MAX
        at = exponent_end(buf, at, end) if is_plain else -1
        last = at
    return at, last


@inlined
def digits_end(buf: Any, at: int, end: int) -> Any:
    """The first of buf[at:end] that is no digit."""
    while at < end and ZERO <= get(buf, at) <= NINE:
        at += 1
    return at


@inlined
def leading_zeros(buf: Any, at: int, end: int) -> Any:
    begin = at
    while at < end and get(buf, at) == ZERO:
        at += 1
    return at - begin


@outlined
def exponent_end(buf: Any, at: int, end: int) -> Any:
    """Where the exponent at `at` ends if it is written as orjson does; -1 if it is not, or might not be."""
    is_small, is_signed = get(buf, at + 1) == MINUS, get(buf, at + 1) == PLUS
    begin = at + 1 + (is_small or is_signed)
    stop = digits_end(buf, begin, end)
    if get(buf, at) != E or not 1 <= stop - begin <= 3 or get(buf, begin) == ZERO or not (is_small or is_signed == PLUS_SIZE):
        return -1
    exponent = 0
    for i in range(begin, stop):
        exponent = exponent * 10 + get(buf, i) - ZERO
    return stop if (SMALL_EXPONENT_MIN if is_small else EXPONENT_MIN) <= exponent <= EXPONENT_MAX else -1


@outlined
def is_shortest(buf: Any, at: int, end: int, places: int) -> Any:
    """Whether buf[at:end], up to 17 digits with so many behind the point, is what its double is written as: no decimal of fewer
    digits is read as that, and none of as many is nearer to it. False where a power of two makes it a harder question.

    By long division: the decimal is digits / 5**places / 2**places, and its double the first 53 bits of that, rounded by what
    remains. Distances are in such remainders: half of the last bit is 5**places / 2, and the last digit 2**doublings.
    """
    digits, five = 0, 1
    for i in range(at, end):
        if get(buf, i) != POINT:
            digits = digits * 10 + get(buf, i) - ZERO
    for _ in range(places):
        five *= 5
    bits = digits // five
    remainder, doublings = digits - bits * five, 0
    while bits < HIDDEN:
        bits, remainder, doublings = bits << 1, remainder << 1, doublings + 1
        if remainder >= five:
            bits, remainder = bits + 1, remainder - five
    if doublings > DOUBLINGS_MAX:
        return True
    if bits == HIDDEN or bits >= 2 * HIDDEN - 1:
        return False
    ahead = five - remainder if 2 * remainder > five else -remainder  # how far the double is from the decimal
    step, last = 1 << doublings, digits % 10
    below, above = last * step + ahead, (10 - last) * step - ahead  # and how far from the next decimals of fewer digits
    return 2 * min(below, above) > five and 2 * abs(ahead) < step
