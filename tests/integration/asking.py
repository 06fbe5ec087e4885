"""Questions to a server as a person would put them, with or without a name; and `ingestd setup` run on it."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from click.testing import CliRunner, Result

from ingestd.cli import main
from ingestd.fastpath.parser import open_parser
from ingestd.formats.registry import formats
from ingestd.generate import DAY, chunks
from ingestd.model import PAD, Block, Documents, Framing, Source

__all__ = ["Server", "generated", "set_up"]


@dataclass(frozen=True)
class Server:
    """A server as seen by one user of it, whose password is the name unless another is given."""

    url: str
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    async def ask(self, method: str, path: str, body: object = None, *, form: str = "application/json") -> tuple[int, Any]:
        """The status and what was said."""
        content = body if isinstance(body, bytes) else None if body is None else orjson.dumps(body)
        headers = {"content-type": form}
        if self.user:
            pair = f"{self.user}:{self.password or self.user}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
            session.request(method, f"{self.url}{path}", data=content, headers=headers) as answer,
        ):
            text = await answer.read()
            try:
                return answer.status, orjson.loads(text)
            except orjson.JSONDecodeError:
                return answer.status, text.decode()

    async def get(self, path: str) -> Any:
        """What was said, if it is good."""
        status, said = await self.ask("GET", path)
        assert status < 300, said
        return said

    async def post(self, path: str, body: object = None) -> Any:
        status, said = await self.ask("POST", path, body)
        assert status < 300, said
        return said

    async def put(self, path: str, body: object) -> Any:
        status, said = await self.ask("PUT", path, body)
        assert status < 300, said
        return said

    async def count(self, index: str, query: str = "*") -> int:
        """How many documents a person finds who types this."""
        await self.post(f"/{index}/_refresh")
        body = {"query": {"query_string": {"query": query, "lenient": True}}, "track_total_hits": True, "size": 0}
        return int((await self.post(f"/{index}/_search", body))["hits"]["total"]["value"])


async def set_up(server: Server, *options: str, **settings: str) -> Result:
    """`ingestd setup`; `setup__replicas="0"` is INGESTD_SETUP__REPLICAS."""
    ours = {"sinks__opensearch__url": server.url, "setup__replicas": "0"}
    if server.user:
        ours |= {"sinks__opensearch__auth": "basic", "sinks__opensearch__username": server.user}
        ours |= {"sinks__opensearch__password": server.password or server.user}
    if server.ca_file:
        ours["sinks__opensearch__ca_file"] = str(server.ca_file)
    outer = {name: None for name in os.environ if name.startswith("INGESTD_")}
    environ = outer | {f"INGESTD_{name.upper()}": value for name, value in (ours | settings).items()}
    return await asyncio.to_thread(lambda: CliRunner().invoke(main, ["setup", *options], env=environ))


def generated(name: str, count: int, framing: Framing) -> Documents:
    """Documents of `count` generated lines of a format, some of them strange, as a sink wants them."""
    data = b"".join(chunks(formats()[name], count, seed=3, strange=0.2))
    source = Source(
        "logs",
        f"{name}.log",
        "etag",
        datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp(),
        "eu-west-1",
        "123456789012",
    )
    return open_parser(formats()[name], source, framing).parse(Block(bytearray(data + bytes(PAD)), len(data), 0))
