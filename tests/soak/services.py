"""The processes of a soak: one that lives through all of it, and one that dies now and then."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random
from time import monotonic

import aiohttp

from tests.integration.service import RunningService
from tests.soak.books import BUCKET
from tests.soak.outside import DEAD_BUCKET
from tests.soak.watch import Sample, sample

__all__ = ["Watched", "deaths", "environment", "free_port"]

LIFE_SECONDS = (20.0, 70.0)
LOOK_SECONDS = 1.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def environment(urls: Mapping[str, str], port: int, **settings: str) -> dict[str, str]:
    """The service's environment. `urls`: of S3, SQS and the cluster; impatient, so that an hour holds many ends of patience."""
    ours = {
        "aws__region": "us-east-1",
        "aws__connect_timeout_seconds": "2",
        "aws__read_timeout_seconds": "5",
        "queue__url": f"{urls['SQS']}/123456789012/soak",
        "queue__buckets": BUCKET,
        "queue__visibility_seconds": "30",
        "queue__wait_seconds": "2",
        "queue__messages_in_flight_max": "60",
        "dead_letters__bucket": DEAD_BUCKET,
        "dead_letters__batch_seconds": "1",
        "retry__ceiling_seconds": "5",
        "sinks__opensearch__urls": urls["bulk"],
        "sinks__opensearch__timeout_seconds": "5",
        "sinks__opensearch__batch_seconds": "0.5",
        "sinks__opensearch__batch_count_max": "2000",
        "http__host": "127.0.0.1",
        "http__port": str(port),
        "log__level": "warning",
        **settings,
    }
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("INGESTD_", "AWS_"))}
    aws = {f"AWS_ENDPOINT_URL_{name}": urls[name] for name in ("S3", "SQS")}
    aws |= {"AWS_ACCESS_KEY_ID": "soak", "AWS_SECRET_ACCESS_KEY": "soak"}
    return outer | aws | {f"INGESTD_{name.upper()}": value for name, value in ours.items()}


class Watched:
    """A service, its lives one after the other, and what was seen of them. `samples` by life."""

    def __init__(self, folder: Path, environ: Mapping[str, str], port: int, began: float) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._environ = environ
        self._port = port
        self._began = began
        self._stack = ExitStack()
        self.lives: list[list[Sample]] = []
        self.ended_at: list[float] = []
        self.service = self._born()

    def _born(self) -> RunningService:
        self.lives.append([])
        return self._stack.enter_context(RunningService.started(self._folder, self._environ))

    async def ready(self) -> None:
        """Wait until this life of it has got as far as telling what it does: starting takes seconds."""
        while not any(each.tasks is not None for each in self.lives[-1]):
            assert self.service.is_running, self.service.log.read_text()[-2000:]
            await asyncio.sleep(LOOK_SECONDS)

    def again(self) -> None:
        """It is dead; another takes its place."""
        self.ended_at.append(monotonic() - self._began)
        self._stack.close()
        self.service = self._born()

    def close(self) -> None:
        self._stack.close()

    async def watch(self, session: aiohttp.ClientSession) -> None:
        """Look once a second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            life = self.lives[-1]
            if seen := await sample(session, monotonic() - self._began, self.service.process.pid, self._port):
                life.append(seen)


async def deaths(mortal: Watched, random: Random, ends: Counter[str]) -> None:
    """Kill it as a machine dies, or stop it as a container is stopped, some time after it was ready, until cancelled."""
    while True:
        await mortal.ready()
        await asyncio.sleep(random.uniform(*LIFE_SECONDS))
        if random.random() < 0.5:
            mortal.service.kill()
            ends["killed"] += 1
        else:
            code = await asyncio.to_thread(mortal.service.stop)
            ends["stopped" if code == 0 else f"stopped with {code}"] += 1
        mortal.again()
