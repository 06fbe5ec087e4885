"""Envelopes of CloudWatch Logs: what is one, and what events it holds."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestd.core.envelope import carried, is_envelope
from ingestd.core.identity import object_id
from ingestd.errors import Poison
from ingestd.formats.names import first_names
from ingestd.model import PAD, Carrier, Source

SOURCE = Source("bucket", "key", "etag", 1.7e9, region="eu-west-1", account="999999999999")
ID = "3848091786504269726762749004560363313948049107104969523"


def envelope(*events: Any, **members: Any) -> bytes:
    made: dict[str, Any] = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/pets",
        "logStream": "2025/06/10/[$LATEST]0",
        "subscriptionFilters": ["all"],
        "logEvents": list(events),
    }
    return orjson.dumps(made | members)


def event(number: int, message: Any = "text", **members: Any) -> dict[str, Any]:
    return {"id": f"{ID}{number}", "timestamp": 1_700_000_000_000 + number, "message": message} | members


def texts(record: bytes) -> list[list[bytes]]:
    groups, rejects = carried(record, 0, SOURCE)
    assert not rejects
    made = []
    for group in groups:
        assert group.block.events
        ends = group.block.events.ends
        made.append([bytes(group.block.data[a:b]) for a, b in zip((0, *ends), ends, strict=False)])
    return made


def test_events() -> None:
    """Events come with their ids, times and texts, which may hold newlines, and say where they are from."""
    (group,), rejects = carried(envelope(event(1, "one\ntwo\n"), event(2, "")), 77, SOURCE)
    block, events = group.block, group.block.events
    assert (block.offset, block.size, len(block.data), rejects) == (77, 8, 8 + PAD, [])
    assert events
    assert (events.ends, events.ids, events.times_ms) == ((8, 8), (f"{ID}1", f"{ID}2"), (1_700_000_000_001, 1_700_000_000_002))
    assert group.source.carrier == Carrier("/aws/lambda/pets", "2025/06/10/[$LATEST]0", ("all",))
    assert (group.source.account, group.source.region) == ("123456789012", "eu-west-1")


def test_events_of_other_accounts() -> None:
    """Events that say so are of another account and region, as far as these can be one."""
    fields = ({"@aws.account": "1" * 12, "@aws.region": "us-east-1"}, {"@aws.account": "<x>", "@aws.region": 5}, None, "x")
    groups, _ = carried(envelope(*(event(n, extractedFields=each) for n, each in enumerate(fields))), 0, SOURCE)
    found = [(group.source.account, group.source.region, len(group.block.events.ids)) for group in groups if group.block.events]
    assert found == [("1" * 12, "us-east-1", 1), ("123456789012", "eu-west-1", 3)]


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ('{"a":1}', True),
        (' \r\n{\n "a": 1}\n', True),
        ("{}", True),
        ('{"a":"\\ud83d","b":1e999}', True),
        ("{'a': 1}", False),
        ("{ a: 1 }", False),
        ('{"a":"cut sho', False),
        ('{"a":{"b":1}', False),
        ('["a"]', False),
        ("", False),
        ("{", False),
    ],
)
def test_what_is_taken_for_json(text: str, is_json: bool) -> None:
    """A message that is one whole JSON object is read as one, and nothing else that stands in braces."""
    (group,), _ = carried(envelope(event(1, text)), 0, SOURCE)
    assert group.is_json is is_json


def test_json_and_text_apart() -> None:
    """Of a log group that holds both, JSON objects are read apart from all else."""
    assert texts(envelope(event(1, "a"), event(2, "{}"), event(3, "b"))) == [[b"a", b"b"], [b"{}"]]


@pytest.mark.parametrize(
    ("message", "text", "is_json"),
    [
        ({"a": [1.5, "é"]}, '{"a":[1.5,"é"]}', True),
        ([1, {"a": 2}], '[1,{"a":2}]', False),
        (5, "5", False),
        (False, "false", False),
    ],
)
def test_messages_that_are_no_text(message: Any, text: str, is_json: bool) -> None:
    """A message that somebody has parsed on the way is read as the JSON that it was."""
    (group,), rejects = carried(envelope(event(1, message)), 0, SOURCE)
    assert (bytes(group.block.data[: group.block.size]), group.is_json, rejects) == (text.encode(), is_json, [])


def test_control_message() -> None:
    """A control message has no events, whatever it holds."""
    assert carried(envelope(event(1), messageType="CONTROL_MESSAGE"), 0, SOURCE) == ([], [])


@pytest.mark.parametrize("name", [None, 7, "", 'x"}', "x\n", "a" * 129, "Ünïcode"])
def test_ids_that_are_none(name: Any) -> None:
    """An event whose id could not be a document's is named by its place: the same each time, and like no other."""
    (group,), _ = carried(envelope(event(1), event(2, id=name)), 5, SOURCE)
    assert group.block.events
    assert group.block.events.ids == (f"{ID}1", f"{object_id(SOURCE)}000000000005-1")


@pytest.mark.parametrize(
    "odd", [7, None, {}, event(2, None), event(2, timestamp="x"), event(2, timestamp=1.5), event(2, timestamp=True)]
)
def test_one_bad_event(odd: Any) -> None:
    """What has no message, or no time, is rejected, and the others are not."""
    groups, (reject,) = carried(envelope(event(1), odd, event(3)), 9, SOURCE)
    assert groups[0].block.events
    assert groups[0].block.events.ids == (f"{ID}1", f"{ID}3")
    assert (reject.offset, reject.reason, orjson.loads(reject.raw)) == (9, "bad_event", odd)


@pytest.mark.parametrize(
    "record",
    [
        b"{",
        b"[]",
        b"{}",
        b'"x"',
        b"\xff",
        envelope(messageType=1),
        envelope(logGroup=None),
        envelope(logStream=1),
        envelope(logEvents={}),
    ],
)
def test_no_envelope(record: bytes) -> None:
    """What is no envelope says so."""
    with pytest.raises(Poison) as raised:
        carried(record, 0, SOURCE)
    assert raised.value.reason == "bad_envelope"


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (envelope(event(1)), True),
        (b"\xef\xbb\xbf \n" + envelope() + envelope(), True),
        (envelope(event(1, "x" * 1000))[:300], True),
        (b'{"logEvents":[{"id":"1","message":"' + b"x" * 500, True),
        (b'{"messageType":"DATA_MESSAGE"}', False),
        (b'{"logEvents":1,"other":2}', False),
        (b'{"a":{"messageType":1,"logEvents":2}}', False),
        (b"logEvents messageType", False),
    ],
)
def test_what_is_seen_of_an_envelope(head: bytes, is_one: bool) -> None:
    """An object of envelopes is told by the names at its beginning, though its first one may be long."""
    assert is_envelope(first_names(head)) is is_one


def test_messages_as_deep_as_json_is_read() -> None:
    """A message that is JSON of many levels is read, and what is no event and as deep is a reject."""
    deep = b"[" * 500 + b"1" + b"]" * 500
    record = envelope(event(1, "DEEP"), {"message": "DEEP"}).replace(b'"DEEP"', deep)
    (group,), (reject,) = carried(record, 0, SOURCE)
    assert bytes(group.block.data[: group.block.size]) == deep
    assert (reject.reason, reject.raw) == ("bad_event", b'{"message":' + deep + b"}")
