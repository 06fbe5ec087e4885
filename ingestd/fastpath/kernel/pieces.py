"""One piece of a value that is cut at its first separators. Part of the kernel."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.codes import R_ARGUMENT, R_DATE, R_LABEL, R_LAST, R_SEPARATOR, R_SLOT, ROW, ZULU
from ingestd.fastpath.kernel.jit import outlined
from ingestd.fastpath.kernel.scan import find_text, same_text
from ingestd.fastpath.kernel.simd import get
from ingestd.fastpath.kernel.slots import fill, fill_part
from ingestd.fastpath.kernel.times import instant

__all__ = ["piece"]

MINUS = 45


@outlined
def piece(src: Any, at: int, end: int, fields: Any, rows: Any, row: int, text: Any, memo: Any) -> Any:
    """Fill the slot of the piece that an operation's row is about; returns its day, -1 if it is no date, or LEAP."""
    separator, slot = get(rows, row * ROW + R_SEPARATOR), get(rows, row * ROW + R_SLOT)
    for _ in range(get(rows, row * ROW + R_ARGUMENT)):
        stop = find_text(src, at, end, text, separator)
        if stop >= end:
            return -1
        at = stop + (separator & 0xFFFF)
    stop = end if get(rows, row * ROW + R_LAST) != 0 else find_text(src, at, end, text, separator)
    if stop - at == 1 and get(src, at) == MINUS:
        return -1
    label = get(rows, row * ROW + R_LABEL)
    if same_text(src, at, stop, text, label):
        at += label & 0xFFFF
    if get(rows, row * ROW + R_DATE) == 0:
        fill_part(src, fields, slot, at, stop)
        return -1
    day, zulu = instant(src, at, stop, memo)
    if day >= 0:
        fill(fields, slot, at, (stop - at) | (0 if zulu else ZULU))
    return day
