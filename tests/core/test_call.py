"""Calls: each form, each way of being wrong, and nothing of the body in what is said of it."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.core.call import (
    BATCH,
    CALL_BYTES_MAX,
    PARAMETERS_MAX,
    RECORD_BYTES_MAX,
    SINGLE,
    delivered,
    described,
    origin_of_arn,
    put,
    put_answer,
)
from ingestd.errors import Poison
from tests.fakes.senders import ARN, Delivery

AT = 1_795_550_400.0
RECORDS = [b"one", b"", b"\xff\x00three"]


def lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def delivery(change: dict[str, Any] | None = None, **headers: str) -> tuple[bytes, dict[str, str]]:
    """A delivery whose body and headers are changed; a header that is empty is missing."""
    made = Delivery(RECORDS, is_compressed=False)
    body = orjson.dumps(orjson.loads(made.body) | (change or {}))
    changed = lowered(made.headers) | {f"x-amz-firehose-{name.replace('_', '-')}": value for name, value in headers.items()}
    return body, {name: value for name, value in changed.items() if value}


def batch(*records: bytes, stream: object = "logs") -> bytes:
    entries = [{"Data": base64.b64encode(record).decode()} for record in records]
    return orjson.dumps({"DeliveryStreamName": stream, "Records": entries})


def test_a_delivery_is_its_records() -> None:
    """With the stream and the sender's own id and time; the attributes that go with each record."""
    call = delivered(*delivery(common_attributes='{"commonAttributes":{"team":"edge"}}'))
    assert (call.id, call.stream, call.arn, call.at) == (Delivery([]).request_id, "logs", ARN, AT)
    assert (list(call.records), call.parameters, call.bytes) == (RECORDS, (("team", "edge"),), 10)


MALFORMED: dict[str, tuple[bytes, dict[str, str]]] = {
    "no JSON": (b"{", delivery()[1]),
    "nothing": (b"", delivery()[1]),
    "a list": (b"[]", delivery()[1]),
    "another protocol": delivery(protocol_version="2.0"),
    "no protocol": delivery(protocol_version=""),
    "no stream": delivery(source_arn=""),
    "another's ARN": delivery(source_arn="arn:aws:s3:::bucket"),
    "a stream's name of newlines": delivery(source_arn=f"{ARN}\nx"),
    "no request id": delivery(request_id=""),
    "another request id": delivery(request_id="other"),
    "a request id of spaces": delivery({"requestId": "a b"}, request_id="a b"),
    "a long request id": delivery({"requestId": "a" * 129}, request_id="a" * 129),
    "no timestamp": delivery({"timestamp": None}),
    "a timestamp in text": delivery({"timestamp": "1795550400000"}),
    "a timestamp that is true": delivery({"timestamp": True}),
    "a timestamp out of time": delivery({"timestamp": 10**15}),
    "no records": delivery({"records": None}),
    "records in a table": delivery({"records": {}}),
    "a record in text": delivery({"records": ["b25l"]}),
    "a record without data": delivery({"records": [{}]}),
    "data that is a number": delivery({"records": [{"data": 1}]}),
    "data that is not base64": delivery({"records": [{"data": "not base64!"}]}),
    "data that is not ASCII": delivery({"records": [{"data": "b25lé"}]}),
    "data that is cut": delivery({"records": [{"data": "b25"}]}),
    "attributes that are no JSON": delivery(common_attributes="{"),
    "attributes in a list": delivery(common_attributes='{"commonAttributes":[]}'),
    "an attribute that is a number": delivery(common_attributes='{"commonAttributes":{"a":1}}'),
    "an attribute that is long": delivery(common_attributes='{"commonAttributes":{"a":"%s"}}' % ("x" * 1025)),
    "attributes without end": delivery(
        common_attributes=orjson.dumps({"commonAttributes": dict.fromkeys(map(str, range(PARAMETERS_MAX + 1)), "")}).decode()
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_delivery_is_refused_in_words(name: str) -> None:
    """Never by another error than Poison."""
    with pytest.raises(Poison) as caught:
        delivered(*MALFORMED[name])
    assert caught.value.reason == "malformed"


def test_an_arn_tells_account_and_region() -> None:
    """And what is none tells nothing."""
    assert origin_of_arn(ARN) == ("123456789012", "eu-west-1")
    assert origin_of_arn("") == (None, None)


def test_an_sdks_call_is_its_records() -> None:
    """One, or a batch."""
    call = put(BATCH, batch(*RECORDS), "id", AT)
    assert (call.id, call.stream, list(call.records), call.at, call.arn) == ("id", "logs", RECORDS, AT, "")
    single = orjson.dumps({"DeliveryStreamName": "logs", "Record": {"Data": "b25l"}})
    assert put(SINGLE, single, "id", AT).records == (b"one",)


PUTS: dict[str, tuple[str, bytes, str]] = {
    "no JSON": (BATCH, b"DeliveryStreamName", "malformed"),
    "no stream": (BATCH, batch(b"a", stream=None), "invalid_argument"),
    "a stream's name of slashes": (BATCH, batch(b"a", stream="a/b"), "invalid_argument"),
    "no records": (BATCH, b'{"DeliveryStreamName":"logs"}', "malformed"),
    "an empty batch": (BATCH, batch(), "invalid_argument"),
    "a record too many": (BATCH, batch(*[b"a"] * 501), "invalid_argument"),
    "a record too large": (BATCH, batch(b"a" * (RECORD_BYTES_MAX + 1)), "invalid_argument"),
    "a batch too large": (BATCH, batch(*[b"a" * (CALL_BYTES_MAX // 5)] * 5, b"aaaaa"), "invalid_argument"),
    "no record": (SINGLE, b'{"DeliveryStreamName":"logs"}', "malformed"),
    "no base64": (BATCH, b'{"DeliveryStreamName":"logs","Records":[{"Data":"%"}]}', "malformed"),
}


@pytest.mark.parametrize("name", PUTS)
def test_a_call_that_the_service_would_refuse_is_refused(name: str) -> None:
    """Malformed, or over one of its limits."""
    operation, body, reason = PUTS[name]
    with pytest.raises(Poison) as caught:
        put(operation, body, "id", AT)
    assert caught.value.reason == reason


def test_the_largest_call_passes() -> None:
    """500 records, 1,000 KiB a record, 4 MiB a call."""
    assert len(put(BATCH, batch(*[b"a"] * 500), "id", AT).records) == 500
    assert put(BATCH, batch(*[b"a" * RECORD_BYTES_MAX] * 4), "id", AT).bytes == 4 * RECORD_BYTES_MAX


def test_each_record_has_an_id_of_its_own() -> None:
    """In the place that the SDK looks at."""
    call = put(BATCH, batch(b"a", b"b"), "id", AT)
    answer = orjson.loads(put_answer(BATCH, call))
    assert (answer["FailedPutCount"], [entry["RecordId"] for entry in answer["RequestResponses"]]) == (0, ["id-0", "id-1"])
    assert orjson.loads(put_answer(SINGLE, call))["RecordId"] == "id-0"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(
            st.sampled_from(["requestId", "timestamp", "records", "data", "DeliveryStreamName", "Records"]), below
        )
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=64) | JSON.map(orjson.dumps)


@given(BODIES)
def test_any_body_is_a_call_or_poison(body: bytes) -> None:
    """Nothing else comes out of the readers, and no text of the body."""
    headers = delivery()[1]
    said: list[Poison] = []
    for read in (lambda: delivered(body, headers), lambda: put(BATCH, body, "id", AT), lambda: described(body)):
        try:
            read()
        except Poison as poison:
            said.append(poison)
    assert all(set(poison.fields) <= {"at", "record", "records"} for poison in said)
    assert all(isinstance(value, int) for poison in said for value in poison.fields.values())
