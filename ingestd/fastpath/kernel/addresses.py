"""IP addresses, ports behind them. Part of the kernel: spans in, spans and answers out."""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.numbers import PORT_DIGITS, port_of_digits, port_size
from ingestd.fastpath.kernel.scan import find, find_last
from ingestd.fastpath.kernel.simd import ONE, between64, digits64, drop_lowest, eq64, get, low_bits, popcount, trailing_zeros
from ingestd.fastpath.kernel.strings import hex_digit

__all__ = ["endpoint", "ipv4_number", "is_address", "is_ipv4", "is_ipv6", "network_words", "without_port"]

POINT, COLON, ZERO, OPEN, CLOSE = 46, 58, 48, 91, 93
IPV4_MAX, IPV6_MAX = 15, 45
TWO, THREE, FOUR = uint64(2), uint64(3), uint64(4)


@inlined
def is_ipv4(src: Any, at: int, end: int) -> Any:
    """Whether src[at:end] is four numbers of 0-255 without leading zeros."""
    size = end - at
    if size < 7 or size > IPV4_MAX:
        return False
    within = low_bits(size)
    dots = eq64(src, at, POINT) & within
    return (digits64(src, at) & within) | dots == within and popcount(dots) == 3 and are_octets(src, at, dots, size)


@inlined
def are_octets(src: Any, at: int, dots: Any, size: int) -> Any:
    """Whether the digits around three dots, to the end of src[at:at+size], are numbers of 0-255 without leading zeros."""
    one = trailing_zeros(dots)
    dots = drop_lowest(dots)
    two = trailing_zeros(dots)
    three = trailing_zeros(drop_lowest(dots))
    return (
        _octet(src, at, one)
        & _octet(src, at + one + 1, two - one - 1)
        & _octet(src, at + two + 1, three - two - 1)
        & _octet(src, at + three + 1, size - three - 1)
    )


@inlined
def _octet(src: Any, at: int, size: int) -> Any:
    """Whether the digits src[at:at+size] are a number of 0-255 without leading zeros. Without a branch: hosts vary."""
    first, value = get(src, at), 100 * get(src, at) + 10 * get(src, at + 1) + get(src, at + 2) - 111 * ZERO
    return (size >= 1) & (size <= 3) & ((size == 1) | (first != ZERO)) & ((size < 3) | (value <= 255))


@outlined
def is_ipv6(src: Any, at: int, end: int) -> Any:
    """Whether src[at:end] is an IPv6 address, as formats/table.py has it."""
    size = end - at
    if size < 2 or size > IPV6_MAX:
        return False
    within = low_bits(size)
    colons, groups = eq64(src, at, COLON) & within, 0
    digits = (digits64(src, at) | between64(src, at, 65, 70) | between64(src, at, 97, 102)) & within
    if eq64(src, at, POINT) & within != uint64(0):  # for two groups stands what is then taken for one of one digit
        tail = find_last(src, at, end, COLON) + 1
        if not is_ipv4(src, tail, end):
            return False
        size, groups = tail - at + 1, 1
        within = low_bits(size)
        colons, digits = colons & within, (digits & (within >> ONE)) | (within ^ (within >> ONE))
    pairs = colons & (colons >> ONE)
    alone = colons & ~pairs & ~(pairs << ONE)
    five = digits & (digits >> ONE) & (digits >> TWO) & (digits >> THREE) & (digits >> FOUR)
    ends = ONE | (within ^ (within >> ONE))
    if (digits | colons) != within or five != uint64(0) or alone & ends != uint64(0) or popcount(pairs) > 1:
        return False
    groups += popcount(digits & ~(digits << ONE))
    return groups < 8 if pairs != uint64(0) else groups == 8


@inlined
def is_address(src: Any, at: int, end: int) -> Any:
    """Whether src[at:end] is an IPv4 or IPv6 address."""
    return is_ipv4(src, at, end) or is_ipv6(src, at, end)


@inlined
def is_bracketed(src: Any, at: int, end: int) -> Any:
    """Whether src[at:end] is an IPv6 address in brackets."""
    return end - at > 2 and get(src, at) == OPEN and get(src, end - 1) == CLOSE and is_ipv6(src, at + 1, end - 1)


@inlined
def endpoint(src: Any, at: int, end: int) -> Any:
    """`host:port` as (begin of the address, its end, size of the port, which ends the text); begin -1 if it is none."""
    size = end - at
    within = low_bits(min(size, 64))
    dots, colons = eq64(src, at, POINT) & within, eq64(src, at, COLON) & within
    host = trailing_zeros(colons)
    port = size - host - 1
    has_shape = (digits64(src, at) & within) | dots | colons == within and popcount(dots) == 3 and popcount(colons) == 1
    if has_shape and dots < colons and 0 < port <= PORT_DIGITS and are_octets(src, at, dots, host):
        port = port_of_digits(src, end, port)
        if port > 0:
            return at, at + host, port
    return _endpoint(src, at, end)


@outlined
def _endpoint(src: Any, at: int, end: int) -> Any:
    host = find_last(src, at, end, COLON) if end - at <= 64 else at - 1
    port = port_size(src, host + 1, end) if host > at else 0
    if port and is_ipv4(src, at, host):
        return at, host, port
    if is_ipv4(src, at, end):
        return at, end, 0
    if port and is_bracketed(src, at, host):
        return at + 1, host - 1, port
    if port and is_ipv6(src, at, host):
        return at, host, port
    return -1, -1, 0


@inlined
def without_port(src: Any, at: int, end: int) -> Any:
    """What may be an address in src[at:end]: without a port behind an IPv4 or a bracketed IPv6, and without brackets."""
    host = find_last(src, at, end, COLON)
    if host > at and port_size(src, host + 1, end) > 0:
        if is_bracketed(src, at, host):
            return at + 1, host - 1
        if is_ipv4(src, at, host):
            return at, host
    if is_bracketed(src, at, end):
        return at + 1, end - 1
    return at, end


@outlined
def network_words(src: Any, at: int, end: int) -> Any:
    """The address in src[at:end] as (IP version, high word, low word); of anything else some numbers."""
    if find(src, at, end, COLON) == end:
        return 4, 0, ipv4_number(src, at, end)
    high, low, groups, before, first_high, first_low = 0, 0, 0, -1, 0, 0
    if get(src, at) == COLON:
        at, before = at + 2, 0
    while at < end:
        begin, group = at, 0
        while at < end and hex_digit(get(src, at)) >= 0:
            group = group * 16 + hex_digit(get(src, at))
            at += 1
        if at < end and get(src, at) == POINT:
            number = ipv4_number(src, begin, end)
            high, low = high << 32 | (low >> 32 & 0xFFFFFFFF), low << 32 | number
            groups += 2
            break
        high, low = high << 16 | (low >> 48 & 0xFFFF), low << 16 | group & 0xFFFF
        groups += 1
        at += 1
        if at < end and get(src, at) == COLON:
            before, first_high, first_low, high, low = groups, high, low, 0, 0
            at += 1
    if before >= 0:
        for _ in range(before, 8):
            first_high, first_low = first_high << 16 | (first_low >> 48 & 0xFFFF), first_low << 16
    return 6, high | first_high, low | first_low


@inlined
def ipv4_number(src: Any, at: int, end: int) -> Any:
    """The number that an IPv4 address in src[at:end] is."""
    number, octet = 0, 0
    while at < end:
        char = get(src, at)
        number, octet = (number << 8 | octet, 0) if char == POINT else (number, octet * 10 + char - ZERO)
        at += 1
    return number << 8 | octet
