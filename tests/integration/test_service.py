"""The whole service, from the embedded AWS to a real OpenSearch, counted by query.

INGESTD_TEST_LINES and INGESTD_TEST_KILLS make the same tests larger: a release is held to a million lines and ten kills.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from random import Random

import orjson
import pytest
from opensearchpy import AsyncOpenSearch

from ingestd.core.identity import document_id, object_id
from ingestd.demo.cloud import DEAD_LETTERS, LOGS, Cloud, embedded_cloud
from ingestd.demo.corpus import Corpus, LogObject, Role
from ingestd.model import DeadLetter, Source
from ingestd.sinks.deadletter import decode
from tests.integration.conftest import StartOpenSearch
from tests.integration.server import started
from tests.integration.service import PATIENCE_SECONDS, RunningService, environment, settled

LINES = int(os.environ.get("INGESTD_TEST_LINES", "20000"))
KILLS = int(os.environ.get("INGESTD_TEST_KILLS", "3"))
SEED = int(os.environ.get("INGESTD_TEST_SEED", "7"))
DAY = date(2026, 11, 22)
PATIENCE = PATIENCE_SECONDS + LINES / 500


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with embedded_cloud() as cloud:
        yield cloud


class Cluster:
    """A cluster seen by its counts, in indices of one prefix."""

    def __init__(self, client: AsyncOpenSearch, prefix: str) -> None:
        self.client = client
        self.prefix = prefix

    async def prepare(self) -> None:
        """A lean mapping: these tests count, they do not search."""
        body = {
            "index_patterns": [f"{self.prefix}-*"],
            "template": {
                "settings": {"number_of_replicas": 0, "refresh_interval": "5s"},
                "mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}}},
            },
        }
        await self.client.transport.perform_request("PUT", f"/_index_template/{self.prefix}", body=body)

    async def ids(self) -> Counter[str]:
        """How often each id is there, over all indices."""
        await self.client.indices.refresh(index=f"{self.prefix}-*")
        seen: Counter[str] = Counter()
        page = await self.client.search(index=f"{self.prefix}-*", body={"_source": False, "size": 10_000}, scroll="2m")
        while page["hits"]["hits"]:
            seen.update(hit["_id"] for hit in page["hits"]["hits"])
            page = await self.client.scroll(scroll_id=page["_scroll_id"], scroll="2m")
        return seen


async def open_cluster(url: str, prefix: str) -> AsyncIterator[Cluster]:
    async with AsyncOpenSearch([url], timeout=60) as client:
        cluster = Cluster(client, prefix)
        await cluster.prepare()
        yield cluster


@pytest.fixture
async def cluster(opensearch_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    async for cluster in open_cluster(opensearch_url, f"t{abs(hash(request.node.name)) % 10**8}"):
        yield cluster


async def put(cloud: Cloud, lines: int) -> list[LogObject]:
    """Put a corpus; the notices follow by themselves."""
    objects = list(Corpus(lines, SEED, DAY).objects())
    for each in objects:
        await cloud.s3.put_object(Bucket=LOGS, Key=each.entry.key, Body=each.body)
    return objects


async def dead_letters(cloud: Cloud) -> list[DeadLetter]:
    """All dead letters; the same one may be there twice after a kill."""
    return [decode(line) async for body in cloud.contents(DEAD_LETTERS) for line in gzip.decompress(body).splitlines()]


def ids_of(objects: list[LogObject], role: Role) -> set[str]:
    """The id that each log line must have, from the bytes that were put."""
    wanted: set[str] = set()
    for each in objects:
        if each.entry.role == role:
            etag = hashlib.md5(each.body, usedforsecurity=False).hexdigest()
            name = object_id(Source(LOGS, each.entry.key, etag, 0.0))
            wanted.update(document_id(name, offset) for offset in each.entry.offsets.tolist())
    return wanted


def settings_for(cloud: Cloud, url: str, cluster: Cluster, **more: str) -> dict[str, str]:
    sink = {"sinks__opensearch__urls": url, "sinks__opensearch__index": f"{cluster.prefix}-{{dataset}}"}
    return environment(cloud, **sink, **more)


async def assert_whole(cloud: Cloud, cluster: Cluster, objects: list[LogObject]) -> None:
    """Each line of each log is in the cluster or among the dead letters, once; the cut object is a dead letter by itself."""
    got = await cluster.ids()
    assert got.total() == len(got), "an id is there twice"
    letters = await dead_letters(cloud)
    dead = {
        document_id(object_id(Source(LOGS, letter.place.key, letter.place.etag, 0.0)), letter.place.offset)
        for letter in letters
        if letter.place.offset is not None
    }
    wanted, cut = ids_of(objects, "log"), ids_of(objects, "poison")
    assert not dead & got.keys(), "a line is both a document and a dead letter"
    assert wanted - dead - got.keys() == set(), "lines are lost"
    assert (got.keys() | dead) - wanted - cut == set(), "there is more than was put"
    assert {(letter.place.key, letter.reason) for letter in letters if letter.kind == "object"} == {
        (each.entry.key, "truncated") for each in objects if each.entry.role == "poison"
    }


async def test_every_line_arrives_once(cloud: Cloud, cluster: Cluster, opensearch_url: str, tmp_path: Path) -> None:
    """From S3 through SQS into the index, counted there; SIGTERM ends the service in good order."""
    objects = await put(cloud, LINES)
    with RunningService.started(tmp_path, settings_for(cloud, opensearch_url, cluster)) as service:
        await settled(cloud, service, PATIENCE)
        assert service.stop() == 0
    await assert_whole(cloud, cluster, objects)


async def test_a_redelivered_message_changes_nothing(
    cloud: Cloud, cluster: Cluster, opensearch_url: str, tmp_path: Path
) -> None:
    """The same notices once more: the same documents, found to be there."""
    objects = await put(cloud, 2000)
    with RunningService.started(tmp_path, settings_for(cloud, opensearch_url, cluster)) as service:
        await settled(cloud, service, PATIENCE)
        before = await cluster.ids()
        for each in objects:
            notice = {"bucket": {"name": LOGS}, "object": {"key": each.entry.key.replace(" ", "+")}}
            record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": notice}
            await cloud.sqs.send_message(QueueUrl=cloud.queue_url, MessageBody=orjson.dumps({"Records": [record]}).decode())
        await settled(cloud, service, PATIENCE)
        assert service.stop() == 0
    assert await cluster.ids() == before


async def test_a_crowded_cluster_loses_nothing(cloud: Cloud, start_opensearch: StartOpenSearch, tmp_path: Path) -> None:
    """Real 429s: a write queue of one, sixteen requests at once."""
    url = start_opensearch(thread_pool__write__size="1", thread_pool__write__queue_size="1")
    async for cluster in open_cluster(url, "crowded"):
        objects = await put(cloud, 10_000)
        crowd = {"sinks__opensearch__permits_first": "16", "sinks__opensearch__batch_count_max": "50"}
        with RunningService.started(tmp_path, settings_for(cloud, url, cluster, **crowd)) as service:
            await settled(cloud, service, PATIENCE)
            assert service.stop() == 0
        await assert_whole(cloud, cluster, objects)


async def test_a_node_that_dies_under_load_loses_nothing(cloud: Cloud, opensearch_layout: None, tmp_path: Path) -> None:
    """kill -9 of the server while documents come, and started again: all are there, each once, none is a dead letter of it."""
    with started(tmp_path / "node", {}) as node:
        async for cluster in open_cluster(node.url, "mortal"):
            objects = await put(cloud, 10_000)
            slowly = {"sinks__opensearch__batch_count_max": "200", "sinks__opensearch__permits_max": "4"}
            with RunningService.started(tmp_path, settings_for(cloud, node.url, cluster, **slowly)) as service:
                async with asyncio.timeout(PATIENCE):
                    while not await cluster.ids():
                        assert service.is_running
                node.kill()
                node.start()
                await settled(cloud, service, PATIENCE)
                assert service.stop() == 0
            await assert_whole(cloud, cluster, objects)


async def test_kills_lose_and_double_nothing(cloud: Cloud, cluster: Cluster, opensearch_url: str, tmp_path: Path) -> None:
    """kill -9 at random moments, and started again: the count is the count, and no id is there twice."""
    objects = await put(cloud, LINES)
    random, environ = Random(SEED), settings_for(cloud, opensearch_url, cluster)
    for _ in range(KILLS):
        with RunningService.started(tmp_path, environ) as service:
            await asyncio.sleep(1.5 + random.random() * min(10.0, LINES / 10_000))
            service.kill()
    with RunningService.started(tmp_path, environ) as service:
        await settled(cloud, service, PATIENCE)
        assert service.stop() == 0
    await assert_whole(cloud, cluster, objects)
