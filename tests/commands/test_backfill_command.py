"""`ingestd backfill` as a person runs it, on an embedded AWS: killed for real, resumed, and only looked at."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ingestd.commands.backfill import command
from ingestd.demo.cloud import LOGS, Cloud, embedded_cloud
from ingestd.formats.registry import formats
from tests.backfill.test_backfill import found_in
from tests.fakes.bulk import FakeBulk
from tests.test_service import log

OBJECTS, LINES = 60, 200
KEY = "AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/11/{day}/{number}.log"


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with embedded_cloud() as cloud:
        for number in range(OBJECTS):
            key = KEY.format(day=20 + number % 2, number=number)
            await cloud.s3.put_object(Bucket=LOGS, Key=key, Body=log(formats()["alb"], LINES))
        yield cloud


class Run:
    """A run of the command, in a folder of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, folder: Path, cloud: Cloud, bulk: FakeBulk, *arguments: str, **environ: str) -> Run:
        ours = {
            "INGESTD_AWS__ENDPOINT_URL": cloud.endpoint_url,
            "INGESTD_SINKS__MAIN__KIND": "opensearch",
            "INGESTD_SINKS__MAIN__URLS": bulk.url,
            "INGESTD_QUEUE__MESSAGES_IN_FLIGHT_MAX": "5",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        outer = {name: value for name, value in os.environ.items() if not name.startswith("INGESTD_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ingestd", "backfill", f"s3://{LOGS}/AWSLogs/", *arguments),
            cwd=folder,
            env=outer | ours | environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process)

    async def end(self) -> tuple[int, str]:
        output, _ = await asyncio.wait_for(self.process.communicate(), 90)
        assert self.process.returncode is not None
        return self.process.returncode, " ".join(output.decode().split())


async def test_killed_and_started_again_it_delivers_each_line_once(cloud: Cloud, tmp_path: Path) -> None:
    """A kill in the midst: the second run ends well, and nothing is stored twice."""
    async with FakeBulk() as bulk:
        first = await Run.start(tmp_path, cloud, bulk)
        async with asyncio.timeout(60):
            while len(bulk.documents) < OBJECTS * LINES / 3:  # noqa: ASYNC110 - another process: nothing to wait for
                await asyncio.sleep(0.01)
        first.process.send_signal(signal.SIGKILL)
        await first.end()
        status, output = await (await Run.start(tmp_path, cloud, bulk)).end()
        assert (status, len(bulk.documents), set(bulk.stored.values())) == (0, OBJECTS * LINES, {1}), output
        assert "accepted" in output


async def test_a_dry_run_says_what_it_would_be(cloud: Cloud, tmp_path: Path) -> None:
    """By day: half of the objects, a rate, a time; nothing is sent, no checkpoint is left."""
    async with FakeBulk() as bulk:
        run = await Run.start(tmp_path, cloud, bulk, "--dry-run", "--since", "2026-11-21", "--until", "2026-11-22")
        status, output = await run.end()
        assert (status, bulk.documents, found_in(tmp_path)) == (0, {}, [])
        assert output.startswith(f"{OBJECTS // 2} objects, ")
        assert "/s, which is what this machine reads" in " ".join(output.split())


async def test_the_fleet_can_do_it(cloud: Cloud, tmp_path: Path) -> None:
    """Each object is announced on the queue, beside what S3 itself had announced."""
    before = await cloud.backlog()
    async with FakeBulk() as bulk:
        settings = {"INGESTD_QUEUE__URL": cloud.queue_url, "INGESTD_QUEUE__BUCKETS": LOGS}
        status, output = await (await Run.start(tmp_path, cloud, bulk, "--enqueue", **settings)).end()
    assert (status, await cloud.backlog() - before) == (0, OBJECTS), output
    assert f"{OBJECTS} objects announced" in output


QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/q"
MISTAKES: dict[str, tuple[list[str], Mapping[str, str], str]] = {
    "no place": (["logs/a"], {}, "s3://bucket/prefix"),
    "no day": (["s3://logs/", "--since", "soon"], {}, "no day or time"),
    "no such format": (["s3://logs/", "--format", "abl"], {"INGESTD_SINKS__MAIN__URL": "http://a"}, "'abl' is none of"),
    "no sink": (["s3://logs/"], {}, "no sink"),
    "no queue": (["s3://logs/", "--enqueue"], {}, "queue.url is not set"),
    "not for the service": (
        ["s3://logs/", "--enqueue"],
        {"INGESTD_QUEUE__URL": QUEUE, "INGESTD_QUEUE__BUCKETS": "other"},
        "queue.buckets does not have logs",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told_before_anything_is_asked(name: str) -> None:
    """In words, with an exit status above 0."""
    arguments, environ, wanted = MISTAKES[name]
    kind: dict[str, Any] = {"INGESTD_SINKS__MAIN__KIND": "opensearch"} if "INGESTD_SINKS__MAIN__URL" in environ else {}
    result = CliRunner().invoke(command, arguments, env={**environ, **kind})
    assert result.exit_code > 0
    assert wanted in result.output
