"""What dead letters hold themselves, read without the object (or the call) that it came in: that is gone, or was never kept.

The ids are those that lines and documents always had, for a letter says which object, version and place they are of.

* A line is read by the code of today, as it would be in its object. One whose columns a header named cannot be: the header was
  in the object. Nor can an event of an envelope, which said what the event is.
* A document that a sink refused is sent as it is, to the index of its dataset and day, with the id in it that the sink wants.
* Letters are as hostile as objects: no dataset is taken from one that the formats and routes do not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import orjson

from ingestd.core.identity import document_id, index_of, object_id
from ingestd.core.origin import origin_of
from ingestd.core.routing import Route
from ingestd.core.runs import source_of
from ingestd.errors import Poison
from ingestd.fastpath.ways import Ways
from ingestd.model import PAD, Block, DeadLetter, Documents, ObjectRef, Run, Source, Way

__all__ = ["kept", "source_of_letter"]


def source_of_letter(letter: DeadLetter, ref: ObjectRef | Run) -> Source:
    """What the letter's line was part of, as it was named then."""
    if isinstance(ref, Run):
        return source_of(ref)
    place = letter.place
    account, region = origin_of(ref.key)
    modified_at = letter.at if place.modified_at is None else place.modified_at
    return Source(ref.bucket, ref.key, place.etag, modified_at, region or ref.region, account or ref.owner)


def kept(letter: DeadLetter, source: Source, ways: Ways, route: Route, only: Sequence[str]) -> Sequence[Documents]:
    """Documents of the letter's own bytes, by their ways; none if it has not all that it takes."""
    if not source.etag or letter.place.offset is None or len(letter.raw) != letter.length:
        return ()
    if letter.kind == "document":
        return _document(letter, letter.place.offset, source, ways, only)
    if letter.kind != "line" or letter.place.event_id or b"\n" in letter.raw:
        return ()
    return _line(letter.raw, letter.place.offset, source, ways, route, only)


def _line(raw: bytes, offset: int, source: Source, ways: Ways, route: Route, only: Sequence[str]) -> Sequence[Documents]:
    try:
        reader = ways.reader(source, route, raw + b"\n", only, chosen=True)
    except Poison:
        return ()
    if ways.has_header(reader.name):
        return ()
    return reader.read(Block(bytearray(raw + b"\n" + bytes(PAD)), len(raw) + 1, offset))


def _document(letter: DeadLetter, offset: int, source: Source, ways: Ways, only: Sequence[str]) -> Sequence[Documents]:
    try:
        document = orjson.loads(letter.raw)
        dataset, day = document["event"]["dataset"], date.fromisoformat(document["@timestamp"][:10])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return ()
    name = letter.place.event_id or document_id(object_id(source), offset)
    return [_as_it_is(letter, document, name, day, source, way, offset) for way in ways.of_dataset(dataset, only)]


def _as_it_is(
    letter: DeadLetter, document: dict[str, dict[str, object]], name: str, day: date, source: Source, way: Way, offset: int
) -> Documents:
    body, action = letter.raw, b""
    if way.framing.id_field and document["event"].get("id") != name:
        body = orjson.dumps(document | {"event": document["event"] | {"id": name}})
    if way.framing.action:
        action = orjson.dumps({"create": {"_index": index_of(way.framing, source, day), "_id": name}}) + b"\n"
    return Documents(
        action + body + b"\n",
        np.array([0, len(action) + len(body) + 1], np.int64),
        np.array([len(action)], np.int64),
        np.array([offset], np.int64),
        lines=1,
        ids=(letter.place.event_id,) if letter.place.event_id else (),
        way=way,
    )
