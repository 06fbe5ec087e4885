"""The demo from start to end: embed an AWS, start the real service on it, put the logs, wait for the queue, read all back.

The service is the one that `ingestd run` runs, by the same settings and the same SDK; only the endpoint is another.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingestd.config import (
    AwsSettings,
    DeadLetterSettings,
    HttpSettings,
    QueueSettings,
    Settings,
    SinkSettings,
)
from ingestd.demo.arrivals import Arrivals, read_dead_letters
from ingestd.demo.cloud import ARRIVALS, DEAD_LETTERS, LOGS, Cloud, embedded_cloud
from ingestd.demo.cluster import open_cluster
from ingestd.demo.corpus import Corpus, Entry
from ingestd.demo.destination import Destination, StreamDestination
from ingestd.demo.environment import REGION, loopback
from ingestd.demo.progress import Progress, Reading
from ingestd.demo.summary import Counted, Summary, reconcile
from ingestd.service import Service

__all__ = ["Demo", "Options", "open_demo"]

SHOW_SECONDS = 0.2
ASK_SECONDS = 0.25
STALL_SECONDS = 60.0  # nothing moves: stop, and let the books show what is missing


@dataclass(frozen=True, slots=True)
class Options:
    """What to put, and where the documents go: the embedded stream, or the cluster at `opensearch`."""

    lines: int
    seed: int
    opensearch: str | None = None


@dataclass(slots=True)
class Demo:
    """An embedded AWS and a destination, ready; `run` once."""

    options: Options
    cloud: Cloud
    destination: Destination
    stall_seconds: float = STALL_SECONDS

    async def run(self, progress: Progress) -> Summary:
        """Put, deliver, read back."""
        clock = asyncio.get_running_loop().time
        service, stop = Service(_settings(self.cloud, self.destination.settings)), asyncio.Event()
        put: list[Entry] = []
        began = clock()
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(_serve(service, stop))
            showing = tasks.create_task(self._show(service, put, progress, began, clock))
            try:
                await self._put(put)
                backlog = await self._settled(service, clock)
                seconds = clock() - began
            finally:
                showing.cancel()
                stop.set()
            await serving
        arrivals = Arrivals()
        await self.destination.read(arrivals)
        await read_dead_letters(self.cloud, arrivals)
        counted = Counted.of(service.telemetry.snapshot(), backlog)
        return reconcile(put, arrivals, counted, seconds)

    async def _put(self, put: list[Entry]) -> None:
        """Put the corpus; its objects are made in a thread, for the service is at work beside it."""
        day = datetime.now(UTC).date() - timedelta(days=1)
        objects = Corpus(self.options.lines, self.options.seed, day).objects()
        while (made := await asyncio.to_thread(next, objects, None)) is not None:
            put.append(made.entry)
            await self.cloud.s3.put_object(Bucket=LOGS, Key=made.entry.key, Body=made.body)

    async def _settled(self, service: Service, clock: Callable[[], float]) -> int:
        """Wait until the queue, by its own word, is empty, or nothing has moved for long; what it still holds."""
        before, moved_at = None, clock()
        while backlog := await self.cloud.backlog():
            stats = service.telemetry.snapshot()
            moved = stats.total("lines_read"), stats.total("lines"), stats.total("messages")  # trying again is no movement
            if moved != before:
                before, moved_at = moved, clock()
            elif clock() - moved_at > self.stall_seconds:
                break
            await asyncio.sleep(ASK_SECONDS)
        return backlog

    async def _show(
        self, service: Service, put: list[Entry], progress: Progress, began: float, clock: Callable[[], float]
    ) -> None:
        while True:
            progress.show(Reading.of(service.telemetry.snapshot(), clock() - began, len(put)))
            await asyncio.sleep(SHOW_SECONDS)


@asynccontextmanager
async def open_demo(options: Options) -> AsyncIterator[Demo]:
    """Start what the demo needs; the embedded AWS is gone afterwards, and a cluster keeps what it was given."""
    async with embedded_cloud() as cloud:
        if options.opensearch is None:
            yield Demo(options, cloud, StreamDestination(cloud))
        else:
            async with open_cluster(options.opensearch, f"ingestd-demo-{uuid.uuid4().hex[:8]}") as destination:
                yield Demo(options, cloud, destination)


async def _serve(service: Service, stop: asyncio.Event) -> None:
    """Run the service; a Ctrl-C, which cancels everything here, stops it as a SIGTERM does."""
    running = asyncio.ensure_future(service.run(stop))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await running
        raise


def _settings(cloud: Cloud, sink: SinkSettings) -> Settings:
    return Settings(
        aws=AwsSettings(region=REGION, endpoint_url=loopback(cloud.endpoint_url)),
        queue=QueueSettings(url=loopback(cloud.queue_url), buckets=(LOGS,), wait_seconds=1),
        sinks={"demo": sink},
        dead_letters=DeadLetterSettings(bucket=ARRIVALS, prefix=DEAD_LETTERS, batch_seconds=1.0),
        http=HttpSettings(host="127.0.0.1", port=0),
    )
