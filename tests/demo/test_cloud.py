"""The embedded AWS does what the service needs of the real one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestd.core.notice import Allowed, read_notice
from ingestd.demo.cloud import ARRIVALS, DELIVERED, LOGS, STREAM, Cloud, embedded_cloud


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with embedded_cloud() as furnished:
        yield furnished


async def receive(cloud: Cloud, **options: Any) -> list[Any]:
    answer = await cloud.sqs.receive_message(QueueUrl=cloud.queue_url, MaxNumberOfMessages=10, **options)
    return list(answer.get("Messages", ()))


async def test_a_put_is_announced_on_the_queue(cloud: Cloud) -> None:
    """The queue first tells of its test event, then of each object put, in words that the service understands."""
    put = await cloud.s3.put_object(Bucket=LOGS, Key="edge logs/é+1.gz", Body=b"five!")
    notices = [read_notice(message["Body"], Allowed((LOGS,), ())) for message in await receive(cloud)]
    (ignored,) = [each for notice in notices for each in notice.ignored]
    (named,) = [each for notice in notices for each in notice.objects]
    assert ignored.reason == "test_event"
    assert (named.bucket, named.key, named.size, named.etag) == (LOGS, "edge logs/é+1.gz", 5, put["ETag"].strip('"'))


async def test_the_backlog_counts_what_is_not_deleted(cloud: Cloud) -> None:
    """A message counts while it waits and while it is in flight, until it is deleted by its receipt."""
    assert await cloud.backlog() == 1
    (message,) = await receive(cloud, VisibilityTimeout=300)
    assert await cloud.backlog() == 1
    assert await receive(cloud) == []
    await cloud.sqs.delete_message(QueueUrl=cloud.queue_url, ReceiptHandle=message["ReceiptHandle"])
    assert await cloud.backlog() == 0


async def test_records_given_to_the_stream_are_read_back(cloud: Cloud) -> None:
    """What the stream takes stands under the arrivals prefix, in the order of the request and unchanged."""
    records = [{"Data": b'{"n":%d}\n' % number} for number in range(3)]
    answer = await cloud.firehose.put_record_batch(DeliveryStreamName=STREAM, Records=records)
    assert answer["FailedPutCount"] == 0
    assert [body async for body in cloud.contents(DELIVERED)] == [b'{"n":0}\n{"n":1}\n{"n":2}\n']
    assert [body async for body in cloud.contents("other/")] == []


async def test_a_stale_etag_is_refused(cloud: Cloud) -> None:
    """A GET with If-Match fails once the object is another, as the service relies on."""
    before = await cloud.s3.put_object(Bucket=ARRIVALS, Key="x", Body=b"1")
    await cloud.s3.put_object(Bucket=ARRIVALS, Key="x", Body=b"2")
    with pytest.raises(cloud.s3.exceptions.ClientError, match="PreconditionFailed"):
        await cloud.s3.get_object(Bucket=ARRIVALS, Key="x", IfMatch=before["ETag"])


async def test_the_users_own_aws_is_out_of_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the demo runs no setting of the user's AWS is in the environment; afterwards all of it is."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    before = dict(os.environ)
    async with embedded_cloud() as cloud:
        assert "AWS_PROFILE" not in os.environ
        assert "AWS_ENDPOINT_URL_S3" not in os.environ
        assert os.environ["AWS_ACCESS_KEY_ID"] == "ingestd-demo"
        assert cloud.s3.meta.endpoint_url == cloud.endpoint_url
    assert dict(os.environ) == before
