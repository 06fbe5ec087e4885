"""Decompression of what may have been compressed twice: Firehose compresses anew what CloudWatch Logs sends compressed.

What an `Inflater` gives is looked at as the object itself is: if it begins as a compressed object does, it is one. Two
layers, no more; what is below the second is taken as it is. Both have the caps of one, and so have they together: the size of
what comes out in the end is measured against the bytes that lie in S3.
"""

from __future__ import annotations

from ingestd.core.codecs import PLAIN, recognise
from ingestd.core.inflate import RATIO_FROM_BYTES, Inflater
from ingestd.errors import Poison

__all__ = ["Layers"]


class Layers:
    """Used as an `Inflater` is, and raises what it does."""

    def __init__(self, decoded_bytes_max: int, ratio_max: float, *, ratio_from_bytes: int = RATIO_FROM_BYTES) -> None:
        self._limits = decoded_bytes_max, ratio_max
        self._ratio_from_bytes = ratio_from_bytes
        self._outer = Inflater(decoded_bytes_max, ratio_max, ratio_from_bytes=ratio_from_bytes)
        self._inner: Inflater | None = None
        self._held = b""  # too few bytes to tell whether there is a second layer
        self._is_told = False

    @property
    def codec(self) -> str:
        """As the object lies in S3: gzip, zstd, bzip2 or plain; twice, if there are two layers; empty until it is known."""
        return f"{self._outer.codec}+{self._inner.codec}" if self._inner else self._outer.codec

    @property
    def decoded_bytes(self) -> int:
        """Bytes that came out of the last layer."""
        return self._inner.decoded_bytes if self._inner else self._outer.decoded_bytes

    @property
    def held_bytes(self) -> int:
        """Bytes that both layers were fed, of which some are still to be read."""
        return self._outer.held_bytes + (self._inner.held_bytes if self._inner else 0)

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the object; they are not copied, and must not change until they have been read."""
        self._outer.feed(data)

    def read(self, max_bytes: int) -> bytes:
        """The next decoded bytes, at least one and hardly more than `max_bytes`; `b""`: feed more."""
        while True:
            if self._inner is not None and (decoded := self._inner.read(max_bytes)):
                self._check(self._inner)
                return decoded
            data = self._outer.read(max_bytes)
            if not data:
                return b""
            if not self._is_told:
                data = self._tell(self._held + data)
            if self._inner is None and data:
                return data
            if self._inner is not None:
                self._inner.feed(data)

    def finish(self) -> bytes:
        """The object has ended. Gives the bytes that were held back because they might have begun a magic."""
        rest = self._outer.finish()
        if self._inner is not None:
            return self._inner.finish()
        held, self._held = self._held, b""
        return held + rest

    def _tell(self, data: bytes) -> bytes:
        """Find out whether there is a second layer; the bytes that are to be read on, none if it cannot be told yet."""
        codec = PLAIN if self._outer.codec == PLAIN.name else recognise(data)
        self._held = data if codec is None else b""
        self._is_told = codec is not None
        if codec not in (PLAIN, None):
            self._inner = Inflater(*self._limits, ratio_from_bytes=self._ratio_from_bytes)
        return b"" if codec is None else data

    def _check(self, inner: Inflater) -> None:
        """Both layers together may not expand more than one may."""
        if inner.decoded_bytes > max(self._ratio_from_bytes, self._limits[1] * self._outer.compressed_bytes):
            raise Poison(
                "object expands too much", reason="ratio_exceeded", codec=self.codec, offset=self._outer.compressed_bytes,
                limit=self._limits[1],
            )  # fmt: skip
