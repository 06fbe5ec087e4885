"""A new user's way, by the commands of the docs as they stand there: the demo, the check, a stack, lines in a real OpenSearch.

The stack is made in an embedded AWS; the settings are those of its task. Only where AWS is, is another place.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from ingestd.demo.cloud import embedded_server
from ingestd.demo.environment import sealed_environment
from ingestd.formats.registry import formats
from tests.deploy.stack import Stack, made_stack
from tests.deploy.test_cloudformation import container, variables
from tests.fakes.aws import loopback_client
from tests.integration.asking import Server, set_up
from tests.shown import ROOT, commands
from tests.test_service import log

PATIENCE_SECONDS = 180
LINES = 500
KEY = "AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/11/22/{name}.log.gz"
ALL = "logs-aws.elb_logs*"
BROKEN_KEY, BROKEN_AT = "a/b.gz", 4711  # what the runbook asks for


def shown(page: str, command: str) -> list[list[str]]:
    """The arguments of each `ingestd COMMAND` that a page shows."""
    found = [line[1:] for line in commands(ROOT / page, "ingestd", command)]
    assert found, f"{page} shows no {command}"
    return found


async def ingestd(arguments: list[str], folder: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """The command, run to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ingestd", *arguments),
        cwd=folder,
        env=dict(environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode is not None
    return process.returncode, output.decode()


@asynccontextmanager
async def running(arguments: list[str], folder: Path, environ: Mapping[str, str]) -> AsyncIterator[None]:
    """The service beside the body; ended as a container is."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ingestd", *arguments), cwd=folder, env=dict(environ)
    )
    try:
        yield
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def arrived(server: Server, lines: int) -> None:
    """Wait until a person finds so many lines."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await server.count(ALL) < lines:  # noqa: ASYNC110 - another server: nothing to wait for
            await asyncio.sleep(0.5)
    assert await server.count(ALL) == lines


def of_task(variables_of_task: Mapping[str, str], aws: str, stack: Stack) -> dict[str, str]:
    """The task's environment, on this machine."""
    name = stack.outputs["QueueUrl"].rsplit("/", 1)[-1]
    here = {
        "INGESTD_AWS__ENDPOINT_URL": aws,
        "INGESTD_QUEUE__URL": f"{aws}/123456789012/{name}",
        "INGESTD_QUEUE__WAIT_SECONDS": "1",
        "INGESTD_HTTP__HOST": "127.0.0.1",
        "INGESTD_HTTP__PORT": "0",
        "PYTHONPATH": str(ROOT),
    }
    outer = {name: value for name, value in os.environ.items() if not name.startswith("INGESTD_")}
    return outer | dict(variables_of_task) | here


async def test_from_a_clone_to_lines_in_a_cluster(opensearch_url: str, tmp_path: Path) -> None:
    """Each command as the docs show it: nothing is refused, each line is found once, also after a backfill over all of it."""
    (tmp_path / "ingestd.toml").write_text("# all settings are the task's\n")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("INGESTD_")}
    status, output = await ingestd(["demo", "--lines", "2000"], tmp_path, plain | {"PYTHONPATH": str(ROOT)})
    assert status == 0, output
    server = Server(opensearch_url)
    assert (await set_up(server)).exit_code == 0
    parameters = {
        "LogBuckets": "my-logs",
        "CreateLogBucket": "true",
        "Announcement": "s3",
        "OpenSearchUrl": opensearch_url,
        "OpenSearchAuth": "none",
    }
    with sealed_environment(), embedded_server() as aws:
        async with made_stack(aws, parameters) as stack, loopback_client("s3", aws) as s3:
            environ = of_task(variables(await container(aws, stack)), aws, stack)
            for name in "ab":  # before anybody listens
                await s3.put_object(
                    Bucket="my-logs", Key=KEY.format(name=name), Body=gzip.compress(log(formats()["alb"], LINES))
                )
            # moto leaves out a bucket's notifications when CloudFormation sets them.
            told = {"QueueArn": stack.outputs["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
            await s3.put_bucket_notification_configuration(
                Bucket="my-logs", NotificationConfiguration={"QueueConfigurations": [told]}
            )
            for arguments in shown("README.md", "check"):
                status, output = await ingestd(arguments, tmp_path, environ)
                assert status == 0, output
            (run,) = shown("README.md", "run")
            async with running(run, tmp_path, environ):
                await s3.put_object(
                    Bucket="my-logs", Key=KEY.format(name="c"), Body=gzip.compress(log(formats()["alb"], LINES))
                )
                await arrived(server, LINES)
                dry, delivered, enqueued = shown("docs/aws.md", "backfill")
                status, output = await ingestd(dry, tmp_path, environ)
                assert (status, "3 objects" in output, "which is what" in output) == (0, True, True), output
                for arguments in (delivered, enqueued):
                    status, output = await ingestd(arguments, tmp_path, environ)
                    assert status == 0, output
                    await arrived(server, 3 * LINES)
                await s3.put_object(Bucket="my-logs", Key=BROKEN_KEY, Body=gzip.compress(broken()))
                await arrived(server, 3 * LINES + 1)
            await as_the_runbook_says(tmp_path, environ, opensearch_url)
            assert await server.count(ALL) == 3 * LINES + 1
            assert await server.count("archived-*") == 0  # what is refused by its format is so for any sink


def broken() -> bytes:
    """A line that is right, and at its place one with letters where its status is."""
    good, bad = log(formats()["alb"], 2).splitlines()
    url = good.index(b"://")
    filler = b"x" * (BROKEN_AT - len(good) - 1)
    status = bad.split(b" ")[8]
    return good[: url + 3] + filler + good[url + 3 :] + b"\n" + bad.replace(b" " + status + b" ", b" oops ", 1) + b"\n"


async def as_the_runbook_says(folder: Path, environ: Mapping[str, str], url: str) -> None:
    """What is there to be typed when lines could not be read: each shows them, and changes nothing that is right."""
    archive = {"kind": "opensearch", "url": url, "index": "archived-{dataset}"}
    two = {f"INGESTD_SINKS__ARCHIVE__{name.upper()}": value for name, value in archive.items()}
    two["INGESTD_ROUTE"] = json.dumps([{"sinks": ["main"]}])
    words = {"dlq": "bad_number", "redrive": "1 objects of dead letters", "audit": "0 lines missing"}
    for command, word in words.items():
        for arguments in shown("docs/runbook.md", command):
            status, output = await ingestd(arguments, folder, {**environ, **two})
            assert (status, word in output) == (0, True), (arguments, output)
