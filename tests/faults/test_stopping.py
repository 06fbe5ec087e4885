"""R10: SIGTERM under load: what was delivered is deleted, all else is there for others, and the process ends in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from urllib.parse import unquote_plus

import orjson
import pytest

from ingestd.demo.cloud import Cloud
from tests.fakes.bulk import FakeBulk
from tests.fakes.faulty_proxy import Ill, faulty_proxy
from tests.fakes.http import Silence
from tests.faults.logs import assert_whole, put_logs
from tests.faults.test_network import port
from tests.integration.service import RunningService, endpoints_apart, environment, settled

OBJECTS, LINES = 120, 200
HURRIED_SECONDS = 10.0
FEW = {"queue__messages_in_flight_max": "20", "queue__visibility_seconds": "600", "sinks__opensearch__batch_seconds": "0.1"}


async def keys_on_the_queue(cloud: Cloud) -> set[str]:
    """The objects whose notices can be received now; they can be received again after."""
    found: set[str] = set()
    receipts: list[str] = []
    while messages := (await cloud.sqs.receive_message(QueueUrl=cloud.queue_url, MaxNumberOfMessages=10)).get("Messages"):
        for message in messages:
            receipts.append(message["ReceiptHandle"])
            found |= {unquote_plus(record["s3"]["object"]["key"]) for record in orjson.loads(message["Body"])["Records"]}
    for receipt in receipts:
        await cloud.sqs.change_message_visibility(QueueUrl=cloud.queue_url, ReceiptHandle=receipt, VisibilityTimeout=0)
    return found


def delivered(bulk: FakeBulk) -> set[str]:
    """The objects of which every line is in the sink."""
    counts = Counter(document["aws"]["s3"]["object"]["key"] for document in bulk.documents.values())
    return {key for key, count in counts.items() if count == LINES}


@pytest.mark.parametrize("is_stalled", [False, True], ids=["healthy", "stalled"])
async def test_r10_sigterm_under_load(cloud: Cloud, bulk: FakeBulk, tmp_path: Path, is_stalled: bool) -> None:
    """A sink that answers, and one that has stopped answering: exit 0 in time, nothing in the air, and another finishes."""
    environ = environment(cloud, **FEW, sinks__opensearch__urls=bulk.url)
    wanted = await put_logs(cloud, OBJECTS, LINES)
    if is_stalled:
        bulk.script(*[Silence()] * 500)
    with RunningService.started(tmp_path, environ) as service:
        await service.until(lambda: len(bulk.seen) > 2)
        assert await asyncio.to_thread(service.stop) == 0
    every, waiting = {f"log/{number}.log.gz" for number in range(OBJECTS)}, await keys_on_the_queue(cloud)
    assert every - waiting == delivered(bulk), "delivered is deleted, and nothing else is"
    assert bool(delivered(bulk)) is not is_stalled
    bulk.forget_script()
    with RunningService.started(tmp_path, environ) as service:
        await settled(cloud, service)
        assert service.stop() == 0
    assert_whole(bulk, wanted)


async def test_r10_sigterm_while_aws_says_nothing(cloud: Cloud, bulk: FakeBulk, tmp_path: Path) -> None:
    """S3 and SQS take what is sent and never answer: neither reading, nor giving back, takes more than the time for it."""
    async with faulty_proxy(port(cloud.endpoint_url)) as s3, faulty_proxy(port(cloud.endpoint_url)) as sqs:
        environ = environment(cloud, **FEW, sinks__opensearch__urls=bulk.url, drain_seconds=f"{HURRIED_SECONDS}")
        with RunningService.started(tmp_path, endpoints_apart(environ, cloud.endpoint_url, S3=s3.url, SQS=sqs.url)) as service:
            await service.until(lambda: b'"ready"' in service.log.read_bytes())
            s3.ill = Ill.BLACK_HOLE
            await put_logs(cloud, OBJECTS, LINES)
            await service.until(lambda: s3.connections > 10)
            sqs.ill = Ill.BLACK_HOLE
            assert await asyncio.to_thread(service.stop, HURRIED_SECONDS) == 0
    assert bulk.documents == {}
    assert await cloud.backlog() == OBJECTS, "what was not read is another's to read"
