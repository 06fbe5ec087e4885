"""S3, SQS and a cluster's bulk over HTTP on one port, each call of which may go wrong as the dice say."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
from aiohttp import web

from ingestd.sinks.deadletter import decode
from tests.soak.books import BUCKET, Books
from tests.soak.corpus import Template
from tests.soak.dice import Dice
from tests.soak.queue import SoakQueue

__all__ = ["DEAD_BUCKET", "Outside"]

DEAD_BUCKET = "soak-dead"
MODIFIED = "Sun, 22 Nov 2026 12:00:00 GMT"
SILENT_SECONDS = 12.0  # longer than anyone waits
REFUSALS = ((503, "SlowDown"), (500, "InternalError"))
ITEMS = (
    (429, "es_rejected_execution_exception", "busy"),
    (503, "unavailable_shards_exception", "primary shard is not active"),
)
CURSED = (400, "mapper_parsing_exception", "because")
CONFLICT = (409, "version_conflict_engine_exception", "document already exists")

Serve = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


class Outside:
    """All of it. What is applied is told to the books."""

    def __init__(self, books: Books, queue: SoakQueue, dice: Dice) -> None:
        self._books = books
        self._queue = queue
        self._dice = dice
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """While the context is open; gives the port."""
        app = web.Application(client_max_size=1 << 30)
        app.add_routes(
            [
                web.post("/_bulk", self._met("bulk", self._bulk)),
                web.post("/", self._met("sqs", self._sqs)),
                web.get(f"/{BUCKET}/{{key:.*}}", self._met("s3", self._get)),
                web.put(f"/{DEAD_BUCKET}/{{key:.*}}", self._met("put", self._put)),
            ]
        )
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    def _met(self, service: str, serve: Serve) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A call with what may befall any: refused, never there, applied without an answer, no end."""

        async def meet(request: web.Request) -> web.StreamResponse:
            try:
                body = await request.read()
            except ConnectionError:  # whoever asked is gone in the middle of it
                return _cut(request)
            if self._dice.hits(f"{service}.refused"):
                return _refused(service, *self._dice.random.choice(REFUSALS))
            if self._dice.hits(f"{service}.lost_request"):
                return _cut(request)
            if self._dice.hits(f"{service}.silent"):
                await asyncio.sleep(SILENT_SECONDS)
                return _cut(request)
            answer = await serve(request, body)
            return _cut(request) if service != "s3" and self._dice.hits(f"{service}.lost_answer") else answer

        return meet

    async def _sqs(self, request: web.Request, body: bytes) -> web.StreamResponse:
        operation = request.headers["x-amz-target"].partition(".")[2]
        answer = orjson.dumps(await self._queue.answer(operation, orjson.loads(body)))
        if self._dice.hits("sqs.strange"):
            answer = b"<html>welcome</html>"
        return web.Response(body=answer, content_type="application/x-amz-json-1.0")

    async def _get(self, request: web.Request, body: bytes) -> web.StreamResponse:
        template = self._books.template_of(request.match_info["key"])
        if template is None:
            return _refused("s3", 404, "NoSuchKey")
        if request.headers.get("If-Match", f'"{template.etag}"').strip('"') != template.etag:
            return _refused("s3", 412, "PreconditionFailed")
        return await self._stream(request, template)

    async def _stream(self, request: web.Request, template: Template) -> web.StreamResponse:
        first = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        rest = template.body[first:]
        answer = web.StreamResponse(status=206 if first else 200)
        answer.headers.update({"ETag": f'"{template.etag}"', "Last-Modified": MODIFIED})
        if first:
            answer.headers["Content-Range"] = f"bytes {first}-{len(template.body) - 1}/{len(template.body)}"
        answer.content_length = len(rest)
        await answer.prepare(request)
        if self._dice.hits("s3.cut"):
            await answer.write(rest[: self._dice.random.randrange(1, len(rest))] if len(rest) > 1 else b"")
            return _cut(request)
        await answer.write(rest)
        await answer.write_eof()
        return answer

    async def _put(self, request: web.Request, body: bytes) -> web.StreamResponse:
        for line in gzip.decompress(body).splitlines():
            self._books.letter(decode(line))
        return web.Response(headers={"ETag": '"letters"'})

    async def _bulk(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self._dice.hits("bulk.throttled"):
            return web.Response(status=429)
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        found = body.split(b"\n")
        failing = self._dice.random.random() if self._dice.hits("bulk.items_failed") else 0.0
        items = [self._item(*pair, failing) for pair in zip(found[:-1:2], found[1::2], strict=True)]
        answer = b'{"errors":%b,"items":[%b]}' % (b"true" if any(errors for _, errors in items) else b"false", _joined(items))
        if self._dice.hits("bulk.strange"):
            answer = answer[: len(answer) // 2]
        return web.Response(body=answer, content_type="application/json")

    def _item(self, action: bytes, document: bytes, failing: float) -> tuple[bytes, bool]:
        if failing and self._dice.random.random() < failing:
            return _failed(*self._dice.random.choice(ITEMS))
        meant = orjson.loads(action)["create"]
        status = self._books.create(meant["_index"], meant["_id"], document)
        return {201: (b'{"create":{"status":201}}', False), 400: _failed(*CURSED), 409: _failed(*CONFLICT)}[status]


def _joined(items: list[tuple[bytes, bool]]) -> bytes:
    return b",".join(item for item, _ in items)


def _failed(status: int, kind: str, reason: str) -> tuple[bytes, bool]:
    return orjson.dumps({"create": {"status": status, "error": {"type": kind, "reason": reason}}}), True


def _refused(service: str, status: int, code: str) -> web.Response:
    if service in ("s3", "put"):
        return web.Response(status=status, text=f"<Error><Code>{code}</Code></Error>", content_type="application/xml")
    return web.json_response({"__type": f"com.amazonaws.sqs#{code}"}, status=status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:  # else it is closed already
        request.transport.close()
    return web.Response()
