"""Writing a document, its action line before it. Part of the kernel; the room has been made before."""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import DIGITS, ESCAPE, MEANING, SCRATCH, SIZE, W_DIGITS, ZULU
from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.simd import get, put, store8, trailing_zeros
from ingestd.fastpath.kernel.strings import copy, escape

__all__ = ["write_action", "write_digits", "write_document"]

Z, ACTION_TAIL_SIZE = 90, 4
ASCII = uint64(0x3030303030303030)


@inlined
def write_digits(scratch: Any, at: int) -> Any:
    """The line's offset, twelve digits, into the id's template; returns how many of them there are without leading zeros."""
    offset = uint64(at)
    high = offset // uint64(100000000)
    last = eight(offset - high * uint64(100000000))
    first = eight(high) >> uint64(32) if high != uint64(0) else ASCII >> uint64(32)
    store8(scratch, W_DIGITS, first)
    store8(scratch, W_DIGITS + DIGITS - 8, last)
    if high == uint64(0):
        return 8 - min(trailing_zeros(last ^ ASCII) >> 3, 7)
    return DIGITS - (trailing_zeros(first ^ (ASCII >> uint64(32))) >> 3)


@inlined
def eight(value: Any) -> Any:
    """Eight decimal digits of a number below 10^8 as a word, the first lowest: halves, then halves of halves, side by side."""
    high = value // uint64(10000)
    four = high | ((value - high * uint64(10000)) << uint64(32))
    hundreds = ((four * uint64(10486)) >> uint64(20)) & uint64(0x0000007F0000007F)
    two = hundreds | ((four - hundreds * uint64(100)) << uint64(16))
    tens = ((two * uint64(103)) >> uint64(10)) & uint64(0x000F000F000F000F)
    return (tens | ((two - tens * uint64(10)) << uint64(8))) | ASCII


@inlined
def write_action(out: Any, o: int, text: Any, span: int, scratch: Any, id_at: int, id_size: int) -> Any:
    """The line that names index and id; `span` of `text` is its beginning, up to the id, behind which the line's end stands."""
    o = copy(out, o, text, span >> 16, span & 0xFFFF)
    return copy(out, o, scratch, id_at, id_size + ACTION_TAIL_SIZE)


@inlined
def write_document(out: Any, o: int, src: Any, scratch: Any, fields: Any, slots: int, joints: Any, text: Any) -> Any:
    """The slots that have a value, each behind the joint from the one before: all that JSON wants between the two."""
    before, behind = 0, 0  # where the rows of joints from the last slot that has a value and from this one begin
    for slot in range(slots):
        behind += slots + 1
        size = get(fields, 2 * slot + 1)
        if size == 0:
            continue
        at, joint = get(fields, 2 * slot), get(joints, before + slot)
        o = copy(out, o, text, joint >> 16, joint & 0xFFFF)
        if size < SCRATCH:
            o = copy(out, o, src, at, size)
        elif size & SCRATCH:
            o = copy(out, o, scratch, at, size & SIZE)
        elif size & MEANING:
            o = copy(out, o, text, at, size & SIZE)
        else:
            o = escape(out, o, src, at, at + (size & SIZE)) if size & ESCAPE else copy(out, o, src, at, size & SIZE)
            if size & ZULU:
                put(out, o, Z)
                o += 1
        before = behind
    joint = get(joints, before + slots)
    return copy(out, o, text, joint >> 16, joint & 0xFFFF)
