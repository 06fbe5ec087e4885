"""Text in UTF-16, as Windows' tools save it, piece by piece as UTF-8. Only a byte order mark tells it, and it is left out.

Half of a pair of surrogates, and half of a character at the end, are U+FFFD.
"""

from __future__ import annotations

import codecs

__all__ = ["MARKS", "Utf16"]

MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Utf16:
    """Used in order: each piece once, the last one with `is_last`."""

    name = "utf-16"

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def read(self, data: bytes, *, is_last: bool = False) -> bytes:
        """What of the text ends in these bytes: none, or at most half as many again."""
        return self._decoder.decode(data, is_last).encode()
