"""Compressed formats, known by their first bytes and never by a name or a header.

A compressed object is one or more members (gzip, bzip2) or frames (zstd) back to back; here each of them is a member. A
member is read by a decoder that follows the protocol of `bz2.BZ2Decompressor`: bounded output, `needs_input`, `eof` at the
member's true end (checksums compared), `unused_data` for what lies behind it.
"""

from __future__ import annotations

import bz2
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

try:
    from isal import igzip_lib
except ImportError:  # no wheel for this platform: zlib does the same at a third of the speed
    HAS_ISAL = False
    GzipError: type[Exception] = zlib.error
else:
    HAS_ISAL = True
    GzipError = igzip_lib.error  # type: ignore[assignment]  # isal's stub calls the class an instance

__all__ = ["CODECS", "MAGIC_BYTES_MAX", "PLAIN", "Codec", "Decoder", "ZlibDecoder", "may_become", "recognise"]

ZSTD_WINDOW_LOG_MAX = 23  # 8 MiB: what RFC 8878 asks of every decoder; more would let an object choose our memory
GZIP_HEADER_BYTES_MAX = 128 << 10  # an extra field takes half of it at most; no bound is in the RFC
GZIP_WBITS = 31  # zlib's word for "a gzip header and trailer, and nothing else"


class Decoder(Protocol):
    """Reads one member. After `eof` nothing more may be decompressed; `unused_data` are the last bytes that it was given."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Codec:
    """One format. `zeros_between`: runs of zero bytes behind a member are padding (tapes and disk images do that to gzip)."""

    name: str
    magics: tuple[bytes, ...]
    open: Callable[[], Decoder]
    errors: tuple[type[Exception], ...] = ()
    zeros_between: bool = False


class ZlibDecoder:
    """zlib's decompressor under the protocol; it keeps its own unread input."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(GZIP_WBITS)
        self._needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return self._needs_input and not self.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes:
        decoded = self._zlib.decompress(self._zlib.unconsumed_tail + data if self._zlib.unconsumed_tail else data, max_length)
        # A full output may hide more in zlib's window although no input is left.
        self._needs_input = len(decoded) < max_length and not self._zlib.unconsumed_tail
        return decoded


class IsalDecoder:
    """isal's decompressor, given each header in one piece.

    ISA-L (as of isal 1.9.1) loses its place when a header with a checksum, or with two of extra field, name and comment, is cut
    between calls: it then finds the data corrupt.
    """

    def __init__(self) -> None:
        self._isal = igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP)
        self._header: bytes | None = b""  # as much as has come; None: it was whole and is gone

    @property
    def eof(self) -> bool:
        return self._isal.eof

    @property
    def needs_input(self) -> bool:
        return self._isal.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._isal.unused_data

    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes:
        if self._header is not None:
            header = self._header + data
            if not _has_whole_header(header):
                if len(header) > GZIP_HEADER_BYTES_MAX:
                    raise GzipError("header has no end")
                self._header = header
                return b""
            self._header = None
            data = header
        return self._isal.decompress(data, max_length)


def _has_whole_header(data: bytes) -> bool:
    """Whether `data` holds all of the gzip header that it begins with (RFC 1952, section 2.3)."""
    flags = data[3] if len(data) > 3 else 0
    end = 10
    if flags & 4:  # an extra field, behind its length
        end += 2 + int.from_bytes(data[10:12], "little")
    for flag in (8, 16):  # a name, a comment: each to its zero byte
        if flags & flag:
            end = data.find(b"\0", end) + 1
            if end == 0:
                return False
    return len(data) >= end + (flags & 2)  # a checksum of two bytes


class PlainDecoder:
    """No compression: bytes pass through. It has no end of its own."""

    eof = False
    unused_data = b""

    def __init__(self) -> None:
        self._rest: bytes | memoryview = b""

    @property
    def needs_input(self) -> bool:
        return not self._rest

    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes:
        rest = memoryview(data) if not self._rest else memoryview(bytes(self._rest) + data)
        self._rest = rest[max_length:]
        return bytes(rest[:max_length])


def _open_gzip() -> Decoder:
    return IsalDecoder() if HAS_ISAL else ZlibDecoder()


def _open_zstd() -> Decoder:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG_MAX})


GZIP = Codec(
    "gzip",
    magics=(b"\x1f\x8b",),
    open=_open_gzip,
    errors=(GzipError, EOFError),
    zeros_between=True,
)
ZSTD = Codec(
    "zstd",
    magics=(b"\x28\xb5\x2f\xfd", *(bytes((0x50 + n, 0x2A, 0x4D, 0x18)) for n in range(16))),  # the sixteen: skippable frames
    open=_open_zstd,
    errors=(zstd.ZstdError, EOFError),
)
BZIP2 = Codec(
    "bzip2",
    # "BZh9" alone could begin a text; with the mark of a block, or of the stream's end (an empty member), it cannot.
    magics=tuple(b"BZh%d%s" % (n, mark) for n in range(1, 10) for mark in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")),
    open=bz2.BZ2Decompressor,
    errors=(OSError, EOFError),
)
PLAIN = Codec("plain", magics=(), open=PlainDecoder)
CODECS = (GZIP, ZSTD, BZIP2)
MAGIC_BYTES_MAX = max(len(magic) for codec in CODECS for magic in codec.magics)


def recognise(head: bytes) -> Codec | None:
    """The format of an object that begins with `head` (MAGIC_BYTES_MAX bytes of it suffice); None: still undecided."""
    for codec in CODECS:
        if head.startswith(codec.magics):
            return codec
    return None if any(may_become(codec, head) for codec in CODECS) else PLAIN


def may_become(codec: Codec, head: bytes) -> bool:
    """Whether more bytes could make a magic of `codec` out of `head`."""
    return any(magic.startswith(head) for magic in codec.magics)
