"""The inlet in the service as it runs: calls go the way of objects, and are answered when all of it has come to rest."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import pytest
from aiobotocore.session import get_session
from botocore.exceptions import EndpointConnectionError
from pydantic import SecretStr

from ingestd.config import DeadLetterSettings, HttpSettings, InletSettings, OpenSearchSettings, QueueSettings, Settings
from ingestd.config import RouteSettings as Route
from ingestd.formats.registry import formats
from ingestd.generate import lines
from ingestd.service import Service
from ingestd.shell.clients import Clients
from ingestd.shell.telemetry import Stats
from tests.fakes.bulk import FakeBulk
from tests.fakes.http import Items, Whole
from tests.fakes.senders import ARN, KEY, Delivery
from tests.test_service import FakeSqs, LetterS3, notice

ALB = formats()["alb"]
LINES = list(lines(ALB, 8, 1, strange=0.0))
PATIENCE_SECONDS = 30
START_SECONDS = 300  # the first start compiles


@dataclass
class World:
    """A running service, what is around it, and a sender."""

    service: Service
    bulk: FakeBulk
    s3: LetterS3
    sqs: FakeSqs
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.service.inlet_port}"

    @property
    def stats(self) -> Stats:
        return self.service.telemetry.snapshot()

    async def send(self, delivery: Delivery) -> tuple[int, Any]:
        async with self.http.post(f"{self.url}/firehose", data=delivery.body, headers=delivery.headers) as answer:
            return answer.status, orjson.loads(await answer.read())


@asynccontextmanager
async def world(*routes: Route, dead_letters: bool = True, **inlet: Any) -> AsyncIterator[World]:
    async with FakeBulk() as bulk, aiohttp.ClientSession() as http:
        given = {"host": "127.0.0.1", "port": 0, "api_key": SecretStr(KEY), "answer_seconds": PATIENCE_SECONDS, **inlet}
        settings = Settings(
            queue=QueueSettings(url="http://127.0.0.1:1/123456789012/notices", buckets=("logs",)),
            sinks={"main": OpenSearchSettings(urls=(bulk.url,), batch_seconds=0.05)},
            route=routes,
            dead_letters=DeadLetterSettings(bucket="dead" if dead_letters else None, batch_seconds=0.05),
            http=HttpSettings(host="127.0.0.1", port=0),
            inlet=InletSettings(**given),
            drain_seconds=5,
        )
        service, stop, s3, sqs = Service(settings), asyncio.Event(), LetterS3(), FakeSqs()
        task = asyncio.create_task(service.run(stop, Clients(s3, sqs, {}, get_session())))
        async with asyncio.timeout(START_SECONDS):
            while service.state != "ready" and not task.done():  # noqa: ASYNC110 - a state is no event
                await asyncio.sleep(0.01)
        try:
            yield World(service, bulk, s3, sqs, http)
        finally:
            stop.set()
            await task


async def test_a_call_is_answered_when_all_of_it_is_indexed() -> None:
    """Each line of each record, in text and compressed; a document says what call it came in and nothing of a bucket."""
    delivery = Delivery([LINES[0], b"\n".join(LINES[1:3]), b" \n", gzip.compress(LINES[3])], parameters={"team": "edge"})
    async with world() as around:
        status, answer = await around.send(delivery)
        assert (status, answer["requestId"]) == (200, delivery.request_id)
        assert isinstance(answer["timestamp"], int)
        documents = sorted(around.bulk.documents.values(), key=lambda each: each["aws"]["firehose"]["record"])
        told = {"stream": "logs", "arn": ARN, "request_id": delivery.request_id, "parameters": {"team": "edge"}}
        assert [each["aws"]["firehose"] for each in documents] == [told | {"record": place} for place in (0, 0, 0, 3)]
        assert all("s3" not in each["aws"] for each in documents)
        assert documents[0]["cloud"] == {"provider": "aws", "account": {"id": "123456789012"}, "region": "eu-west-1"}
        assert around.stats.counters["lines"] == {"alb,accepted": 4}
        assert around.stats.counters["records"] == {"read": 3}
        assert around.stats.counters["calls"] == {"received": 1, "settled": 1}


async def test_events_of_applications_are_told_from_lines() -> None:
    """One JSON object a record, with a newline or without, is a document each; and lines beside them are lines."""
    events = [orjson.dumps({"@timestamp": "2026-11-24T12:00:00Z", "message": f"event {n}"}) for n in range(4)]
    async with world() as around:
        assert (await around.send(Delivery([events[0], events[1] + b"\n", LINES[0], b"\n".join(events[2:])])))[0] == 200
        messages = sorted(each.get("message", "") for each in around.bulk.documents.values())
        assert messages == ["", *(f"event {n}" for n in range(4))]
        assert around.stats.counters["records"] == {"read": 4}


async def test_the_senders_retry_finds_all_there() -> None:
    """The same request once more: ids are those of request, record and offset, and nothing is there twice."""
    delivery = Delivery(LINES)
    async with world() as around:
        assert (await around.send(delivery))[0] == 200
        before = dict(around.bulk.documents)
        assert (await around.send(delivery))[0] == 200
        assert around.bulk.documents == before
        assert (await around.send(Delivery(LINES, request_id="another")))[0] == 200
        assert len(around.bulk.documents) == 2 * len(LINES)
        assert around.stats.counters["lines"] == {"alb,accepted": 16, "alb,duplicate": 8}


async def test_what_cannot_be_delivered_is_a_dead_letter_and_the_call_is_settled() -> None:
    """Whole, for it is nowhere else: a record of no known format, a line, a document; each with its place."""
    strange = b"hello " * 20_000
    async with world(Route(stream="typed", format="alb", sinks=("main",)), Route(sinks=("main",))) as around:
        around.bulk.script(Items({0: (400, "mapper_parsing_exception", "no")}))
        assert (await around.send(Delivery([LINES[0], strange, LINES[1]])))[0] == 200
        typed = Delivery([b"garbage\n" + LINES[2]], arn=ARN.replace("/logs", "/typed"), request_id="second")
        assert (await around.send(typed))[0] == 200
        letters = {letter.kind: letter for letter in around.s3.letters()}
        assert set(letters) == {"object", "document", "line"}
        assert (letters["object"].reason, letters["object"].raw, letters["object"].place.record) == (
            "unknown_format",
            strange + b"\n",
            1,
        )
        assert (letters["line"].raw, letters["line"].place.stream, letters["line"].place.offset) == (b"garbage", "typed", 0)
        assert letters["document"].place.request_id == Delivery([]).request_id
        assert around.stats.counters["calls"] == {"received": 2, "settled": 2}


async def test_without_a_place_for_dead_letters_the_sender_keeps_it() -> None:
    """503, and it tries again: nothing is acknowledged that is nowhere."""
    async with world(dead_letters=False) as around:
        status, answer = await around.send(Delivery([b"hello"]))
        assert (status, answer["errorMessage"]) == (503, "not settled")
        assert around.stats.counters["calls"] == {"received": 1, "given_back": 1}


async def test_routes_go_by_the_streams_name() -> None:
    """The first that fits: dropped, with a dataset of its own; and what asks for a bucket is for objects."""
    routes = (
        Route(bucket="*", sinks=("main",), dataset="objects"),
        Route(stream="noise-*", drop=True),
        Route(stream="lo?s", dataset="edge", sinks=("main",)),
    )
    async with world(*routes) as around:
        for number, stream in enumerate(("logs", "noise-1", "other")):
            delivery = Delivery([LINES[number]], request_id=f"r{number}", arn=ARN.replace("/logs", f"/{stream}"))
            assert (await around.send(delivery))[0] == 200
        assert [each["event"]["dataset"] for each in around.bulk.documents.values()] == ["edge"]
        assert around.stats.counters["records"] == {"read": 1, "dropped": 1, "no_route": 1}
        assert [(letter.reason, letter.place.stream) for letter in around.s3.letters()] == [("no_route", "other")]


async def test_a_retry_joins_the_call_that_is_under_way() -> None:
    """A sender that gave up waiting finds its call where it was: nothing is sent twice for it."""
    delivery = Delivery(LINES)
    async with world(answer_seconds=0.2) as around:
        around.bulk.script(*[Whole(503, b"{}")] * 3)
        statuses = [(await around.send(delivery))[0]]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while statuses[-1] != 200:
                statuses.append((await around.send(delivery))[0])
        assert statuses[0] == 503
        calls = around.stats.counters["calls"]
        assert (calls["received"], calls["joined"], calls["settled"]) == (1, len(statuses) - 1, 1)
        assert around.stats.counters["lines"] == {"alb,accepted": len(LINES)}


async def test_a_sink_that_takes_nothing_lets_no_call_in() -> None:
    """Back-pressure reaches the sender: 503, with the time to wait."""
    async with world(calls_max=1, answer_seconds=0.2) as around:
        around.bulk.script(*[Whole(503, b"{}")] * 100)
        assert (await around.send(Delivery(LINES)))[0] == 503
        other = Delivery(LINES, request_id="other")
        async with around.http.post(f"{around.url}/firehose", data=other.body, headers=other.headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert around.stats.counters["calls"] == {"received": 1, "late": 1, "busy": 1}
    assert around.stats.counters["calls"]["given_back"] == 1


async def test_a_spooled_call_is_an_object_like_any_other() -> None:
    """200 once it is in S3; its notice brings it, and a retry writes the same bytes to the same place."""
    delivery = Delivery([*LINES[:3], gzip.compress(LINES[3]), gzip.compress(LINES[4])])
    async with world(spool_bucket="logs") as around:
        for _ in range(2):
            assert (await around.send(delivery))[0] == 200
        assert around.stats.counters["calls"] == {"received": 2, "spooled": 2}
        assert not around.bulk.documents
        keys = sorted(around.s3.buckets["logs"])
        assert len(keys) == 2
        assert all(key.startswith("ingestd/spool/logs/") for key in keys)
        around.sqs.waiting += [notice("logs", key) for key in keys]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(around.sqs.deleted) < 2:  # noqa: ASYNC110 - the fake has no event to wait for
                await asyncio.sleep(0.01)
        assert len(around.bulk.documents) == 5


async def test_a_call_that_is_not_spooled_is_not_answered_for() -> None:
    """S3 refuses: 503, and the sender keeps it."""
    async with world(spool_bucket="logs") as around:

        async def refuse(**_: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="s3")

        around.s3.put_object = refuse  # type: ignore[method-assign]
        assert (await around.send(Delivery(LINES)))[0] == 503
        assert around.stats.counters["calls"] == {"received": 1, "given_back": 1}


@pytest.mark.parametrize("canary", ["s3cr3t-payload"])
async def test_nothing_of_the_payload_is_logged_or_answered(canary: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither of records, nor of keys, however a call fails."""
    bodies = [b'{"requestId":"' + canary.encode(), orjson.dumps([canary]), orjson.dumps({"records": [{"data": canary}]})]
    async with world() as around:
        answers = []
        for body in bodies:
            headers = Delivery([], is_compressed=False).headers
            async with around.http.post(f"{around.url}/firehose", data=body, headers=headers) as answer:
                assert answer.status == 400
                answers.append(await answer.text())
        await around.send(Delivery([canary.encode()]))
        status, answer = await around.send(Delivery([], key=canary))
        answers.append(str(answer))
        assert status == 401
    captured = capfd.readouterr()
    assert "call refused" in captured.out + captured.err
    assert canary not in "".join((*answers, captured.out, captured.err))
