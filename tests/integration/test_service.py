"""The whole service, from the embedded AWS to a real OpenSearch, counted by query.

INGESTD_TEST_LINES makes the first test larger: a release is held to a million lines.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import orjson

from ingestd.demo.cloud import LOGS, Cloud
from tests.integration.counting import Cluster, assert_whole, open_cluster, put, settings_for
from tests.integration.server import started
from tests.integration.service import PATIENCE_SECONDS, RunningService, settled

LINES = int(os.environ.get("INGESTD_TEST_LINES", "20000"))
PATIENCE = PATIENCE_SECONDS + LINES / 500


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


async def test_a_node_that_dies_under_load_loses_nothing(cloud: Cloud, opensearch_layout: None, tmp_path: Path) -> None:
    """kill -9 of the server while documents come, and started again: all are there, each once, none is a dead letter of it."""
    with started(tmp_path / "node", {}) as node:
        async with open_cluster(node.url, "mortal") as cluster:
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
