"""Which of many lines are kept as a sample: decided by the document's id, so that each delivery of a line decides the same.

A draw is a number of 64 bits. What an id begins with gives the seed, and the line's offset is mixed into it by the finalizer of
splitmix64 (Steele, Lea and Flood, 2014), which the kernel can do as well.
"""

from __future__ import annotations

import hashlib

__all__ = ["draw", "seed"]

BITS = 0xFFFFFFFFFFFFFFFF
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def seed(name: str) -> int:
    """The seed of all lines of an object, by its id, or of an event, by its own."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def draw(start: int, offset: int) -> int:
    """The draw of the line at `offset`; of an event 0."""
    mixed = (start + GOLDEN * (offset + 1)) & BITS
    mixed = ((mixed ^ mixed >> 30) * FIRST) & BITS
    mixed = ((mixed ^ mixed >> 27) * SECOND) & BITS
    return mixed ^ mixed >> 31
