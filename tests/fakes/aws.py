"""SDK clients for endpoints on loopback, as the service opens them: retries off, short timeouts, credentials of no worth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.credentials import ReadOnlyCredentials

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient

__all__ = ["REGION", "loopback_client", "loopback_credentials", "moto_stream", "moto_stream_records"]

REGION = "eu-west-1"


def loopback_client(service: str, url: str, *, timeout_seconds: float = 20.0) -> Any:
    """An async context manager that gives the client."""
    return get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=AioConfig(
            retries={"total_max_attempts": 1},
            connect_timeout=timeout_seconds,
            read_timeout=timeout_seconds,
            s3={"addressing_style": "path"},
        ),
    )


async def loopback_credentials() -> ReadOnlyCredentials:
    """The credentials of those clients, for requests that are signed by hand."""
    return ReadOnlyCredentials("test", "test", None)


@asynccontextmanager
async def moto_stream(url: str, name: str) -> AsyncIterator[FirehoseClient]:
    """A client of moto's Firehose, in which the stream `name` is there, with a bucket of its name behind it."""
    async with loopback_client("s3", url) as s3, loopback_client("firehose", url) as client:
        await s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        await client.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": f"arn:aws:s3:::{name}",
            },
        )
        yield client


async def moto_stream_records(url: str, name: str) -> list[bytes]:
    """The lines that have arrived behind the stream `name`."""
    async with loopback_client("s3", url) as s3:
        listing = await s3.list_objects_v2(Bucket=name)
        bodies = []
        for entry in listing.get("Contents", ()):
            answer = await s3.get_object(Bucket=name, Key=entry["Key"])
            bodies.append(await answer["Body"].read())
    return b"".join(bodies).splitlines()
