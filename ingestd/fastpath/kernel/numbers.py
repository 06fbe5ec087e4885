"""Numbers: checked, then spans that JSON can carry as they stand; what must be rewritten goes to scratch. Part of the kernel.

A reader returns (position, size): size with the SCRATCH flag where the number was rewritten, NONE for an absent one, BAD for
what is no number.
"""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import SCRATCH
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.simd import digits64, get, put, trailing_zeros

__all__ = ["BAD", "NONE", "PORT_DIGITS", "decimal", "port_of_digits", "port_size", "whole"]

BAD, NONE = -1, 0
DIGITS_MAX, EXPONENT_MAX, PORT_MAX, PORT_DIGITS = 18, 18, 65535, 5
MINUS, PLUS, POINT, ZERO, ONE_DIGIT, EXPONENT = 45, 43, 46, 48, 49, 101


@inlined
def run(src: Any, at: int, end: int) -> Any:
    """How many digits stand at src[at:end], of the first 64 bytes."""
    return min(trailing_zeros(~digits64(src, at)), end - at) if at < end else 0


@inlined
def whole(src: Any, at: int, end: int, scratch: Any, to: int, minus_one_absent: bool) -> Any:
    """A whole number; writes at most 64 bytes of scratch."""
    size = end - at
    if run(src, at, end) == size and size <= DIGITS_MAX and (size == 1 or get(src, at) != ZERO):
        return at, size
    return _whole(src, at, end, scratch, to, minus_one_absent)


@outlined
def _whole(src: Any, at: int, end: int, scratch: Any, to: int, minus_one_absent: bool) -> Any:
    if minus_one_absent and is_minus_one(src, at, end):
        return at, NONE
    begin = at
    sign = get(src, at) == MINUS
    at += sign
    digits = run(src, at, end)
    if digits == 0 or digits > DIGITS_MAX or at + digits != end:
        return at, BAD
    first = at
    while at + 1 < end and get(src, at) == ZERO:
        at += 1
    if not sign:
        return at, end - at
    if first == at:
        return begin, end - begin
    return to, _rewrite(src, at, end, scratch, to, True, False) | SCRATCH


@inlined
def decimal(src: Any, at: int, end: int, scratch: Any, to: int, minus_one_absent: bool) -> Any:
    """A number with a fraction, perhaps; writes at most 64 bytes of scratch."""
    size, found = end - at, digits64(src, at)
    digits = min(trailing_zeros(~found), size)
    if 0 < digits <= DIGITS_MAX and (digits == 1 or get(src, at) != ZERO):
        if digits == size:
            return at, size
        fraction, behind = size - digits - 1, trailing_zeros(~(found >> uint64(digits + 1)))
        if 0 < fraction <= min(DIGITS_MAX, behind) and get(src, at + digits) == POINT:
            return at, size
    return _decimal(src, at, end, scratch, to, minus_one_absent)


@outlined
def _decimal(src: Any, at: int, end: int, scratch: Any, to: int, minus_one_absent: bool) -> Any:
    if minus_one_absent and is_minus_one(src, at, end):
        return at, NONE
    begin = at
    sign = get(src, at) == MINUS
    at += sign
    first = at
    digits = run(src, at, end)
    place = at + digits
    fraction = 0
    if place < end and get(src, place) == POINT:
        fraction = run(src, place + 1, end)
        if fraction == 0:
            return at, BAD
        place += 1 + fraction
    if digits + fraction == 0 or digits > DIGITS_MAX or fraction > DIGITS_MAX:
        return at, BAD
    if place < end and get(src, place) | 32 == EXPONENT:
        place += 1
        if place < end and (get(src, place) == PLUS or get(src, place) == MINUS):
            place += 1
        exponent = run(src, place, end)
        if exponent == 0 or exponent > 2:
            return at, BAD
        value = get(src, place) - ZERO
        if exponent == 2:
            value = value * 10 + get(src, place + 1) - ZERO
        if value > EXPONENT_MAX:
            return at, BAD
        place += exponent
    if place != end:
        return at, BAD
    while at + 1 < first + digits and get(src, at) == ZERO:
        at += 1
    if digits > 0 and (at == first or not sign):
        return (begin if sign else at), end - (begin if sign else at)
    return to, _rewrite(src, at, end, scratch, to, sign, digits == 0) | SCRATCH


@inlined
def _rewrite(src: Any, at: int, end: int, scratch: Any, to: int, sign: bool, zero: bool) -> Any:
    """Sign, a zero if the whole part has none, and src[at:end] (at most 42 bytes) into scratch; returns the size."""
    begin = to
    if sign:
        put(scratch, to, MINUS)
        to += 1
    if zero:
        put(scratch, to, ZERO)
        to += 1
    for i in range(at, end):
        put(scratch, to, get(src, i))
        to += 1
    return to - begin


@inlined
def is_minus_one(src: Any, at: int, end: int) -> Any:
    """Whether src[at:end] is `-1`, or `-1.` and zeros."""
    if end - at < 2 or get(src, at) != MINUS or get(src, at + 1) != ONE_DIGIT:
        return False
    if end - at == 2:
        return True
    if end - at == 3 or get(src, at + 2) != POINT:
        return False
    at += 3
    while at < end and get(src, at) == ZERO:
        at += 1
    return at == end


@inlined
def port_size(src: Any, at: int, end: int) -> Any:
    """Size of a port's digits without its leading zeros, so that it is src[end-size:end]; 0 if src[at:end] is no port."""
    size = end - at
    if size < 1 or size > PORT_DIGITS or run(src, at, end) != size:
        return 0
    return port_of_digits(src, end, size)


@inlined
def port_of_digits(src: Any, end: int, size: int) -> Any:
    """The same of `size` digits, at most PORT_DIGITS, that end at `end`."""
    while size > 1 and get(src, end - size) == ZERO:
        size -= 1
    if size == 5:
        value = 0
        for i in range(5):
            value = value * 10 + get(src, end - 5 + i) - ZERO
        if value > PORT_MAX:
            return 0
    return size
