"""Filling the slots of a document. Part of the kernel. Of two values for one slot the first stays."""

from __future__ import annotations

from typing import Any

from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.simd import get, put

__all__ = ["fill", "fill_part"]

MINUS = 45


@inlined
def fill(places: Any, sizes: Any, slot: int, at: int, size: int) -> None:
    """Give the slot a value, unless it has one; a size of 0 is no value."""
    if get(sizes, slot) == 0:
        put(places, slot, at)
        put(sizes, slot, size)


@inlined
def fill_part(src: Any, places: Any, sizes: Any, slot: int, at: int, end: int) -> None:
    """Give the slot src[at:end], unless that is empty or `-`."""
    size = end - at
    if size > 1 or (size == 1 and get(src, at) != MINUS):
        fill(places, sizes, slot, at, size)
