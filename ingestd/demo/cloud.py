"""The embedded AWS: one bucket of logs that tells one queue what is put, a bucket for what arrives, one delivery stream.

The stream writes each request's records as one object under `DELIVERED` of the arrivals bucket; that is where the demo counts.
What differs from AWS (moto 5): `%2F` for slashes in a notice's key, no `sequencer`, no owner, `ExpectedBucketOwner` unchecked.
"""

from __future__ import annotations

import json
import os
import subprocess  # starts this very interpreter on a module of this package
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from aiobotocore.session import AioSession, get_session

from ingestd.demo.environment import ACCOUNT, REGION, loopback, sealed_environment
from ingestd.errors import Fatal

__all__ = ["ARRIVALS", "DEAD_LETTERS", "DELIVERED", "LOGS", "STREAM", "Cloud", "embedded_cloud", "embedded_server"]

LOGS = "demo-logs"
ARRIVALS = "demo-arrivals"
DELIVERED = "documents/"
DEAD_LETTERS = "dead-letters/"
STREAM = "demo-stream"
QUEUE = "demo-notices"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}"
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where the embedded AWS listens, its queue, and a client of each service for the demo's own calls."""

    endpoint_url: str
    queue_url: str
    s3: Any
    sqs: Any
    firehose: Any

    async def backlog(self) -> int:
        """Messages on the queue, in flight or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    async def contents(self, prefix: str) -> AsyncIterator[bytes]:
        """The bodies of all objects under a prefix of the arrivals bucket."""
        async for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=ARRIVALS, Prefix=prefix):
            for entry in page.get("Contents", ()):
                answer = await self.s3.get_object(Bucket=ARRIVALS, Key=entry["Key"])
                async with answer["Body"] as body:
                    yield await body.read()


@asynccontextmanager
async def embedded_cloud() -> AsyncIterator[Cloud]:
    """The embedded AWS, furnished; the environment is sealed for as long as it runs."""
    async with AsyncExitStack() as stack:
        stack.enter_context(sealed_environment())
        endpoint_url = stack.enter_context(embedded_server())
        session = get_session()
        s3, sqs, firehose = [
            await stack.enter_async_context(_client(session, service, endpoint_url)) for service in ("s3", "sqs", "firehose")
        ]
        queue_url = await _furnish(s3, sqs, firehose)
        yield Cloud(endpoint_url, loopback(queue_url), s3, sqs, firehose)


def _client(session: AioSession, service: str, endpoint_url: str) -> Any:
    """A client of one service, with credentials that are worth nothing anywhere else."""
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=loopback(endpoint_url),
        aws_access_key_id="ingestd-demo",
        aws_secret_access_key="ingestd-demo",  # noqa: S106 - worth nothing, and meant to be
    )


@contextmanager
def embedded_server() -> Iterator[str]:
    """The server's process; it ends when its stdin does."""
    command = [sys.executable, "-m", "ingestd.demo.server"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # a Ctrl-C is the demo's: what it ends, it ends in its order
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        if not port.isdigit():
            raise Fatal("the embedded services did not start", reason="demo_server", status=process.poll())
        yield loopback(f"http://127.0.0.1:{port.decode()}")
    finally:
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


async def _furnish(s3: Any, sqs: Any, firehose: Any) -> str:
    """Make the buckets, the queue that only the bucket may write to, the notification and the stream; the queue's URL."""
    await s3.create_bucket(Bucket=LOGS)
    await s3.create_bucket(Bucket=ARRIVALS)
    queue = await sqs.create_queue(QueueName=QUEUE, Attributes={"Policy": _queue_policy()})
    announce = {"QueueArn": QUEUE_ARN, "Events": ["s3:ObjectCreated:*"]}
    await s3.put_bucket_notification_configuration(Bucket=LOGS, NotificationConfiguration={"QueueConfigurations": [announce]})
    await firehose.create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/demo",
            "BucketARN": f"arn:aws:s3:::{ARRIVALS}",
            "Prefix": DELIVERED,
        },
    )
    return str(queue["QueueUrl"])


def _queue_policy() -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE_ARN,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{LOGS}"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
