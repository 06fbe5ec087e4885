"""The service, wired as it runs, against fakes of what it calls: routes, fan-out, dead letters, and what goes back."""

from __future__ import annotations

import asyncio
import gc
import gzip
import io
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import aiohttp
import orjson
import pyarrow as pa
import pytest
from aiobotocore.session import get_session
from pyarrow import parquet

from ingestd import pipeline
from ingestd import service as service_module
from ingestd.config import (
    DeadLetterSettings,
    EnrichSettings,
    FirehoseSettings,
    HttpSettings,
    ObjectSettings,
    OpenSearchSettings,
    QueueSettings,
    RuleSettings,
    Settings,
)
from ingestd.config import RouteSettings as Route
from ingestd.fastpath.decoding import Decoding
from ingestd.formats.registry import formats
from ingestd.generate import lines
from ingestd.model import DeadLetter
from ingestd.service import Service
from ingestd.shell.budget import Budget
from ingestd.shell.clients import Clients
from ingestd.shell.telemetry import Stats
from ingestd.sinks.deadletter import decode
from tests.fakes.aws import loopback_client
from tests.fakes.bulk import FakeBulk
from tests.fakes.firehose import FakeFirehose
from tests.fakes.http import Items, Whole
from tests.fakes.s3 import FakeS3, refusal

ALB, CLOUDFRONT = formats()["alb"], formats()["cloudfront"]
PATIENCE_SECONDS = 30


@dataclass
class FakeSqs:
    """Gives each message once; knows what was deleted and what was given back."""

    waiting: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    _given: int = 0

    async def receive_message(self, **_: Any) -> Mapping[str, Any]:
        messages = []
        for body in self.waiting:
            self._given += 1
            messages.append({"MessageId": f"m{self._given}", "ReceiptHandle": f"r{self._given}", "Body": body})
            self.open.add(f"r{self._given}")
        self.waiting = []
        await asyncio.sleep(0.01)
        return {"Messages": messages}

    async def get_queue_attributes(self, **_: Any) -> Mapping[str, Any]:
        held = len(self.open - self.deleted - self.returned)
        counts = {
            "ApproximateNumberOfMessages": str(len(self.waiting)),
            "ApproximateNumberOfMessagesNotVisible": str(held),
        }
        return {"Attributes": counts}

    async def delete_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> Mapping[str, Any]:  # noqa: N803 - the SDK's name
        self.deleted.update(entry["ReceiptHandle"] for entry in Entries)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    async def change_message_visibility_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> Mapping[str, Any]:  # noqa: N803 - the SDK's name
        self.returned.update(entry["ReceiptHandle"] for entry in Entries)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    @property
    def is_done(self) -> bool:
        return not self.waiting and self.open == self.deleted | self.returned


class LetterS3(FakeS3):
    """An S3 that also keeps what is put."""

    async def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: Any) -> Mapping[str, Any]:  # noqa: N803 - the SDK's names
        self.put(Bucket, Key, Body)
        return {}

    def letters(self) -> list[DeadLetter]:
        objects = self.buckets.get("dead", {}).values()
        return [decode(line) for versions in objects for line in gzip.decompress(versions[-1].body).splitlines()]


@dataclass
class World:
    """What is around the service."""

    s3: LetterS3
    sqs: FakeSqs
    bulk: FakeBulk
    firehose: FakeFirehose

    def announce(self, key: str, decoded: bytes, bucket: str = "logs") -> None:
        """Put an object and its notice."""
        self.s3.put(bucket, key, gzip.compress(decoded))
        self.sqs.waiting.append(notice(bucket, key))

    async def serve(
        self,
        *routes: Route,
        rules: tuple[RuleSettings, ...] = (),
        dead_letters: bool = True,
        sinks: str = "main,stream",
        enrich: EnrichSettings | None = None,
        meanwhile: Callable[[Service], Awaitable[None]] | None = None,
    ) -> Stats:
        """Run the service until the queue is done with; its counters."""
        known: dict[str, OpenSearchSettings | FirehoseSettings] = {
            "main": OpenSearchSettings(urls=(self.bulk.url,), batch_seconds=0.05),
            "stream": self._stream_settings("stream"),
            "other": self._stream_settings("other"),
        }
        settings = Settings(
            queue=QueueSettings(url="http://127.0.0.1:1/123456789012/notices", buckets=("logs", "more-logs")),
            sinks={name: known[name] for name in sinks.split(",")},
            route=routes,
            rule=rules,
            enrich=enrich or EnrichSettings(),
            dead_letters=DeadLetterSettings(bucket="dead" if dead_letters else None, batch_seconds=0.05),
            http=HttpSettings(host="127.0.0.1", port=0),
        )
        service, stop = Service(settings), asyncio.Event()
        async with loopback_client("firehose", self.firehose.url) as firehose:
            session = get_session()
            session.set_credentials("test", "test")
            clients = Clients(self.s3, self.sqs, {None: firehose}, session)
            task = asyncio.create_task(service.run(stop, clients))
            async with asyncio.timeout(PATIENCE_SECONDS):
                if meanwhile:
                    await meanwhile(service)
                while not self.sqs.is_done and not task.done():  # noqa: ASYNC110 - the fake has no event to wait for
                    await asyncio.sleep(0.01)
            stop.set()
            await task
        return service.telemetry.snapshot()

    def _stream_settings(self, stream: str) -> FirehoseSettings:
        return FirehoseSettings(stream=stream, batch_seconds=0.05)


def notice(bucket: str, key: str) -> str:
    s3 = {"bucket": {"name": bucket}, "object": {"key": quote_plus(key)}}
    record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}
    return orjson.dumps({"Records": [record]}).decode()


def log(table: Any, count: int, strange: float = 0.0) -> bytes:
    preamble = [line.encode() for line in table.preamble]
    return b"".join(line + b"\n" for line in [*preamble, *lines(table, count, 1, strange=strange)])


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    async with FakeBulk() as bulk, FakeFirehose("stream", "other") as firehose:
        yield World(LetterS3(), FakeSqs(), bulk, firehose)


async def test_without_routes_all_goes_to_the_one_sink() -> None:
    """Each format is told by its content; the index is that of the dataset and the event's day."""
    async with world() as around:
        around.announce("a.log.gz", log(ALB, 20))
        around.announce("b.gz", log(CLOUDFRONT, 10))
        stats = await around.serve(sinks="main")
        datasets = [document["event"]["dataset"] for document in around.bulk.documents.values()]
        assert (datasets.count("aws.elb_logs"), datasets.count("aws.cloudfront_logs")) == (20, 10)
        # The fake's objects are of 2023 and the lines of 2026: outside of the window that hangs on the object.
        assert {index for index, _ in around.bulk.documents} == {
            "logs-aws.elb_logs-outliers",
            "logs-aws.cloudfront_logs-outliers",
        }
        assert stats.outcome("lines", "accepted") == 30
        assert around.sqs.deleted == around.sqs.open
        assert stats.gauges["event_lag_seconds"][""] > 365 * 86400  # for no event is newer than its object


async def test_several_streams_get_what_routes_send_them() -> None:
    """By a pattern of the key, by the log group of events, and to two of them at once: each its own, once, and nothing else."""

    def envelope(group: str, text: str) -> bytes:
        events = [{"id": group[1:], "timestamp": 1_700_000_000_000, "message": text}]
        found = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": group, "logStream": "s"}
        return orjson.dumps(found | {"subscriptionFilters": ["f"], "logEvents": events})

    routes = (
        Route(log_group="/shop", sinks=("other",)),
        Route(key="^alb/", sinks=("stream",)),
        Route(key="^cloudfront/", sinks=("other",)),
        Route(key="^events/", sinks=("stream", "other")),
        Route(key="^groups/", sinks=("stream",)),
    )
    async with world() as around:
        around.announce("alb/a", log(ALB, 7))
        around.announce("cloudfront/a", log(CLOUDFRONT, 5))
        around.announce("events/a", b'{"message":"both"}\n')
        around.announce("groups/a", envelope("/shop", "sold") + envelope("/door", "open"))
        stats = await around.serve(*routes, sinks="stream,other")
        found = {
            stream: Counter(orjson.loads(record)["event"]["dataset"] for record in records)
            for stream, records in around.firehose.of_stream.items()
        }
        assert found == {
            "stream": {"aws.elb_logs": 7, "application": 1, "aws.cloudwatch_logs": 1},
            "other": {"aws.cloudfront_logs": 5, "application": 1, "aws.cloudwatch_logs": 1},
        }
        assert [b"sold" in record for record in around.firehose.of_stream["other"]].count(True) == 1
        assert stats.outcome("lines", "accepted") == 7 + 5 + 1 + 2
        assert around.sqs.deleted == around.sqs.open


async def test_events_in_envelopes_go_the_ways_of_their_log_groups() -> None:
    """Each event is counted by its own format, goes where its log group's route says, and a second delivery of it is none."""

    def envelope(group: str, *messages: str) -> bytes:
        events = [{"id": f"{group[-1]}{n}", "timestamp": 1_700_000_000_000, "message": text} for n, text in enumerate(messages)]
        found = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": group, "logStream": "s"}
        return orjson.dumps(found | {"subscriptionFilters": ["f"], "logEvents": events})

    quiet, functions = envelope("/quiet/q", "a", "b"), envelope("/aws/lambda/f", "INFO: x", '{"message":"y"}', "")
    bad = envelope("/aws/lambda/g", "REPORT RequestId: b3a1c2d4-1111-4222-8333-944455566677 Duration: 1.2.3 ms")
    routes = (
        Route(log_group="/quiet/*", drop=True),
        Route(log_group="/aws/lambda/*", sinks=("main",)),
        Route(sinks=("stream",)),
    )
    async with world() as around:
        around.announce("first", gzip.compress(quiet + functions) + gzip.compress(envelope("other", "text") + bad))
        stats = await around.serve(*routes)
        around.announce("again", functions)
        more = await around.serve(*routes)
        assert {name for _, name in around.bulk.documents} == {"f0", "f1"}
        assert {index for index, _ in around.bulk.documents} == {"logs-aws.lambda_logs-2023.11.14"}
        (record,) = around.firehose.records
        assert orjson.loads(record)["event"]["id"] == "r0"
        assert (stats.outcome("lines", "accepted"), stats.outcome("lines", "dropped"), stats.outcome("lines", "skipped")) == (
            3,
            2,
            1,
        )
        assert more.outcome("lines", "duplicate") == 2
        (letter,) = around.s3.letters()
        assert (letter.reason, letter.place.event_id, letter.place.offset) == ("bad_number", "g0", letter.place.offset)
        assert around.sqs.deleted == around.sqs.open


async def test_rules_of_lines() -> None:
    """What rules drop is counted, by format and by rule, and accounted for; a second delivery keeps the same sample."""
    rules = (
        RuleSettings.model_validate(
            {"name": "get", "action": "drop", "when": [{"field": "http.request.method", "equals": "GET"}]}
        ),
        RuleSettings.model_validate({"name": "some", "action": "sample", "one_in": 3}),
        RuleSettings.model_validate({"name": "agent", "action": "redact", "fields": ["user_agent.original"]}),
    )
    async with world() as around:
        around.s3.put("logs", "a", gzip.compress(log(ALB, 300), mtime=0))  # the same object each time, and so the same sample
        around.sqs.waiting.append(notice("logs", "a"))
        stats = await around.serve(rules=rules, sinks="main")
        methods = {document["http"]["request"]["method"] for document in around.bulk.documents.values()}
        agents = {document.get("user_agent", {}).get("original") for document in around.bulk.documents.values()}
        kept = stats.outcome("lines", "accepted")
        by_rule = stats.counters["rule_lines"]
        assert "GET" not in methods
        assert agents == {None, "REDACTED"}
        assert 0 < kept < by_rule["some"] < by_rule["get"]
        assert stats.counters["lines"] == {"alb,accepted": kept, "alb,dropped": 300 - kept}
        assert by_rule == {"get": by_rule["get"], "some": 300 - kept - by_rule["get"]}
        around.sqs.waiting.append(notice("logs", "a"))
        again = await around.serve(rules=rules, sinks="main")
        assert again.counters["lines"] == {"alb,duplicate": kept, "alb,dropped": 300 - kept}
        assert around.sqs.deleted == around.sqs.open


async def test_an_object_of_which_nothing_is_left_is_done_with() -> None:
    """Its message is deleted; rules drop events in envelopes too, and those of two sinks once."""
    rule = RuleSettings.model_validate({"name": "all", "action": "drop", "when": [{"field": "message", "contains": "a"}]})
    event = {"id": "e1", "timestamp": 1_700_000_000_000, "message": "a"}
    envelope = {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "logEvents": [event]}
    async with world() as around:
        around.announce("e", orjson.dumps(envelope))
        stats = await around.serve(Route(sinks=("main", "stream")), rules=(rule,))
        assert stats.counters["lines"] == {"cloudwatch_logs,dropped": 1}
        assert stats.counters["rule_lines"] == {"all": 1}
        assert not around.bulk.documents
        assert around.sqs.deleted == around.sqs.open


async def test_a_parquet_file_is_the_lines_of_its_rows() -> None:
    """Flow logs in columns arrive as documents of their format, and the memory for the file is given back."""
    out = io.BytesIO()
    flows = {"version": [2] * 9, "srcaddr": ["192.0.2.1"] * 9, "end": [1_793_534_400] * 9, "log_status": ["OK"] * 9}
    parquet.write_table(pa.table(flows), out)
    async with world() as around:
        around.announce("flows.parquet", out.getvalue())
        around.announce("broken.parquet", out.getvalue()[:-9])
        stats = await around.serve(sinks="main")
        assert {document["source"]["ip"] for document in around.bulk.documents.values()} == {"192.0.2.1"}
        assert stats.counters["lines"] == {"vpcflow,accepted": 9, "vpcflow,skipped": 1}
        assert stats.counters["objects"] == {"read": 1, "corrupt": 1}
        assert stats.gauges["in_flight_bytes"] == {"": 0}
        assert len(around.sqs.deleted) == 2


async def test_what_an_object_was_read_with_goes_when_it_has_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its documents wait for the sink without it, and no garbage collector is waited for; meanwhile the budget counts it."""
    readers, counted = list[weakref.ref[Decoding]](), list[int]()

    class Watched(Decoding):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            readers.append(weakref.ref(self))

    def stand(budget: Budget, change: int) -> None:
        counted.append(change)
        budget.correct(change)

    monkeypatch.setattr(pipeline, "Decoding", Watched)
    monkeypatch.setattr(Budget, "stand", stand)
    async with world() as around:
        around.announce("alb", log(ALB, 100))
        around.announce("unknown", b"nothing known\n" * 100)
        gc.collect()
        gc.disable()
        try:
            await around.serve(sinks="main")
        finally:
            gc.enable()
        assert [reader() for reader in readers] == [None, None]
        assert max(counted) > ObjectSettings().block_bytes
        assert sum(counted) == 0


async def test_two_sinks_get_every_document_and_a_line_counts_once() -> None:
    """A message is settled when both have settled; the first sink's answers are the lines' outcomes."""
    async with world() as around:
        around.announce("a.log.gz", log(ALB, 25))
        stats = await around.serve(Route(sinks=("main", "stream")))
        ids = {name for _, name in around.bulk.documents}
        assert len(ids) == 25
        assert {orjson.loads(record)["event"]["id"] for record in around.firehose.records} == ids
        assert stats.counters["documents"] == {"main,accepted": 25, "stream,accepted": 25}
        assert stats.counters["lines"] == {"alb,accepted": 25}


async def test_the_first_route_that_fits_wins() -> None:
    """By bucket, by key; with a dataset of its own; dropped; and what no route fits is a dead letter."""
    async with world() as around:
        around.announce("keep/a.log.gz", log(ALB, 3))
        around.announce("drop/a.log.gz", log(ALB, 3))
        around.announce("keep/b.gz", log(CLOUDFRONT, 4), bucket="more-logs")
        around.announce("other.log.gz", log(ALB, 3))
        routes = (
            Route(key="^drop/", drop=True),
            Route(bucket="more-logs", format="cloudfront", dataset="edge", sinks=("stream",)),
            Route(key="^keep/", sinks=("main",)),
        )
        stats = await around.serve(*routes)
        assert len(around.bulk.documents) == 3
        assert {orjson.loads(record)["event"]["dataset"] for record in around.firehose.records} == {"edge"}
        assert stats.counters["objects"] == {"read": 2, "dropped": 1, "no_route": 1}
        assert [(letter.reason, letter.place.key) for letter in around.s3.letters()] == [("no_route", "other.log.gz")]
        assert len(around.sqs.deleted) == 4


CONTENTS: dict[str, tuple[bytes, str]] = {
    "not a log": (b"hello\nworld\n", "unknown_format"),
    "binary": (bytes(range(256)) * 10, "unknown_format"),
}


@pytest.mark.parametrize("name", CONTENTS)
async def test_unknown_content_is_a_dead_letter_that_shows_it(name: str) -> None:
    """With the bytes that were seen and the formats that were tried."""
    content, reason = CONTENTS[name]
    async with world() as around:
        around.announce("strange.gz", content)
        await around.serve(sinks="main")
        (letter,) = around.s3.letters()
        assert (letter.kind, letter.reason, letter.place.key) == ("object", reason, "strange.gz")
        assert "alb" in letter.detail
        assert letter.raw
        assert content.startswith(letter.raw.rstrip(b"\n"))


BODIES: dict[str, tuple[Callable[[], str], str]] = {
    "no json": (lambda: "what?", "not_json"),
    "another program's": (lambda: '{"order": 7}', "unrecognised"),
    "a foreign bucket": (lambda: notice("not-ours", "a"), "foreign_bucket"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_message_that_is_no_notice_of_ours_is_a_dead_letter(name: str) -> None:
    """It is kept whole, and only then deleted; S3 is not asked for anything."""
    body, reason = BODIES[name]
    async with world() as around:
        around.sqs.waiting.append(body())
        await around.serve(sinks="main")
        (letter,) = around.s3.letters()
        assert (letter.kind, letter.reason, letter.raw.decode()) == ("message", reason, body())
        assert around.s3.requests == []
        assert len(around.sqs.deleted) == 1


async def test_without_a_place_for_dead_letters_the_message_goes_back() -> None:
    """The queue's own redrive policy takes it to its owner's dead-letter queue in the end."""
    async with world() as around:
        around.sqs.waiting.append("what?")
        around.announce("a.log.gz", b"hello\n")
        around.announce("b.log.gz", log(ALB, 2))
        await around.serve(dead_letters=False, sinks="main")
        assert len(around.sqs.returned) == 2
        assert len(around.sqs.deleted) == 1
        assert len(around.bulk.documents) == 2


async def test_lines_and_documents_that_cannot_be_delivered_are_dead_letters_in_their_place() -> None:
    """Rejected by the parser or refused by the sink: each with its offset, and the others arrive."""
    async with world() as around:
        good = log(ALB, 3)
        around.announce("a.log.gz", b"garbage\n" + good)
        around.bulk.script(Items({1: (400, "mapper_parsing_exception", "no")}))
        stats = await around.serve(Route(sinks=("main",), format="alb"), sinks="main")
        letters = {letter.kind: letter for letter in around.s3.letters()}
        assert (letters["line"].reason, letters["line"].place.offset) == ("too_few_columns", 0)
        assert letters["line"].raw == b"garbage"
        assert letters["document"].reason == "mapper_parsing_exception"
        assert letters["document"].place.offset == len(b"garbage\n" + good.splitlines(keepends=True)[0])
        assert stats.counters["lines"] == {"alb,accepted": 2, "alb,dead_lettered": 2}
        assert len(around.sqs.deleted) == 1


S3_FAULTS = {
    "AccessDenied": (403, "access_denied", "returned"),
    "NoSuchKey": (404, "no_such_key", "deleted"),
}


@pytest.mark.parametrize("code", S3_FAULTS)
async def test_what_s3_refuses_is_kept_or_recorded(code: str) -> None:
    """Permissions can be mended: the message goes back. An object that is gone is a dead letter."""
    status, reason, end = S3_FAULTS[code]
    async with world() as around:
        around.announce("a.log.gz", log(ALB, 2))
        around.s3.script += [refusal(code, status)] * 10
        stats = await around.serve(sinks="main")
        assert stats.counters["objects"] == {reason: 1}
        assert (around.sqs.returned if end == "returned" else around.sqs.deleted) == around.sqs.open
        assert [letter.reason for letter in around.s3.letters()] == ([] if end == "returned" else [reason])


async def test_a_sink_that_stays_paused_makes_the_service_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute (here at once) `/readyz` names the sink; once it is answered again all goes in, none as a dead letter."""
    assert service_module.PAUSE_UNREADY_SECONDS == 60.0
    monkeypatch.setattr(service_module, "PAUSE_UNREADY_SECONDS", 0.0)

    async def until_unready(service: Service) -> None:
        status, text = 0, ""
        while (status, text.strip()) != (503, "sink paused: main"):
            await asyncio.sleep(0.01)
            if service.http_port:
                async with (
                    aiohttp.ClientSession() as session,
                    session.get(f"http://127.0.0.1:{service.http_port}/readyz") as said,
                ):
                    status, text = said.status, await said.text()

    async with world() as around:
        around.announce("a.log.gz", log(ALB, 20))
        around.bulk.script(*[Whole(401)] * 3)
        stats = await around.serve(sinks="main", meanwhile=until_unready)
        assert len(around.bulk.documents) == 20
        assert around.s3.letters() == []
        assert stats.outcome("lines", "accepted") == 20
