"""Decompression: bytes of an object as they arrive in, decoded bytes out, a bounded number at a time.

* The format is told by the first bytes (codecs.py), and the object is read to the true end of its last member: an end anywhere
  else is `truncated`, bytes behind it that are no member are `trailing_garbage`. A prefix never counts as the whole.
* An empty object is a success without bytes.
* The results do not depend on how the input is cut: byte by byte gives what one piece gives.
* Sizes are capped, so that a bomb costs neither memory (each read is bounded) nor, beyond the caps, time.
* No clock, no I/O, nothing shared: one Inflater belongs to one object, and may be used by any one thread at a time.
"""

from __future__ import annotations

from ingestd.core.codecs import MAGIC_BYTES_MAX, PLAIN, Codec, Decoder, may_become, recognise
from ingestd.errors import Poison

__all__ = ["RATIO_FROM_BYTES", "Inflater"]

RATIO_FROM_BYTES = 16 << 20  # below this a bomb is no harm, and small honest objects may be one repeated line
# A decoder copies what it was given and did not need (`unused_data`): a member begins with small pieces, so that an object of
# thousands of tiny members is not copied thousands of times.
PIECE_BYTES_FIRST, PIECE_BYTES_MAX = 4 << 10, 1 << 20


class Inflater:
    """`feed` a piece, `read` until it gives `b""`, and so on; `finish` at the end of the object.

    Raises Poison: `truncated`, `corrupt`, `trailing_garbage` (each with the offset in the compressed object), `too_large`,
    `ratio_exceeded`. After that it is of no more use.
    """

    def __init__(self, decoded_bytes_max: int, ratio_max: float, *, ratio_from_bytes: int = RATIO_FROM_BYTES) -> None:
        self._decoded_bytes_max = decoded_bytes_max
        self._ratio_max = ratio_max
        self._ratio_from_bytes = ratio_from_bytes
        self._codec: Codec | None = None
        self._decoder: Decoder | None = None
        self._input = memoryview(b"")
        self._position = 0
        self._piece_bytes = PIECE_BYTES_FIRST
        self._member_at = 0
        self._drained = True
        self.compressed_bytes = 0
        self.decoded_bytes = 0

    @property
    def codec(self) -> str:
        """gzip, zstd, bzip2 or plain; empty until enough bytes have come to tell."""
        return self._codec.name if self._codec else ""

    @property
    def held_bytes(self) -> int:
        """Bytes that it was fed, of which some are still to be read."""
        return len(self._input)

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the object; they are not copied, and must not change until they have been read."""
        if data:
            held = self._input[self._position :]
            self._input = memoryview(bytes(held) + data if held else data)
            self._position = 0
            self._drained = False

    def read(self, max_bytes: int) -> bytes:
        """The next decoded bytes, at least one and at most `max_bytes`; `b""`: feed more."""
        # One byte more than is allowed is asked for: it shows the excess.
        max_bytes = min(max_bytes, self._decoded_bytes_max - self.decoded_bytes + 1)
        while (decoder := self._decoder or self._open()) is not None:
            if decoder.needs_input and self._position == len(self._input):
                break
            decoded = self._decode(decoder, max_bytes)
            if decoder.eof:
                self._close(decoder)
            if decoded:
                self._count(len(decoded))
                return decoded
        self._drained = True
        return b""

    def finish(self) -> bytes:
        """The object has ended. Gives the bytes that were held back because they might have begun a magic: all of its text."""
        if not self._drained:
            raise ValueError("finish before all was read")
        if self._decoder is not None and self._codec is not PLAIN:
            raise self._poison("compressed object ends inside of a member", "truncated", self.compressed_bytes)
        held = bytes(self._input[self._position :])
        if held and self._codec is not None:
            raise self._poison("compressed object ends inside of a member", "truncated", self.compressed_bytes + len(held))
        self._codec = self._codec or PLAIN
        self._position = len(self._input)
        self.compressed_bytes += len(held)
        self.decoded_bytes += len(held)
        return held

    def _open(self) -> Decoder | None:
        """A decoder for the member that begins here; None: too few bytes to tell."""
        if self._codec is not None and self._codec.zeros_between:
            self._skip_zeros()
        head = bytes(self._input[self._position : self._position + MAGIC_BYTES_MAX])
        if not head:
            return None
        if self._codec is None:
            self._codec = recognise(head)
            if self._codec is None:
                return None
        elif not head.startswith(self._codec.magics):
            if may_become(self._codec, head):
                return None
            raise self._poison("bytes behind the last member", "trailing_garbage", self.compressed_bytes)
        self._decoder = self._codec.open()
        self._piece_bytes = PIECE_BYTES_FIRST
        self._member_at = self.compressed_bytes
        return self._decoder

    def _skip_zeros(self) -> None:
        rest = self._input[self._position :]
        if rest and rest[0] == 0:
            zeros = len(rest) - len(bytes(rest).lstrip(b"\0"))
            self._position += zeros
            self.compressed_bytes += zeros

    def _decode(self, decoder: Decoder, max_bytes: int) -> bytes:
        piece: bytes | memoryview = b""
        if decoder.needs_input:
            piece = self._input[self._position : self._position + self._piece_bytes]
            self._position += len(piece)
            self.compressed_bytes += len(piece)
            self._piece_bytes = min(2 * self._piece_bytes, PIECE_BYTES_MAX)
        assert self._codec is not None
        try:
            return decoder.decompress(piece, max_bytes)
        except self._codec.errors as error:
            raise self._poison("compressed data is corrupt", "corrupt", self._member_at, detail=str(error)) from error

    def _close(self, decoder: Decoder) -> None:
        """The member has ended: what it did not use is input again (it may reach back into an earlier feed)."""
        unused = decoder.unused_data
        self.compressed_bytes -= len(unused)
        if len(unused) <= self._position:
            self._position -= len(unused)
        else:
            self._input = memoryview(unused + self._input[self._position :])
            self._position = 0
        self._decoder = None

    def _count(self, decoded: int) -> None:
        self.decoded_bytes += decoded
        if self.decoded_bytes > self._decoded_bytes_max:
            raise self._poison("decoded object is too large", "too_large", self.compressed_bytes, limit=self._decoded_bytes_max)
        if self.decoded_bytes > self._ratio_from_bytes and self.decoded_bytes > self._ratio_max * self.compressed_bytes:
            raise self._poison("object expands too much", "ratio_exceeded", self.compressed_bytes, limit=self._ratio_max)

    def _poison(self, message: str, reason: str, offset: int, **fields: object) -> Poison:
        return Poison(message, reason=reason, codec=self.codec, offset=offset, **fields)
