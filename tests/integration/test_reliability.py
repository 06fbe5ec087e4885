"""What the design promises of a sink that is ill, busy or cut off, and of a service that is killed: on a real server.

INGESTD_TEST_KILLS makes the first test larger: a release is held to 200 kills (`make kills`).
"""

from __future__ import annotations

import asyncio
import gzip
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ingestd.demo.cloud import LOGS, Cloud
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from tests.fakes.http import Items, Lost, Whole
from tests.integration.asking import Server
from tests.integration.conftest import StartOpenSearch
from tests.integration.counting import SEED, Cluster, assert_whole, dead_letters, open_cluster, put, settings_for
from tests.integration.gate import Gate
from tests.integration.killer import Killer
from tests.integration.service import PATIENCE_SECONDS, RunningService, settled

KILLS = int(os.environ.get("INGESTD_TEST_KILLS", "10"))
MOMENTS = (
    "ReceiveMessage applied",
    "GetObject applied",
    "Bulk asked",
    "Bulk applied",
    "PutObject asked",
    "PutObject applied",
    "DeleteMessageBatch asked",
    "DeleteMessageBatch applied",
)
PATIENCE = PATIENCE_SECONDS + KILLS * 3
BATCH = 100
# At odds with the mapping in a way that healing does not find: what is refused is a copy that the document does not have.
AT_ODDS = {
    "number": {"type": "long"},
    "url": {"properties": {"query": {"type": "keyword", "copy_to": "number"}}},
}


async def test_r01_kills_lose_and_double_nothing(cloud: Cloud, cluster: Cluster, opensearch_url: str, tmp_path: Path) -> None:
    """kill -9 at each named moment and at any other, over and over: nothing lost, nothing there twice, the queue empties."""
    random, killer = Random(SEED), Killer()
    objects = []
    async with Gate(cloud.endpoint_url, killer) as aws, Gate(opensearch_url, killer) as search:
        few = {"queue__messages_in_flight_max": "8", "aws__endpoint_url": aws.url}
        environ = settings_for(cloud, search.url, cluster, **few)
        begin = time.monotonic()
        with RunningService.started(tmp_path, environ) as service:  # the first may have to compile the parser
            await service.until(lambda: b'"ready"' in service.log.read_bytes())
        seconds = time.monotonic() - begin
        for number in range(KILLS):
            objects += await put(cloud, 120, SEED + number)
            moment = MOMENTS[number] if number < len(MOMENTS) else random.choice((*MOMENTS, ""))
            with RunningService.started(tmp_path, environ) as service:
                if moment:
                    killer.arm(service, moment, random.randint(1, 8) if moment.startswith("GetObject") else 1)
                    await asyncio.wait_for(killer.is_done.wait(), PATIENCE_SECONDS)
                else:
                    await asyncio.sleep(random.random() * 2 * seconds)
        assert killer.killed_at == set(MOMENTS[:KILLS])
        with RunningService.started(tmp_path, settings_for(cloud, opensearch_url, cluster)) as service:
            await settled(cloud, service, PATIENCE)
            assert service.stop() == 0
    await assert_whole(cloud, cluster, objects)


@pytest.fixture(scope="module")
def narrow_url(start_opensearch: StartOpenSearch) -> str:
    """A server that writes one thing at a time and lets four wait."""
    return start_opensearch(thread_pool__write__size="1", thread_pool__write__queue_size="4")


@asynccontextmanager
async def rivals(url: str, count: int) -> AsyncIterator[None]:
    """Others who write more than the server takes, without a thought for it."""
    server = Server(url)
    body = b'{"create":{"_index":"rival"}}\n{"n":1}\n' * 2000

    async def write() -> None:
        while True:
            await server.ask("POST", "/_bulk?filter_path=errors", body, form="application/x-ndjson")

    tasks = [asyncio.create_task(write()) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def put_alb(cloud: Cloud, objects: int, lines: int) -> None:
    for number in range(objects):
        body = gzip.compress(b"".join(chunks(formats()["alb"], lines, SEED + number, strange=0.0)))
        await cloud.s3.put_object(Bucket=LOGS, Key=f"alb/{lines}-{number}.log.gz", Body=body)


async def test_r05_a_429_storm_loses_nothing_and_costs_little(cloud: Cloud, narrow_url: str, tmp_path: Path) -> None:
    """Others fill the write queue until we are turned away, then stop: all arrives, in hardly more requests than it needs."""
    async with open_cluster(narrow_url, "storm") as cluster, Gate(narrow_url) as gate:
        await put_alb(cloud, 10, 1200)
        careful = {"sinks__opensearch__batch_count_max": f"{BATCH}", "sinks__opensearch__permits_max": "4"}
        with RunningService.started(tmp_path, settings_for(cloud, gate.url, cluster, **careful)) as service:
            async with rivals(narrow_url, 12):
                await service.until(lambda: sum(429 in answer for answer in gate.answers) >= 3)
            await settled(cloud, service)
            assert service.stop() == 0
        first = next(place for place, answer in enumerate(gate.answers) if 429 in answer)
        before = sum(answer[201] for answer in gate.answers[: first + 1])
        needed = -(-(12_000 - before) // BATCH)
        assert len(gate.answers) - first - 1 <= 1.3 * needed
        assert (await cluster.ids()).total() == len(await cluster.ids()) == 12_000
    assert await dead_letters(cloud) == []


def illness(random: Random) -> Items | Lost | Whole:
    """One of the ways in which a bulk request fails, whole or in part."""
    statuses = {429: "rejected_execution_exception", 503: "unavailable_shards_exception", 500: "node_closed_exception"}
    some = {place: random.choice(list(statuses)) for place in random.sample(range(BATCH), random.randint(1, BATCH))}
    mixed = Items({place: (status, statuses[status], "so") for place, status in some.items()})
    return random.choice((mixed, mixed, Lost(applied=True), Lost(applied=False), Whole(503), Whole(429), Whole(502)))


async def test_r07_each_item_has_one_end_whatever_the_answers_are(cloud: Cloud, opensearch_url: str, tmp_path: Path) -> None:
    """Answers of 201, 409, 429, 503 and 400 together, and answers lost after all was applied: one end an item, none doubled."""
    random = Random(SEED)
    async with open_cluster(opensearch_url, "mixed") as cluster, Gate(opensearch_url) as gate:
        await cluster.prepare(AT_ODDS)
        gate.script(Lost(applied=True), *(illness(random) for _ in range(60)))
        objects = await put(cloud, 6000)
        often = {"sinks__opensearch__batch_count_max": f"{BATCH}", "retry__ceiling_seconds": "1"}
        with RunningService.started(tmp_path, settings_for(cloud, gate.url, cluster, **often)) as service:
            await settled(cloud, service)
            assert service.stop() == 0
        await assert_whole(cloud, cluster, objects)
        seen = sum(gate.answers, Counter[int]())
        print(len(gate.answers), len(gate._script), seen)
    assert {201, 400, 409, 429, 503} <= seen.keys()
    assert any(letter.kind == "document" for letter in await dead_letters(cloud))


CLOSED = ("POST", "/{index}/_close", None), ("POST", "/{index}/_open", None)
READ_ONLY = (
    ("PUT", "/{index}/_settings", {"index.blocks.read_only_allow_delete": True}),
    ("PUT", "/{index}/_settings", {"index.blocks.read_only_allow_delete": None}),
)
WATERMARKS = ("low", "high", "flood_stage")


def watermarks(mark: str | None) -> tuple[str, str, Any]:
    """So much free space as no disk has, or what it was: the server looks at its disk and closes its indices by itself."""
    disk = "cluster.routing.allocation.disk"
    marks = {f"{disk}.watermark.{name}": mark for name in WATERMARKS}
    settings = marks | {f"{disk}.threshold_enabled": bool(mark) or None, "cluster.info.update.interval": mark and "10s"}
    return "PUT", "/_cluster/settings", {"transient": settings}


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [([CLOSED[0]], [CLOSED[1]]), ([READ_ONLY[0]], [READ_ONLY[1]]), ([watermarks("900tb")], [watermarks(None), READ_ONLY[1]])],
    ids=["closed", "read_only", "disk_watermark"],
)
async def test_r15_a_fault_of_the_index_pauses_and_makes_no_dead_letter(
    cloud: Cloud, narrow_url: str, tmp_path: Path, spoil: list[Any], mend: list[Any]
) -> None:
    """A closed index, a read-only one and a full disk: the sink pauses, nothing is a dead letter, and mended all goes in."""
    server = Server(narrow_url)

    async def do(steps: list[Any]) -> None:
        for method, path, body in steps:
            status, said = await server.ask(method, path.format(index=f"{cluster.prefix}-aws.elb_logs*"), body)
            assert status < 300, said

    async with open_cluster(narrow_url, f"ill{Random(str(spoil)).getrandbits(30)}") as cluster:
        patient = settings_for(cloud, narrow_url, cluster, retry__ceiling_seconds="2")
        with RunningService.started(tmp_path, patient) as service:
            await put_alb(cloud, 1, 50)
            await settled(cloud, service)
            await do(spoil)
            number = 0
            async with asyncio.timeout(PATIENCE_SECONDS):
                while b"sink paused" not in service.log.read_bytes():
                    number += 1
                    await put_alb(cloud, 1, 50 + number)
                    await asyncio.sleep(1.0)
            assert await cloud.backlog() > 0
            assert await dead_letters(cloud) == []
            await do(mend)
            await settled(cloud, service)
            assert service.stop() == 0
        assert b"sink resumed" in service.log.read_bytes()
        ids = await cluster.ids()
        assert ids.total() == len(ids) == sum(50 + each for each in range(number + 1))
    assert await dead_letters(cloud) == []


async def test_r15_a_fault_of_the_document_is_a_dead_letter(cloud: Cloud, narrow_url: str, tmp_path: Path) -> None:
    """Documents that the mapping refuses, and healing does not mend, are dead letters with the reason; the others go in."""
    async with open_cluster(narrow_url, "faulty") as cluster:
        await cluster.prepare(AT_ODDS)
        await put_alb(cloud, 1, 400)
        with RunningService.started(tmp_path, settings_for(cloud, narrow_url, cluster)) as service:
            await settled(cloud, service)
            assert service.stop() == 0
        assert b"sink paused" not in service.log.read_bytes()
        letters, ids = await dead_letters(cloud), await cluster.ids()
    assert {(letter.kind, letter.reason) for letter in letters} == {("document", "mapper_parsing_exception")}
    assert 0 < len(letters) < 400
    assert ids.total() == 400 - len(letters)
