"""What lookups have found, as the kernel searches it: keys and what was found by them, bounded, one table a worker thread.

No other thread reads or writes a table, and its own thread writes only between two calls of the kernel: so no lock is needed.
A key that comes when all of its places are taken drives out another, each time the next one, so that the few keys of one line
always stand together in the end; when there is no room for its text all are forgotten. What is forgotten is found again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingestd.fastpath.kernel.codes import KNOWN_PROBES, KNOWN_ROW
from ingestd.model import PAD

__all__ = ["SEED", "Known"]

ROWS = 1 << 17
TEXT_BYTES = 16 << 20
SEED = int.from_bytes(os.urandom(7))


class Known:
    """`rows` and `texts` are the kernel's; their memory, 20 MB at most, is taken as they fill."""

    def __init__(self, rows: int = ROWS, text_bytes: int = TEXT_BYTES) -> None:
        self.rows: NDArray[np.int64] = np.zeros(rows * KNOWN_ROW, np.int64)
        self.texts: NDArray[np.uint8] = np.zeros(text_bytes + PAD, np.uint8)
        self._places, self._room = rows, text_bytes
        self._used = self._turn = 0

    def add(self, key: bytes, hashed: int, values: Sequence[bytes]) -> None:
        """`hashed`: as the kernel says; `values`: what was found, empty where there is none."""
        found = b"".join(len(value).to_bytes(2, "little") for value in values) + b"".join(values)
        if self._used + len(key) + len(found) > self._room:
            self.rows[:] = 0
            self._used = 0
        row = self._free(hashed) * KNOWN_ROW
        self.rows[row : row + 3] = hashed, self._keep(key), self._keep(found)

    def _free(self, hashed: int) -> int:
        """The first of the key's places that is empty, or the one whose turn it is."""
        places = [(hashed + probe) % self._places for probe in range(KNOWN_PROBES)]
        self._turn += 1
        return next((place for place in places if not self.rows[place * KNOWN_ROW]), places[self._turn % KNOWN_PROBES])

    def _keep(self, text: bytes) -> int:
        at = self._used
        self.texts[at : at + len(text)] = np.frombuffer(text, np.uint8)
        self._used += len(text)
        return at << 16 | len(text)
