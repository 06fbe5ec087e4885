"""The AWS clients, one of each kind, their own retries off: a retry has one owner, and that is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import NoRegionError
from botocore.utils import parse_timestamp

from ingestd import __version__
from ingestd.config import AwsSettings, FirehoseSettings, OpenSearchSettings, Settings
from ingestd.errors import Fatal
from ingestd.sinks.cluster import Cluster, Renew
from ingestd.sinks.stream import Stream

__all__ = ["Clients", "client_options", "open_clients", "open_session"]


@dataclass(frozen=True, slots=True)
class Clients:
    """What the service calls. `firehose` by region."""

    s3: Any
    sqs: Any
    firehose: dict[str | None, Any]
    session: AioSession

    def cluster(self, settings: OpenSearchSettings, renew: Renew | None = None) -> Cluster:
        """A client of an OpenSearch or Elasticsearch cluster; whoever asked for it closes it."""
        return Cluster(settings, self.credentials, renew)

    def stream(self, settings: FirehoseSettings, region: str | None, executor: Executor | None) -> Stream:
        """What puts records on a delivery stream."""
        return Stream(settings.stream, self.firehose[region], self.credentials, executor)

    async def credentials(self) -> Any:
        """The current credentials, refreshed if need be: for requests that are signed by hand."""
        found = await self.session.get_credentials()
        return None if found is None else await found.get_frozen_credentials()


@asynccontextmanager
async def open_clients(settings: Settings) -> AsyncIterator[Clients]:
    """Open the clients; they are closed with the context. Raises Fatal without a region, which no waiting mends."""
    aws = settings.aws
    session = open_session()
    regions = {sink.region or aws.region for sink in settings.sinks.values() if isinstance(sink, FirehoseSettings)}
    connections = settings.object.in_flight_max + 8
    sqs_options = client_options(aws, connections, extra_seconds=settings.queue.wait_seconds)
    async with AsyncExitStack() as stack:
        try:
            s3 = await stack.enter_async_context(session.create_client("s3", **client_options(aws, connections)))
            sqs = await stack.enter_async_context(session.create_client("sqs", **sqs_options))
            firehose = {
                region: await stack.enter_async_context(
                    session.create_client("firehose", **client_options(aws, 64) | {"region_name": region})
                )
                for region in regions
            }
        except NoRegionError:
            raise Fatal("no region is known: set aws.region or AWS_REGION", reason="no_region") from None
        yield Clients(s3, sqs, firehose, session)


def open_session() -> AioSession:
    """What clients are made by. They read the date in an answer of S3 as HTTP writes one; the SDK would find out in which of
    many forms it is, at a tenth of the CPU of a GET.
    """
    session = get_session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return session


def _moment(value: Any) -> datetime:
    """A point in time in an answer, in any form; what is none raises ValueError, as the SDK's own reader does."""
    if isinstance(value, str) and value.endswith(" GMT"):
        with suppress(ValueError):
            return parsedate_to_datetime(value)
    moment: datetime = parse_timestamp(value)
    return moment


def client_options(aws: AwsSettings, connections: int, extra_seconds: float = 0.0) -> dict[str, Any]:
    """What every client of ours is made with."""
    config = AioConfig(
        connect_timeout=aws.connect_timeout_seconds,
        read_timeout=aws.read_timeout_seconds + extra_seconds,
        max_pool_connections=connections,
        retries={"total_max_attempts": 1, "mode": "standard"},
        s3={"addressing_style": "path" if aws.endpoint_url else "auto"},
        user_agent=f"ingestd/{__version__}",  # the SDK's own, of thirty parts, is put together anew for each call
    )
    return {"region_name": aws.region, "endpoint_url": aws.endpoint_url, "config": config}
