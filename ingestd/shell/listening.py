"""The inlet's port: connections in a bounded number, with TLS of our own or behind a load balancer that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from ingestd.config import InletSettings
from ingestd.shell.inlet import Inlet
from ingestd.sinks.certificates import inlet_tls

__all__ = ["serve_inlet"]

KEEP_ALIVE_SECONDS = 75.0  # longer than a load balancer's idle time (60), which would else meet a closing connection
HANDSHAKE_SECONDS = 10.0
CLOSE_SECONDS = 2.0
BACKLOG = 128


@asynccontextmanager
async def serve_inlet(settings: InletSettings, inlet: Inlet) -> AsyncIterator[int]:
    """Listen while the context is open; gives the port."""
    app = web.Application()
    app.add_routes([web.post("/firehose", inlet.deliver), web.post("/", inlet.serve_sdk)])
    runner = web.AppRunner(
        app, access_log=None, auto_decompress=False, keepalive_timeout=KEEP_ALIVE_SECONDS, shutdown_timeout=CLOSE_SECONDS
    )
    await runner.setup()
    server = runner.server
    assert server is not None

    def protocol() -> asyncio.Protocol:
        return server() if len(server.connections) < settings.connections_max else _Closed()

    tls = inlet_tls(settings)
    listening = await asyncio.get_running_loop().create_server(
        protocol,
        settings.host,
        settings.port,
        ssl=tls,
        backlog=BACKLOG,
        ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
    )
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await runner.cleanup()


class _Closed(asyncio.Protocol):
    """One connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
