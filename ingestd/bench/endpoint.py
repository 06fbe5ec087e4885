"""The other side of what is measured, a process of its own so that its CPU time is not counted: S3, SQS, bulk and
Firehose.

Started as `python -m ingestd.bench.endpoint FILE`; writes its port to stdout, ends when its stdin does. It answers as the real
ones do as far as the service looks: a stream with length, ETag and date of one object; a status for each item of a bulk; an id
for each record.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from aiohttp import web
from isal import isal_zlib

from ingestd.core.announcement import announcement

__all__ = ["BUCKET", "KEY", "Queue", "application"]

BUCKET = "bench"
KEY = "AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/11/22/{number}.log.gz"

MODIFIED = "Sun, 22 Nov 2026 12:00:00 GMT"
CREATED = b'{"create":{"status":201}}'
TAKEN = b'{"RecordId":"%b"}' % (b"r" * 224)  # as long as Firehose's own
NEWLINE = 10
READ_BYTES = 1 << 20  # of a body that may wait to be read
GZIP = 31  # zlib's window bits for a gzip stream


def application(content: bytes) -> web.Application:
    """GET of any object gives the content, PUT takes anything; bulk (counted by `GET /_seen`) and PutRecordBatch take all."""
    seen = {"requests": 0, "documents": 0, "bytes": 0}
    queue = Queue()
    etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'

    async def get(_: web.Request) -> web.Response:
        return web.Response(body=content, headers={"ETag": etag, "Last-Modified": MODIFIED})

    async def bulk(request: web.Request) -> web.Response:
        inflate = isal_zlib.decompressobj(GZIP) if request.headers.get("content-encoding") == "gzip" else None
        lines = 0
        async for piece in request.content.iter_any():
            seen["bytes"] += len(piece)
            lines += _newlines(inflate.decompress(piece) if inflate else piece)
        count = lines // 2
        seen["requests"] += 1
        seen["documents"] += count
        answer = b'{"took":30,"errors":false,"items":[' + b",".join([CREATED] * count) + b"]}"
        return web.Response(body=answer, content_type="application/json")

    async def announce(request: web.Request) -> web.Response:
        queue.announce(int(request.query["objects"]))
        return web.Response()

    async def by_target(request: web.Request) -> web.Response:
        target = request.headers.get("x-amz-target", "")
        if target.startswith("AmazonSQS."):
            answer = await queue.answer(target.partition(".")[2], orjson.loads(await request.read()))
            return web.Response(body=orjson.dumps(answer), content_type="application/x-amz-json-1.0")
        return await firehose(request)

    async def firehose(request: web.Request) -> web.Response:
        count = (await request.read()).count(b'"Data"')
        answer = b'{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[' + b",".join([TAKEN] * count) + b"]}"
        return web.Response(body=answer, content_type="application/x-amz-json-1.1")

    async def put(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    async def state(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(seen | {"messages": queue.left}), content_type="application/json")

    app = web.Application(client_max_size=1 << 30)
    anything = "/{bucket}/{key:.*}"
    app.add_routes([web.get("/_seen", state), web.post("/_bulk", bulk), web.post("/", by_target)])
    app.add_routes([web.get("/_announce", announce)])
    app.add_routes([web.get(anything, get), web.put(anything, put)])
    return app


def _newlines(data: bytes) -> int:
    """As `data.count` has them, at a third of the time: the endpoint shall not be what is waited for."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == NEWLINE))


class Queue:
    """As much of SQS as a service asks for: a long poll, each notice given once, a deletion counts, nothing comes back."""

    def __init__(self) -> None:
        self.left = 0
        self._number = 0
        self._waiting: deque[int] = deque()
        self._there_are_some = asyncio.Event()

    def announce(self, objects: int) -> None:
        """So many more objects, each under a key of its own."""
        self._waiting.extend(range(self._number, self._number + objects))
        self._number += objects
        self.left += objects
        self._there_are_some.set()

    async def answer(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "ReceiveMessage":
            with suppress(TimeoutError):
                await asyncio.wait_for(self._there_are_some.wait(), asked.get("WaitTimeSeconds", 0))
            given = [self._waiting.popleft() for _ in range(min(asked["MaxNumberOfMessages"], len(self._waiting)))]
            if not self._waiting:
                self._there_are_some.clear()
            return {"Messages": [_message(number) for number in given]}
        if operation == "GetQueueAttributes":
            counts = {"ApproximateNumberOfMessages": str(len(self._waiting))}
            return {"Attributes": counts | {"ApproximateNumberOfMessagesNotVisible": str(self.left - len(self._waiting))}}
        if operation == "DeleteMessageBatch":
            self.left -= len(asked["Entries"])
        return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]], "Failed": []}


def _message(number: int) -> dict[str, str]:
    body = announcement(BUCKET, KEY.format(number=number))
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    return {"MessageId": str(number), "ReceiptHandle": str(number), "Body": body, "MD5OfBody": digest}


async def _serve(content: bytes) -> None:
    runner = web.AppRunner(application(content), access_log=None, auto_decompress=False, read_bufsize=READ_BYTES)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]).read_bytes()))
