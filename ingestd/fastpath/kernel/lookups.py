"""What else is known of a document by one of its fields: found in a table of what was asked for before. Part of the kernel.

What the table does not have stops the kernel at the line: the driver finds it in Python, adds it, and lets the kernel go on. An
address is first brought to its network (`trees.py`), for networks are few; the key is then what stands there for it. Keys of
texts and of networks share a table: the last byte of a network's key is 0, and no JSON has such a byte.
"""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.codes import (
    KNOWN_PROBES,
    KNOWN_ROW,
    L_BY_ADDRESS,
    L_COUNT,
    L_NUMBER,
    L_SLOTS,
    L_SOURCE,
    LOOKUP_ROW,
    P_LOOKUP_TEXT_MAX,
    P_LOOKUPS,
    ROOT_ROW,
    S_ASKED,
    S_HASH,
    S_KEY,
    S_KEY_SIZE,
    S_SEED,
    S_TEXT,
    S_TEXT_SIZE,
    SCRATCH,
    SIZE,
)  # fmt: skip
from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.simd import ALL, get, load8, put, store8
from ingestd.fastpath.kernel.slots import fill
from ingestd.fastpath.kernel.strings import copy, escape
from ingestd.fastpath.kernel.trees import V4_BITS, address_bits, network

__all__ = ["look_up"]

MISSED = -1
HALF, STIR_LOW, STIR_HIGH = uint64(0xFFFFFFFF), uint64(0x9E3779B1), uint64(0x85EBCA77)
KEPT, ONES = uint64(0x3FFFFFFFFFFFFFFF), uint64(0x2000000000000000)  # a hash is above 0, and no empty row's
KEY, NUMBER_SHIFT = 8, 48


@outlined
def look_up(
    params: Any, lookups: Any, src: Any, care: bool, fields: Any, scratch: Any, to: int,
    known: Any, texts: Any, tree: Any, roots: Any, state: Any,
) -> Any:  # fmt: skip
    """Fill what the lookups find. Returns where scratch is free, or MISSED: `state` says what is to be found."""
    text_max = get(params, P_LOOKUP_TEXT_MAX)
    bits, high, low, slot_of_bits = 0, uint64(0), uint64(0), -1
    for row in range(0, get(params, P_LOOKUPS) * LOOKUP_ROW, LOOKUP_ROW):
        slot = get(lookups, row + L_SOURCE)
        at, flagged = get(fields, 2 * slot), get(fields, 2 * slot + 1)
        size = flagged & SIZE
        if size == 0 or size > text_max:
            continue
        number = get(lookups, row + L_NUMBER)
        if get(lookups, row + L_BY_ADDRESS) != 0:
            if slot != slot_of_bits:
                if flagged & SCRATCH:
                    bits, high, low = address_bits(scratch, at, at + size)
                else:
                    bits, high, low = address_bits(src, at, at + size)
                slot_of_bits = slot
            if bits == 0:
                continue
            found = network(tree, get(roots, number * ROOT_ROW + (bits != V4_BITS)), bits, high, low)
            if found == 0:
                continue
            store8(scratch, to, uint64(found | number << NUMBER_SHIFT))
            span, hashed = search(scratch, to, KEY, known, texts, state)
        else:
            if flagged < SCRATCH and care:
                last = escape(scratch, to, src, at, at + size)
                at, size, flagged, to = to, last - to, (last - to) | SCRATCH, last
                put(fields, 2 * slot, at)
                put(fields, 2 * slot + 1, flagged)
                if size > text_max:
                    continue
            if flagged & SCRATCH:
                span, hashed = search(scratch, at, size, known, texts, state)
            else:
                span, hashed = search(src, at, size, known, texts, state)
        if span == MISSED:
            text = to + KEY
            last = copy(scratch, text, scratch, at, size) if flagged & SCRATCH else copy(scratch, text, src, at, size)
            put(state, S_ASKED, number)
            put(state, S_TEXT, text)
            put(state, S_TEXT_SIZE, last - text)
            by_address = get(lookups, row + L_BY_ADDRESS) != 0
            put(state, S_KEY, to if by_address else text)
            put(state, S_KEY_SIZE, KEY if by_address else size)
            put(state, S_HASH, hashed)
            return MISSED
        to = fill_found(texts, span, get(lookups, row + L_COUNT), lookups, row, fields, scratch, to)
    return to


@outlined
def search(src: Any, at: int, size: int, known: Any, texts: Any, state: Any) -> Any:
    """(the span of what is found by the key src[at:at+size], or MISSED; the key's hash)."""
    hashed = hash_of(src, at, size, get(state, S_SEED))
    mask = len(known) // KNOWN_ROW - 1
    for probe in range(KNOWN_PROBES):
        row = ((hashed + probe) & mask) * KNOWN_ROW
        if get(known, row) == hashed:
            span = get(known, row + 1)
            if span & 0xFFFF == size and is_same(src, at, texts, span >> 16, size):
                return get(known, row + 2), hashed
    return MISSED, hashed


@inlined
def hash_of(src: Any, at: int, size: int, seed: int) -> Any:
    """A number above 0 for the key. With a seed of its own in each process nobody can write texts that meet in one place."""
    value, done = uint64(seed ^ size), 0
    while done + 8 <= size:
        value = stirred(value ^ load8(src, at + done))
        done += 8
    if done < size:
        value = stirred(value ^ (load8(src, at + done) & low_bytes(size - done)))
    return int64(((value ^ value >> uint64(29)) & KEPT) | ONES)


@inlined
def stirred(value: Any) -> Any:
    """A word in which each bit hangs on many: two products of 32 bits, none of which overflows."""
    return ((value & HALF) * STIR_LOW) ^ ((value >> uint64(32)) * STIR_HIGH)


@inlined
def low_bytes(count: int) -> Any:
    """A mask of a word's first bytes, of which there are 1-7."""
    return ALL >> uint64(64 - 8 * count)


@inlined
def is_same(src: Any, at: int, text: Any, place: int, size: int) -> Any:
    """Whether src[at:at+size] is text[place:place+size]."""
    done = 0
    while done + 8 <= size:
        if load8(src, at + done) != load8(text, place + done):
            return False
        done += 8
    if done == size:
        return True
    differing = load8(src, at + done) ^ load8(text, place + done)
    return differing & low_bytes(size - done) == uint64(0)


@inlined
def fill_found(texts: Any, span: int, count: int, lookups: Any, row: int, fields: Any, scratch: Any, to: int) -> Any:
    """Copy what is found to scratch and give the slots their parts of it; returns where scratch is free."""
    sizes, at = span >> 16, to
    last = copy(scratch, to, texts, sizes + 2 * count, (span & 0xFFFF) - 2 * count)
    for i in range(count):
        size = get(texts, sizes + 2 * i) | get(texts, sizes + 2 * i + 1) << 8
        if size > 0:
            fill(fields, get(lookups, row + L_SLOTS + i), at, size | SCRATCH)
        at += size
    return last
