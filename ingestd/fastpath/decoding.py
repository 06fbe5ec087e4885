"""One object's way from compressed bytes to documents: inflate, cut into blocks, parse. Runs in a worker thread.

One call at a time an object; between calls nothing is shared. Only an object's content tells what it is: its first decoded
bytes choose the format, that the cutter (`cutting.py`), and both are there before anything is cut. A Parquet file is
collected, and then read as the text that stands for it (`columnar.py`). Text in UTF-16 is read as the UTF-8 that it would be,
in which its offsets are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from ingestd.config import ObjectSettings
from ingestd.core.codecs import PLAIN
from ingestd.core.layers import Layers
from ingestd.core.utf16 import MARKS, Utf16
from ingestd.errors import Poison
from ingestd.fastpath import columnar
from ingestd.fastpath.cutting import Cutter
from ingestd.fastpath.reader import Reader
from ingestd.formats.registry import HEAD_BYTES, Format
from ingestd.model import Documents, Reject

__all__ = ["Choose", "Decoding"]

PIECE_BYTES = 256 << 10  # decoded at a time: what is not in a block yet is held beside it, for each object under way

Choose = Callable[[bytes], Reader]


class Decoding:
    """`feed` a piece of the object, `step` until None, and so on; the last piece ends it.

    `choose` is called once, with the first HEAD_BYTES of the decoded object or all of it, unless it is empty. `known` are the
    formats whose lines the rows of a Parquet file may be.
    """

    def __init__(self, limits: ObjectSettings, choose: Choose, known: Collection[Format]) -> None:
        self._limits = limits
        self._choose = choose
        self._known = known
        self._file: bytearray | None = None  # a Parquet file, until its text has been read
        self._text: Iterator[bytes] | None = None
        self._utf16: Utf16 | None = None
        self.reader: Reader | None = None
        self._cutter: Cutter | None = None
        self._inflater = Layers(limits.decoded_bytes_max, limits.ratio_max)
        self._piece_bytes = min(limits.block_bytes, PIECE_BYTES)
        self._is_fed = False
        self._is_last = False
        self._is_cut = False
        self._within = PLAIN.name  # what was below the compression
        self.head = b""

    @property
    def decoded_bytes(self) -> int:
        """Bytes of the decoded object so far."""
        return self._inflater.decoded_bytes

    @property
    def codec(self) -> str:
        """What was taken off, from outside in: gzip, zstd, bzip2, parquet and utf-16, joined by `+`; plain if nothing was."""
        if self._within == PLAIN.name:
            return self._inflater.codec
        return "+".join(each for each in (self._inflater.codec, self._within) if each != PLAIN.name)

    @property
    def held_bytes(self) -> int:
        """Bytes that are kept from step to step: of the object as it lies in S3, of a Parquet file, and what is being cut."""
        cutting = self._cutter.held_bytes if self._cutter else 0
        return self._inflater.held_bytes + len(self._file or b"") + cutting

    def feed(self, data: bytes, *, is_last: bool) -> None:
        """The next bytes as they lie in S3."""
        self._inflater.feed(data)
        self._is_last = is_last
        self._is_fed = True

    def step(self) -> Sequence[Documents] | None:
        """The next block's documents, by their ways; None when more must be fed, or after the last. Raises Poison."""
        while True:
            block = self._cutter.next() if self._cutter else None
            if isinstance(block, Reject):
                return (_rejected(block),)
            if block is not None and self.reader is not None:
                return self.reader.read(block)
            if not self._inflate():
                return None

    def _inflate(self) -> bool:
        """Bring the cutter more; whether there is anything new for it."""
        if self._is_fed:
            if data := self._inflater.read(self._piece_bytes):
                self._push(data)
                return True
            self._is_fed = False
            if self._is_last and (rest := self._inflater.finish()):
                self._push(rest)
                return True
        if self._is_last and not self._is_cut:
            if self._read_text() or self._end_utf16():
                return True
            if self._cutter is None and self.head:
                self._begin()
                return True
            self._is_cut = True
            if self._cutter is not None:
                self._cutter.finish()
                return True
        return False

    def _push(self, data: bytes) -> None:
        if self._utf16 is not None:
            data = self._utf16.read(data)
        if self._cutter is not None:
            self._cutter.push(data)
            return
        if self._file is not None and self._text is None:
            self._collect(data)
            return
        self.head += data
        if self._text is None and self.head.startswith(columnar.MAGIC):
            self._file, self.head = bytearray(self.head), b""
            self._within = "parquet"
            return
        if self._within == PLAIN.name and self.head.startswith(MARKS):
            self._within, self._utf16 = Utf16.name, Utf16()
            self.head = self._utf16.read(self.head)
        if len(self.head) >= HEAD_BYTES:
            self._begin()

    def _collect(self, data: bytes) -> None:
        assert self._file is not None
        self._file += data
        if len(self._file) > self._limits.parquet_bytes_max:
            limit = self._limits.parquet_bytes_max
            raise Poison("parquet file is too large", reason="too_large", codec="parquet", limit=limit)

    def _end_utf16(self) -> bool:
        """Bring the cutter what half a character at the end stands for; whether there was any."""
        if self._utf16 is None:
            return False
        rest, self._utf16 = self._utf16.read(b"", is_last=True), None
        self._push(rest)
        return bool(rest)

    def _read_text(self) -> bool:
        """Bring the cutter more of a Parquet file's text; whether there was any."""
        if self._file is None:
            return False
        if self._text is None:
            self._text = columnar.text(self._file, self._known, self._limits.decoded_bytes_max)
        if (piece := next(self._text, None)) is None:
            self._file = None
            return False
        self._push(piece)
        return True

    def _begin(self) -> None:
        """Enough has been seen of the object."""
        self.reader = self._choose(self.head[:HEAD_BYTES])
        self._cutter = self.reader.cutter(self._limits)
        self._cutter.push(self.head)
        self.head = self.head[:HEAD_BYTES]


def _rejected(reject: Reject) -> Documents:
    nothing = np.zeros(0, np.int64)
    return Documents(b"", np.zeros(1, np.int64), nothing, nothing, rejects=(reject,), lines=1)
