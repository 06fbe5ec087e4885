"""A server on loopback whose next answers a test can script; what a fake of an HTTP service is made on."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

__all__ = ["FakeServer", "Items", "Lost", "Seen", "Silence", "Whole"]


@dataclass(frozen=True)
class Whole:
    """Answer the whole request so, and apply nothing."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Items:
    """Let these positions fail, with (status, type, reason) or an error code; apply the others."""

    failures: Mapping[int, tuple[int, str, str] | str]


@dataclass(frozen=True)
class Lost:
    """Apply the request (or not), then cut the connection without an answer."""

    applied: bool = True


@dataclass(frozen=True)
class Silence:
    """Never answer."""


@dataclass(frozen=True)
class Seen:
    """A request as it came: `path` with its query, `body` undecoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class FakeServer(ABC):
    """`async with` it; `script` what the next requests meet, in order; without a script it behaves."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self._tls = tls
        self._script: deque[Whole | Items | Lost | Silence] = deque()
        self._quiet = asyncio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def script(self, *steps: Whole | Items | Lost | Silence) -> None:
        self._script.extend(steps)

    def forget_script(self) -> None:
        """Behave from now on; who waits for ever goes on waiting."""
        self._script.clear()

    @abstractmethod
    async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        """Behave, except for the failures that `step` asks for."""

    def is_scripted(self, request: web.Request) -> bool:
        """Whether a step is meant for this request."""
        return True

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Take no more connections, and cut those that are open; more than once is once."""
        self._quiet.set()
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append(Seen(request.method, request.raw_path, dict(request.headers), body))
        step = self._script.popleft() if self._script and self.is_scripted(request) else None
        if isinstance(step, Silence):
            await self._quiet.wait()
            return web.Response(status=500)
        if isinstance(step, Whole):
            return web.Response(status=step.status, body=step.body, headers=step.headers)
        if isinstance(step, Lost):
            if step.applied:
                await self.handle(request, body, step)
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return await self.handle(request, body, step)
