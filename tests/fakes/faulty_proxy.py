"""A TCP proxy on loopback through which a connection can go wrong in every way that a network has."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

from tests.fakes.listening import listening

__all__ = ["FaultyProxy", "Ill", "faulty_proxy"]

TRICKLE_BYTES = 102
TRICKLE_SECONDS = 0.1
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset


class Ill(Enum):
    """How connections are from now on, those that are open among them."""

    WELL = "well"
    BLACK_HOLE = "black_hole"  # what is sent is taken, and nothing ever comes back
    RESET = "reset"  # cut by a reset at the first byte
    HALF_OPEN = "half_open"  # the answer breaks off in its middle, and the connection stays
    TRICKLE = "trickle"  # 1 KB a second


class FaultyProxy:
    """`ill` may be changed at any time. `given_up` counts connections that the client left while they were not well."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.ill = Ill.WELL
        self.connections = 0
        self.given_up = 0
        self._target_port = target_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self.connections += 1
        behind, ahead = await asyncio.open_connection("127.0.0.1", self._target_port)
        pumps = [asyncio.create_task(self._upwards(reader, ahead)), asyncio.create_task(self._downwards(behind, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if pumps[0].done() and self.ill is not Ill.WELL:
                self.given_up += 1
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            ahead.close()
            writer.close()

    async def _upwards(self, client: asyncio.StreamReader, ahead: asyncio.StreamWriter) -> None:
        """What the client sends; ends when it closes."""
        try:
            while data := await client.read(1 << 16):
                if self.ill is not Ill.BLACK_HOLE:
                    ahead.write(data)
                    await ahead.drain()
        except ConnectionError:
            pass

    async def _downwards(self, behind: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the server answers, as ill as it is at that moment."""
        try:
            while data := await behind.read(1 << 16):
                match self.ill:
                    case Ill.RESET:
                        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                        writer.transport.abort()
                        return
                    case Ill.HALF_OPEN:
                        writer.write(data[: len(data) // 2])
                        await asyncio.Event().wait()
                    case Ill.BLACK_HOLE:
                        await asyncio.Event().wait()
                    case Ill.TRICKLE:
                        await self._trickle(data, writer)
                    case Ill.WELL:
                        writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass

    async def _trickle(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        for place in range(0, len(data), TRICKLE_BYTES):
            writer.write(data[place : place + TRICKLE_BYTES])
            await writer.drain()
            if self.ill is Ill.TRICKLE:
                await asyncio.sleep(TRICKLE_SECONDS)


@asynccontextmanager
async def faulty_proxy(target_port: int) -> AsyncIterator[FaultyProxy]:
    """A proxy to a port of this host."""
    proxy = FaultyProxy(target_port)
    async with listening(proxy.serve) as proxy.port:
        yield proxy
