"""Making the kernel ready: compiled code is loaded from the cache, or compiled and cached, and shown to work."""

from __future__ import annotations

from random import Random

from numba.core.errors import NumbaError

from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.kernel.block import encode
from ingestd.formats.table import Column, Instant, Shape, Table
from ingestd.model import PAD, Block, Framing, Source

__all__ = ["warm"]


def _no_sample(random: Random) -> str:
    return ""


TABLE = Table("warm", "warm", "warm", Shape.SPACED, (Column("time", Instant("@timestamp")),), 1, "", "", _no_sample)
LINE = b"2000-01-01T00:00:00Z\n"


def warm() -> bool:
    """Whether the kernel had to be compiled, since the cache held no code for it. RuntimeError if it does not work here."""
    parser = CompiledParser(TABLE, Source("", "", "", 0.0), Framing("warm", action=True))
    try:
        documents = parser.parse(Block(bytearray(LINE + bytes(PAD)), len(LINE), 0))
    except NumbaError as error:
        raise RuntimeError(f"numba cannot compile the kernel: {type(error).__name__}") from error
    if len(documents) != 1 or documents.fallback:
        raise RuntimeError("the kernel does not read its own line")
    stats = getattr(encode, "stats", None)  # a plain function under NUMBA_DISABLE_JIT
    return bool(stats and sum(stats.cache_misses.values()))
