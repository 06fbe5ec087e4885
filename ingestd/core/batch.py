"""Documents into sealed batches: by count, encoded bytes and age, within what a sink takes in one request.

A batch keeps the order in which documents came and never splits one. Parts point into the documents they came from; a batch
that is sent again is copied together first (`again`), so that one stubborn document does not hold a megabyte in memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat

import numpy as np

from ingestd.model import Batch, BatchLimits, Documents, Part, Spot

__all__ = ["Batcher", "again", "chosen", "halves", "joined", "rewritten", "spots"]


class Batcher:
    """Fills one batch at a time. `now` is any clock that does not go back."""

    def __init__(self, limits: BatchLimits) -> None:
        self.limits = limits
        self._parts: list[Part] = []
        self._count = 0
        self._bytes = 0
        self._since = 0.0

    @property
    def waiting_bytes(self) -> int:
        """Bytes in the batch that is being filled."""
        return self._bytes

    def add(self, documents: Documents, receipt: int, now: float) -> list[Batch]:
        """Take all of `documents`; the batches that became full on the way, in order."""
        sealed: list[Batch] = []
        first = 0
        while first < len(documents):
            last = self._fits(documents, first)
            if last == first:
                sealed.append(self._seal())
                continue
            if not self._parts:
                self._since = now
            part = Part(documents, first, last, receipt)
            self._parts.append(part)
            self._count += len(part)
            self._bytes += part.bytes
            first = last
            if self._count >= self.limits.count_max or self._bytes >= self.limits.bytes_max:
                sealed.append(self._seal())
        return sealed

    def due_at(self) -> float | None:
        """When the batch that is being filled is old enough to go; None if it is empty."""
        return self._since + self.limits.seconds if self._parts else None

    def flush(self) -> Batch | None:
        """What there is, full or not."""
        return self._seal() if self._parts else None

    def _fits(self, documents: Documents, first: int) -> int:
        """The end of the longest run from `first` that fits; at least one document if the batch is empty."""
        room = int(documents.starts[first]) + self.limits.bytes_max - self._bytes
        last = bisect_right(documents.starts, room, first) - 1  # numpy's own lets the GIL go, and waits to have it back
        last = min(last, first + self.limits.count_max - self._count, len(documents))
        return max(last, first if self._parts else first + 1)

    def _seal(self) -> Batch:
        batch = Batch(tuple(self._parts))
        self._parts, self._count, self._bytes = [], 0, 0
        return batch


def again(batch: Batch, items: Sequence[int]) -> Batch:
    """The given items (ascending) of a batch as a batch of their own, copied together, one attempt older."""
    parts: list[Part] = []
    wanted = np.asarray(items, dtype=np.int64)
    begin = 0
    for part in batch.parts:
        lo, hi = np.searchsorted(wanted, (begin, begin + len(part)))
        if hi > lo:
            indices = wanted[lo:hi] - begin + part.first
            parts.append(Part(_copied(part.documents, indices), 0, int(hi - lo), part.receipt))
        begin += len(part)
    return Batch(tuple(parts), attempt=batch.attempt + 1)


def rewritten(batch: Batch, documents: Mapping[int, bytes]) -> Batch:
    """The items that are keys of `documents`, as `again` gives them, each with that document in the place of its own."""
    items = sorted(documents)
    copied = again(batch, items)
    bodies = iter(items)
    parts = tuple(
        replace(part, documents=_rewritten(part.documents, [documents[next(bodies)] for _ in range(len(part))]))
        for part in copied.parts
    )
    return Batch(parts, copied.attempt)


def halves(batch: Batch, items: Sequence[int]) -> tuple[Batch, Batch]:
    """The given items (ascending, at least two) of a batch that was too large, as two batches of about half of them each."""
    middle = len(items) // 2
    return again(batch, items[:middle]), again(batch, items[middle:])


def spots(documents: Documents) -> Iterator[Spot]:
    """Where each document's line is."""
    return zip(documents.offsets.tolist(), documents.ids or repeat(""), strict=False)


def chosen(documents: Documents, wanted: Collection[Spot]) -> Documents:
    """What became of the lines at these spots of the object, copied together; the others are as if they had not been read."""
    indices = np.array([index for index, spot in enumerate(spots(documents)) if spot in wanted], np.int64)
    rejects = tuple(reject for reject in documents.rejects if (reject.offset, reject.id) in wanted)
    return replace(_copied(documents, indices), rejects=rejects, lines=len(indices) + len(rejects))


def _copied(documents: Documents, indices: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Documents:
    view = memoryview(documents.data)
    begins, ends = documents.starts[indices], documents.starts[indices + 1]
    data = b"".join(view[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True))
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(ends - begins)))
    return Documents(
        data=data,
        starts=starts,
        bodies=starts[:-1] + documents.bodies[indices] - begins,
        offsets=documents.offsets[indices],
        ids=tuple(documents.ids[index] for index in indices.tolist()) if documents.ids else (),
        way=documents.way,
    )


def _rewritten(documents: Documents, bodies: Sequence[bytes]) -> Documents:
    """The same action lines, other documents."""
    view = memoryview(documents.data)
    heads = [view[begin:body] for begin, body in zip(documents.starts[:-1].tolist(), documents.bodies.tolist(), strict=True)]
    data = b"".join(piece for head, body in zip(heads, bodies, strict=True) for piece in (head, body, b"\n"))
    head_sizes = np.array([len(head) for head in heads], np.int64)
    sizes = head_sizes + np.array([len(body) + 1 for body in bodies], np.int64)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    return replace(documents, data=data, starts=starts, bodies=starts[:-1] + head_sizes)


def joined(batches: Sequence[Batch], limits: BatchLimits) -> list[Batch]:
    """The same items in fewer batches, as far as the limits allow: what a sink left over is not sent in crumbs."""
    result: list[Batch] = []
    for batch in batches:
        last = result[-1] if result else None
        if last and len(last) + len(batch) <= limits.count_max and last.bytes + batch.bytes <= limits.bytes_max:
            result[-1] = Batch(last.parts + batch.parts, max(last.attempt, batch.attempt))
        else:
            result.append(batch)
    return result
