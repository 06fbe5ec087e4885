"""The events of an envelope: by the kernel where it runs and the envelope is as CloudWatch Logs writes it, else by
`core/envelope.py`. Both make the same of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from ingestd.core.envelope import DATA, Carried, carried, is_object, source_of
from ingestd.core.mending import read_json
from ingestd.fastpath.kernel import envelope_codes as codes
from ingestd.fastpath.parser import unavailable
from ingestd.model import PAD, Block, Events, Reject, Source

__all__ = ["cut", "open_envelope"]

BEGIN = re.compile(rb'"logEvents"[ \t\r\n]*+:[ \t\r\n]*+\[')
MESSAGE = b'"message"'  # each event has it once; in a text its quotes would have backslashes before them
Rows = NDArray[np.int64]


def open_envelope(record: bytes, offset: int, source: Source) -> tuple[list[Carried], list[Reject]]:
    """As `carried`."""
    begin = BEGIN.search(record) if unavailable() is None else None
    head = _head(record[: begin.end()]) if begin else None
    found = cut(record, begin.end()) if begin and head else None
    if head is None or found is None:
        return carried(record, offset, source)
    where = source_of(head, source)
    return [Carried(where, block, is_json) for is_json, block in _blocks(record, *found, offset)], []


def _head(begin: bytes) -> dict[str, Any] | None:
    """The members that stand before an envelope's events; None where it is none that has some, or they are not its own."""
    try:
        head = read_json(begin + b"]}")
    except orjson.JSONDecodeError:
        return None
    return head if head.get("messageType") == DATA and head.get("logEvents") == [] else None


def cut(record: bytes, at: int) -> tuple[NDArray[np.uint8], Rows] | None:
    """The texts of the events whose array begins before `at`, and a row of each; None where the kernel leaves them."""
    from ingestd.fastpath.kernel.envelope import cut_events

    data, texts = np.frombuffer(record + bytes(PAD), np.uint8), np.empty(len(record) + 2 * PAD, np.uint8)
    rows = np.empty(record.count(MESSAGE) * codes.ROW, np.int64)
    count = cut_events(data, at, len(record), texts, rows)
    return None if count == codes.LEFT else (texts, rows[: count * codes.ROW].reshape(count, codes.ROW))


def _blocks(record: bytes, texts: NDArray[np.uint8], rows: Rows, offset: int) -> Iterator[tuple[bool, Block]]:
    """The events that are JSON objects, if there are any, and the others; the first event's kind first."""
    text, ends = texts.data, rows[:, codes.R_END].tolist()
    begins, are_json = [0, *ends[:-1]], rows[:, codes.R_KIND] == codes.JSON
    for place in np.flatnonzero(rows[:, codes.R_KIND] == codes.UNSURE):
        are_json[place] = is_object(bytes(text[begins[place] : ends[place]]))
    for is_json in dict.fromkeys(are_json.tolist()):
        alike = rows[are_json == is_json]
        names = alike[:, codes.R_ID].tolist(), alike[:, codes.R_ID_END].tolist()
        ids = [record[begin:end].decode() for begin, end in zip(*names, strict=True)]
        times = alike[:, codes.R_TIME].tolist()
        if len(alike) == len(rows):
            yield is_json, Block(text, ends[-1], offset, Events(tuple(ends), tuple(ids), tuple(times)))
        else:
            places = np.flatnonzero(are_json == is_json).tolist()
            yield is_json, Block.of_events([bytes(text[begins[place] : ends[place]]) for place in places], ids, times, offset)
