"""Who puts records: Firehose, as it delivers to an HTTP endpoint, written as AWS documents it."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

__all__ = ["ARN", "CONTROL", "KEY", "Delivery", "subscribed"]

ARN = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/logs"
KEY = "let-me-in-0123456789"


@dataclass(frozen=True)
class Delivery:
    """One request, the same on each attempt."""

    records: Sequence[bytes]
    request_id: str = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"
    arn: str = ARN
    key: str = KEY
    timestamp: int = 1_795_550_400_000
    is_compressed: bool = True
    parameters: Mapping[str, str] | None = None

    @property
    def headers(self) -> dict[str, str]:
        parameters = {"commonAttributes": dict(self.parameters or {})}
        return {
            "Content-Type": "application/json",
            "User-Agent": "Amazon Kinesis Data Firehose Agent/1.0",
            "X-Amz-Firehose-Protocol-Version": "1.0",
            "X-Amz-Firehose-Request-Id": self.request_id,
            "X-Amz-Firehose-Source-Arn": self.arn,
            "X-Amz-Firehose-Access-Key": self.key,
            **({"X-Amz-Firehose-Common-Attributes": orjson.dumps(parameters).decode()} if self.parameters else {}),
            **({"Content-Encoding": "gzip"} if self.is_compressed else {}),
        }

    @property
    def body(self) -> bytes:
        records = [{"data": base64.b64encode(record).decode()} for record in self.records]
        text = orjson.dumps({"requestId": self.request_id, "timestamp": self.timestamp, "records": records})
        return gzip.compress(text, mtime=0) if self.is_compressed else text


def subscribed(group: str, first: int, *messages: str) -> bytes:
    """What a subscription of a log group puts on a stream: events numbered from `first`, which is what their ids tell."""
    events = [
        {"id": f"{first + n:056}", "timestamp": 1_795_550_400_000 + n, "message": text} for n, text in enumerate(messages)
    ]
    return _envelope("DATA_MESSAGE", group, events)


def _envelope(kind: str, group: str, events: Sequence[Mapping[str, object]]) -> bytes:
    made = {"messageType": kind, "owner": "123456789012", "logGroup": group, "logStream": "s", "subscriptionFilters": ["all"]}
    return gzip.compress(orjson.dumps(made | {"logEvents": events}), mtime=0)


CONTROL = _envelope(
    "CONTROL_MESSAGE",
    "",
    [{"id": "", "timestamp": 1_795_550_400_000, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}],
)
