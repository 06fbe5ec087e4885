"""What a backfill is asked to do, and what it comes to before it begins: objects, bytes, time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from ingestd.backfill.checkpoint import Checkpoint
from ingestd.config import RouteSettings, Settings
from ingestd.core.routing import Route, Router
from ingestd.core.span import ObjectFilter
from ingestd.errors import Poison, Retryable
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.ways import Ways
from ingestd.formats import registry
from ingestd.formats.ruled import ruled_formats
from ingestd.model import Framing, ObjectRef
from ingestd.shell.listing import Listed, listed
from ingestd.shell.objects import Objects
from ingestd.shell.workers import Workers

__all__ = ["Estimate", "Order", "Survey"]

SAMPLE_OBJECTS = 8  # are read to know how fast this machine reads
ESTIMATE = "estimate"  # the sink that there is not: documents are made and let go


@dataclass(frozen=True, slots=True)
class Order:
    """`selection` of what lies under `prefix`; `format` is to be believed instead of found out; `enqueue`: let others read."""

    bucket: str
    prefix: str
    selection: ObjectFilter
    format: str | None = None
    enqueue: bool = False

    @property
    def name(self) -> dict[str, Any]:
        """What makes it this backfill and no other."""
        chosen = {"since": self.selection.since, "until": self.selection.until, "key": self.selection.key}
        return {"bucket": self.bucket, "prefix": self.prefix, **chosen, "format": self.format, "enqueue": self.enqueue}

    @property
    def file_name(self) -> str:
        """Of its checkpoint, where none is given."""
        digest = hashlib.sha256(orjson.dumps(self.name, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return f"backfill-{self.bucket}-{digest[:8]}.json"

    async def objects(self, client: Any, owner: str | None, checkpoint: Checkpoint | None = None) -> AsyncIterator[Listed]:
        """Those that are meant; with a checkpoint what it left, then what comes behind its mark."""
        for key in list(checkpoint.left) if checkpoint else ():
            found = await anext(listed(client, self.bucket, key, owner=owner), None)
            if found is not None and found.key == key:
                yield found
        async for found in listed(
            client, self.bucket, self.prefix, after=checkpoint.mark.after if checkpoint else "", owner=owner
        ):
            if self.selection.takes(found.key, found.modified_at):
                yield found

    def settings(self, settings: Settings) -> Settings:
        """Those of the service, for this bucket alone; nobody else is served meanwhile."""
        routes = settings.route or (RouteSettings(),)
        if self.format:
            routes = tuple(each if each.drop else each.model_copy(update={"format": self.format}) for each in routes)
        queue = {"buckets": (self.bucket,), "dangerously_any_bucket": False, "receivers": 1}
        return settings.model_copy(update={"route": routes, "queue": settings.queue.model_copy(update=queue)})


@dataclass(frozen=True, slots=True)
class Estimate:
    """What there is to do. `bytes_s`: stored bytes a second, as measured on some objects; None where nothing was read."""

    objects: int
    bytes: int
    bytes_s: float | None = None

    @property
    def seconds(self) -> float | None:
        return self.bytes / self.bytes_s if self.bytes_s else None


class Survey:
    """Counts what is meant, and reads a few objects of it to know how fast that goes; nothing is sent anywhere."""

    def __init__(self, order: Order, settings: Settings, client: Any, workers: Workers, random: Random) -> None:
        self._order = order
        self._settings = order.settings(settings)
        self._client = client
        self._workers = workers
        self._random = random
        self._router = Router([Route(**each.model_dump()) for each in settings.route], (ESTIMATE,))
        known = ruled_formats(settings)
        self._ways = Ways(known, self._router, (ESTIMATE,), lambda name, dataset: Framing(dataset, action=True, index=dataset))

    async def count(self, owner: str | None, checkpoint: Checkpoint | None) -> tuple[Estimate, list[Listed]]:
        """Objects and bytes, and a fair sample of the objects."""
        objects = size = 0
        sample: list[Listed] = []
        async for found in self._order.objects(self._client, owner, checkpoint):
            objects, size = objects + 1, size + found.size
            if len(sample) < SAMPLE_OBJECTS:
                sample.append(found)
            elif (place := self._random.randrange(objects)) < SAMPLE_OBJECTS:
                sample[place] = found
        return Estimate(objects, size), sample

    async def rate(self, sample: list[Listed]) -> float | None:
        """Stored bytes a second: fetched, inflated, parsed and encoded here, by all threads. None if nothing could be read."""
        began = time.perf_counter()
        sizes = await asyncio.gather(*(self._read(found) for found in sample))
        return sum(sizes) / (time.perf_counter() - began) if sum(sizes) else None

    async def _read(self, found: Listed) -> int:
        settings = self._settings
        objects = Objects(self._client, settings.object, owners=settings.queue.owners)
        route = self._router.route(self._order.bucket, found.key)
        if route is None or route.drop or registry.control_object(found.key):
            return 0
        try:
            async with objects.open(ObjectRef(self._order.bucket, found.key, etag=found.etag)) as body:
                source = body.source
                decoding = Decoding(settings.object, lambda head: self._ways.reader(source, route, head), self._ways.known)
                async for data, is_last in body.pieces():
                    decoding.feed(data, is_last=is_last)
                    while await self._workers.run(decoding.step) is not None:
                        pass
        except (Poison, Retryable):
            return 0
        return found.size
