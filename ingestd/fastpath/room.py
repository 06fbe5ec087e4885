"""How many bytes of documents come of a byte of lines, as the last blocks have shown: the room that the next one is given."""

from __future__ import annotations

__all__ = ["Room"]

FIRST = 3.0  # until a block has been seen
MARGIN = 1.02
SINKING = 0.25  # the share of the way down that one block goes: an odd one does not count for long


class Room:
    """A plan's, which the parsers of all its objects share: most blocks then have the room that they need, from the first on.

    Threads use it side by side; what one of them forgets of another's is no more than an estimate.
    """

    def __init__(self) -> None:
        self._ratio = FIRST

    def of(self, raw_bytes: int) -> int:
        """What lines of so many bytes are likely to become."""
        return int(raw_bytes * self._ratio)

    def saw(self, raw_bytes: int, document_bytes: int) -> None:
        """It rises at once, and sinks slowly."""
        ratio = MARGIN * document_bytes / raw_bytes
        self._ratio = max(ratio, self._ratio + (ratio - self._ratio) * SINKING)
