"""How many bytes a block of log may become: guessed before the block is read, learnt from those that were.

Short lines become many times their size (a flow log's line of 100 bytes is a document of 800), and each sink that wants
documents its own way adds as much again; an object that is begun keeps what its blocks are cut in. The guess is the most that a
block made lately, a generous one before any was seen.
"""

from __future__ import annotations

__all__ = ["FIRST", "LEAST", "Expansion"]

FIRST, LEAST = 12, 3  # bytes made of a byte of log
FORGETTING = 0.98  # a block: after a hundred small ones a large one is forgotten


class Expansion:
    """The guess for blocks of at most `block_bytes`."""

    def __init__(self, block_bytes: int) -> None:
        self._least = LEAST * block_bytes
        self.bytes = FIRST * block_bytes

    def seen(self, made_bytes: int) -> None:
        """A block became so much, with what was kept of its object."""
        self.bytes = max(int(self.bytes * FORGETTING), made_bytes, self._least)
