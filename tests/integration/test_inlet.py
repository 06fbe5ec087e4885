"""Calls into a real OpenSearch: whole, once, and made whole by their sender's retry when the process dies."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import orjson
import pytest
from botocore.config import Config

from ingestd.formats.registry import formats
from ingestd.generate import lines
from tests.fakes.senders import CONTROL, KEY, Delivery, subscribed
from tests.integration.counting import Cluster, open_cluster
from tests.integration.gate import Gate
from tests.integration.killer import Killer
from tests.integration.service import RunningService

LOG = list(lines(formats()["alb"], 4000, 7, strange=0.0))
DELIVERIES = [
    Delivery([b"\n".join(LOG[n : n + 50]) for n in range(first, first + 1000, 50)], request_id=f"request-{first}")
    for first in range(0, len(LOG), 1000)
]
GROUPS = ("/aws/lambda/pets", "/aws/apigateway/welcome", "/ecs/shop")
SUBSCRIBED = [subscribed(group, 100 * n, *(f"INFO: {group} {m}" for m in range(100))) for n, group in enumerate(GROUPS)]
CLOUDWATCH = Delivery([CONTROL, *SUBSCRIBED], request_id="cloudwatch")
EVENTS = [orjson.dumps({"@timestamp": "2026-11-24T12:00:00Z", "message": f"event {n}"}) for n in range(500)]
KEY_ID, SECRET = "AKIDINGESTD", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PATIENT = Config(retries={"mode": "standard", "max_attempts": 50}, read_timeout=60)


@pytest.fixture
async def cluster(opensearch_url: str) -> AsyncIterator[Cluster]:
    async with open_cluster(opensearch_url, "inlet") as cluster:
        yield cluster
        await cluster.client.indices.delete(index="inlet-*")


def environment(url: str, inlet_port: int = 0) -> Mapping[str, str]:
    """No queue: what comes, comes by the inlet."""
    ours = {
        "sinks__opensearch__urls": url,
        "sinks__opensearch__index": "inlet-{dataset}",
        "sinks__opensearch__batch_seconds": "0.5",
        "sinks__opensearch__batch_count_max": "20",
        "sinks__opensearch__permits_first": "1",
        "sinks__opensearch__permits_max": "1",
        "inlet__port": f"{inlet_port}",
        "inlet__host": "127.0.0.1",
        "inlet__api_key": KEY,
        "inlet__credentials": f"{KEY_ID}:{SECRET}",
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


async def test_log_groups_events_arrive_once_whoever_sends_them_again(
    cluster: Cluster, opensearch_url: str, tmp_path: Path
) -> None:
    """Envelopes of subscriptions, compressed in a compressed body: an event is there once, though other calls bring it too."""
    calls = [CLOUDWATCH, replace(CLOUDWATCH, request_id="other"), Delivery(list(reversed(SUBSCRIBED)), request_id="third")]
    with RunningService.started(tmp_path, environment(opensearch_url)) as service:
        at = await port(service, 0)
        assert [(await send(at, each))[0] for each in calls] == [200] * 3
        got = await cluster.ids()
        found = await cluster.client.search(index="inlet-*", body={"size": 300, "_source": ["aws.cloudwatch*", "aws.firehose"]})
        assert service.stop() == 0
    assert sorted(got) == [f"{n:056}" for n in range(300)]
    assert got.total() == 300
    sources = [hit["_source"]["aws"] for hit in found["hits"]["hits"]]
    assert {each["cloudwatch"]["log_group"] for each in sources} == set(GROUPS)
    assert {each["firehose"]["request_id"] for each in sources} == {"cloudwatch"}


def put(at: int) -> Any:
    """By boto3 as it comes, which tries again by itself."""
    client = boto3.client(
        "firehose",
        "eu-west-1",
        endpoint_url=f"http://127.0.0.1:{at}",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=PATIENT,
    )
    return client.put_record_batch(DeliveryStreamName="logs", Records=[{"Data": event} for event in EVENTS])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def test_boto3s_own_retry_makes_whole_what_a_kill_broke_off(
    cluster: Cluster, opensearch_url: str, tmp_path: Path
) -> None:
    """kill -9 when a part of a call is in the index: the SDK tries until the next process has all of it; nothing is doubled."""
    killer, at = Killer(), free_port()
    async with Gate(opensearch_url, killer) as gate:
        with RunningService.started(tmp_path, environment(gate.url, at)) as service:
            await port(service, 0)
            killer.arm(service, "Bulk applied", 3)
            answer = asyncio.create_task(asyncio.to_thread(put, at))
            await asyncio.wait_for(killer.is_done.wait(), 120)
        assert not answer.done()
        log_from = size(tmp_path / "service.log")
        with RunningService.started(tmp_path, environment(opensearch_url, at)) as service:
            await port(service, log_from)
            told = await answer
            got = await cluster.ids()
            assert service.stop() == 0
    assert (told["FailedPutCount"], len(told["RequestResponses"])) == (0, len(EVENTS))
    assert told["ResponseMetadata"]["RetryAttempts"] >= 1
    assert (len(got), got.total()) == (len(EVENTS), len(EVENTS))
