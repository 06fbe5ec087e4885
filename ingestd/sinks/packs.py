"""Which documents of a batch make which record of a PutRecordBatch, and what a verdict on records says of documents.

A record is one document, or as many whole ones as fit, back to back: each ends with its newline. A document that fits in no
record is refused, unsent; a record that failed is all its documents. Limits are exact, in bytes before base64, as AWS counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ingestd.model import Batch, Refusal, Verdict

__all__ = ["RECORD_BYTES_MAX", "Packs", "packed"]

RECORD_BYTES_MAX = 1000 * 1024  # "Maximum record size", before base64; a call's limits are the settings' own maxima

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Packs:
    """Records as runs of bytes: record k is data[begins[k]:ends[k]], the documents [firsts[k], lasts[k]) of the batch."""

    data: bytes | memoryview
    begins: Places
    ends: Places
    firsts: Places
    lasts: Places
    items: int
    refused: tuple[Refusal, ...]

    def __len__(self) -> int:
        return len(self.begins)

    @property
    def documents(self) -> int:
        """How many documents the records hold."""
        return self.items - len(self.refused)

    def sent(self) -> list[int]:
        """The items that the records hold, ascending."""
        without = {refusal.item for refusal in self.refused}
        return [item for item in range(self.items) if item not in without]

    def of_records(self, verdict: Verdict) -> Verdict:
        """The verdict on the batch, from one whose items are the records."""
        if not verdict.retry and not self.refused:
            return Verdict(self.items)
        runs = [range(int(self.firsts[record]), int(self.lasts[record])) for record in verdict.retry]
        return self._of_batch(verdict, [item for run in runs for item in run])

    def of_documents(self, verdict: Verdict) -> Verdict:
        """The verdict on the batch, from one whose items are the documents that the records hold."""
        sent = self.sent()
        return self._of_batch(verdict, [sent[item] for item in verdict.retry])

    def _of_batch(self, verdict: Verdict, retry: list[int]) -> Verdict:
        return Verdict(
            self.items,
            retry=tuple(retry),
            refused=self.refused,
            throttled=verdict.throttled,
            paused=verdict.paused,
            split=verdict.split,
            reason=verdict.reason,
        )


def packed(batch: Batch, shape: Literal["document", "lines"]) -> Packs:
    """The records of a batch whose documents have no action lines."""
    data, begins, ends = _laid_out(batch)
    too_large = ends - begins > RECORD_BYTES_MAX
    refused = tuple(Refusal(int(item), "record_too_large") for item in np.flatnonzero(too_large))
    if shape == "lines":
        firsts, lasts = _runs(begins, ends)
    else:
        firsts = np.flatnonzero(~too_large)
        lasts = firsts + 1
    return Packs(data, begins[firsts], ends[lasts - 1], firsts, lasts, len(batch), refused)


def _laid_out(batch: Batch) -> tuple[bytes | memoryview, Places, Places]:
    """All documents in one place: (bytes, where each begins, where each ends behind its newline)."""
    if len(batch.parts) == 1:
        (part,) = batch.parts
        starts = part.documents.starts[part.first : part.last + 1]
        return part.documents.data, starts[:-1], starts[1:]
    sizes = [np.diff(part.documents.starts[part.first : part.last + 1]) for part in batch.parts]
    edges = np.cumsum(np.concatenate((np.zeros(1, np.int64), *sizes)))
    return b"".join([part.data for part in batch.parts]), edges[:-1], edges[1:]


def _runs(begins: Places, ends: Places) -> tuple[Places, Places]:
    """Documents [first, last) of each record, as many as fit; those that never fit are in none."""
    firsts: list[int] = []
    lasts: list[int] = []
    first = 0
    while first < len(begins):
        last = int(np.searchsorted(ends, begins[first] + RECORD_BYTES_MAX, side="right"))
        if last > first:
            firsts.append(first)
            lasts.append(last)
        first = max(last, first + 1)
    return np.array(firsts, np.int64), np.array(lasts, np.int64)
