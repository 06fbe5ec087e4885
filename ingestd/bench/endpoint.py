"""The other side of what is measured, a process of its own so that its CPU time is not counted: S3, bulk and Firehose.

Started as `python -m ingestd.bench.endpoint FILE`; writes its port to stdout, ends when its stdin does. It answers as the real
ones do as far as the service looks: a stream with length, ETag and date of one object; a status for each item of a bulk; an id
for each record.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import zlib
from pathlib import Path

import orjson
from aiohttp import web

__all__ = ["application"]

MODIFIED = "Sun, 22 Nov 2026 12:00:00 GMT"
CREATED = b'{"create":{"status":201}}'
TAKEN = b'{"RecordId":"%b"}' % (b"r" * 224)  # as long as Firehose's own
GZIP = 31  # zlib's window bits for a gzip stream


def application(content: bytes) -> web.Application:
    """GET of any object gives the content, PUT takes anything; bulk (counted by `GET /_seen`) and PutRecordBatch take all."""
    seen = {"requests": 0, "documents": 0, "bytes": 0}
    etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'

    async def get(_: web.Request) -> web.Response:
        return web.Response(body=content, headers={"ETag": etag, "Last-Modified": MODIFIED})

    async def bulk(request: web.Request) -> web.Response:
        body = await request.read()
        seen["bytes"] += len(body)
        if request.headers.get("content-encoding") == "gzip" and body[:2] == b"\x1f\x8b":
            body = zlib.decompress(body, GZIP)
        count = body.count(b"\n") // 2
        seen["requests"] += 1
        seen["documents"] += count
        answer = b'{"took":30,"errors":false,"items":[' + b",".join([CREATED] * count) + b"]}"
        return web.Response(body=answer, content_type="application/json")

    async def firehose(request: web.Request) -> web.Response:
        count = (await request.read()).count(b'"Data"')
        answer = b'{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[' + b",".join([TAKEN] * count) + b"]}"
        return web.Response(body=answer, content_type="application/x-amz-json-1.1")

    async def put(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    async def state(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(seen), content_type="application/json")

    app = web.Application(client_max_size=1 << 30)
    anything = "/{bucket}/{key:.*}"
    app.add_routes([web.get("/_seen", state), web.post("/_bulk", bulk), web.post("/", firehose)])
    app.add_routes([web.get(anything, get), web.put(anything, put)])
    return app


async def _serve(content: bytes) -> None:
    runner = web.AppRunner(application(content), access_log=None, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]).read_bytes()))
