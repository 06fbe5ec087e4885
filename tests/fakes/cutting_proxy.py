"""A TCP proxy on loopback that breaks connections: to show the real client what a fake only claims."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.fakes.listening import listening

__all__ = ["CuttingProxy", "cutting_proxy"]


@dataclass
class CuttingProxy:
    """`cuts`: for each new connection in turn, after how many bytes towards the client it breaks; none left: never."""

    port: int = 0
    cuts: list[int] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def cutting_proxy(target_port: int) -> AsyncIterator[CuttingProxy]:
    """A proxy to a port of this host."""
    proxy = CuttingProxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        proxy.connections += 1
        left = proxy.cuts.pop(0) if proxy.cuts else None
        behind, ahead = await asyncio.open_connection("127.0.0.1", target_port)
        upward = asyncio.create_task(pump(reader, ahead, None))
        try:
            await pump(behind, writer, left)
        finally:
            upward.cancel()
            await asyncio.gather(upward, return_exceptions=True)

    async with listening(serve) as proxy.port:
        yield proxy


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, left: int | None) -> None:
    """Carry bytes until either side ends or `left` of them have gone."""
    try:
        while (left is None or left > 0) and (data := await source.read(16_384 if left is None else min(16_384, left))):
            sink.write(data)
            await sink.drain()
            left = None if left is None else left - len(data)
    except ConnectionError:
        pass
    finally:
        sink.close()
