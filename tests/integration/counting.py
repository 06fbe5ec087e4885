"""What was put against what arrived: each line of each log is a document or a dead letter, once.

INGESTD_TEST_SEED makes other logs of the same kind.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from opensearchpy import AsyncOpenSearch, TransportError

from ingestd.core.identity import document_id, object_id
from ingestd.demo.cloud import DEAD_LETTERS, LOGS, Cloud
from ingestd.demo.corpus import Corpus, LogObject, Role
from ingestd.model import DeadLetter, Source
from ingestd.sinks.deadletter import decode
from tests.integration.service import environment

__all__ = ["SEED", "Cluster", "assert_whole", "dead_letters", "ids_of", "open_cluster", "put", "settings_for"]

SEED = int(os.environ.get("INGESTD_TEST_SEED", "7"))
DAY = date(2026, 11, 22)


class Cluster:
    """A cluster seen by its counts, in indices of one prefix."""

    def __init__(self, client: AsyncOpenSearch, prefix: str) -> None:
        self.client = client
        self.prefix = prefix

    async def prepare(self, fields: Mapping[str, Any] | None = None) -> None:
        """A lean mapping: these tests count, they do not search. `fields`: what is mapped besides, of later indices."""
        body = {
            "index_patterns": [f"{self.prefix}-*"],
            "template": {
                "settings": {"number_of_replicas": 0, "refresh_interval": "5s"},
                "mappings": {"dynamic": False, "properties": {"@timestamp": {"type": "date"}} | dict(fields or {})},
            },
        }
        await self.client.transport.perform_request("PUT", f"/_index_template/{self.prefix}", body=body)

    async def ids(self) -> Counter[str]:
        """How often each id is there, over all indices."""
        seen: Counter[str] = Counter()
        while (page := await self._first_page()) is None:
            pass
        while page["hits"]["hits"]:
            seen.update(hit["_id"] for hit in page["hits"]["hits"])
            page = await self.client.scroll(scroll_id=page["_scroll_id"], scroll="2m")
        return seen

    async def _first_page(self) -> Any:
        """Ids of documents; None while an index that has just been made has no shard to search yet, which is waited for."""
        everything = f"{self.prefix}-*"
        await self.client.cluster.health(index=everything, params={"wait_for_status": "yellow", "timeout": 60})
        await self.client.indices.refresh(index=everything)
        try:
            return await self.client.search(index=everything, body={"_source": False, "size": 10_000}, scroll="2m")
        except TransportError as error:
            if error.status_code != 503:
                raise
            return None


@asynccontextmanager
async def open_cluster(url: str, prefix: str) -> AsyncIterator[Cluster]:
    async with AsyncOpenSearch([url], timeout=60) as client:
        cluster = Cluster(client, prefix)
        await cluster.prepare()
        yield cluster


async def put(cloud: Cloud, lines: int, seed: int = SEED) -> list[LogObject]:
    """Put a corpus; the notices follow by themselves."""
    objects = list(Corpus(lines, seed, DAY).objects())
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
        if each.entry.role == role and each.entry.ids:
            wanted.update(each.entry.ids[number] for number in each.entry.offsets.tolist())
        elif each.entry.role == role:
            etag = hashlib.md5(each.body, usedforsecurity=False).hexdigest()
            name = object_id(Source(LOGS, each.entry.key, etag, 0.0))
            wanted.update(document_id(name, offset) for offset in each.entry.offsets.tolist())
    return wanted


def settings_for(cloud: Cloud, url: str, cluster: Cluster, **more: str) -> dict[str, str]:
    """The service's environment, with the cluster as its sink."""
    sink = {"sinks__opensearch__urls": url, "sinks__opensearch__index": f"{cluster.prefix}-{{dataset}}"}
    return environment(cloud, **sink, **more)


async def assert_whole(cloud: Cloud, cluster: Cluster, objects: list[LogObject]) -> None:
    """Each line of each log is in the cluster or among the dead letters, once; the cut object is a dead letter by itself."""
    got = await cluster.ids()
    assert got.total() == len(got), "an id is there twice"
    letters = await dead_letters(cloud)
    dead = {
        letter.place.event_id
        or document_id(object_id(Source(LOGS, letter.place.key, letter.place.etag, 0.0)), letter.place.offset)
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
