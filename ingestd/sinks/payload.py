"""A request's body as aiohttp sends it: in pieces, without a copy."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp
from aiohttp.abc import AbstractStreamWriter

__all__ = ["Body", "Pieces"]

# A request's body, in order, sent without a copy: the bytes must not change as long as anything refers to them.
Pieces = Sequence[bytes | memoryview]

FIRST_WRITE_BYTES = 1024


class Body(aiohttp.Payload):
    """A body in pieces. aiohttp's own payload would have it in one (joining 5 MB costs as much CPU as sending them does), and
    would warn of its size, which the batch bounds."""

    _value: Pieces

    def __init__(self, pieces: Pieces) -> None:
        super().__init__(pieces)
        self._size = sum(map(len, pieces))

    @property
    def data(self) -> bytes:
        return b"".join(self._value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self.data.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        first, *others = [memoryview(piece) for piece in self._value]
        await writer.write(first[:FIRST_WRITE_BYTES])  # aiohttp copies the headers and the first write into one
        for piece in (first[FIRST_WRITE_BYTES:], *others):
            await writer.write(piece)
