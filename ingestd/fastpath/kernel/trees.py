"""Networks that hold an address: a walk along its bits, down a tree. Part of the kernel.

A tree is pairs of numbers, for a bit that is 0 and one that is 1: above 0 where the next pair stands, below 0 the negative of
what is known of the network, 0 for a network of which nothing is. The first FIRST_BITS are taken in one step: a table has what
each of their combinations leads to. `networks.py` makes both.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.addresses import ipv4_number, is_ipv4, is_ipv6, network_words
from ingestd.fastpath.kernel.codes import FIRST_BITS
from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.simd import ONE, get

__all__ = ["address_bits", "network"]

V4_BITS, V6_BITS = 32, 128


@inlined
def address_bits(src: Any, at: int, end: int) -> Any:
    """The address src[at:end] as (how many bits it has, or 0 if it is none, the first 64 of them from the top on, the rest)."""
    if is_ipv4(src, at, end):
        return V4_BITS, uint64(ipv4_number(src, at, end)) << uint64(32), uint64(0)
    if is_ipv6(src, at, end):
        _, high, low = network_words(src, at, end)
        return V6_BITS, uint64(high), uint64(low)
    return 0, uint64(0), uint64(0)


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
