"""Documents, parts and batches made by hand, as a parser and a batcher would make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import orjson

from ingestd.model import Batch, Documents, Part

__all__ = ["Row", "again", "batch_of", "documents_of", "part_of"]

Row = tuple[str, str, Mapping[str, object] | bytes]  # index, id, document (bytes: as they stand, even if they are no JSON)


def documents_of(rows: Sequence[Row], *, action: bool = True) -> Documents:
    """The rows encoded, each behind its action line if `action`."""
    data = bytearray()
    starts, bodies = [0], []
    for index, name, document in rows:
        if action:
            data += orjson.dumps({"create": {"_index": index, "_id": name}}) + b"\n"
        bodies.append(len(data))
        data += (document if isinstance(document, bytes) else orjson.dumps(document)) + b"\n"
        starts.append(len(data))
    return Documents(
        data=bytes(data),
        starts=np.array(starts, np.int64),
        bodies=np.array(bodies, np.int64),
        offsets=np.arange(len(rows), dtype=np.int64) * 100,
        lines=len(rows),
    )


def part_of(rows: Sequence[Row], *, action: bool = True, receipt: int = 1) -> Part:
    return Part(documents_of(rows, action=action), 0, len(rows), receipt)


def batch_of(rows: Sequence[Row], *, action: bool = True) -> Batch:
    """One batch of all the rows, in two parts of which the second is a run from the middle of its documents."""
    half = len(rows) // 2
    stranger: Row = ("stranger", "stranger", {"n": "never sent"})
    first = part_of(rows[:half], action=action, receipt=1)
    framed = documents_of([stranger, *rows[half:], stranger], action=action)
    return Batch((first, Part(framed, 1, 1 + len(rows) - half, 2)))


def again(batch: Batch, items: Iterable[int], *, attempt: int = 2) -> Batch:
    """A batch of only these items of `batch`."""
    every = list(batch.items())
    chosen = [every[item] for item in items]
    return Batch(tuple(Part(part.documents, index, index + 1, part.receipt) for part, index in chosen), attempt)
