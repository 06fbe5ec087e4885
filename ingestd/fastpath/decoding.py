"""One object's way from compressed bytes to documents: inflate, cut into blocks, parse. Runs in a worker thread.

One call at a time an object; between calls nothing is shared. Only an object's content tells what it is: its first decoded
bytes choose the format, that the cutter (`cutting.py`), and both are there before anything is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ingestd.config import ObjectSettings
from ingestd.core.layers import Layers
from ingestd.fastpath.cutting import Cutter
from ingestd.fastpath.reader import Reader
from ingestd.formats.registry import HEAD_BYTES
from ingestd.model import Documents, Reject

__all__ = ["Choose", "Decoding"]

Choose = Callable[[bytes], Reader]


class Decoding:
    """`feed` a piece of the object, `step` until None, and so on; the last piece ends it.

    `choose` is called once, with the first HEAD_BYTES of the decoded object or all of it, unless it is empty.
    """

    def __init__(self, limits: ObjectSettings, choose: Choose) -> None:
        self._limits = limits
        self._choose = choose
        self.reader: Reader | None = None
        self._cutter: Cutter | None = None
        self._inflater = Layers(limits.decoded_bytes_max, limits.ratio_max)
        self._piece_bytes = limits.block_bytes
        self._is_fed = False
        self._is_last = False
        self._is_cut = False
        self.head = b""

    @property
    def decoded_bytes(self) -> int:
        """Bytes of the decoded object so far."""
        return self._inflater.decoded_bytes

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
            if self._cutter is None and self.head:
                self._begin()
                return True
            self._is_cut = True
            if self._cutter is not None:
                self._cutter.finish()
                return True
        return False

    def _push(self, data: bytes) -> None:
        if self._cutter is not None:
            self._cutter.push(data)
            return
        self.head += data
        if len(self.head) >= HEAD_BYTES:
            self._begin()

    def _begin(self) -> None:
        """Enough has been seen of the object."""
        self.reader = self._choose(self.head[:HEAD_BYTES])
        self._cutter = self.reader.cutter(self._limits)
        self._cutter.push(self.head)
        self.head = self.head[:HEAD_BYTES]


def _rejected(reject: Reject) -> Documents:
    nothing = np.zeros(0, np.int64)
    return Documents(b"", np.zeros(1, np.int64), nothing, nothing, rejects=(reject,), lines=1)
