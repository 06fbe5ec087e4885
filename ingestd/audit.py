"""Did everything arrive? What objects hold, read as the service reads them, against what index and dead letters have.

* The index is asked by bucket and key, a hundred objects at once; dead letters are counted once each, however often written.
* An object that was overwritten shares its key with what it was before: log objects are not, and so counts by key are true.
* Nothing is kept: what is found missing is announced to the queue again, if that is wished, and ids make that harmless.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ingestd.config import OpenSearchSettings, Settings
from ingestd.core.routing import Route, Router
from ingestd.errors import Fatal, Poison, Retryable
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.reader import Reader
from ingestd.fastpath.ways import Ways
from ingestd.formats import registry
from ingestd.formats.ruled import ruled_formats
from ingestd.model import DeadLetter, Framing, ObjectRef, Source, Spot
from ingestd.setup.api import Api
from ingestd.shell.clients import Clients
from ingestd.shell.listing import Listed
from ingestd.shell.objects import Objects
from ingestd.shell.workers import Workers

__all__ = ["Audit", "Dead", "Row"]

ASKED_AT_ONCE = 100  # objects in one question to an index, far below its limit of clauses (1,024)


@dataclass(slots=True)
class Dead:
    """The dead letters of one object: where its lines are, sink and place of its documents, and whether it is one itself."""

    lines: set[Spot] = field(default_factory=set)
    documents: set[tuple[str, Spot]] = field(default_factory=set)
    is_whole: bool = False

    def add(self, letter: DeadLetter) -> None:
        """Count one in; the same one twice is one."""
        spot = letter.place.offset or 0, letter.place.event_id
        if letter.kind == "object":
            self.is_whole = True
        elif letter.kind == "line":
            self.lines.add(spot)
        elif letter.kind == "document":
            self.documents.add((letter.place.sink, spot))


@dataclass(slots=True)
class Row:
    """One object. `documents` that it holds and that are `indexed`, by sink, and its `rejects`: None where it was not read."""

    found: Listed
    indexed: Mapping[str, int]
    dead: Dead
    documents: Mapping[str, int] | None = None
    rejects: set[Spot] | None = None
    unread: str = ""  # why, if it cannot be

    @property
    def held(self) -> int:
        """Documents for the sink that should have most."""
        return max((self.documents or {}).values(), default=0)

    @property
    def missing(self) -> int:
        """Lines of which there is no trace, in the sink that lacks most."""
        if self.dead.is_whole or self.documents is None or self.rejects is None:
            return 0
        held = self.documents
        lacking = (held.get(sink, 0) - count - self._dead_for(sink) for sink, count in self.indexed.items())
        return max(0, *lacking) + len(self.rejects - self.dead.lines)

    @property
    def is_gap(self) -> bool:
        """Whether something of it did not arrive, or cannot be known to have."""
        return self.missing > 0 or bool(self.unread and not self.dead.is_whole)

    def _dead_for(self, sink: str) -> int:
        """Documents that the sink need not have: it refused them, or their lines could not be read before, and can be now."""
        lines = self.dead.lines - (self.rejects or set())
        return len(lines | {spot for name, spot in self.dead.documents if name == sink})


class Audit:
    """`dead`: the dead letters of each key of the bucket. `clusters`: how to ask each OpenSearch sink, by name."""

    def __init__(
        self,
        bucket: str,
        settings: Settings,
        clients: Clients,
        workers: Workers,
        dead: Mapping[str, Dead],
        clusters: Mapping[str, Api],
    ) -> None:
        self._bucket = bucket
        self._settings = settings
        self._objects = Objects(clients.s3, settings.object, owners=settings.queue.owners)
        self._workers = workers
        self._dead = dead
        self._clusters = clusters
        self._router = Router([Route(**route.model_dump()) for route in settings.route], list(settings.sinks))
        known = ruled_formats(settings)
        self._ways = Ways(known, self._router, list(settings.sinks), lambda name, dataset: Framing(dataset, action=False))
        self._slots = asyncio.Semaphore(settings.object.in_flight_max)

    async def rows(self, objects: Sequence[Listed], to_read: Collection[str] | None = None) -> AsyncIterator[Row]:
        """Each object that a route sends to a cluster. `to_read`: read only these, and those of which there is no trace."""
        waiting = iter(objects)
        while chunk := list(islice(waiting, ASKED_AT_ONCE)):
            asked = {name: await self._counts(name, api, chunk) for name, api in self._clusters.items()}
            rows = [row for number, found in enumerate(chunk) if (row := self._row(found, asked, number)) is not None]
            wanted = [row for row in rows if to_read is None or row.found.key in to_read or not self._has_trace(row)]
            await asyncio.gather(*(self._read(row) for row in wanted))
            for row in rows:
                yield row

    def _row(self, found: Listed, asked: Mapping[str, Sequence[int]], number: int) -> Row | None:
        route = self._router.route(self._bucket, found.key)
        if route is not None and route.drop:
            return None
        sinks = asked if route is None else [name for name in route.sinks or self._settings.sinks if name in asked]
        if not sinks or registry.control_object(found.key) or (found.key.endswith("/") and not found.size):
            return None
        return Row(found, {name: asked[name][number] for name in sinks}, self._dead.get(found.key, Dead()))

    @staticmethod
    def _has_trace(row: Row) -> bool:
        return all(row.indexed.values()) or row.dead.is_whole

    async def _counts(self, name: str, api: Api, chunk: Sequence[Listed]) -> list[int]:
        """How many documents of each object an index has."""
        sink = self._settings.sinks[name]
        assert isinstance(sink, OpenSearchSettings)
        pattern = f"{sink.index.format(dataset='*')}*".replace("**", "*")
        filters = {str(number): _of_object(self._bucket, found.key) for number, found in enumerate(chunk)}
        body = {"size": 0, "aggs": {"objects": {"filters": {"filters": filters}}}}
        params = {"ignore_unavailable": "true", "allow_no_indices": "true"}
        answer = await api.send("POST", f"/{pattern}/_search", body, params)
        if answer.get("timed_out") or answer.get("_shards", {}).get("failed"):
            raise Fatal("the cluster's answer is not whole", reason="partial_answer", sink=name)
        buckets: dict[str, Any] = answer.get("aggregations", {}).get("objects", {}).get("buckets", {})
        return [int(buckets.get(str(number), {}).get("doc_count", 0)) for number in range(len(chunk))]

    async def _read(self, row: Row) -> None:
        """Count what the object holds."""
        documents, rejects = Counter[str](), set[Spot]()
        try:
            async with self._slots, self._objects.open(ObjectRef(self._bucket, row.found.key, etag=row.found.etag)) as body:
                source = body.source
                decoding = Decoding(self._settings.object, lambda head: self._reader(source, head), self._ways.known)
                async for data, is_last in body.pieces():
                    decoding.feed(data, is_last=is_last)
                    while (parsed := await self._workers.run(decoding.step)) is not None:
                        for each in parsed:
                            documents.update(dict.fromkeys(each.way.sinks if each.way else (), len(each)))
                            rejects |= {(reject.offset, reject.id) for reject in each.rejects}
        except (Poison, Retryable) as error:
            row.unread = error.reason
        else:
            row.documents, row.rejects = documents, rejects

    def _reader(self, source: Source, head: bytes) -> Reader:
        route = self._router.route(source.bucket, source.key)
        if route is None:
            raise Poison("no route fits this object", reason="no_route")
        return self._ways.reader(source, route, head)


def _of_object(bucket: str, key: str) -> dict[str, Any]:
    """The documents of an object, also where no template was set up and the server made words of both fields."""
    both = (("aws.s3.bucket.name", bucket), ("aws.s3.object.key", key))
    either = [{"bool": {"should": [{"term": {path: value}}, {"term": {f"{path}.keyword": value}}]}} for path, value in both]
    return {"bool": {"filter": either}}
