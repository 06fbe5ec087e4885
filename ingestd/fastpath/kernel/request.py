"""A request line and the parts of its URL, as formats/table.py's `Request` has them. Part of the kernel."""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import R_SLOT, ROW
from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.numbers import port_size
from ingestd.fastpath.kernel.scan import find, find_last
from ingestd.fastpath.kernel.simd import eq64, get, load8, low_bits, trailing_zeros
from ingestd.fastpath.kernel.slots import fill, fill_part

__all__ = ["request"]

SPACE, MINUS, PLUS, POINT, SLASH, COLON, QUESTION, OPEN, CLOSE = 32, 45, 43, 46, 47, 58, 63, 91, 93
METHOD, ORIGINAL, SCHEME, DOMAIN, PORT, PATH, QUERY, VERSION = range(R_SLOT, R_SLOT + 8)  # as Request.leaves() has them
HTTPS, HTTP, SEVEN = uint64(0x2F2F3A7370747468), uint64(0x2F2F3A70747468), uint64(0xFFFFFFFFFFFFFF)  # "https://", "http://"
VERSION_PREFIX, FIVE = uint64(0x2F50545448), uint64(0xFFFFFFFFFF)  # "HTTP/"


@inlined
def request(src: Any, at: int, end: int, fields: Any, rows: Any, row: int) -> None:
    """Fill the slots of a request line's parts."""
    while end > at and get(src, end - 1) == SPACE:
        end -= 1
    first = find(src, at, end, SPACE)
    fill_part(src, fields, get(rows, row * ROW + METHOD), at, first)
    begin = min(first + 1, end)
    last = find_last(src, begin, end, SPACE)  # begin - 1 if there is none: then all of it is the last word
    url_end = end
    if end - last > 5 and (load8(src, last + 1) & FIVE) == VERSION_PREFIX:
        fill_part(src, fields, get(rows, row * ROW + VERSION), last + 6, end)
        url_end = max(last, begin)
    elif end - last == 2 and get(src, last + 1) == MINUS:
        url_end = max(last, begin)
    fill_part(src, fields, get(rows, row * ROW + ORIGINAL), begin, url_end)
    _url(src, begin, url_end, fields, rows, row)


@inlined
def _url(src: Any, at: int, end: int, fields: Any, rows: Any, row: int) -> None:
    if at >= end:
        return
    below = at
    colon = _scheme(src, at, end)
    if colon > at:
        fill_part(src, fields, get(rows, row * ROW + SCHEME), at, colon)
        below = _authority_end(src, colon + 3, end)
        _authority(src, colon + 3, below, fields, rows, row)
    elif get(src, at) != SLASH and get(src, at) != QUESTION:
        return
    question = find(src, below, end, QUESTION)
    fill_part(src, fields, get(rows, row * ROW + PATH), below, question)
    fill_part(src, fields, get(rows, row * ROW + QUERY), min(question + 1, end), end)


@inlined
def _scheme(src: Any, at: int, end: int) -> Any:
    """Position of the colon behind a scheme, if src[at:end] begins with one and `://`; else `at`."""
    if end - at >= 8:
        word = load8(src, at)
        if word == HTTPS:
            return at + 5
        if (word & SEVEN) == HTTP:
            return at + 4
    place = at
    while place < end:
        char = get(src, place)
        letter = 97 <= (char | 32) <= 122
        other = 48 <= char <= 57 or char in (PLUS, POINT, MINUS)
        if not (letter or (other and place > at)):
            break
        place += 1
    found = place > at and place + 3 <= end and get(src, place) == COLON
    return place if found and get(src, place + 1) == SLASH and get(src, place + 2) == SLASH else at


@inlined
def _authority_end(src: Any, at: int, end: int) -> Any:
    """Position of the first `/` or `?` in src[at:end]; `end` if there is none."""
    while at < end:
        mask = (eq64(src, at, SLASH) | eq64(src, at, QUESTION)) & low_bits(min(end - at, 64))
        if mask != uint64(0):
            return at + trailing_zeros(mask)
        at += 64
    return end


@inlined
def _authority(src: Any, at: int, end: int, fields: Any, rows: Any, row: int) -> None:
    host, host_end, port = at, end, end  # port: where its text begins, behind the colon
    if at < end and get(src, at) == OPEN and find(src, at, end, CLOSE) < end:
        host, host_end = at + 1, find(src, at, end, CLOSE)
        if host_end + 1 < end and get(src, host_end + 1) == COLON:
            port = host_end + 2
    else:
        colon = find_last(src, at, end, COLON)
        if colon >= at:
            host_end, port = colon, colon + 1
    fill_part(src, fields, get(rows, row * ROW + DOMAIN), host, host_end)
    if port < end:
        end -= get(src, end - 1) == MINUS
        size = port_size(src, port, end)
        fill(fields, get(rows, row * ROW + PORT), end - size, size)
