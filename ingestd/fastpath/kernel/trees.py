"""Networks that hold an address: a walk along its bits, down a tree. Part of the kernel.

A tree is pairs of numbers, for a bit that is 0 and one that is 1: above 0 where the next pair stands, below 0 the negative of
what is known of the network, 0 for a network of which nothing is. The first FIRST_BITS are taken in one step: a table has what
each of their combinations leads to. `networks.py` makes both.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.addresses import is_ipv4, is_ipv6
from ingestd.fastpath.kernel.codes import FIRST_BITS
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.simd import ALL, ONE, get
from ingestd.fastpath.kernel.strings import hex_digit

__all__ = ["address_bits", "network"]

POINT, COLON, ZERO = 46, 58, 48
V4_BITS, V6_BITS = 32, 128


@inlined
def address_bits(src: Any, at: int, end: int) -> Any:
    """The address src[at:end] as (how many bits it has, or 0 if it is none, the first 64 of them from the top on, the rest)."""
    if is_ipv4(src, at, end):
        return V4_BITS, _ipv4(src, at, end) << uint64(32), uint64(0)
    if is_ipv6(src, at, end):
        high, low = _ipv6(src, at, end)
        return V6_BITS, high, low
    return 0, uint64(0), uint64(0)


@inlined
def _ipv4(src: Any, at: int, end: int) -> Any:
    value, octet = uint64(0), 0
    while at < end:
        char = get(src, at)
        if char == POINT:
            value = value << uint64(8) | uint64(octet)
            octet = 0
        else:
            octet = octet * 10 + char - ZERO
        at += 1
    return value << uint64(8) | uint64(octet)


@outlined
def _ipv6(src: Any, at: int, end: int) -> Any:
    """The two halves: groups are shifted in from below, and those behind the gap are counted, to know how wide it is."""
    high, low, groups, behind = uint64(0), uint64(0), 0, -1
    if get(src, at) == COLON:
        at += 1
    while at < end:  # at a group, or at the second colon of the gap
        if get(src, at) == COLON:
            behind = groups
            at += 1
            continue
        value, stop = uint64(0), at
        while stop < end and hex_digit(get(src, stop)) >= 0:
            value = value << uint64(4) | uint64(hex_digit(get(src, stop)))
            stop += 1
        width = 16
        if stop < end and get(src, stop) == POINT:
            value, width, stop = _ipv4(src, at, end), 32, end
        high = high << uint64(width) | low >> uint64(64 - width)
        low = low << uint64(width) | value
        groups += width // 16
        at = stop + 1
    if behind < 0:
        return high, low
    gap = 16 * (8 - groups)  # what stands behind the gap stays; what stands before it goes up
    return _around(high, low, 16 * (groups - behind), gap)


@inlined
def _around(high: Any, low: Any, below: int, gap: int) -> Any:
    """The 128 bits with `gap` zeros put in above the lowest `below` bits."""
    if gap == V6_BITS:
        return uint64(0), uint64(0)
    low_part, high_part = low & _ones(below), high & _ones(below - 64)
    up_high, up_low = high & ~_ones(below - 64), low & ~_ones(below)
    if gap >= 64:
        up_high, up_low = up_low << uint64(gap - 64), uint64(0)
    elif gap > 0:
        up_high = up_high << uint64(gap) | up_low >> uint64(64 - gap)
        up_low = up_low << uint64(gap)
    return up_high | high_part, up_low | low_part


@inlined
def _ones(count: int) -> Any:
    """A word whose lowest bits are set, as many as asked for, of 64."""
    if count <= 0:
        return uint64(0)
    return ALL >> uint64(64 - min(count, 64))


@inlined
def network(tree: Any, place: int, bits: int, high: Any, low: Any) -> Any:
    """What is known of the address's network in the tree whose table begins at `place`; 0 for nothing."""
    place = get(tree, place + int64(high >> uint64(64 - FIRST_BITS)))
    done = FIRST_BITS
    while place > 0 and done < bits:
        word = high if done < 64 else low
        place = get(tree, place + int64((word >> uint64(63 - (done & 63))) & ONE))
        done += 1
    return -place if place < 0 else 0
