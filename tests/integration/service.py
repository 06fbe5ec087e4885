"""The real service as a process of its own, which can be stopped as a container is, or killed as a machine is."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ingestd.demo.cloud import ARRIVALS, DEAD_LETTERS, LOGS, Cloud
from tests.canaries import AWS_SECRET, leaks, strange_lines

__all__ = ["PATIENCE_SECONDS", "RunningService", "endpoints_apart", "environment", "settled"]

PATIENCE_SECONDS = 120.0
ROOT = Path(__file__).parents[2]
DRAIN_SECONDS = 25.0  # R10
LATE_SECONDS = 2.0  # a little for a loaded machine to end a process


def environment(cloud: Cloud, **settings: str) -> dict[str, str]:
    """The service's environment: everything by variables, as in a container; `queue__url` becomes INGESTD_QUEUE__URL."""
    ours = {
        "aws__endpoint_url": cloud.endpoint_url,
        "queue__url": cloud.queue_url,
        "queue__buckets": LOGS,
        "queue__visibility_seconds": "30",
        "queue__wait_seconds": "1",
        "dead_letters__bucket": ARRIVALS,
        "dead_letters__prefix": DEAD_LETTERS,
        "dead_letters__batch_seconds": "1",
        "http__host": "127.0.0.1",
        "http__port": "0",
        **settings,
    }
    outer = {name: value for name, value in os.environ.items() if not name.startswith("INGESTD_")}
    outer["AWS_SECRET_ACCESS_KEY"] = AWS_SECRET
    return outer | {f"INGESTD_{name.upper()}": value for name, value in ours.items()}


def endpoints_apart(environ: Mapping[str, str], url: str, **urls: str) -> dict[str, str]:
    """The environment with an endpoint of its own for each service of AWS: `url`, but for those that are named."""
    endpoints = dict.fromkeys(("S3", "SQS", "FIREHOSE"), url) | urls
    shared = {name: value for name, value in environ.items() if name != "INGESTD_AWS__ENDPOINT_URL"}
    return shared | {f"AWS_ENDPOINT_URL_{name}": value for name, value in endpoints.items()}


class RunningService:
    """A started process; its log goes to a file."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process.poll() is None

    def kill(self) -> None:
        """As when the machine dies: no warning."""
        self.process.kill()
        self.process.wait()

    def stop(self, drain_seconds: float = DRAIN_SECONDS) -> int:
        """As a container is stopped; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(drain_seconds + LATE_SECONDS)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something to become true of the running process."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so():
                assert self.is_running, self.log.read_text()[-2000:]
                await asyncio.sleep(0.1)

    @classmethod
    @contextmanager
    def started(cls, folder: Path, environ: Mapping[str, str]) -> Iterator[RunningService]:
        """Run `ingestd run`; killed at the latest when the context ends, and then what it logged is looked through."""
        log = folder / "service.log"
        begin = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "ingestd", "run"], env=dict(environ), cwd=ROOT, stdout=out, stderr=out
            )
        service = cls(process, log)
        try:
            yield service
        finally:
            service.kill()
            said = log.read_bytes()[begin:]
            assert leaks(said.decode()) == [], "S6: what must never be logged was"
            assert strange_lines(said) == [], "S6: a line of the log is no event"


async def settled(cloud: Cloud, service: RunningService, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until the queue holds nothing, visible or not."""
    async with asyncio.timeout(patience_seconds):
        while await cloud.backlog():
            assert service.is_running, service.log.read_text()[-2000:]
            await asyncio.sleep(0.2)
