"""Values that a record's columns keep as JSON, noted until the slots are filled. Part of the kernel.

They stand finished in scratch. A column that keeps one has a value, but none for the readings: its span ends at -1.
"""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.jit import inlined, outlined
from ingestd.fastpath.kernel.json_text import KEPT_AT
from ingestd.fastpath.kernel.simd import get, put

__all__ = ["KEPT_MAX", "fill_kept", "keep"]

KEPT_MAX = 100


@inlined
def keep(work: Any, row: int, spans: Any, column: int, at: int, end: int) -> None:
    """Note what a column keeps: scratch[at:end]."""
    put(spans, 2 * column + 1, -1)
    put(work, KEPT_AT + 3 * row, column)
    put(work, KEPT_AT + 3 * row + 1, at)
    put(work, KEPT_AT + 3 * row + 2, end)


@outlined
def fill_kept(count: int, work: Any, slots: Any, fields: Any, flag: int) -> None:
    """Give the slots of these columns what stands in scratch."""
    for i in range(count):
        slot = get(slots, get(work, KEPT_AT + 3 * i))
        at, end = get(work, KEPT_AT + 3 * i + 1), get(work, KEPT_AT + 3 * i + 2)
        put(fields, 2 * slot, at)
        put(fields, 2 * slot + 1, (end - at) | flag)
