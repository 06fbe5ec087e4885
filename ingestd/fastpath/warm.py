"""Making the kernel ready: compiled code is loaded from the cache, or compiled and cached, and shown to work."""

from __future__ import annotations

from random import Random

import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from ingestd.fastpath.compiled import CompiledParser
from ingestd.fastpath.compiler import release
from ingestd.fastpath.events import cut
from ingestd.fastpath.kernel.block import encode
from ingestd.fastpath.kernel.envelope import cut_events
from ingestd.fastpath.kernel.records import encode_records
from ingestd.fastpath.kernel.secrets import mask_secrets, unmask_secrets
from ingestd.fastpath.kernel.structure import scan_records
from ingestd.fastpath.masking import MaskingParser
from ingestd.fastpath.record_cutter import RecordCutter
from ingestd.fastpath.records import compiled_body
from ingestd.formats.table import Column, Instant, Shape, Table
from ingestd.model import PAD, Block, Framing, Source

__all__ = ["warm"]


def _no_sample(random: Random) -> str:
    return ""


TABLE = Table("warm", "warm", "warm", Shape.SPACED, (Column("time", Instant("@timestamp")),), 1, "", "", _no_sample)
LINE = b"2000-01-01T00:00:00Z\n"
KERNELS = (encode, cut_events, encode_records, mask_secrets, unmask_secrets, scan_records)
CUT = b'{"a":1},{"a":2},'
ENVELOPE = b'{"logEvents":[{"id":"1","timestamp":2,"message":"\\u007b}"}]}'
RECORD = b'{"Data":"MjAwMC0wMS0wMVQwMDowMDowMFoK"}'


def _room(size: int) -> NDArray[np.uint8]:
    return np.empty(size, np.uint8)


def warm() -> bool:
    """Whether the kernel had to be compiled, since the cache held no code for it. RuntimeError if it does not work here."""
    parser = CompiledParser(TABLE, Source("", "", "", 0.0), Framing("warm", action=True))
    cutter = RecordCutter(len(CUT), len(CUT), scan=scan_records)
    try:
        cutter.push(CUT)
        cutter.next()
        cutter.finish()
        block = cutter.next()
        events = cut(ENVELOPE, ENVELOPE.index(b"[") + 1)
        masking = MaskingParser(TABLE, parser.parse, is_compiled=True)
        documents = masking.parse(Block(bytearray(LINE + bytes(PAD)), len(LINE), 0))
        record = compiled_body(b"", LINE, np.zeros(1, np.int64), np.full(1, len(LINE), np.int64), b"", _room)
    except NumbaError as error:
        raise RuntimeError(f"numba cannot compile the kernel: {type(error).__name__}") from error
    if len(documents) != 1 or documents.fallback:
        raise RuntimeError("the kernel does not read its own line")
    if record != RECORD:
        raise RuntimeError("the kernel does not write its own record")
    if not isinstance(block, Block) or bytes(block.data[: block.size]) != CUT.replace(b",", b"\n"):
        raise RuntimeError("the kernel does not cut its own records")
    if events is None or bytes(events[0][:2]) != b"{}":
        raise RuntimeError("the kernel does not take its own envelope")
    release(KERNELS)
    return any(map(_was_compiled, KERNELS))


def _was_compiled(entry: object) -> bool:
    stats = getattr(entry, "stats", None)  # a plain function under NUMBA_DISABLE_JIT
    return bool(stats and sum(stats.cache_misses.values()))
