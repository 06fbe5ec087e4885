"""A backfill from start to end: look, say what it comes to, then deliver it here or let the fleet do it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random

from ingestd.backfill.backlog import Backlog
from ingestd.backfill.checkpoint import Checkpoint
from ingestd.backfill.order import Estimate, Order, Survey
from ingestd.config import Settings
from ingestd.core.announcement import announcement
from ingestd.service import Service
from ingestd.shell.clients import Clients
from ingestd.shell.queue import BATCH_MAX
from ingestd.shell.sending import send
from ingestd.shell.telemetry import Stats
from ingestd.shell.workers import Workers

__all__ = ["Ended", "deliver", "enqueue", "estimate"]

SAVE_SECONDS = 2.0  # what may have to be done twice after a kill
SHOW_SECONDS = 0.25
SENDS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Ended:
    """How a delivery ended: the service's own counters, and whether nothing is left."""

    stats: Stats
    is_whole: bool


def _owner(settings: Settings) -> str | None:
    """The bucket's owner, if there can be only one."""
    return settings.queue.owners[0] if len(settings.queue.owners) == 1 else None


async def estimate(
    order: Order, settings: Settings, clients: Clients, workers: Workers, checkpoint: Checkpoint | None, *, measured: bool
) -> Estimate:
    """What is left to do; with how fast this machine would read it, if that is to be measured."""
    survey = Survey(order, settings, clients.s3, workers, Random(1))  # noqa: S311 - chooses a sample
    found, sample = await survey.count(_owner(settings), checkpoint)
    return replace(found, bytes_s=await survey.rate(sample)) if measured and sample else found


async def deliver(
    order: Order,
    settings: Settings,
    clients: Clients,
    workers: Workers,
    checkpoint: Checkpoint,
    stop: asyncio.Event,
    show: Callable[[], None],
) -> Ended:
    """Read and deliver until all is settled or `stop` is set; how it ended."""
    service = Service(order.settings(settings))
    backlog = Backlog(
        order.bucket,
        order.objects(clients.s3, _owner(settings), checkpoint),
        checkpoint,
        visibility_seconds=settings.queue.visibility_seconds,
        clock=asyncio.get_running_loop().time,
    )

    async def end() -> None:
        await backlog.done.wait()
        stop.set()

    async with _saved(checkpoint, show), asyncio.TaskGroup() as tasks:
        ending = tasks.create_task(end())
        await service.consume(stop, clients, workers, backlog)
        ending.cancel()
    is_whole = backlog.done.is_set() and not checkpoint.left
    if is_whole:
        await checkpoint.remove()
    return Ended(service.telemetry.snapshot(), is_whole)


async def enqueue(
    order: Order, settings: Settings, clients: Clients, checkpoint: Checkpoint, stop: asyncio.Event, show: Callable[[], None]
) -> int:
    """Announce each object on the queue, as S3 would, until all are or `stop` is set; how many were."""
    url, sent = settings.queue.url or "", 0
    objects = order.objects(clients.s3, _owner(settings), checkpoint)
    async with _saved(checkpoint, show):
        while not stop.is_set():
            batch = [each for _ in range(SENDS_AT_ONCE * BATCH_MAX) if (each := await anext(objects, None)) is not None]
            if not batch:
                break
            new = [each for each in batch if checkpoint.mark.begin(each.key)]
            bodies = [announcement(order.bucket, each.key, etag=each.etag, size=each.size) for each in new]
            parts = [bodies[begin : begin + BATCH_MAX] for begin in range(0, len(bodies), BATCH_MAX)]
            await asyncio.gather(*(send(clients.sqs, url, part) for part in parts))
            for each in new:
                checkpoint.settled(each.key, each.size)
            sent += len(new)
    if not stop.is_set():
        await checkpoint.remove()
    return sent


@asynccontextmanager
async def _saved(checkpoint: Checkpoint, show: Callable[[], None]) -> AsyncIterator[None]:
    """Write the checkpoint now and then while the body runs, and once more behind it, however it ends."""

    async def keep() -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await checkpoint.save()

    async def look() -> None:
        while True:
            show()
            await asyncio.sleep(SHOW_SECONDS)

    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(keep()), tasks.create_task(look())]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await checkpoint.save()
            show()
