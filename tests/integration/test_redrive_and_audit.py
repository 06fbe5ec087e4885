"""What was lost is found, and what was dead lives: `ingestd audit` and `ingestd redrive` with a real OpenSearch."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from ingestd.demo.cloud import DEAD_LETTERS, LOGS, Cloud, embedded_cloud
from ingestd.formats.registry import formats
from ingestd.generate import lines
from tests.integration.asking import Server, set_up
from tests.integration.service import RunningService, environment, settled

OBJECTS, LINES = 5, 200
ALB = formats()["alb"]


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with embedded_cloud() as cloud:
        yield cloud


@pytest.fixture
def index() -> str:
    return f"audited{uuid4().hex[:10]}"


async def put(cloud: Cloud) -> None:
    for number in range(OBJECTS):
        body = gzip.compress(b"".join(line + b"\n" for line in lines(ALB, LINES, number, strange=0)))
        await cloud.s3.put_object(Bucket=LOGS, Key=f"alb {number}+.log.gz", Body=body)


def environ_of(cloud: Cloud, url: str, index: str, *routes: Mapping[str, object]) -> dict[str, str]:
    return environment(cloud, sinks__opensearch__urls=url, sinks__opensearch__index=index, route=json.dumps(routes))


async def ran(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ingestd", *arguments]
    return await asyncio.to_thread(
        subprocess.run, command, env=dict(os.environ) | dict(environ), capture_output=True, text=True, timeout=300
    )


async def test_a_gap_is_found_and_healed(cloud: Cloud, opensearch_url: str, index: str, tmp_path: Path) -> None:
    """Whole at first; documents that somebody deletes are missed, line for line; announced again, they are back, once each."""
    server, environ = Server(opensearch_url), environ_of(cloud, opensearch_url, index)
    assert (await set_up(server, sinks__opensearch__index=index)).exit_code == 0
    with RunningService.started(tmp_path, environ) as service:
        await put(cloud)
        await settled(cloud, service)
        assert await server.count(f"{index}-*") == OBJECTS * LINES
        whole = await ran(environ, "audit", f"s3://{LOGS}/")
        assert whole.returncode == 0, whole.stdout + whole.stderr
        assert f"{OBJECTS} objects, {OBJECTS} of them read: {OBJECTS * LINES:,} lines" in whole.stderr

        some = {"query": {"range": {"log.offset": {"lt": 10_000}}}}
        deleted = (await server.post(f"/{index}-*/_delete_by_query?refresh=true", some))["deleted"]
        assert 0 < deleted < OBJECTS * LINES
        gaps = await ran(environ, "audit", f"s3://{LOGS}/", "--enqueue")
        assert gaps.returncode == 1, gaps.stdout + gaps.stderr
        assert f"{deleted:,} lines missing in {OBJECTS} objects" in gaps.stderr
        assert f"{OBJECTS} objects announced" in gaps.stderr
        await settled(cloud, service)
        assert await server.count(f"{index}-*") == OBJECTS * LINES
        assert (await ran(environ, "audit", f"s3://{LOGS}/", "--sample", "1")).returncode == 0


async def test_r18_dead_letter_fix_redrive(cloud: Cloud, opensearch_url: str, index: str, tmp_path: Path) -> None:
    """Lines read by a wrong format are dead letters; the route is mended, and every one of them is in the index, once."""
    server = Server(opensearch_url)
    assert (await set_up(server, sinks__opensearch__index=index)).exit_code == 0
    wrong = environ_of(cloud, opensearch_url, index, {"format": "vpcflow"})
    with RunningService.started(tmp_path, wrong) as service:
        await put(cloud)
        await settled(cloud, service)
        assert service.stop() == 0
    letters = [line async for body in cloud.contents(DEAD_LETTERS) for line in gzip.decompress(body).splitlines()]
    assert len(letters) > LINES
    right = environ_of(cloud, opensearch_url, index)
    accounted = await ran(right, "audit", f"s3://{LOGS}/")
    assert accounted.returncode == 0, accounted.stdout + accounted.stderr
    assert f"{len(letters)} dead letters, 0 lines missing" in accounted.stderr
    redriven = await ran(right, "redrive")
    assert redriven.returncode == 0, redriven.stderr
    assert f"{len(letters)} accepted" in redriven.stderr
    assert [body async for body in cloud.contents(DEAD_LETTERS)] == []
    assert await server.count(f"{index}-*") == OBJECTS * LINES
    assert (await ran(right, "audit", f"s3://{LOGS}/")).returncode == 0
