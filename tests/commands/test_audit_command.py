"""`ingestd audit` as a person runs it, on an embedded AWS: what is missing is shown, and announced where that is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ingestd.commands.audit import command
from ingestd.core.notice import Allowed, read_notice
from ingestd.demo.cloud import ARRIVALS, DEAD_LETTERS, LOGS, Cloud, embedded_cloud
from ingestd.formats.registry import formats
from ingestd.model import DeadLetter, Place
from ingestd.sinks.deadletter import encode
from ingestd.sinks.gzipped import gzipped
from tests.fakes.bulk import FakeBulk
from tests.test_service import log

LINES = 20
KEYS = ("whole 1+.log", "cut.log", "lost.log")


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    """Three objects whose notices have been taken from the queue."""
    async with embedded_cloud() as cloud:
        for key in KEYS:
            await cloud.s3.put_object(Bucket=LOGS, Key=key, Body=log(formats()["alb"], LINES))
        await cloud.sqs.purge_queue(QueueUrl=cloud.queue_url)
        yield cloud


def arrived(bulk: FakeBulk, key: str, lines: int) -> None:
    """So many documents of an object are in the index."""
    place = {"bucket": {"name": LOGS}, "object": {"key": key}}
    bulk.documents |= {("logs-aws.elb_logs-2026.11.01", f"{key}{number}"): {"aws": {"s3": place}} for number in range(lines)}


async def audited(cloud: Cloud, bulk: FakeBulk, *arguments: str, **more: str) -> Result:
    settings = {
        "INGESTD_AWS__ENDPOINT_URL": cloud.endpoint_url,
        "INGESTD_QUEUE__URL": cloud.queue_url,
        "INGESTD_QUEUE__BUCKETS": LOGS,
        "INGESTD_SINKS__MAIN__KIND": "opensearch",
        "INGESTD_SINKS__MAIN__URLS": bulk.url,
        "INGESTD_DEAD_LETTERS__BUCKET": ARRIVALS,
        "INGESTD_DEAD_LETTERS__PREFIX": DEAD_LETTERS,
    }
    return await asyncio.to_thread(CliRunner().invoke, command, [f"s3://{LOGS}/", *arguments], env=settings | more)


async def waiting(cloud: Cloud) -> list[dict[str, Any]]:
    answer = await cloud.sqs.receive_message(QueueUrl=cloud.queue_url, MaxNumberOfMessages=10)
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


async def test_what_is_missing_is_shown_and_nothing_is_done_about_it(cloud: Cloud) -> None:
    """An object of which a line is missing, and one of which all are: exit 1, with both in the table; the queue stays empty."""
    async with FakeBulk() as bulk:
        arrived(bulk, KEYS[0], LINES)
        arrived(bulk, KEYS[1], LINES - 1)
        result = await audited(cloud, bulk)
    assert result.exit_code == 1, result.output
    assert (
        f"3 objects, 3 of them read: {3 * LINES} lines, 0 dead letters, {LINES + 1} lines missing in 2 objects" in result.stderr
    )
    assert KEYS[1] in result.stdout
    assert KEYS[2] in result.stdout
    assert KEYS[0] not in result.stdout
    assert await waiting(cloud) == []


async def test_enqueue_announces_what_is_not_whole(cloud: Cloud) -> None:
    """The notices are as S3's own: the service takes them, and each names an object that is not whole."""
    async with FakeBulk() as bulk:
        arrived(bulk, KEYS[0], LINES)
        result = await audited(cloud, bulk, "--enqueue")
    assert result.exit_code == 1, result.output
    assert "2 objects announced" in result.stderr
    notices = [read_notice(message["Body"], Allowed((LOGS,))) for message in await waiting(cloud)]
    assert {ref.key for notice in notices for ref in notice.objects} == set(KEYS[1:])


async def test_a_dead_letter_accounts_for_its_line(cloud: Cloud) -> None:
    """What a sink has refused is not missing: with its dead letter all is whole, exit 0, and nothing is announced."""
    place = Place(bucket=LOGS, key=KEYS[1], offset=0, sink="main")
    letter = DeadLetter("document", "mapper_parsing_exception", "", place, b"{}", 2, 1793534400.0, 1)
    key = f"{DEAD_LETTERS}2026/11/01/mapper_parsing_exception/one.ndjson.gz"
    await cloud.s3.put_object(Bucket=ARRIVALS, Key=key, Body=gzipped([encode(letter)]))
    async with FakeBulk() as bulk:
        for name, lines in zip(KEYS, (LINES, LINES - 1, LINES), strict=True):
            arrived(bulk, name, lines)
        result = await audited(cloud, bulk, "--enqueue")
    assert result.exit_code == 0, result.output
    assert "1 dead letters, 0 lines missing in 0 objects" in result.stderr
    assert await waiting(cloud) == []


async def test_enqueue_needs_a_queue_that_takes_the_bucket(cloud: Cloud) -> None:
    """A bucket that the service would refuse is not announced."""
    async with FakeBulk() as bulk:
        result = await audited(cloud, bulk, "--enqueue", INGESTD_QUEUE__BUCKETS="another")
    assert result.exit_code == 2
    assert f"queue.buckets does not have {LOGS}" in result.stderr
