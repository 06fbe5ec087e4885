"""Redrive against fakes: what is mended arrives with the ids that it always had, and what is not stays a dead letter."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from aiobotocore.session import get_session

from ingestd.config import DeadLetterSettings, FirehoseSettings, OpenSearchSettings, QueueSettings, RuleSettings, Settings
from ingestd.config import RouteSettings as Route
from ingestd.core.identity import document_id, object_id
from ingestd.core.span import ObjectFilter
from ingestd.model import DeadLetter, Place, Source
from ingestd.redrive import Ended, redrive
from ingestd.service import Service
from ingestd.shell.clients import Clients
from ingestd.shell.letterbox import Letterbox
from ingestd.shell.workers import Workers
from ingestd.sinks.deadletter import encode
from tests.fakes.aws import loopback_client
from tests.fakes.bulk import FakeBulk
from tests.fakes.firehose import FakeFirehose
from tests.fakes.http import Items
from tests.fakes.s3 import refusal
from tests.fakes.senders import ARN, Delivery
from tests.test_inlet import world as inlet_world
from tests.test_service import ALB, FakeSqs, LetterS3, log, notice

PATIENCE_SECONDS = 30
DAY = "2026/11/22"
AT = 1795305600.0


class TwoWaySqs(FakeSqs):
    """Also takes messages; the next so many answers are that it did not."""

    refusals: int = 0

    async def send_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 - the SDK's name
        if self.refusals:
            self.refusals -= 1
            raise refusal("ServiceUnavailable", 503)
        self.waiting += [entry["MessageBody"] for entry in Entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


@dataclass
class World:
    """What is around the service and the redrive. `buckets` may be named; `routes` are those of the settings."""

    bulk: FakeBulk
    firehose: FakeFirehose
    clients: Clients
    s3: LetterS3 = field(default_factory=LetterS3)
    sqs: TwoWaySqs = field(default_factory=TwoWaySqs)
    buckets: tuple[str, ...] = ("logs",)
    routes: tuple[Route, ...] = ()
    rules: tuple[RuleSettings, ...] = ()

    def settings(self) -> Settings:
        return Settings(
            queue=QueueSettings(url="http://127.0.0.1:1/123456789012/notices", buckets=self.buckets),
            sinks={
                "main": OpenSearchSettings(urls=(self.bulk.url,), batch_seconds=0.05),
                "stream": FirehoseSettings(stream="stream", batch_seconds=0.05),
            },
            route=self.routes or (Route(sinks=("main",)),),
            rule=self.rules,
            dead_letters=DeadLetterSettings(bucket="dead", batch_seconds=0.05),
        )

    def announce(self, key: str, decoded: bytes, bucket: str = "logs") -> None:
        self.s3.put(bucket, key, gzip.compress(decoded, mtime=0))
        self.sqs.waiting.append(notice(bucket, key))

    def bury(self, name: str, letters: Iterable[DeadLetter]) -> str:
        """Dead letters of some other day's service."""
        key = f"ingestd/dead-letters/{DAY}/{name}.ndjson.gz"
        self.s3.put("dead", key, gzip.compress(b"".join(map(encode, letters))))
        return key

    async def serve(self) -> None:
        """The service until the queue is done with."""
        service, stop, workers = Service(self.settings()), asyncio.Event(), Workers(1)
        task = asyncio.create_task(service.consume(stop, self.clients, workers))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.sqs.is_done and not task.done():  # noqa: ASYNC110 - the fake has no event to wait for
                await asyncio.sleep(0.01)
        stop.set()
        await task
        workers.close()

    async def redrive(self, to_sink: str | None = None, stop: asyncio.Event | None = None) -> Ended:
        settings, workers = self.settings(), Workers(1)
        letterbox = Letterbox(self.s3, settings.dead_letters)
        objects = [found async for found in letterbox.objects(ObjectFilter())]
        async with asyncio.timeout(PATIENCE_SECONDS):
            ended = await redrive(settings, self.clients, workers, objects, to_sink=to_sink, stop=stop or asyncio.Event())
        workers.close()
        return ended

    @property
    def ids(self) -> list[str]:
        return sorted(name for _, name in self.bulk.documents)


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    async with FakeBulk() as bulk, FakeFirehose("stream") as stream, loopback_client("firehose", stream.url) as firehose:
        session = get_session()
        session.set_credentials("test", "test")
        around = World(bulk, stream, Clients(None, None, {None: firehose}, session))
        around.clients = replace(around.clients, s3=around.s3, sqs=around.sqs)
        yield around


def ids_of(s3: LetterS3, key: str, decoded: bytes) -> list[str]:
    """The ids of an object's lines."""
    name, offset, ids = object_id(Source("logs", key, s3.buckets["logs"][key][-1].etag, 0.0)), 0, []
    for line in decoded.splitlines(keepends=True):
        ids.append(document_id(name, offset))
        offset += len(line)
    return ids


def line_letter(s3: LetterS3, key: str, offset: int) -> DeadLetter:
    etag = s3.buckets["logs"][key][-1].etag
    place = Place(bucket="logs", key=key, etag=etag, offset=offset, message_id="m")
    return DeadLetter("line", "too_few_columns", "type", place, b"raw", 3, AT, 1)


async def test_r18_what_is_mended_and_redriven_is_whole() -> None:
    """Dead letter, fix, redrive: lines, documents, objects and messages arrive, each once, and no dead letter is left."""
    async with world() as around:
        contents = {"lines.gz": log(ALB, 5), "documents.gz": log(ALB, 4), "object.gz": log(ALB, 2), "message.gz": log(ALB, 3)}
        around.announce("lines.gz", contents["lines.gz"])
        around.announce("object.gz", contents["object.gz"])
        around.routes = (Route(key="lines", format="clb", sinks=("main",)), Route(key="document", sinks=("main",)))
        await around.serve()
        around.s3.put("more-logs", "message.gz", gzip.compress(contents["message.gz"], mtime=0))
        around.sqs.waiting.append(notice("more-logs", "message.gz"))
        around.announce("documents.gz", contents["documents.gz"])
        around.bulk.script(Items({1: (400, "mapper_parsing_exception", "no"), 3: (400, "mapper_parsing_exception", "no")}))
        await around.serve()
        kinds = sorted(letter.kind for letter in around.s3.letters())
        assert kinds == ["document"] * 2 + ["line"] * 5 + ["message"] + ["object"]
        assert len(around.ids) == 2

        around.routes, around.buckets = (Route(sinks=("main",), format="alb"),), ("logs", "more-logs")
        ended = await around.redrive()
        assert (ended.is_whole, ended.sent, ended.left) == (True, 1, {})
        assert around.s3.letters() == []
        ours = ("lines.gz", "documents.gz", "object.gz")
        assert around.ids == sorted(each for key in ours for each in ids_of(around.s3, key, contents[key]))
        assert ended.stats.counters["lines"] == {"alb,accepted": 5 + 2 + 2}
        await around.serve()
        assert len(around.ids) == 5 + 4 + 2 + 3
        assert set(around.bulk.stored.values()) == {1}


async def test_r18_what_came_in_calls_is_whole_too() -> None:
    """Records that no route took and lines of the wrong format: redriven they arrive, once, as the call's own documents."""
    wrong = (Route(stream="typed", format="clb", sinks=("main",)), Route(bucket="*", sinks=("main",)))
    lines = log(ALB, 6).splitlines()
    compressed = Delivery([gzip.compress(lines[0], mtime=0), b"\n".join(lines[1:3])], parameters={"team": "edge"})
    typed = Delivery([lines[3], lines[4] + b"\n" + lines[4]], arn=ARN.replace("/logs", "/typed"), request_id="second")
    async with inlet_world(*wrong) as before:
        assert [(await before.send(each))[0] for each in (compressed, typed)] == [200, 200]
        assert sorted(letter.kind for letter in before.s3.letters()) == ["line"] * 3 + ["object"] * 2
        assert before.bulk.documents == {}
    async with world() as around:
        around.s3 = before.s3
        around.clients = replace(around.clients, s3=around.s3)
        around.routes = (Route(sinks=("main",), format="alb"),)
        ended = await around.redrive()
        assert (ended.is_whole, ended.left, around.s3.letters()) == (True, {}, [])
        assert ended.stats.counters["lines"] == {"alb,accepted": 6}
        told = [document["aws"]["firehose"] for document in around.bulk.documents.values()]
        assert (
            sorted((each["stream"], each["record"]) for each in told)
            == [("logs", 0), ("logs", 1), ("logs", 1)] + [("typed", 0)] * 3
        )
        assert {each["arn"] for each in told} == {compressed.arn, typed.arn}
        assert [each.get("parameters") for each in told].count({"team": "edge"}) == 3
        documents = dict(around.bulk.documents)
    async with inlet_world(Route(sinks=("main",), format="alb")) as after:
        assert (await after.send(compressed))[0] == 200
        assert {name for _, name in after.bulk.documents} < {name for _, name in documents}


async def test_a_record_that_fails_again_is_the_same_dead_letter() -> None:
    """With one attempt more; the time of its call and where its line was are still known."""
    nobody = (Route(bucket="*", sinks=("main",)),)
    async with inlet_world(*nobody) as before:
        assert (await before.send(Delivery([b"hello"])))[0] == 200
    async with world() as around:
        around.s3, around.routes = before.s3, nobody
        around.clients = replace(around.clients, s3=around.s3)
        (first,) = around.s3.letters()
        line = replace(first, kind="line", place=replace(first.place, offset=70), raw=b"hello", length=5)
        around.bury("no_route/a", [line])
        around.routes = (Route(format="alb", sinks=("main",)),)
        assert (await around.redrive()).is_whole
        found = {letter.place.offset: letter for letter in around.s3.letters()}
        assert {letter.receive_count for letter in found.values()} == {2}
        assert {replace(letter.place, etag="") for letter in found.values()} == {replace(first.place, offset=0), line.place}
        assert all(letter.place.etag for letter in found.values())


async def test_only_the_lines_that_were_dead_are_sent_again() -> None:
    """Their neighbours in the object are not: a stream would have them twice."""
    async with world() as around:
        content = log(ALB, 6)
        around.s3.put("logs", "a.gz", gzip.compress(content))
        offset = len(b"".join(content.splitlines(keepends=True)[:2]))
        around.bury("too_few_columns/a", [line_letter(around.s3, "a.gz", offset)])
        await around.redrive(to_sink="stream")
        (record,) = around.firehose.records
        assert orjson.loads(record)["log"]["offset"] == offset
        assert around.ids == []
        assert around.s3.letters() == []


async def test_no_rule_drops_what_was_chosen() -> None:
    """A line that somebody redrives arrives, whatever has been decided since about lines like it."""
    rule = {"name": "all", "action": "drop", "when": [{"field": "http.request.method", "contains": ["T", "E", "O"]}]}
    async with world() as around:
        decoded = log(ALB, 5)
        around.s3.put("logs", "a.gz", gzip.compress(decoded, mtime=0))
        around.bury("one", [line_letter(around.s3, "a.gz", decoded.index(b"\n") + 1)])
        around.rules = (RuleSettings.model_validate(rule),)
        await around.redrive()
        await around.serve()
        assert around.ids == ids_of(around.s3, "a.gz", decoded)[1:2]
        assert not around.s3.letters()


async def test_what_fails_again_is_written_anew_before_the_old_is_removed() -> None:
    """With one attempt more, and the reason of today; the others of the same object of letters arrive."""
    async with world() as around:
        content = b"nonsense\n" + log(ALB, 2)
        around.s3.put("logs", "a.gz", gzip.compress(content))
        around.routes = (Route(sinks=("main",), format="alb"),)
        letters = [replace(line_letter(around.s3, "a.gz", 0), receive_count=4), line_letter(around.s3, "a.gz", 9)]
        key = around.bury("too_few_columns/a", letters)
        ended = await around.redrive()
        assert ended.is_whole
        assert key not in around.s3.buckets["dead"]
        (letter,) = around.s3.letters()
        assert (letter.place.offset, letter.raw, letter.receive_count, letter.place.message_id) == (0, b"nonsense", 5, "m")
        assert len(around.ids) == 1


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"bucket": "foreign"}, 0),
        ({"key": "gone.gz"}, 1),
        ({"etag": "another"}, 2),
        ({"offset": 1}, 0),
    ],
    ids=["a bucket that may not be named", "an object that is gone", "an object that was replaced", "no line begins there"],
)
async def test_a_line_that_cannot_be_read_stays_a_dead_letter(change: dict[str, Any], asked: int) -> None:
    """As it was, with its bytes; S3 is asked for nothing that the settings do not allow (S1)."""
    async with world() as around:
        around.s3.put("logs", "a.gz", gzip.compress(log(ALB, 2)))
        good = line_letter(around.s3, "a.gz", 0)
        letters = [good, replace(good, place=replace(good.place, **change))]
        around.bury("too_few_columns/a", letters)
        await around.redrive()
        (left,) = around.s3.letters()
        assert replace(left, at=AT) == replace(letters[1], receive_count=2)
        assert len(around.ids) == 1
        assert sum(request["Bucket"] == "logs" for request in around.s3.requests) == 1 + asked
        assert not any(request["Bucket"] == "foreign" for request in around.s3.requests)


async def test_r18_lines_and_documents_of_an_object_that_is_gone_are_in_their_letters() -> None:
    """Under the ids that they always had, and in the same index; what a header would have to explain stays dead."""
    async with world() as around:
        lines, documents = log(ALB, 3), log(ALB, 4)
        around.announce("lines.gz", lines)
        around.announce("documents.gz", documents)
        around.bulk.script(
            *[Items({0: (400, "mapper_parsing_exception", "no"), 2: (400, "mapper_parsing_exception", "no")})] * 2
        )
        around.routes = (Route(key="lines", format="clb", sinks=("main",)), Route(key="document", sinks=("main",)))
        await around.serve()
        assert sorted(letter.kind for letter in around.s3.letters()) == ["document"] * 2 + ["line"] * 3
        wanted = sorted(ids_of(around.s3, "lines.gz", lines) + ids_of(around.s3, "documents.gz", documents))
        del around.s3.buckets["logs"]["lines.gz"]
        around.s3.put("logs", "documents.gz", gzip.compress(log(ALB, 1)))
        around.bulk.forget_script()

        around.routes = (Route(sinks=("main",), format="vpcflow"),)
        await around.redrive()
        assert {letter.kind for letter in around.s3.letters()} == {"line"}, "documents need no format any more"
        around.routes = (Route(sinks=("main",), format="alb"),)
        ended = await around.redrive()
        assert (ended.is_whole, ended.left, around.s3.letters()) == (True, {}, [])
        assert ended.stats.counters["lines"] == {"alb,accepted": 3}
        assert around.ids == wanted
        assert len({index for index, _ in around.bulk.documents}) == 1
        assert set(around.bulk.stored.values()) == {1}


async def test_r18_documents_of_calls_that_a_sink_refused_are_in_their_letters() -> None:
    """They, and lines of a call, arrive as what the call itself would have made of them: its retry is a duplicate."""
    delivery = Delivery([b"\n".join(log(ALB, 3).splitlines()), b"nonsense"])
    async with inlet_world(Route(sinks=("main",), format="alb")) as before:
        before.bulk.script(Items({1: (400, "mapper_parsing_exception", "no")}))
        assert (await before.send(delivery))[0] == 200
        letters = before.s3.letters()
        assert sorted(letter.kind for letter in letters) == ["document", "line"]
        first = set(before.bulk.documents)
    async with world() as around:
        around.s3 = before.s3
        around.clients = replace(around.clients, s3=around.s3)
        around.routes = (Route(sinks=("main",), format="alb"),)
        assert (await around.redrive()).is_whole
        (line,) = around.s3.letters()
        assert (line.kind, line.receive_count) == ("line", 2)
        (document,) = around.bulk.documents
        assert document not in first
    async with inlet_world(Route(sinks=("main",), format="alb")) as after:
        assert (await after.send(delivery))[0] == 200
        assert set(after.bulk.documents) == first | {document}


async def test_a_document_in_a_letter_is_sent_where_its_sink_wants_it() -> None:
    """A stream wants the id in it; a dataset that nobody knows, or bytes that were cut, stay dead."""
    async with world() as around:
        around.s3.put("logs", "a.gz", gzip.compress(log(ALB, 1)))
        place = Place(bucket="logs", key="gone.gz", etag="e", offset=70, message_id="m", modified_at=AT)
        raw = orjson.dumps({"@timestamp": "2026-11-22T00:00:00Z", "event": {"dataset": "aws.elb_logs"}})
        good = DeadLetter("document", "x", "", place, raw, len(raw), AT, 1)
        foreign = replace(
            good, place=replace(place, offset=80), raw=(other := raw.replace(b"aws.", b"bad.")), length=len(other)
        )
        cut = replace(good, place=replace(place, offset=90), length=len(raw) + 1)
        nothing = replace(good, place=replace(place, offset=95), raw=b"[]", length=2)
        around.bury("x/a", [good, foreign, cut, nothing])
        await around.redrive(to_sink="stream")
        (record,) = around.firehose.records
        name = document_id(object_id(Source("logs", "gone.gz", "e", AT)), 70)
        assert orjson.loads(record) == {
            "@timestamp": "2026-11-22T00:00:00Z",
            "event": {"dataset": "aws.elb_logs", "id": name},
        }
        assert sorted(letter.place.offset or 0 for letter in around.s3.letters()) == [80, 90, 95]


async def test_a_redrive_that_is_broken_off_is_begun_again() -> None:
    """What is not settled is there as before; done again it is whole, and nothing is there twice."""
    async with world() as around:
        content = log(ALB, 3)
        around.s3.put("logs", "a.gz", gzip.compress(content))
        key = around.bury("too_few_columns/a", [line_letter(around.s3, "a.gz", 0)])
        stop = asyncio.Event()
        stop.set()
        assert not (await around.redrive(stop=stop)).is_whole
        assert key in around.s3.buckets["dead"]
        assert (await around.redrive()).is_whole
        around.bury("too_few_columns/a", [line_letter(around.s3, "a.gz", 0)])  # killed after the answer, before the removal
        ended = await around.redrive()
        assert ended.stats.counters["lines"] == {"alb,duplicate": 1}
        assert around.s3.letters() == []
        assert len(around.ids) == 1


MESSAGE = DeadLetter("message", "foreign_bucket", "", Place(message_id="m"), b"{}", 2, AT, 1)
UNTOUCHED: dict[str, Sequence[DeadLetter] | bytes] = {
    "a message of which a part is missing": [replace(MESSAGE, length=70_000)],
    "a sink that is no more": [DeadLetter("document", "x", "", Place("logs", "a", offset=0, sink="old"), b"{}", 2, AT, 1)],
    "no dead letters": b'{"kind": "line"}\n',
    "no gzip": b"\x1f\x8b\x08 and then nonsense",
}


@pytest.mark.parametrize("name", UNTOUCHED)
async def test_what_nothing_can_be_done_about_lies_where_it_lay(name: str) -> None:
    """It is neither moved nor removed, and said to be left."""
    async with world() as around:
        content = UNTOUCHED[name]
        key = around.bury("x/a", [] if isinstance(content, bytes) else content)
        if isinstance(content, bytes):
            around.s3.put("dead", key, content)
        before = around.s3.buckets["dead"][key][-1]
        ended = await around.redrive()
        assert (ended.is_whole, list(ended.left)) == (False, [key])
        assert around.s3.buckets["dead"] == {key: around.s3.buckets["dead"][key]}
        assert around.s3.buckets["dead"][key][-1] is before
        assert around.sqs.waiting == []


async def test_a_message_is_removed_only_when_the_queue_has_it() -> None:
    """A queue that refuses is asked again; one that keeps refusing leaves the dead letter where it is."""
    async with world() as around:
        around.bury("foreign_bucket/a", [MESSAGE, replace(MESSAGE, raw=b"[]")])
        around.sqs.refusals = 1
        ended = await around.redrive()
        assert (ended.sent, around.sqs.waiting, around.s3.letters()) == (2, ["{}", "[]"], [])
