"""Logs to try things with as a CloudWatch Logs subscription brings them: envelopes of a log group's events (core/envelope.py).

An event's id is 56 digits, as CloudWatch's own are: its time, the envelopes' number, and the event's place among all of theirs
in the last EVENT_DIGITS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random

import orjson

from ingestd.formats.table import Table
from ingestd.generate import DAY, SECONDS_A_DAY, STRANGE_SHARE, lines

__all__ = ["EVENT_DIGITS", "Envelope", "control_message", "envelopes", "group_of"]

ACCOUNT = "123456789012"
EVENT_DIGITS = 12
EVENTS_MAX = 200  # of an envelope; CloudWatch Logs sends what has come in a second or so
GROUPS = {
    "apigateway": "API-Gateway-Access-Logs_a1b2c3d4e5/prod",
    "apigateway_text": "API-Gateway-Access-Logs_a1b2c3d4e5/prod",
    "apigateway_execution": "API-Gateway-Execution-Logs_a1b2c3d4e5/prod",
    "lambda_json": "/aws/lambda/orders",
    "lambda_logs": "/aws/lambda/orders",
    "vpcflow": "/aws/vpc/flowlogs",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """`data` is one JSON object, without a newline; `ids` and `lines` its events'."""

    data: bytes
    ids: tuple[str, ...]
    lines: tuple[bytes, ...]


def group_of(table: Table) -> str:
    """The name of a log group that holds such a log."""
    return GROUPS.get(table.name, f"/app/{table.name}")


def envelopes(
    table: Table, count: int, seed: int, strange: float = STRANGE_SHARE, day: date = DAY, number: int = 0
) -> Iterator[Envelope]:
    """`count` lines of a format in envelopes of uneven sizes. `number` tells their ids from those of other envelopes.

    Of JSON, lines that are none are left as they are: whatever reads the group takes them for text.
    """
    random = Random(f"{seed}/{number}")  # noqa: S311 - repeatable by design, no secret
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    source = lines(table, count, seed, strange, day)
    first = 0
    while first < count:
        last = min(first + random.randint(1, EVENTS_MAX), count)
        texts = tuple(next(source) for _ in range(first, last))
        times = [(midnight + place * SECONDS_A_DAY // count) * 1000 for place in range(first, last)]
        ids = tuple(_id(time, number, place) for place, time in enumerate(times, first))
        yield Envelope(_envelope(group_of(table), "DATA_MESSAGE", ids, times, texts), ids, texts)
        first = last


def control_message() -> bytes:
    """What CloudWatch Logs sends to try whether somebody listens."""
    text = b"CWL CONTROL MESSAGE: Checking health of destination Firehose."
    return _envelope("", "CONTROL_MESSAGE", ("",), [0], (text,))


def _id(time_ms: int, number: int, place: int) -> str:
    return f"{time_ms:014d}{number:030d}{place:0{EVENT_DIGITS}d}"


def _envelope(group: str, kind: str, ids: tuple[str, ...], times: list[int], texts: tuple[bytes, ...]) -> bytes:
    return orjson.dumps(
        {
            "messageType": kind,
            "owner": ACCOUNT if group else "CloudwatchLogs",
            "logGroup": group,
            "logStream": "2026/11/01/[$LATEST]7f3b" if group else "",
            "subscriptionFilters": ["to-s3"] if group else [],
            "logEvents": [
                {"id": name, "timestamp": time, "message": text.decode("utf-8", "replace")}
                for name, time, text in zip(ids, times, texts, strict=True)
            ],
        }
    )
