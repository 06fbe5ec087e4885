"""One object's way from compressed bytes to documents: inflate, cut into blocks, parse. Runs in a worker thread.

One call at a time an object; between calls nothing is shared. The parsers are chosen once the first block is there, since
only an object's content tells what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ingestd.config import ObjectSettings
from ingestd.core.blocks import BlockCutter
from ingestd.core.inflate import Inflater
from ingestd.fastpath.parser import Parser
from ingestd.formats.registry import HEAD_BYTES
from ingestd.model import Documents, Reject

__all__ = ["Decoding"]


class Decoding:
    """`feed` a piece of the object, `step` until None, and so on; the last piece ends it."""

    def __init__(self, limits: ObjectSettings, choose: Callable[[bytes], Sequence[Parser]]) -> None:
        self._choose = choose
        self._parsers: Sequence[Parser] | None = None
        self._inflater = Inflater(limits.decoded_bytes_max, limits.ratio_max)
        self._cutter = BlockCutter(limits.block_bytes, limits.line_bytes_max)
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

    def step(self) -> tuple[Documents, ...] | None:
        """The next block's documents, once for each parser; None when more must be fed, or after the last. Raises Poison."""
        while True:
            block = self._cutter.next()
            if isinstance(block, Reject):
                return (_rejected(block),)
            if block is not None:
                if self._parsers is None:
                    self.head = bytes(memoryview(block.data)[: min(block.size, HEAD_BYTES)])
                    self._parsers = self._choose(self.head)
                return tuple(parser.parse(block) for parser in self._parsers)
            if not self._inflate():
                return None

    def _inflate(self) -> bool:
        """Bring the cutter more; whether there is anything new for it."""
        if self._is_fed:
            if data := self._inflater.read(self._piece_bytes):
                self._cutter.push(data)
                return True
            self._is_fed = False
            if self._is_last and (rest := self._inflater.finish()):
                self._cutter.push(rest)
                return True
        if self._is_last and not self._is_cut:
            self._is_cut = True
            self._cutter.finish()
            return True
        return False


def _rejected(reject: Reject) -> Documents:
    nothing = np.zeros(0, np.int64)
    return Documents(b"", np.zeros(1, np.int64), nothing, nothing, rejects=(reject,), lines=1)
