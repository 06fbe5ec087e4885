"""A Firehose endpoint for the SDK, with its documented limits; held to it by the contract that moto's passes too."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import orjson
from aiohttp import web

from tests.fakes.http import FakeServer, Items, Lost, Whole

__all__ = ["FakeFirehose", "refusal"]

RECORDS_MAX = 500
RECORD_BYTES_MAX = 1000 * 1024
CALL_BYTES_MAX = 4 << 20


def refusal(status: int, code: str, message: str = "") -> Whole:
    """An error of the service for a whole call."""
    return Whole(status, orjson.dumps({"__type": code, "message": message}), {"content-type": "application/x-amz-json-1.1"})


class FakeFirehose(FakeServer):
    """One stream or several; `records` as they arrived, each as often as it arrived, and those of each stream."""

    def __init__(self, *streams: str) -> None:
        super().__init__()
        self.status = "ACTIVE"
        self.records: list[bytes] = []
        self.of_stream: dict[str, list[bytes]] = {stream: [] for stream in streams}
        self.calls: list[int] = []

    async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        call = orjson.loads(body)
        stream = call["DeliveryStreamName"]
        if stream not in self.of_stream:
            return _answer(refusal(400, "ResourceNotFoundException"))
        if request.headers["x-amz-target"].endswith(".DescribeDeliveryStream"):
            return _json({"DeliveryStreamDescription": self._description(stream)})
        records = [base64.b64decode(record["Data"]) for record in call["Records"]]
        self.calls.append(len(records))
        if (
            not 0 < len(records) <= RECORDS_MAX
            or sum(map(len, records)) > CALL_BYTES_MAX
            or any(len(record) > RECORD_BYTES_MAX for record in records)
        ):
            return _answer(refusal(400, "InvalidArgumentException"))
        failures = step.failures if isinstance(step, Items) else {}
        return _json(self._put(stream, records, failures))

    def _put(self, stream: str, records: list[bytes], failures: Mapping[int, object]) -> dict[str, object]:
        responses: list[dict[str, str]] = []
        for position, record in enumerate(records):
            if position in failures:
                responses.append({"ErrorCode": str(failures[position]), "ErrorMessage": "slow down"})
            else:
                self.records.append(record)
                self.of_stream[stream].append(record)
                responses.append({"RecordId": f"record-{len(self.records)}"})
        return {"FailedPutCount": len(failures), "Encrypted": False, "RequestResponses": responses}

    def _description(self, stream: str) -> dict[str, object]:
        return {
            "DeliveryStreamName": stream,
            "DeliveryStreamARN": f"arn:aws:firehose:eu-west-1:123456789012:deliverystream/{stream}",
            "DeliveryStreamStatus": self.status,
            "DeliveryStreamType": "DirectPut",
            "VersionId": "1",
            "Destinations": [],
            "HasMoreDestinations": False,
        }


def _answer(step: Whole) -> web.Response:
    return web.Response(status=step.status, body=step.body, headers=step.headers)


def _json(answer: object) -> web.Response:
    return web.Response(body=orjson.dumps(answer), content_type="application/x-amz-json-1.1")
