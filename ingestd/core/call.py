"""Calls: a request's body in, the records that it brings out. Two forms, told apart by where the request goes.

* Firehose's own, to an HTTP endpoint: `{requestId, timestamp, records: [{data}]}`, data in base64; stream, account and region
  are those of the ARN in the header, and common attributes go with each record. (AWS's documentation: "Understand HTTP endpoint
  delivery request and response specifications", Firehose.)
* The SDK's, for PutRecord and PutRecordBatch: JSON 1.1, with the service's own limits. (API Reference, Firehose.)

A body is written by anybody who has a key. Poison says what is wrong with it, and never what it holds.
"""

from __future__ import annotations

import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any

import orjson

from ingestd.core.identity import TIME_MS_MAX
from ingestd.core.nested import is_whole
from ingestd.errors import Poison
from ingestd.model import Call

__all__ = ["BATCH", "DESCRIBE", "OPERATIONS", "SINGLE", "delivered", "described", "origin_of_arn", "put", "put_answer"]

SINGLE, BATCH, DESCRIBE = "PutRecord", "PutRecordBatch", "DescribeDeliveryStream"
OPERATIONS = (SINGLE, BATCH, DESCRIBE)
RECORDS_MAX = 500  # PutRecordBatch
RECORD_BYTES_MAX = 1000 * 1024
CALL_BYTES_MAX = 4 << 20
PARAMETERS_MAX, PARAMETER_CHARS_MAX = 50, 1024  # Firehose: CommonAttributes
_ID = re.compile(r"[!-~]{1,128}")
_STREAM = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ARN = re.compile(
    r"arn:aws[a-z-]*:firehose:(?P<region>[a-z0-9-]{1,32}):(?P<account>[0-9]{12}):deliverystream/(?P<stream>[A-Za-z0-9_.-]{1,64})"
)


def delivered(body: bytes, headers: Mapping[str, str]) -> Call:
    """Firehose's own call; names of headers in lower case. Raises Poison `malformed`."""
    version = headers.get("x-amz-firehose-protocol-version", "")
    if version != "1.0":
        raise _malformed("x-amz-firehose-protocol-version is not 1.0")
    arn = headers.get("x-amz-firehose-source-arn", "")
    found = _ARN.fullmatch(arn)
    if found is None:
        raise _malformed("x-amz-firehose-source-arn is no ARN of a stream")
    call = _object(body)
    name, at, entries = call.get("requestId"), call.get("timestamp"), call.get("records")
    if not isinstance(name, str) or not _ID.fullmatch(name) or name != headers.get("x-amz-firehose-request-id"):
        raise _malformed("requestId is not what x-amz-firehose-request-id says")
    if not is_whole(at) or not 0 < at < TIME_MS_MAX:
        raise _malformed("timestamp is not in milliseconds since 1970")
    if not isinstance(entries, list):
        raise _malformed("records is no list")
    records = tuple(_data(entry, "data", place) for place, entry in enumerate(entries))
    return Call(name, found["stream"], records, at / 1000, arn, _parameters(headers.get("x-amz-firehose-common-attributes")))


def origin_of_arn(arn: str) -> tuple[str | None, str | None]:
    """(account, region) of a stream's ARN, each None where there is none. They go into documents, and nowhere else."""
    found = _ARN.fullmatch(arn)
    return (found["account"], found["region"]) if found else (None, None)


def put(operation: str, body: bytes, call_id: str, at: float) -> Call:
    """The SDK's call of PutRecord or PutRecordBatch. Raises Poison: `malformed`, `invalid_argument`."""
    call = _object(body)
    stream = _stream(call)
    entries = [call.get("Record")] if operation == SINGLE else call.get("Records")
    if not isinstance(entries, list):
        raise _malformed("Records is no list")
    if not 1 <= len(entries) <= RECORDS_MAX:
        raise Poison(f"a call takes 1 to {RECORDS_MAX} records", reason="invalid_argument", records=len(entries))
    records = tuple(_data(entry, "Data", place) for place, entry in enumerate(entries))
    if any(len(record) > RECORD_BYTES_MAX for record in records) or sum(map(len, records)) > CALL_BYTES_MAX:
        allowed = f"a record takes {RECORD_BYTES_MAX} bytes, a call {CALL_BYTES_MAX}"
        raise Poison(allowed, reason="invalid_argument")
    return Call(call_id, stream, records, at)


def put_answer(operation: str, call: Call) -> bytes:
    """What the SDK hears when all records of its call are settled."""
    answers = [{"RecordId": f"{call.id}-{place}"} for place in range(len(call.records))]
    if operation == SINGLE:
        return orjson.dumps({"Encrypted": False, **answers[0]})
    return orjson.dumps({"Encrypted": False, "FailedPutCount": 0, "RequestResponses": answers})


def described(body: bytes) -> str:
    """The stream that DescribeDeliveryStream asks for. Raises Poison."""
    return _stream(_object(body))


def _stream(call: Mapping[str, Any]) -> str:
    stream = call.get("DeliveryStreamName")
    if not isinstance(stream, str) or not _STREAM.fullmatch(stream):
        raise Poison("DeliveryStreamName is no stream's name", reason="invalid_argument")
    return stream


def _object(body: bytes) -> dict[str, Any]:
    try:
        call = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _malformed("body is not JSON", at=error.pos) from None
    if not isinstance(call, dict):
        raise _malformed("body is no JSON object")
    return call


def _data(entry: object, name: str, place: int) -> bytes:
    data = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(data, str):
        raise _malformed(f"a record has no {name}", record=place)
    try:
        return a2b_base64(data, strict_mode=True)
    except (BadBase64, ValueError):
        raise _malformed("a record is not base64", record=place) from None


def _parameters(header: str | None) -> tuple[tuple[str, str], ...]:
    if not header:
        return ()
    found = _object(header.encode()).get("commonAttributes", {})
    if not isinstance(found, dict) or len(found) > PARAMETERS_MAX:
        raise _malformed(f"x-amz-firehose-common-attributes are not up to {PARAMETERS_MAX} texts by name")
    for name, value in found.items():
        if not isinstance(value, str) or max(len(name), len(value)) > PARAMETER_CHARS_MAX:
            raise _malformed("a common attribute is no text, or too long")
    return tuple(found.items())


def _malformed(message: str, **fields: object) -> Poison:
    return Poison(message, reason="malformed", **fields)
