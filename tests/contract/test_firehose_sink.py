"""The Firehose sink passes the sink contract, before the fake endpoint; and delivers to moto's."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import orjson
import pytest

from ingestd.model import Batch, Verdict
from tests.contract.sink import COUNT, SinkContract
from tests.fakes.aws import loopback_client, moto_stream, moto_stream_records
from tests.fakes.documents import batch_of
from tests.fakes.firehose import FakeFirehose, refusal
from tests.fakes.firehose_sink import sink_of
from tests.fakes.http import Items, Lost, Silence, Whole

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient

STREAM = "logs"


def framed(count: int) -> Batch:
    return batch_of([("", "", {"event": {"id": f"id-{n}"}}) for n in range(count)], action=False)


def event_ids(lines: Collection[bytes]) -> list[str]:
    return [orjson.loads(line)["event"]["id"] for line in lines]


class FirehoseRig:
    knows_ids = False

    def __init__(self, server: FakeFirehose, client: FirehoseClient, impatient: FirehoseClient) -> None:
        self.server = server
        self.sink = sink_of(client, stream=STREAM)
        self._impatient = sink_of(impatient, stream=STREAM)

    def batch(self, count: int) -> Batch:
        return framed(count)

    def ids(self, batch: Batch) -> list[str]:
        return event_ids([line for part in batch.parts for line in bytes(part.data).splitlines()])

    async def arrived(self) -> Counter[str]:
        return Counter(event_ids(self.server.records))

    def requests(self) -> int:
        return len(self.server.seen)

    def throttle_items(self, items: Collection[int]) -> None:
        self.server.script(Items(dict.fromkeys(items, "ServiceUnavailableException")))

    def break_items(self, items: Collection[int]) -> None:
        self.server.script(Items(dict.fromkeys(items, "InternalFailure")))

    def throttle(self) -> None:
        self.server.script(refusal(503, "ServiceUnavailableException"))

    def fail(self) -> None:
        self.server.script(refusal(500, "InternalFailure"))

    def forbid(self) -> None:
        self.server.script(refusal(400, "AccessDeniedException"))

    def answer_short(self) -> None:
        self.server.script(Whole(200, b'{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"}]}'))

    def answer_garbage(self) -> None:
        self.server.script(Whole(200, b"<html>sign in</html>"))

    def lose_answer(self, *, applied: bool) -> None:
        self.server.script(Lost(applied))

    def be_silent(self) -> None:
        self.server.script(Silence())
        self.sink = self._impatient

    async def vanish(self) -> None:
        await self.server.stop()


class TestFirehoseSink(SinkContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[FirehoseRig]:
        async with (
            FakeFirehose(STREAM) as server,
            loopback_client("firehose", server.url) as client,
            loopback_client("firehose", server.url, timeout_seconds=0.1) as impatient,
        ):
            yield FirehoseRig(server, client, impatient)


@pytest.mark.parametrize("pack", ["document", "lines"])
async def test_documents_reach_moto(moto_url: str, pack: Literal["document", "lines"]) -> None:
    """Before moto's Firehose each document arrives as one line of its own, once, in either shape."""
    stream = f"sink-{uuid4().hex}"
    async with moto_stream(moto_url, stream) as client:
        sink = sink_of(client, stream=stream, pack=pack)
        assert await sink.send(framed(COUNT)) == Verdict(COUNT)
    assert event_ids(await moto_stream_records(moto_url, stream)) == [f"id-{n}" for n in range(COUNT)]
