"""Notices: a message's body in, the objects that it names out. The form is recognised per message.

* S3 events (`Records[].s3`, keys form-encoded); the same, and any other form, wrapped by SNS; EventBridge's (`detail`, keys as
  they are), which Security Lake uses too, without `detail-type`; CloudTrail's own (`s3Bucket`, `s3ObjectKey[]`, keys as they
  are).
* Nothing is dropped in silence: what needs no reading is Ignored with a reason; what is not understood, or not allowed, is
  Poison, or, beside good records, refused. Poison says which shape was seen: names of keys, bounded and escaped, never a value.
* A message is written by anybody who reaches the queue. Only a bucket of the allow-list is ever named to S3; no URL, ARN,
  endpoint or region is taken from a message for a call. Size, nesting and number of records are bounded.
* Strict about what a GET is made of (bucket, key, version, etag); lenient about what only informs (region, time).

The forms are in AWS's documentation: "Event message structure" (S3; EventBridge), "Configuring Amazon SNS notifications for
CloudTrail", "Sample object notification message" (Security Lake).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from ingestd.core.record import Allowed, Read, Refused, event_bridge_record, s3_record, trail_record
from ingestd.errors import Poison
from ingestd.model import Ignored, Notice, ObjectRef

__all__ = ["BODY_BYTES_MAX", "Allowed", "read_notice"]

BODY_BYTES_MAX = 1 << 20  # SQS: MaximumMessageSize
RECORDS_MAX = 1000  # S3 sends one record a message, CloudTrail a few keys; a thousand tiny lies are no notice
WRAPS_MAX = 2  # SNS around what was itself published through SNS
CLOUDTRAIL_CHECK = "CloudTrail validation message."  # not JSON; sent once, when a trail is given its topic
SHAPE_KEYS_MAX, SHAPE_KEY_CHARS_MAX = 12, 40


def read_notice(body: str | bytes, allowed: Allowed) -> Notice:
    """The objects that a message names; the same object named twice counts once.

    Raises Poison: `not_json`, `too_large`, `too_deep`, `unrecognised`, `bad_record`, `foreign_bucket`, `foreign_owner`; its
    field `shape` says what was seen.
    """
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if len(raw) > BODY_BYTES_MAX:
        raise Poison("notice is too large", reason="too_large", shape=f"{len(raw)} bytes", limit=BODY_BYTES_MAX)
    if raw.strip() == CLOUDTRAIL_CHECK.encode():
        return Notice((), (Ignored("test_event"),))
    seen: list[str] = []
    records = list(_records(_parse(raw, seen), allowed, seen))
    objects = tuple(dict.fromkeys(record for record in records if isinstance(record, ObjectRef)))
    ignored = tuple(record for record in records if isinstance(record, Ignored))
    refused = tuple(record for record in records if isinstance(record, Refused))
    if not objects and not ignored:
        first = refused[0]
        shape = " > ".join(seen)
        raise Poison("notice is refused", reason=first.reason, shape=shape, column=first.column, records=len(refused))
    return Notice(objects, ignored, tuple(Ignored(record.reason, record.key) for record in refused))


def _parse(raw: bytes | str, seen: list[str]) -> Any:
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        seen.append(f"{len(raw)} characters of text")
        # orjson has one error for all; it stops at a depth of 1024, and says so ("depth limit", once "recursion limit").
        if "limit" in error.msg.lower():
            raise Poison("notice is nested too deeply", reason="too_deep", shape=" > ".join(seen), at=error.pos) from None
        raise Poison("notice is not json", reason="not_json", shape=" > ".join(seen), at=error.pos) from None
    seen.append(_shape(parsed))
    return parsed


def _records(body: Any, allowed: Allowed, seen: list[str]) -> Iterator[Read]:
    """Each record of the body, at least one."""
    for _ in range(WRAPS_MAX):
        if not (isinstance(body, dict) and body.get("Type") == "Notification" and isinstance(body.get("Message"), str)):
            break
        if body["Message"].strip() == CLOUDTRAIL_CHECK:
            yield Ignored("test_event")
            return
        body = _parse(body["Message"], seen)
    match body:
        case {"Records": [_, *_] as records}:
            _bound(len(records), seen)
            for record in records:
                yield s3_record(record, allowed)
        case {"detail": {"bucket": _, "object": _}}:
            yield event_bridge_record(body, allowed)
        case {"s3Bucket": bucket, "s3ObjectKey": [_, *_] as keys}:
            _bound(len(keys), seen)
            for key in keys:
                yield trail_record(bucket, key, allowed)
        case {"Event": "s3:TestEvent"}:
            yield Ignored("test_event")
        case _:
            raise Poison("notice is of no known form", reason="unrecognised", shape=" > ".join(seen))


def _bound(records: int, seen: list[str]) -> None:
    if records > RECORDS_MAX:
        raise Poison(
            "notice has too many records", reason="too_large", shape=" > ".join(seen), records=records, limit=RECORDS_MAX
        )


def _shape(parsed: Any) -> str:
    """What a body looks like from outside: its type, and the names of its first keys, escaped."""
    if isinstance(parsed, dict):
        names = [ascii(name[:SHAPE_KEY_CHARS_MAX])[1:-1] for name in islice(parsed, SHAPE_KEYS_MAX)]
        more = ["..."] * (len(parsed) > SHAPE_KEYS_MAX)
        return f"object({', '.join(names + more)})"
    return "array" if isinstance(parsed, list) else type(parsed).__name__
