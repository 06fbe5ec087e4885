"""The whole chain: the service itself, from S3 GET to bulk POST over loopback, its notices handed to it in this process.

What is measured is the CPU time of this process, from the first deletions to the last; the endpoints are another process.
Deletion is the service's own word that everything of an object has been settled. Only what a service does all day counts: some
objects go before, by which everything is loaded and every buffer has been used.
"""

from __future__ import annotations

import asyncio
import subprocess  # starts this very interpreter on a module of this package
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ingestd.bench.endpoint import BUCKET, KEY
from ingestd.config import (
    AwsSettings,
    DeadLetterSettings,
    HttpSettings,
    OpenSearchSettings,
    QueueSettings,
    Settings,
)
from ingestd.core.announcement import announcement
from ingestd.service import Service
from ingestd.shell.clients import Clients, client_options, open_session

__all__ = ["BUCKET", "NOBODY", "Chain", "run_chain", "serving"]

OBJECTS_BEFORE = 60  # with fewer the buffers are still growing to as many as there ever are
NOBODY: dict[str, Any] = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": "us-east-1"}


@dataclass(frozen=True, slots=True)
class Chain:
    """What a run of the chain took: CPU seconds for so many raw bytes and lines."""

    raw_bytes: int
    lines: int
    cpu_seconds: float


class _Notices:
    """An SQS client as far as the service calls one. When the first notices are all deleted the clock starts and the others are
    given; it stops when the last of them is deleted."""

    def __init__(self, objects: int) -> None:
        self.done = asyncio.Event()
        self.began_at = self.ended_at = 0.0  # in CPU seconds of this process
        self._left = list(range(OBJECTS_BEFORE))
        self._measured = list(range(OBJECTS_BEFORE, OBJECTS_BEFORE + objects))
        self._open = OBJECTS_BEFORE + objects
        self._more = asyncio.Event()

    async def receive_message(self, **_: Any) -> Mapping[str, Any]:
        if not self._left:
            await self._more.wait()
        given, self._left = self._left[:10], self._left[10:]
        if not self._left:
            self._more.clear()
        return {
            "Messages": [
                {"MessageId": str(n), "ReceiptHandle": str(n), "Body": announcement(BUCKET, KEY.format(number=n))}
                for n in given
            ]
        }

    async def get_queue_attributes(self, **_: Any) -> Mapping[str, Any]:
        waiting = {"ApproximateNumberOfMessages": str(len(self._left))}
        return {"Attributes": waiting | {"ApproximateNumberOfMessagesNotVisible": str(self._open - len(self._left))}}

    async def delete_message_batch(self, *, Entries: list[Any], **_: Any) -> Mapping[str, Any]:  # noqa: N803 - the SDK's name
        self._open -= len(Entries)
        if self._open == len(self._measured) > 0:
            self.began_at = time.process_time()
            self._left, self._measured = self._measured, []
            self._more.set()
        elif not self._open:
            self.ended_at = time.process_time()
            self.done.set()
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    async def change_message_visibility_batch(self, *, Entries: list[Any], **_: Any) -> Mapping[str, Any]:  # noqa: N803 - the SDK's name
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


async def run_chain(content: bytes, raw_bytes: int, lines: int, *, objects: int, compress: Literal["always", "never"]) -> Chain:
    """Send the same gzipped object through the service `objects` times, under as many keys."""
    notices = _Notices(objects)
    with serving(content) as url:
        settings = _settings(url, compress)
        service = Service(settings)
        stop = asyncio.Event()
        async with _clients(settings, notices) as clients:
            task = asyncio.create_task(service.run(stop, clients))
            waiting = asyncio.create_task(notices.done.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await task
    return Chain(raw_bytes * objects, lines * objects, notices.ended_at - notices.began_at)


def _settings(url: str, compress: Literal["always", "never"]) -> Settings:
    return Settings(
        aws=AwsSettings(region="us-east-1", endpoint_url=url),
        queue=QueueSettings(url=f"{url}/123456789012/bench", buckets=(BUCKET,), receivers=1),
        dead_letters=DeadLetterSettings(bucket=BUCKET),
        sinks={"bench": OpenSearchSettings(urls=(url,), compress=compress)},
        http=HttpSettings(host="127.0.0.1", port=0),
    )


@asynccontextmanager
async def _clients(settings: Settings, notices: _Notices) -> AsyncIterator[Clients]:
    session = open_session()
    options = client_options(settings.aws, settings.object.in_flight_max)
    async with session.create_client("s3", **options | NOBODY) as s3:
        yield Clients(s3, notices, {}, session)


@contextmanager
def serving(content: bytes) -> Iterator[str]:
    """The URL of an endpoint process that runs beside the body."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "object.gz"
        path.write_bytes(content)
        command = [sys.executable, "-m", "ingestd.bench.endpoint", str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own module
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield f"http://127.0.0.1:{int(process.stdout.readline())}"
            finally:
                process.stdin.close()
                process.wait(10)
