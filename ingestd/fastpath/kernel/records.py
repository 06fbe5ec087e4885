"""Firehose records as they stand in a request: each `{"Data":"…"},` with its bytes in base64, in one pass over a batch.

The caller owns the room: a record of n bytes takes 12 + 4 * ceil(n / 3). Nothing is read past the end of `source`: where 64
bytes are no longer there, the bytes go three by three.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import int64, uint64

from ingestd.fastpath.kernel.jit import SOURCES, entry, inlined
from ingestd.fastpath.kernel.simd import base64_48, get, put, store8

__all__ = ["encode_records"]

HEAD = int.from_bytes(b'{"Data":', "little")
QUOTE, CLOSE, COMMA, EQUALS = b'"},='


@inlined
def letter(six: int) -> Any:
    """The base64 letter of six bits."""
    return six + 65 + 6 * (six > 25) - 75 * (six > 51) - 15 * (six > 61) + 3 * (six > 62)


@inlined
def three(target: Any, to: int, bits: int) -> None:
    """Four letters of 24 bits."""
    put(target, to, letter(bits >> 18))
    put(target, to + 1, letter((bits >> 12) & 63))
    put(target, to + 2, letter((bits >> 6) & 63))
    put(target, to + 3, letter(bits & 63))


@inlined
def base64(target: Any, to: int, source: Any, at: int, end: int) -> Any:
    """source[at:end] in base64 from target[to]; where it ends there."""
    readable = int64(len(source))
    while at + 48 <= end and at + 64 <= readable:
        base64_48(target, to, source, at)
        at += 48
        to += 64
    while at + 3 <= end:
        three(target, to, get(source, at) << 16 | get(source, at + 1) << 8 | get(source, at + 2))
        at += 3
        to += 4
    if at < end:
        second = get(source, at + 1) << 8 if at + 2 == end else 0
        three(target, to, get(source, at) << 16 | second)
        put(target, to + 3, EQUALS)
        if at + 1 == end:
            put(target, to + 2, EQUALS)
        to += 4
    return to


@inlined
def records(source: Any, begins: Any, ends: Any, target: Any, to: int) -> Any:
    """Each source[begins[i]:ends[i]] as a record, a comma behind each, from target[to]; where they end there."""
    for i in range(len(begins)):
        store8(target, to, uint64(HEAD))
        put(target, to + 8, QUOTE)
        to = base64(target, to + 9, source, get(begins, i), get(ends, i))
        put(target, to, QUOTE)
        put(target, to + 1, CLOSE)
        put(target, to + 2, COMMA)
        to += 3
    return to


def _entry(sources: int) -> Callable[..., int]:
    """numba keeps compiled code by what the entry closes over: a change in any of the sources makes it compile anew."""

    def encode_records(*arguments: Any) -> int:
        _ = sources
        return records(*arguments)  # type: ignore[no-any-return]

    return entry(encode_records)


encode_records = _entry(SOURCES)
