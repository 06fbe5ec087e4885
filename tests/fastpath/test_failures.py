"""Records that Firehose could not deliver are read for what they hold, as if they had been delivered."""

from __future__ import annotations

import gzip
from base64 import b64encode
from random import Random
from typing import Any

import orjson
import pytest

from ingestd.config import ObjectSettings
from ingestd.core.routing import Route, Router
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.failures import TEXT_BYTES_MAX
from ingestd.fastpath.parser import Opening, open_parser
from ingestd.fastpath.reference import ReferenceParser
from ingestd.fastpath.ways import Ways
from ingestd.formats.registry import formats
from ingestd.model import Documents, Framing, Source

SOURCE = Source("bucket", "processing-failed/2026/11/01/12/x", "etag", 1_793_534_400.0)
ALB = formats()["alb"].sample(Random(1)).encode()
WAF = formats()["waf"].sample(Random(2)).encode()
FLOW = "2 123456789012 eni-0a 192.0.2.1 192.0.2.2 443 5555 6 1 40 1700000000 1700000060 ACCEPT OK"
EVENT = b'{"message":"paid","order":{"id":7}}'
ENVELOPE = orjson.dumps(
    {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/pets",
        "logStream": "s",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "36545", "timestamp": 1_793_534_401_000, "message": "[INFO] hello"}],
    }
)
ARRIVED = 1_793_534_399_123


def failed(data: bytes | str, **more: object) -> bytes:
    """A record as it stands in S3: its data, or the text that is there instead of it in base64."""
    facts = {
        "attemptsMade": 4,
        "arrivalTimestamp": ARRIVED,
        "errorCode": "Lambda.FunctionError",
        "errorMessage": 'The Lambda function "returned" an error',
        "attemptEndingTimestamp": ARRIVED + 60_000,
        "rawData": data if isinstance(data, str) else b64encode(data).decode(),
    }
    return orjson.dumps(facts | more)


def read(
    data: bytes, form: str = "auto", cut: int = 1 << 20, opening: Opening = open_parser, **limits: int
) -> tuple[str, list[Documents]]:
    framing = Framing("set", action=True, index="i", outlier_index="o")
    ways = Ways(formats(), Router((), ("out",)), ("out",), lambda name, dataset: framing, opening)
    route, settings = Route(("out",), format=form), ObjectSettings(**limits)
    decoding = Decoding(settings, lambda head: ways.reader(SOURCE, route, head), formats().values())
    found: list[Documents] = []
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    for number, piece in enumerate(pieces, 1):
        decoding.feed(piece, is_last=number == len(pieces))
        while (step := decoding.step()) is not None:
            found += step
    assert decoding.reader is not None
    return decoding.reader.name, found


def documents(found: list[Documents]) -> list[dict[str, Any]]:
    return [orjson.loads(each.body(index)) for each in found for index in range(len(each))]


def ids(found: list[Documents]) -> list[str]:
    actions = [bytes(each.data[each.starts[i] : each.bodies[i]]) for each in found for i in range(len(each))]
    return [orjson.loads(action)["create"]["_id"] for action in actions]


def names(found: list[Documents]) -> list[str]:
    return [each.way.format for each in found if each.way for _ in range(len(each))]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ALB, ["alb"]),
        (ALB + b"\n" + ALB + b"\n", ["alb", "alb"]),
        (gzip.compress(ALB + b"\r\n"), ["alb"]),
        (WAF, ["waf"]),
        (EVENT + b"\n" + EVENT, ["events", "events"]),
        (b"[" + EVENT + b"," + EVENT + b"]", ["events", "events"]),
        (orjson.dumps({"message": FLOW}), ["vpcflow"]),
        (gzip.compress(ENVELOPE), ["lambda_logs"]),
        (gzip.compress(gzip.compress(ENVELOPE)), ["lambda_logs"]),
        (ENVELOPE + ENVELOPE, ["lambda_logs", "lambda_logs"]),
        (failed(ALB), ["events"]),  # the failure of a failure is an event like any other
    ],
)
def test_what_it_held(data: bytes, expected: list[str]) -> None:
    """Lines, JSON records and envelopes, compressed or not, are of the format that they are, and say how they failed."""
    name, found = read(failed(data))
    assert (name, names(found)) == ("firehose_failure", expected)
    for document in documents(found):
        assert document["aws"]["firehose"]["failure"] == {
            "code": "Lambda.FunctionError",
            "message": 'The Lambda function "returned" an error',
            "attempts": 4,
            "arrived_at": "2026-11-01T11:59:59.123Z",
            "ended_at": "2026-11-01T12:00:59.123Z",
        }
        assert document["aws"]["s3"]["object"]["key"] == SOURCE.key
        assert document["event"]["id"]


def test_of_a_cluster() -> None:
    """What a cluster refused says which document of which index it was to be; an event without a time has its arrival's."""
    more = {"errorCode": 400, "esDocumentId": "49.0", "esIndexName": "logs", "esTypeName": "_doc", "attemptsMade": "1"}
    ((document,)) = documents(read(failed(EVENT, **more))[1])
    failure = document["aws"]["firehose"]["failure"]
    assert (failure["code"], failure["document_id"], failure["index"]) == ("400", "49.0", "logs")
    assert "attempts" not in failure
    assert document["@timestamp"] == "2026-11-01T11:59:59.123Z"


def test_ids_of_an_event_are_those_of_cloudwatch() -> None:
    """An event that is in the index already, for it came by another way, is there once."""
    _, found = read(failed(gzip.compress(ENVELOPE)))
    assert ids(found) == ["36545"]


@pytest.mark.parametrize(
    "text",
    [
        "not base64",
        b64encode(ALB).decode()[:-3],
        "",
        "  ",
        b64encode(b"\n \n").decode(),
        b64encode(b"some words\n").decode(),
        b64encode(b"\x00\xff\xfe").decode(),
        b64encode(gzip.compress(ALB)[:-9]).decode(),
        b64encode(gzip.compress(bytes(64 << 20))).decode(),
        b64encode(gzip.compress(EVENT * (TEXT_BYTES_MAX // len(EVENT) + 1))).decode(),
    ],
)
def test_what_cannot_be_told(text: str) -> None:
    """A record that holds nothing of a known format, too much, or no base64, is a document as it stands."""
    record = failed(text)
    _, found = read(failed(ALB) + b"\n" + record + b"\n" + failed(ALB))
    assert names(found) == ["alb", "events", "alb"]
    middle = documents(found)[1]
    assert middle["app"]["errorCode"] == "Lambda.FunctionError"
    assert middle["log"]["offset"] == len(failed(ALB)) + 1
    assert "firehose" not in middle["aws"]


def test_other_records_between() -> None:
    """What is no failed record among such is a document, or a reject, as it would be elsewhere."""
    data = b"\n".join([failed(ALB), b'{"a":1}', b"", b"{broken", b'{"rawData":"x"}', failed(WAF)])
    _, found = read(data)
    assert names(found) == ["alb", "events", "events", "waf"]
    assert [(reject.reason, reject.raw) for each in found for reject in each.rejects] == [("bad_json", b"{broken")]
    assert sum(each.lines for each in found) == 5


@pytest.mark.parametrize("between", [b"\n", b"", b"\r\n", b" , ", b"\n\n  "])
def test_ids_are_stable_and_unique(between: bytes) -> None:
    """However the object is cut and its records stand, each line has an id of its own, and the same ones each time."""
    records = [
        failed(b"\n".join([ALB] * 12)),
        failed(ENVELOPE + ENVELOPE.replace(b'"36545"', b"null")),
        failed("?"),
        failed(WAF),
    ]
    data = between.join(records)
    _, whole = read(data)
    assert len(set(ids(whole))) == len(ids(whole)) == 12 + 2 + 1 + 1
    for cut in (1, 7, 1000):
        assert ids(read(data, cut=cut)[1]) == ids(whole)
    offsets = [document["log"]["offset"] for document in documents(whole)]
    assert sorted(set(offsets)) == [data.index(record, at) for at, record in zip((0, 1, 2, 3), records, strict=True)]


def test_rejects_have_ids() -> None:
    """A line that is none of its format is a reject with its event's id, by which a redrive finds it again."""
    _, found = read(failed(ALB + b"\nbroken\n" + ALB))
    ((reject,)) = [reject for each in found for reject in each.rejects]
    assert (reject.raw, reject.id.rpartition("-")[2]) == (b"broken", "1")
    assert len(ids(found)) == 2


def test_a_route_says_of_what_format_the_data_is() -> None:
    """A format that a route names is that of what records hold; one that holds nothing is still a document."""
    _, found = read(failed(b"any 2026-11-01T00:00:00Z line\n" + ALB) + failed("?"), form="alb")
    assert names(found) == ["alb", "events"]
    assert [reject.reason for each in found for reject in each.rejects] == ["too_few_columns"]


def test_kernel_and_reference_make_the_same() -> None:
    """The documents are those of the reference, byte for byte."""
    data = b"\n".join(
        failed(text) for text in (ALB, WAF, EVENT, ENVELOPE, gzip.compress(ENVELOPE), orjson.dumps({"message": FLOW}))
    )
    _, ours = read(data)
    _, theirs = read(data, opening=ReferenceParser)
    assert [bytes(each.data) for each in ours] == [bytes(each.data) for each in theirs]


def test_what_fails_again() -> None:
    """A document of a failed record that Firehose could not deliver either is not taken out again, and so cannot go round."""
    _, first = read(failed(EVENT))
    _, second = read(failed(bytes(first[0].body(0))))
    assert names(second) == ["events"]
    assert documents(second)[0]["app"]["rawData"] == b64encode(bytes(first[0].body(0))).decode()


def test_many_small_bombs() -> None:
    """Records of few bytes that hold many are read one at a time, and left as they are beyond the limit."""
    bomb = failed(gzip.compress(b"{}" * (8 << 20)))
    _, found = read(bomb * 40)
    assert names(found) == ["events"] * 40
    assert max(len(each.data) for each in found) < 2 * len(bomb) + 2000
