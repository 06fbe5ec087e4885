"""A request's body as it comes in: bounded in size, and in how slow it may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ingestd.core.inflate import Inflater
from ingestd.errors import Poison, Retryable

__all__ = ["BodyLimits", "Stream", "decoded", "read_body"]

PIECE_BYTES = 1 << 20
GZIP = b"\x1f\x8b"
RATIO_MAX = 1100.0  # deflate cannot do more


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a body may be. `stall_seconds` is for silence, and what a sender has ahead of its slowest rate."""

    bytes_max: int
    stall_seconds: float
    bytes_per_second_min: int


class Stream(Protocol):
    """Where it comes from: aiohttp's StreamReader. Nothing is the end."""

    async def readany(self) -> bytes: ...


async def read_body(
    stream: Stream, announced: int | None, limits: BodyLimits, clock: Callable[[], float], hold: Callable[[int], None]
) -> bytes:
    """All of it; `hold` is told what has come so far. Raises Poison `too_large`, Retryable `slow`, and what `hold` raises."""
    if announced is not None and announced > limits.bytes_max:
        raise Poison("body is too large", reason="too_large", limit=limits.bytes_max)
    begun, size = clock(), 0
    pieces: list[bytes] = []
    while True:
        ahead = begun + size / limits.bytes_per_second_min - clock()
        try:
            async with asyncio.timeout(min(limits.stall_seconds, limits.stall_seconds + ahead)):
                piece = await stream.readany()
        except TimeoutError:
            raise Retryable("body comes too slowly", reason="slow") from None
        if not piece:
            return b"".join(pieces)
        size += len(piece)
        if size > limits.bytes_max:
            raise Poison("body is too large", reason="too_large", limit=limits.bytes_max)
        hold(size)
        pieces.append(piece)


def decoded(body: bytes, encoding: str, bytes_max: int) -> bytes:
    """The body without its content encoding. Raises Poison: `malformed`, `too_large`."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip" or not body.startswith(GZIP):
        raise Poison("content-encoding is not gzip, or the body is not", reason="malformed")
    inflater = Inflater(bytes_max, RATIO_MAX)
    pieces: list[bytes] = []
    try:
        inflater.feed(body)
        while piece := inflater.read(PIECE_BYTES):
            pieces.append(piece)
        inflater.finish()
    except Poison as poison:
        if poison.reason in ("too_large", "ratio_exceeded"):
            raise Poison("body is too large", reason="too_large", limit=bytes_max) from poison
        raise Poison("body is no whole gzip", reason="malformed", at=poison.fields.get("offset")) from poison
    return b"".join(pieces)
