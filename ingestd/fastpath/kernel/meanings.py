"""Values that mean something else: finished JSON, looked up in a table made by the plan. Part of the kernel."""

from __future__ import annotations

from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.codes import HASH, HASH_BITS, HASH_SHIFT, MEANING_ROW
from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.scan import same_text
from ingestd.fastpath.kernel.simd import get, load8

__all__ = ["meaning"]

ALL = uint64(0xFFFFFFFFFFFFFFFF)


@inlined
def meaning(src: Any, at: int, end: int, meanings: Any, table: int, mask: int, text: Any) -> Any:
    """The span in `text` of what src[at:end] means by the table that begins at row `table`; 0 for nothing."""
    size = end - at
    if size < 8:
        first = load8(src, at) & (ALL >> uint64(64 - 8 * size))
        last = first
    else:
        first, last = load8(src, at), load8(src, end - 8)
    folded = (first ^ first >> uint64(32) ^ last >> uint64(8) ^ last >> uint64(40)) & uint64(HASH_BITS)
    place = int64((folded * uint64(HASH)) >> uint64(HASH_SHIFT)) & mask
    while True:
        row = (table + place) * MEANING_ROW
        value = get(meanings, row + 2)
        if value == 0:
            return 0
        same = get(meanings, row) == int64(first) and get(meanings, row + 1) == int64(last) and value & 0xFFFF == size
        if same and (size <= 16 or same_text(src, at, end, text, value)):
            return get(meanings, row + 3)
        place = (place + 1) & mask
