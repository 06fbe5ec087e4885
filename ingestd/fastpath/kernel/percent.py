"""Percent-decoding, `%HH` to a byte. Part of the kernel; room is the caller's, as in `strings.py`."""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.simd import copy64, drop_lowest, eq64, low_bits, put, trailing_zeros, unclean64
from ingestd.fastpath.kernel.strings import escape, hex_pair

__all__ = ["percent"]

QUOTE, PERCENT, BACKSLASH = 34, 37, 92


@outlined
def percent(scratch: Any, to: int, src: Any, at: int, end: int, times: int) -> Any:
    """src[at:end] with %HH decoded once or twice, as the inside of a JSON string in scratch: (its begin, its end)."""
    begin = to
    to, again, care = _decode(scratch, to, src, at, end)
    if times > 1 and again:
        first, begin = begin, to
        to, again, care = _decode(scratch, to, scratch, first, begin)
    if care:
        first, begin = begin, to
        to = escape(scratch, to, scratch, first, begin)
    return begin, to


@inlined
def _decode(out: Any, to: int, src: Any, at: int, end: int) -> Any:
    """Decode each %HH of src[at:end] once, into out[to:]. Returns (where that ends, whether a `%` is left, whether one byte
    of it needs care in JSON)."""
    again, care = uint64(0), uint64(0)
    while at < end:
        size = min(end - at, 64)
        within = low_bits(size)
        found = eq64(src, at, PERCENT) & within
        care |= (unclean64(src, at) | eq64(src, at, QUOTE)) & within
        done = at  # what is before it has been written
        while found != uint64(0):
            mark = at + trailing_zeros(found)
            found = drop_lowest(found)
            copy64(out, to, src, done)
            to += mark - done
            byte = hex_pair(src, mark + 1) if mark + 3 <= end else -1
            done = mark + 3 if byte >= 0 else mark + 1
            byte = byte if byte >= 0 else PERCENT
            put(out, to, byte)
            to += 1
            again |= uint64(byte == PERCENT)
            care |= uint64(byte < 32 or byte >= 128 or byte in (QUOTE, BACKSLASH))
        if done < at + size:
            copy64(out, to, src, done)
            to += at + size - done
            done = at + size
        at = done
    return to, again != uint64(0), care != uint64(0)
