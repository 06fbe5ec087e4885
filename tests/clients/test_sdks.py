"""The AWS SDKs as they come, before the inlet of the running service: Python's, and JavaScript's from npm."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from tests.fakes.http import Whole
from tests.test_inlet import LINES, World, world

KEY_ID, SECRET = "AKIDINGESTD", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CREDENTIALS = SecretStr(f"OTHER:0123456789 {KEY_ID}:{SECRET}")
JAVASCRIPT = Path(__file__).parent / "javascript"


def client(around: World, key_id: str = KEY_ID, secret: str = SECRET) -> Any:
    """As an application makes it: nothing but the endpoint is ours."""
    return boto3.client(
        "firehose", "eu-west-1", endpoint_url=around.url, aws_access_key_id=key_id, aws_secret_access_key=secret
    )


async def put(around: World, *records: bytes, stream: str = "logs", **keys: str) -> Any:
    """By a client of its own, beside the event loop."""
    data = [{"Data": record} for record in records]

    def call() -> Any:
        return client(around, **keys).put_record_batch(DeliveryStreamName=stream, Records=data)

    return await asyncio.to_thread(call)


async def test_boto3_puts_a_batch_and_a_single_record() -> None:
    """Each record is answered with an id of its own, once it is indexed."""
    async with world(credentials=CREDENTIALS) as around:
        answer = await put(around, *LINES)
        assert (answer["FailedPutCount"], len({entry["RecordId"] for entry in answer["RequestResponses"]})) == (0, len(LINES))
        assert len(around.bulk.documents) == len(LINES)
        single = await asyncio.to_thread(
            lambda: client(around).put_record(DeliveryStreamName="logs", Record={"Data": LINES[0]})
        )
        assert single["RecordId"]
        assert len(around.bulk.documents) == len(LINES) + 1
        (document,) = {each["aws"]["firehose"]["stream"] for each in around.bulk.documents.values()}
        assert document == "logs"


async def test_boto3s_own_retry_makes_no_duplicate() -> None:
    """The first attempt is answered too late, the second finds it: the invocation's id is the same."""
    async with world(credentials=CREDENTIALS, answer_seconds=0.01) as around:  # less than a batch is waited for
        around.bulk.script(*[Whole(503, b"{}")] * 2)
        answer = await put(around, *LINES)
        assert answer["ResponseMetadata"]["RetryAttempts"] >= 1
        calls = around.stats.counters["calls"]
        assert (calls["received"], calls["joined"]) == (1, answer["ResponseMetadata"]["RetryAttempts"])
        assert len(around.bulk.documents) == len(LINES)


REFUSALS: dict[str, tuple[dict[str, str], str]] = {
    "a wrong secret": ({"secret": "wrong"}, "InvalidSignatureException"),
    "an unknown key": ({"key_id": "AKIDSTRANGER"}, "UnrecognizedClientException"),
    "another stream": ({"stream": "strange"}, "ResourceNotFoundException"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_boto3_is_refused_as_by_the_service(name: str) -> None:
    """By the same names."""
    wrong, code = REFUSALS[name]
    async with world(credentials=CREDENTIALS, streams=("lo*",)) as around:
        with pytest.raises(ClientError) as caught:
            await put(around, *LINES, **wrong)
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert not around.bulk.documents


async def run(*command: str, **environ: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=JAVASCRIPT, env=os.environ | environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(240):
        out, error = await process.communicate()
    assert process.returncode == 0, error.decode()[-2000:]
    return out


@pytest.fixture(scope="module")
def node() -> str:
    """Node; where CI runs it has to be there."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("node and npm are not installed")
        pytest.skip("node and npm are not installed")
    return found


async def test_javascripts_sdk_puts_and_is_refused(node: str) -> None:
    """Installed from its lock file; a batch and a single record, and a wrong secret by the service's name for it."""
    lock = JAVASCRIPT / "package-lock.json"
    installed = JAVASCRIPT / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        await run("npm", "ci", "--no-audit", "--no-fund")
    texts = [line.decode() for line in LINES]
    async with world(credentials=CREDENTIALS) as around:
        keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        said = orjson.loads(await run(node, "put.mjs", around.url, "logs", *texts, **keys))
        assert (said["failed"], len(set(said["ids"]))) == (0, len(LINES) + 1)
        assert len(around.bulk.documents) == len(LINES) + 1
        wrong = orjson.loads(await run(node, "put.mjs", around.url, "logs", *texts, **keys | {"AWS_SECRET_ACCESS_KEY": "x"}))
        assert wrong == {"error": "InvalidSignatureException", "status": 400, "attempts": wrong["attempts"]}
        assert len(around.bulk.documents) == len(LINES) + 1
