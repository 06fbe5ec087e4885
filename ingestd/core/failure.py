"""What Firehose leaves in S3 of records that it could not deliver: objects under `processing-failed/`, `elasticsearch-failed/`,
`AmazonOpenSearchService_failed/` and the like, or whatever a stream's error prefix says.

Each record is there as one JSON object: what failed and when, and the record itself in `rawData`, in base64. As an envelope is,
it is no format of a log but what carries one: it is seen by its names, and what it carries is read as if it had been delivered.

Source: AWS, "Data transformation failure handling" and "Handle data delivery failures", as of 2026-11-26.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import orjson

from ingestd.core.identity import TIME_MS_MAX, instant
from ingestd.core.layers import Layers
from ingestd.core.nested import is_whole
from ingestd.errors import Poison
from ingestd.model import Facts

__all__ = ["Failure", "failure", "is_failure"]

NAMES = {"attemptsMade", "arrivalTimestamp", "rawData"}
TEXTS = {
    "errorCode": "code",
    "lastErrorCode": "code",  # where formats are converted
    "errorMessage": "message",
    "lastErrorMessage": "message",
    "lambdaArn": "lambda_arn",
    "lambdaARN": "lambda_arn",
    "esIndexName": "index",
    "esDocumentId": "document_id",
    "EventId": "event_id",
}
TIMES = {"arrivalTimestamp": "arrived_at", "attemptEndingTimestamp": "ended_at"}
TEXT_MAX = 8000  # characters of a message: it may quote the record, and a server takes no longer term
ATTEMPTS_MAX = 1 << 31
RATIO_MAX = 1100.0  # what deflate can do; it is the size that bounds


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that was not delivered: what Firehose says of that, when it came, in milliseconds or None, and what it held."""

    facts: Facts
    arrived_ms: int | None
    data: bytes


def is_failure(names: str | None) -> bool:
    """Whether an object whose first record has members of these names (formats/names.py) is made of failed records."""
    return set((names or "").split()) >= NAMES


def failure(record: bytes, decoded_bytes_max: int) -> Failure | None:
    """The failed record that a line holds, without its compression; None for what is none, or holds more than that."""
    try:
        told = orjson.loads(record)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or not told.keys() >= NAMES:
        return None
    data = _decoded(told["rawData"], decoded_bytes_max)
    if not data or data.isspace():
        return None
    arrived = told["arrivalTimestamp"]
    return Failure(_facts(told), arrived if _is_time(arrived) else None, data)


def _decoded(text: Any, bytes_max: int) -> bytes | None:
    """Base64 and up to two layers of compression taken off; None where there is something else, or too much."""
    if not isinstance(text, str):
        return None
    layers, data = Layers(bytes_max, RATIO_MAX), bytearray()
    try:
        layers.feed(b64decode(text, validate=True))
        while piece := layers.read(bytes_max):
            data += piece
        return bytes(data + layers.finish())
    except (binascii.Error, ValueError, Poison):
        return None


def _facts(told: dict[str, Any]) -> Facts:
    facts: dict[str, str | int] = {}
    for name, fact in TEXTS.items():
        value = told.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            facts.setdefault(fact, str(value)[:TEXT_MAX])
    attempts = told["attemptsMade"]
    if is_whole(attempts) and 0 <= attempts < ATTEMPTS_MAX:
        facts["attempts"] = attempts
    facts |= {fact: instant(told[name] / 1000) for name, fact in TIMES.items() if _is_time(told.get(name))}
    return tuple(facts.items())


def _is_time(value: Any) -> bool:
    return is_whole(value) and 0 <= value < TIME_MS_MAX
