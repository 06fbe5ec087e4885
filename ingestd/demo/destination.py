"""Where the demo's documents go, as the demo sees it: the sink's settings, and a way to read back what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import orjson

from ingestd.config import FirehoseSettings, SinkSettings
from ingestd.demo.arrivals import Arrivals
from ingestd.demo.cloud import DELIVERED, STREAM, Cloud

__all__ = ["Destination", "StreamDestination"]


class Destination(Protocol):
    """`title` is for people; `settings` are the service's."""

    @property
    def title(self) -> str: ...

    @property
    def settings(self) -> SinkSettings: ...

    async def read(self, arrivals: Arrivals) -> None:
        """Add every document that is there, as often as it is there."""
        ...

    async def remove(self) -> None:
        """Leave nothing behind."""
        ...


@dataclass(frozen=True, slots=True)
class StreamDestination:
    """The embedded delivery stream, which writes to a bucket of the embedded S3."""

    cloud: Cloud

    @property
    def title(self) -> str:
        return f"delivery stream {STREAM} at {self.cloud.endpoint_url}"

    @property
    def settings(self) -> FirehoseSettings:
        return FirehoseSettings(stream=STREAM)

    async def read(self, arrivals: Arrivals) -> None:
        async for body in self.cloud.contents(DELIVERED):
            for line in body.split(b"\n")[:-1]:
                document = orjson.loads(line)
                arrivals.add_document(document, document["event"]["id"])

    async def remove(self) -> None:
        """Nothing to do: it goes with the embedded AWS."""
