"""When the events of documents were, as the documents say it themselves: `@timestamp` is the first field of each."""

from __future__ import annotations

from datetime import datetime

from ingestd.model import Documents

__all__ = ["newest_at"]

HEAD = b'{"@timestamp":"'
WRITTEN_MAX = 40  # bytes of a moment and the quote behind it


def newest_at(documents: Documents) -> float:
    """The later of the first and the last document's time, in epoch seconds; 0 where neither says one.

    Logs are written nearly in the order of their events: so this is the newest of a block, for two looks a block.
    """
    return max((_at(documents, index) for index in {0, len(documents) - 1}), default=0.0) if len(documents) else 0.0


def _at(documents: Documents, index: int) -> float:
    head, _, rest = bytes(documents.body(index)[: len(HEAD) + WRITTEN_MAX]).partition(HEAD)
    try:
        return datetime.fromisoformat(rest.partition(b'"')[0].decode()).timestamp() if rest and not head else 0.0
    except ValueError:  # a year that only a document can say
        return 0.0
