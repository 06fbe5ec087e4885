"""The HTTP port: is it alive, is it ready, what does it count.

`/livez` fails only if a restart would help; `/readyz` is 503 while starting, draining, or while a sink has been paused for a
minute; `/metrics` is for Prometheus; `/stats` is the same as JSON, `/history` its last hour; `/` is the page of both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ingestd.config import HttpSettings
from ingestd.shell.history import History
from ingestd.shell.page import guarded, page_routes
from ingestd.shell.telemetry import Telemetry

__all__ = ["serve"]

CLOSE_SECONDS = 1.0  # who reads an answer slowly does not keep the process from ending


@asynccontextmanager
async def serve(
    settings: HttpSettings,
    telemetry: Telemetry,
    *,
    why_dead: Callable[[], str | None],
    why_not_ready: Callable[[], str | None],
) -> AsyncIterator[int]:
    """Serve while the context is open; gives the port. `why_…` answer None when all is well, else the reason in words."""

    async def livez(_: web.Request) -> web.Response:
        return _state(why_dead())

    async def readyz(_: web.Request) -> web.Response:
        return _state(why_not_ready())

    async def metrics(_: web.Request) -> web.Response:
        body = generate_latest(telemetry.registry)
        return web.Response(body=body, headers={"content-type": CONTENT_TYPE_LATEST})

    async def stats(_: web.Request) -> web.Response:
        now: dict[str, object] = {"at": clock(), "not_ready": why_not_ready(), "timings": telemetry.timings()}
        now |= {name: read() for name, read in telemetry.notes.items()}
        return web.Response(body=orjson.dumps(asdict(telemetry.snapshot()) | now), content_type="application/json")

    async def history(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(past.readings()), content_type="application/json")

    clock = asyncio.get_running_loop().time
    past = History(telemetry, clock)
    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    app.add_routes([web.get("/stats", guarded(settings, stats)), web.get("/history", guarded(settings, history))])
    app.add_routes(page_routes(settings))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
        port: int = runner.addresses[0][1]
        reading = asyncio.create_task(past.run())
        try:
            yield port
        finally:
            reading.cancel()
    finally:
        await runner.cleanup()


def _state(reason: str | None) -> web.Response:
    return web.Response(text="ok\n") if reason is None else web.Response(status=503, text=f"{reason}\n")
