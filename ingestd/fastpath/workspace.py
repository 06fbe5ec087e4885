"""The arrays that the kernel works in: one set a worker thread, used by one call at a time, never given away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.kernel.codes import KNOWN_PROBES, LEFT_ROW, LINE_MAX, SLOTS_MAX
from ingestd.fastpath.known import Known
from ingestd.fastpath.of_thread import OfThread
from ingestd.model import PAD

__all__ = ["WORKSPACE", "Workspace"]

DOCUMENTS_FIRST, LEFT_MAX = 8192, 1024
SMALL_BYTES = 1 << 19
MEMO = b"1970-01-" + b"70-01-01" + bytes(8)  # a good date, as kernel/times.py remembers it, and its day
MEMO += b"01/Jan/1" + b"Jan/1970" + bytes(8)  # and as kernel/moments.py does
NOTHING_KNOWN = Known(KNOWN_PROBES, 0)


class Workspace:
    """Scratch, `alt`, columns and slots of one line, and what the kernel says of each document."""

    def __init__(self) -> None:
        self.scratch: NDArray[np.uint8] = np.empty(0, np.uint8)
        self.alt: NDArray[np.uint8] = np.empty(LINE_MAX + 2 * PAD, np.uint8)
        self.small: NDArray[np.uint8] = np.empty(SMALL_BYTES, np.uint8)
        self.edges, self.spans, self.fields = (np.zeros(2 * SLOTS_MAX + 8 * i, np.int64) for i in range(1, 4))
        self.left = np.zeros(LEFT_MAX * LEFT_ROW, np.int64)
        self.memo: NDArray[np.uint64] = np.frombuffer(bytearray(MEMO), np.uint64)
        self.starts, self.bodies, self.offsets = (np.zeros(DOCUMENTS_FIRST, np.int64) for _ in range(3))
        self._known, self._known_of = NOTHING_KNOWN, NOTHING

    def prepare(self, head: NDArray[np.uint8], line_room: int) -> None:
        """What the kernel copies from to the head of scratch, and behind it room for the longest line."""
        if len(self.scratch) < len(head) + line_room:
            self.scratch = np.empty(len(head) + line_room, np.uint8)
        self.scratch[: len(head)] = head

    def known(self, enrichment: Enrichment) -> Known:
        """What this thread has learnt of the enrichment; of another, which takes its place, it knows nothing."""
        if not enrichment.lookups:
            return NOTHING_KNOWN
        if enrichment is not self._known_of:
            self._known, self._known_of = Known(), enrichment
        return self._known

    def make_room(self, documents: int) -> None:
        """Room for more documents than there are; what there is stays."""
        if documents + 1 >= len(self.starts):
            more = np.zeros(len(self.starts), np.int64)
            self.starts, self.bodies, self.offsets = (
                np.concatenate([kept, more]) for kept in (self.starts, self.bodies, self.offsets)
            )


WORKSPACE = OfThread(Workspace)
