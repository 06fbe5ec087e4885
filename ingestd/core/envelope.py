"""Envelopes: how CloudWatch Logs sends the events of a log group to a subscriber, by Firehose, Kinesis or Lambda.

An envelope is one JSON object: `messageType`, `owner`, `logGroup`, `logStream`, `subscriptionFilters` and `logEvents`, an
array of `id`, `timestamp` (milliseconds) and `message`, a text. It is no format of a log but what carries one, as a
compression does: it is seen by its names, taken off, and the log inside is of whatever format it is.

* A CONTROL_MESSAGE only tries whether somebody listens: it has no events, whatever it holds.
* `extractedFields` of an event that came from another account say which, and which region.
* A message that is no text, as programs that pass envelopes on have parsed some, is read as the JSON that it is.
* An id is CloudWatch's own, the same whenever the event is sent. One that could not be a document's is not used: the event is
  then named by its envelope's place, and its own in it.

Source: AWS, "Log group-level subscription filters" and "Cross-account cross-Region log centralization", as of 2026-11-24.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ingestd.core.identity import document_id, object_id
from ingestd.core.mending import read_json
from ingestd.core.nested import dumped, is_whole
from ingestd.core.origin import is_account, is_region
from ingestd.errors import Poison
from ingestd.model import Block, Carrier, Reject, Source

__all__ = ["DATA", "Carried", "carried", "is_envelope", "is_object", "source_of"]

DATA = "DATA_MESSAGE"  # the type of an envelope that has events
ID = re.compile(r"[0-9A-Za-z_-]{1,128}")
JSON = re.compile(rb"[ \t\r\n]*+\{")
TIME_MS_MAX = 1 << 53


@dataclass(frozen=True, slots=True)
class Carried:
    """Events of an envelope that are alike: from one place, and all of them JSON objects, or none."""

    source: Source
    block: Block
    is_json: bool


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    time_ms: int
    text: bytes
    source: Source


def is_envelope(names: str | None) -> bool:
    """Whether an object whose first record has members of these names (formats/names.py) is made of envelopes."""
    found = set((names or "").split())
    return "logEvents" in found and ("messageType" in found or len(found) == 1)  # of a long array only its beginning is seen


def is_object(text: bytes) -> bool:
    """Whether an event is one whole JSON object; programs print other things in braces, and what is too long is cut."""
    try:
        return bool(JSON.match(text)) and isinstance(read_json(text), dict)
    except orjson.JSONDecodeError:
        return False


def carried(record: bytes, offset: int, source: Source) -> tuple[list[Carried], list[Reject]]:
    """The events of the envelope at `offset` of the object, in its order but for those that are alike, and what is no event.

    Neither, if there are none. Raises Poison, `bad_envelope`, for what is no envelope.
    """
    try:
        envelope = read_json(record)
    except orjson.JSONDecodeError:
        raise Poison("envelope is no JSON", reason="bad_envelope") from None
    if not isinstance(envelope, dict) or not isinstance(envelope.get("messageType"), str):
        raise Poison("record is no envelope", reason="bad_envelope")
    if envelope["messageType"] != DATA:
        return [], []
    events = envelope.get("logEvents")
    if not isinstance(events, list):
        raise Poison("envelope without events", reason="bad_envelope")
    found, prefix = source_of(envelope, source), document_id(object_id(source), offset)
    groups: dict[tuple[Source, bool], list[_Event]] = {}
    rejects = []
    for number, item in enumerate(events):
        event = _event(item, found, f"{prefix}-{number}")
        if event is None:
            raw = dumped(item)
            rejects.append(Reject(offset, "bad_event", "", raw, len(raw)))
        else:
            groups.setdefault((event.source, is_object(event.text)), []).append(event)
    return [Carried(where, _block(alike, offset), is_json) for (where, is_json), alike in groups.items()], rejects


def _block(events: list[_Event], offset: int) -> Block:
    texts, ids, times = zip(*((event.text, event.id, event.time_ms) for event in events), strict=True)
    return Block.of_events(texts, ids, times, offset)


def source_of(envelope: dict[str, Any], source: Source) -> Source:
    """Where all events of the envelope are from. Raises Poison, `bad_envelope`."""
    group, stream, owner = (envelope.get(name) for name in ("logGroup", "logStream", "owner"))
    filters = envelope.get("subscriptionFilters")
    if not isinstance(group, str) or not isinstance(stream, str):
        raise Poison("envelope without a log group or stream", reason="bad_envelope")
    kept = tuple(name for name in filters if isinstance(name, str)) if isinstance(filters, list) else ()
    account = owner if isinstance(owner, str) and is_account(owner) else source.account
    return replace(source, account=account, carrier=Carrier(group, stream, kept))


def _event(item: object, source: Source, place: str) -> _Event | None:
    """An event, named by its place if it has no id; None for what has no message or no time."""
    if not isinstance(item, dict):
        return None
    text, time, name = item.get("message"), item.get("timestamp"), item.get("id")
    if text is None or not is_whole(time) or abs(time) > TIME_MS_MAX:
        return None
    identity = name if isinstance(name, str) and ID.fullmatch(name) else place
    message = text.encode("utf-8", "replace") if isinstance(text, str) else dumped(text)
    return _Event(identity, time, message, _of_event(item.get("extractedFields"), source))


def _of_event(fields: object, source: Source) -> Source:
    """Where an event is from that says so itself."""
    if not isinstance(fields, dict):
        return source
    account, region = fields.get("@aws.account"), fields.get("@aws.region")
    return replace(
        source,
        account=account if isinstance(account, str) and is_account(account) else source.account,
        region=region if isinstance(region, str) and is_region(region) else source.region,
    )
