"""The OpenSearch sink passes the sink contract, before the fake bulk endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection

import orjson
import pytest

from ingestd.config import OpenSearchSettings
from ingestd.model import Batch
from ingestd.sinks.cluster import Cluster
from ingestd.sinks.opensearch import OpenSearchSink
from tests.contract.sink import SinkContract
from tests.fakes.bulk import FakeBulk
from tests.fakes.documents import batch_of
from tests.fakes.http import Items, Lost, Silence, Whole

INDEX = "logs-aws.alb-2026.01.01"


class BulkRig:
    knows_ids = True

    def __init__(self, server: FakeBulk, compress: str) -> None:
        self.server = server
        self.sink = self._sink(compress, timeout_seconds=30.0)
        self._impatient = self._sink(compress, timeout_seconds=0.1)

    def _sink(self, compress: str, **timeout: float) -> OpenSearchSink:
        settings = OpenSearchSettings.model_validate({"urls": [self.server.url], "compress": compress} | timeout)
        return OpenSearchSink("main", settings, Cluster(settings))

    async def close(self) -> None:
        await self.sink.close()
        await self._impatient.close()

    def batch(self, count: int) -> Batch:
        return batch_of([(INDEX, f"id-{n}", {"n": n}) for n in range(count)])

    def ids(self, batch: Batch) -> list[str]:
        actions = [bytes(part.data).splitlines()[::2] for part in batch.parts]
        return [orjson.loads(line)["create"]["_id"] for lines in actions for line in lines]

    async def arrived(self) -> Counter[str]:
        return Counter({name: count for (_, name), count in self.server.stored.items()})

    def requests(self) -> int:
        return len(self.server.seen)

    def throttle_items(self, items: Collection[int]) -> None:
        self.server.script(Items(dict.fromkeys(items, (429, "rejected_execution_exception", "queue full"))))

    def break_items(self, items: Collection[int]) -> None:
        self.server.script(Items(dict.fromkeys(items, (503, "unavailable_shards_exception", "primary is not active"))))

    def throttle(self) -> None:
        self.server.script(Whole(429, b'{"error":{"type":"rejected_execution_exception"},"status":429}'))

    def fail(self) -> None:
        self.server.script(Whole(503))

    def forbid(self) -> None:
        self.server.script(Whole(401, b"Unauthorized"))

    def answer_short(self) -> None:
        self.server.script(Whole(200, b'{"errors":false,"items":[{"create":{"status":201}}]}'))

    def answer_garbage(self) -> None:
        self.server.script(Whole(200, b"<html>sign in</html>"))

    def lose_answer(self, *, applied: bool) -> None:
        self.server.script(Lost(applied))

    def be_silent(self) -> None:
        self.server.script(Silence())
        self.sink, self._impatient = self._impatient, self.sink

    async def vanish(self) -> None:
        await self.server.stop()


class TestOpenSearchSink(SinkContract):
    @pytest.fixture(params=["always", "never"])
    async def rig(self, request: pytest.FixtureRequest) -> AsyncIterator[BulkRig]:
        async with FakeBulk() as server:
            rig = BulkRig(server, request.param)
            try:
                yield rig
            finally:
                await rig.close()
