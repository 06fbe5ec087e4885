"""A TLS protocol's name. Part of the kernel."""

from __future__ import annotations

from typing import Any

from numba import uint64

from ingestd.fastpath.kernel.codes import PROTOCOL, R_SLOT, ROW, SCRATCH, W_SSL, W_TLS
from ingestd.fastpath.kernel.jit import inlined
from ingestd.fastpath.kernel.simd import get, load8, put
from ingestd.fastpath.kernel.slots import fill

__all__ = ["tls"]

POINT, ZERO = 46, 48
TLS_V, SSL_V, FOUR = uint64(0x76534C54), uint64(0x764C5353), uint64(0xFFFFFFFF)  # "TLSv", "SSLv"
LOWER = uint64(0x20202020)


@inlined
def tls(src: Any, at: int, end: int, fields: Any, rows: Any, row: int, loose: bool, scratch: Any, to: int) -> None:
    """Fill the slots of a protocol's version and name, or of the text as it is; writes at most 3 bytes of scratch."""
    name, size = load8(src, at) & FOUR, end - at
    lower = LOWER if loose else uint64(0)
    is_tls, is_ssl = name | lower == TLS_V | lower, name | lower == SSL_V | lower
    is_known = (is_tls or is_ssl) and _digit(src, at + 4, end) and _digit(src, end - 1, end)
    if is_known and (size == 5 or (size == 7 and get(src, at + 5) == POINT)):
        fill(fields, get(rows, row * ROW + R_SLOT), at + 4, size - 4)
    elif is_known and loose and size == 6:
        put(scratch, to, get(src, at + 4))
        put(scratch, to + 1, POINT)
        put(scratch, to + 2, get(src, at + 5))
        fill(fields, get(rows, row * ROW + R_SLOT), to, 3 | SCRATCH)
    else:
        fill(fields, get(rows, row * ROW + R_SLOT + 2), at, size)
        return
    fill(fields, get(rows, row * ROW + R_SLOT + 1), W_TLS if is_tls else W_SSL, PROTOCOL | SCRATCH)


@inlined
def _digit(src: Any, at: int, end: int) -> Any:
    """Whether a digit stands at src[at], before `end`."""
    return at < end and ZERO <= get(src, at) <= ZERO + 9
