"""Filling the slots of a document. Part of the kernel. Of two values for one slot the first stays."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.simd import get, put

__all__ = ["fill", "fill_part"]

MINUS = 45


@inlined
def fill(fields: Any, slot: int, at: int, size: int) -> None:
    """Give the slot a value, unless it has one; a size of 0 is no value."""
    if get(fields, 2 * slot + 1) == 0:
        put(fields, 2 * slot, at)
        put(fields, 2 * slot + 1, size)


@inlined
def fill_part(src: Any, fields: Any, slot: int, at: int, end: int) -> None:
    """Give the slot src[at:end], unless that is empty or `-`."""
    size = end - at
    if size > 1 or (size == 1 and get(src, at) != MINUS):
        fill(fields, slot, at, size)
