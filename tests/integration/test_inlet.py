"""Calls into a real OpenSearch: whole, once, and made whole by their sender's retry when the process dies."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import orjson
import pytest

from ingestd.formats.registry import formats
from ingestd.generate import lines
from tests.fakes.senders import KEY, Delivery
from tests.integration.counting import Cluster, open_cluster
from tests.integration.gate import Gate
from tests.integration.killer import Killer
from tests.integration.service import RunningService

LOG = list(lines(formats()["alb"], 4000, 7, strange=0.0))
DELIVERIES = [
    Delivery([b"\n".join(LOG[n : n + 50]) for n in range(first, first + 1000, 50)], request_id=f"request-{first}")
    for first in range(0, len(LOG), 1000)
]


@pytest.fixture
async def cluster(opensearch_url: str) -> AsyncIterator[Cluster]:
    async with open_cluster(opensearch_url, "inlet") as cluster:
        yield cluster
        await cluster.client.indices.delete(index="inlet-*")


def environment(url: str) -> Mapping[str, str]:
    """No queue: what comes, comes by the inlet."""
    ours = {
        "sinks__opensearch__urls": url,
        "sinks__opensearch__index": "inlet-{dataset}",
        "sinks__opensearch__batch_seconds": "0.5",
        "sinks__opensearch__batch_count_max": "20",
        "sinks__opensearch__permits_first": "1",
        "sinks__opensearch__permits_max": "1",
        "inlet__port": "0",
        "inlet__host": "127.0.0.1",
        "inlet__api_key": KEY,
        "http__host": "127.0.0.1",
        "http__port": "0",
        "log__form": "json",
        "aws__region": "eu-west-1",
    }
    outer = {name: value for name, value in os.environ.items() if not name.startswith("INGESTD_")}
    return outer | {f"INGESTD_{name.upper()}": value for name, value in ours.items()}


async def port(service: RunningService, log_from: int) -> int:
    """The inlet's port, once the service is ready."""
    await service.until(lambda: '"ready"' in service.log.read_text()[log_from:])
    found = re.findall(r'"inlet_port": ?(\d+)', service.log.read_text()[log_from:])
    return int(found[-1])


async def send(at: int, delivery: Delivery) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://127.0.0.1:{at}/firehose", data=delivery.body, headers=delivery.headers) as answer,
    ):
        return answer.status, str(orjson.loads(await answer.read())["requestId"])


def size(log: Path) -> int:
    return len(log.read_text()) if log.exists() else 0


async def test_deliveries_arrive_whole_and_once(cluster: Cluster, opensearch_url: str, tmp_path: Path) -> None:
    """Several records of several lines, gzip on the way; each is sent twice, as by a sender that missed the answer."""
    with RunningService.started(tmp_path, environment(opensearch_url)) as service:
        at = await port(service, 0)
        answers = await asyncio.gather(*(send(at, delivery) for delivery in [*DELIVERIES, *DELIVERIES]))
        assert answers == [(200, delivery.request_id) for delivery in [*DELIVERIES, *DELIVERIES]]
        got = await cluster.ids()
        assert service.stop() == 0
    assert (len(got), got.total()) == (len(LOG), len(LOG))


async def test_a_process_that_dies_with_calls_under_way_loses_and_doubles_nothing(
    cluster: Cluster, opensearch_url: str, tmp_path: Path
) -> None:
    """kill -9 between receipt and settlement: nobody was answered, and the retries make it whole."""
    killer = Killer()
    async with Gate(opensearch_url, killer) as gate:
        with RunningService.started(tmp_path, environment(gate.url)) as service:
            at = await port(service, 0)
            killer.arm(service, "Bulk applied", 1)
            answers = await asyncio.gather(*(send(at, each) for each in DELIVERIES), return_exceptions=True)
    assert killer.killed_at == {"Bulk applied"}
    unanswered = [delivery for delivery, answer in zip(DELIVERIES, answers, strict=True) if isinstance(answer, BaseException)]
    assert unanswered == DELIVERIES, "somebody was answered before the first answer of the cluster"
    log_from = size(tmp_path / "service.log")
    with RunningService.started(tmp_path, environment(opensearch_url)) as service:
        at = await port(service, log_from)
        assert all(status == 200 for status, _ in await asyncio.gather(*(send(at, each) for each in unanswered)))
        got = await cluster.ids()
        assert service.stop() == 0
    assert (len(got), got.total()) == (len(LOG), len(LOG))
