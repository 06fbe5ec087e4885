"""Objects read line by line, and envelope by envelope, to documents that say which way they go."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import orjson
import pytest

from ingestd.config import ObjectSettings
from ingestd.core.routing import Route, Router
from ingestd.errors import Poison
from ingestd.fastpath import parser
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.ways import Ways
from ingestd.formats.registry import formats
from ingestd.model import Documents, Framing, Source

SOURCE = Source("bucket", "some/key", "etag", 1_750_000_000.0, region="eu-west-1", account="999999999999")
AROUND = Route(("main",))
LIMITS = ObjectSettings()
FLOW = "2 123456789012 eni-0a1b2c3d 10.0.0.1 10.0.0.2 443 49152 6 20 4249 1749569788 1749569848 ACCEPT OK"
REQUEST = "b3a1c2d4-1111-4222-8333-944455566677"
ACCESS = f'198.51.100.7 - - [10/Jun/2025:15:36:28 +0000]"GET /pets HTTP/1.1" 200 184 {REQUEST}'


def framing(name: str, dataset: str) -> Framing:
    return Framing(dataset, action=name == "bulk", index=dataset)


def envelope(group: str, *messages: str, first: int = 0, **members: Any) -> bytes:
    events = [{"id": f"e{first + n}", "timestamp": 1_749_569_788_123 + n, "message": text} for n, text in enumerate(messages)]
    made = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": group, "logStream": "s", "logEvents": events}
    return orjson.dumps(made | {"subscriptionFilters": ["f"]} | members)


def read(
    data: bytes, *routes: Route, around: Route = AROUND, piece: int = 1 << 20, limits: ObjectSettings = LIMITS
) -> list[Documents]:
    sinks = ("main", "bulk", "copy")
    ways = Ways(formats(), Router(routes, sinks), sinks, framing)
    decoding = Decoding(limits, lambda head: ways.reader(SOURCE, around, head), formats().values())
    made: list[Documents] = []
    for at in range(0, len(data), piece):
        decoding.feed(data[at : at + piece], is_last=at + piece >= len(data))
        while (found := decoding.step()) is not None:
            made += found
    return made


def documents(made: Sequence[Documents]) -> list[dict[str, Any]]:
    return [orjson.loads(each.body(index)) for each in made for index in range(len(each))]


def summed(made: Sequence[Documents]) -> tuple[int, int, int, int, int]:
    """Lines, documents, rejects, skipped and dropped, of what counts."""
    counted = [each for each in made if each.counts]
    return (
        sum(each.lines for each in counted),
        sum(len(each) for each in counted),
        sum(len(each.rejects) for each in counted),
        sum(each.skipped for each in counted),
        sum(each.dropped for each in counted),
    )


def test_document_of_an_event() -> None:
    """A document says what the line says, where it came from, the event's own id, and the object that carried it."""
    (document,) = documents(
        read(envelope("API-Gateway-Execution-Logs_a1b2/prod", f"({REQUEST}) Method completed with status: 502"))
    )
    assert document["@timestamp"] == "2025-06-10T15:36:28.123Z"
    assert document["http"]["response"] == {"status_code": 502}
    assert document["event"]["id"] == "e0"
    assert document["event"]["outcome"] == "failure"
    assert document["cloud"] == {"provider": "aws", "account": {"id": "123456789012"}, "region": "eu-west-1"}
    assert document["aws"]["apigateway"] | {"request_id": REQUEST, "status": 502} == {
        "request_id": REQUEST, "status": 502, "api_id": "a1b2", "stage": "prod",
    }  # fmt: skip
    assert document["aws"]["cloudwatch"] == {
        "log_group": "API-Gateway-Execution-Logs_a1b2/prod", "log_stream": "s", "subscription_filters": ["f"],
    }  # fmt: skip
    assert document["aws"]["s3"]["object"]["key"] == "some/key"


@pytest.mark.parametrize(
    ("group", "message", "form", "dataset"),
    [
        ("/aws/lambda/pets", f"START RequestId: {REQUEST} Version: 7\n", "lambda_logs", "aws.lambda_logs"),
        ("/aws/lambda/pets", "whatever\nover lines", "lambda_logs", "aws.lambda_logs"),
        ("/aws/lambda/pets", '{"level":"INFO","message":"x"}', "lambda_json", "aws.lambda_logs"),
        ("/aws/lambda/pets", "{'a': 1}", "lambda_logs", "aws.lambda_logs"),
        ("API-Gateway-Execution-Logs_a1/b", f"({REQUEST}) x", "apigateway_execution", "aws.apigateway_execution"),
        ("my-access", ACCESS, "apigateway_text", "aws.apigateway_logs"),
        ("flows", FLOW, "vpcflow", "aws.vpcflow"),
        ("app", '{"level":"info","msg":"x"}', "events", "application"),
        ("app", "just words", "cloudwatch_logs", "aws.cloudwatch_logs"),
    ],
)
def test_format_of_a_log_group(group: str, message: str, form: str, dataset: str) -> None:
    """Events are of the format that their log group's name says, or that is seen in the first of them, or as they are."""
    (made,) = read(envelope(group, message))
    assert made.way
    assert (made.way.format, made.way.framing.dataset, len(made), made.ids) == (form, dataset, 1, ("e0",))


def test_function_is_named_by_its_log_group() -> None:
    """Documents of Lambda say which function it is."""
    made = documents(read(envelope("/aws/lambda/pets", "a", '{"message":"b"}')))
    assert [document["aws"]["lambda"] for document in made] == [{"name": "pets"}] * 2


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: gzip.compress(gzip.compress(data))])
@pytest.mark.parametrize("piece", [37, 1 << 20])
def test_many_envelopes(pack: Any, piece: int) -> None:
    """Envelopes may follow each other without anything between them, pretty-printed or not, and be compressed twice."""
    pretty = orjson.dumps(orjson.loads(envelope("b", "x", "y", first=10)), option=orjson.OPT_INDENT_2)
    control = envelope("a", "listening?", messageType="CONTROL_MESSAGE")
    whole = envelope("a", "one", "two\nlines", "") + control + pretty + b"\n" + envelope("a", "three", first=20) + b"\n\n"
    made = read(pack(whole), piece=piece)
    found = documents(made)
    assert [document["message"] for document in found] == ["one", "two\nlines", "x", "y", "three"]
    offsets = [document["log"]["offset"] for document in found]
    assert offsets == sorted(offsets)
    assert [whole[at : at + 1] for at in set(offsets) if at < len(control)] == [b"{"]
    assert summed(made) == (7, 5, 0, 2, 0)  # the empty message and the control message are skipped


@pytest.mark.parametrize("piece", [77_777, 1 << 20])
@pytest.mark.parametrize("between", [b"", b"\n", b" ", b" \n\n"])
def test_place_of_an_envelope(between: bytes, piece: int) -> None:
    """An event's offset is where its envelope begins in the decoded object, whatever stands between envelopes, or nothing."""
    envelopes = [envelope("g", "x" * (1 + number % 4 * 70_000), "y", first=2 * number) for number in range(40)]
    wanted = [len(between.join([*envelopes[:number], b""])) for number in range(len(envelopes)) for _ in range(2)]
    found = documents(read(between.join(envelopes), piece=piece, limits=ObjectSettings(envelope_bytes_max=1 << 20)))
    assert max(wanted) > 3 << 20  # several blocks
    assert [document["log"]["offset"] for document in found] == wanted


def test_the_same_event_in_two_objects_is_one_document() -> None:
    """What Firehose delivers twice has the same index and id both times."""
    first, again = (
        [bytes(each.data).split(b"\n")[0] for each in read(before + envelope("g", "text"), around=Route(("bulk",)))]
        for before in (b"", b"\n \n")
    )
    assert first == again == [b'{"create":{"_index":"aws.cloudwatch_logs-2025.06.10","_id":"e0"}}']


def test_rejects_have_the_event_s_id() -> None:
    """An event that its format rejects, and what is no event or envelope, have a place each, and cost nothing else."""
    bad = '198.51.100.7 - - [-]"GET /pets HTTP/1.1" 200 184 x'
    made = read(envelope("g", ACCESS, bad) + b'{"messageType":"DATA_MESSAGE"}' + envelope("h", "ok", first=5, owner=7))
    assert summed(made) == (4, 2, 2, 0, 0)
    rejects = [reject for each in made for reject in each.rejects]
    assert [(reject.reason, reject.column, reject.id) for reject in rejects] == [
        ("missing_timestamp", "requestTimeEpoch", "e1"), ("bad_envelope", "", ""),
    ]  # fmt: skip
    assert rejects[0].raw.decode() == bad
    assert rejects[0].offset == 0 < rejects[1].offset


def test_routes_of_log_groups() -> None:
    """The first route for log groups that fits says format, dataset and sinks, or drops; the others go as the object does."""
    routes = (
        Route((), log_group="/quiet/*", drop=True),
        Route(("copy",), log_group="/app/*", format="cloudwatch_logs", dataset="mine"),
        Route((), log_group="/app/*", dataset="never"),
        Route((), log_group="/else*", bucket="other", drop=True),
    )
    groups = ("/quiet/a", "/app/b", "/else")
    made = read(b"".join(envelope(group, '{"a":1}', "text", first=9 * n) for n, group in enumerate(groups)), *routes)
    ways = {each.way and (each.way.format, each.way.framing.dataset, each.way.sinks): len(each) for each in made}
    assert ways == {
        None: 0,
        ("cloudwatch_logs", "mine", ("copy",)): 2,
        ("events", "application", ("main",)): 1,
        ("cloudwatch_logs", "aws.cloudwatch_logs", ("main",)): 1,
    }
    assert summed(made) == (6, 4, 0, 0, 2)


def test_route_of_the_object() -> None:
    """The object's own format and dataset are its events', where no route for log groups says otherwise."""
    made = read(envelope("g", "text"), around=Route(("main", "bulk", "copy"), format="lambda_logs", dataset="own"))
    assert [(each.way.format, each.way.framing.dataset, each.way.sinks, each.counts) for each in made if each.way] == [
        ("lambda_logs", "own", ("main", "copy"), True), ("lambda_logs", "own", ("bulk",), False),
    ]  # fmt: skip
    assert summed(made) == (1, 1, 0, 0, 0)


def test_lines_go_their_ways() -> None:
    """An object of lines is encoded once for each framing that its sinks want, and counts in one of them."""
    made = read(FLOW.encode(), around=Route(()))
    assert [(each.way.format, each.way.sinks, each.way.counted_by) for each in made if each.way] == [
        ("vpcflow", ("main", "copy"), "main"), ("vpcflow", ("bulk",), ""),
    ]  # fmt: skip


def test_unknown_content() -> None:
    """An object of no known format says what was tried; an empty one is nothing."""
    with pytest.raises(Poison) as raised:
        read(b"just words\n")
    assert raised.value.reason == "unknown_format"
    assert read(b"") == []


def test_arrays_of_joined_documents() -> None:
    """Events of several envelopes that go the same way become one run of documents, whose places still fit."""
    (made,) = read(b"".join(envelope("g", f"text {n}", "more", first=2 * n) for n in range(50)), around=Route(("bulk",)))
    assert len(made) == 100 == len(made.ids) == len(made.offsets)
    assert made.starts[0] == 0
    assert made.starts[-1] == len(made.data)
    assert np.all(np.diff(made.starts) > 0)
    assert [orjson.loads(made.body(n))["event"]["id"] for n in range(100)] == [f"e{n}" for n in range(100)] == list(made.ids)


ODD = (
    b'{"n":NUMBER,"s":"\\ud800"}',
    b'{\n"n":NUMBER\n}',
    b'{"n":NUMBER,"n":NUMBER}',
    b' {"n":NUMBER}, ',
    b'{"n":NUMBER} \n',
    b'{"n":NUMBER}]',
)
BAD = (b'{"n":NUMBER,}', b"text NUMBER\n")


@pytest.mark.parametrize("is_compiled", [True, False], ids=["kernel", "reference"])
def test_records_that_follow_each_other(monkeypatch: pytest.MonkeyPatch, is_compiled: bool) -> None:
    """A record's offset, on which its id hangs, is where it begins in the object, whether anything stands between records or
    not, however the object is cut, and whoever reads it; so it is with rejects."""
    monkeypatch.setattr(parser, "unavailable", lambda: None if is_compiled else "it must not")
    random, places, data = Random(5), {}, bytearray(b'{"first":1}')
    for number in range(4000):
        record = b'{"n":NUMBER,"text":"%b"}' % (b"x" * random.randrange(80))
        kind = random.random()
        record = record if kind < 0.9 else random.choice(ODD) if kind < 0.98 else random.choice(BAD)
        record = record.replace(b"NUMBER", b"%d" % number)
        places[number] = len(data) + len(record) - len(record.lstrip())
        data += record
    settings = {"block_bytes": 1 << 16, "line_bytes_max": 1 << 16}
    for piece, limits in ((1 << 20, LIMITS), (1 << 20, ObjectSettings(**settings)), (4099, ObjectSettings(**settings))):
        made = read(bytes(data), piece=piece, limits=limits)
        found = {document["app"]["n"]: document for document in documents(made) if "n" in document.get("app", {})}
        rejects = [reject for each in made for reject in each.rejects if each.counts]
        assert len(found) + len(rejects) == 4000
        assert len(rejects) > 20
        assert {number: document["log"]["offset"] for number, document in found.items()}.items() <= places.items()
        assert {reject.offset for reject in rejects} <= set(places.values())
        assert all(data[reject.offset :].startswith(reject.raw) for reject in rejects)
