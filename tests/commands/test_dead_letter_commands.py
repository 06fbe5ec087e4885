"""`ingestd dlq` and `ingestd redrive` as they are run, against the embedded AWS."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import orjson
import pytest
from click.testing import CliRunner

from ingestd.cli import main
from ingestd.demo.cloud import ARRIVALS, DEAD_LETTERS, DELIVERED, LOGS, STREAM, Cloud, embedded_cloud
from ingestd.model import DeadLetter, Place
from ingestd.sinks.deadletter import encode
from tests.test_service import ALB, log

AT = 1795305600.0  # 2026-11-22T00:00:00Z
EVIL = b"\x1b]0;owned\x07 \xff"


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with embedded_cloud() as furnished:
        yield furnished


async def ran(cloud: Cloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with the settings of the embedded AWS."""
    ours = {
        "AWS__ENDPOINT_URL": cloud.endpoint_url,
        "QUEUE__URL": cloud.queue_url,
        "QUEUE__BUCKETS": LOGS,
        "DEAD_LETTERS__BUCKET": ARRIVALS,
        "DEAD_LETTERS__PREFIX": DEAD_LETTERS,
        "SINKS__FIREHOSE__STREAM": STREAM,
    }
    environ = os.environ | {f"INGESTD_{name}": value for name, value in ours.items()}
    command = [sys.executable, "-m", "ingestd", *arguments]
    return await asyncio.to_thread(subprocess.run, command, env=environ, capture_output=True, text=True, timeout=120)


async def bury(cloud: Cloud, day: str, reason: str, *letters: DeadLetter) -> None:
    key = f"{DEAD_LETTERS}{day}/{reason}/a.ndjson.gz"
    await cloud.s3.put_object(Bucket=ARRIVALS, Key=key, Body=gzip.compress(b"".join(map(encode, letters))))


async def furnish(cloud: Cloud) -> None:
    """A line that can be read by now, an object that is gone, and a message."""
    put = await cloud.s3.put_object(Bucket=LOGS, Key="a.gz", Body=gzip.compress(log(ALB, 3)))
    place = Place(bucket=LOGS, key="a.gz", etag=put["ETag"].strip('"'), offset=0)
    line = DeadLetter("line", "bad_number", "status", place, b"a line", 6, AT, 1)
    await bury(cloud, "2026/11/22", "bad_number", line, DeadLetter("line", "bad_number", "", place, EVIL, 90_000, AT + 60, 3))
    await bury(
        cloud, "2026/11/23", "not_json", DeadLetter("message", "not_json", "", Place(message_id="m"), b"?", 1, AT + 86400)
    )
    gone = DeadLetter("object", "no_such_key", "", Place(bucket=LOGS, key="gone.gz"), b"", 0, AT + 86400)
    await bury(cloud, "2026/11/23", "no_such_key", gone)


async def test_dead_letters_are_listed_shown_and_brought_back_in(cloud: Cloud) -> None:
    """By class; one of them with its bytes escaped; then what is mended arrives and only what is not is left."""
    await furnish(cloud)
    listed = await ran(cloud, "dlq", "--json")
    assert listed.returncode == 0, listed.stderr
    classes = orjson.loads(listed.stdout)
    assert [(each["kind"], each["reason"], each["letters"], each["bytes"]) for each in classes] == [
        ("line", "bad_number", 2, 90_006),
        ("message", "not_json", 1, 1),
        ("object", "no_such_key", 1, 0),
    ]
    assert (classes[0]["first_at"], classes[0]["latest_at"], classes[0]["attempts_max"]) == (AT, AT + 60, 3)
    assert [each["kind"] for each in orjson.loads((await ran(cloud, "dlq", "--json", "--since", "2026-11-23")).stdout)] == [
        "message",
        "object",
    ]
    shown = await ran(cloud, "dlq", "--show", "1")
    assert "\\x1b]0;owned\\x07 \\xff" in shown.stdout
    assert "90000, of which 12 are kept" in shown.stdout
    assert (await ran(cloud, "dlq", "--show", f"s3://{LOGS}/a.gz@0")).stdout.count("bad_number") == 2
    planned = await ran(cloud, "redrive", "--list", "--reason", "bad_number")
    assert "bad_number" in planned.stdout
    assert "not_json" not in planned.stdout

    done = await ran(cloud, "redrive")
    assert done.returncode == 0, done.stderr
    assert "1 lines: 1 accepted" in done.stderr
    assert "1 dead letters written anew, 1 messages sent" in done.stderr
    (record,) = [body async for body in cloud.contents(DELIVERED)]
    assert orjson.loads(record)["aws"]["s3"]["object"]["key"] == "a.gz"
    (left,) = orjson.loads((await ran(cloud, "dlq", "--json")).stdout)
    assert (left["reason"], left["attempts_max"]) == ("no_such_key", 2)


def test_without_a_place_for_dead_letters_there_are_none() -> None:
    """It says which setting is missing."""
    result = CliRunner().invoke(main, ["dlq"], env={"INGESTD_AWS__REGION": "eu-west-1"})
    assert result.exit_code == 1
    assert "dead_letters.bucket is not set" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["redrive"], "no sink"),
        (["redrive", "--since", "yesterday"], "is no day or time"),
        (["redrive", "--list", "--to-sink", "x"], "'x' is none of"),
    ],
)
def test_what_is_asked_wrongly_is_said(arguments: list[str], said: str) -> None:
    """Before anything is connected to."""
    result = CliRunner().invoke(main, arguments, env={"INGESTD_AWS__REGION": "eu-west-1"})
    assert result.exit_code > 0
    assert said in result.output
