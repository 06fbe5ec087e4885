"""The threads that inflate, parse, encode and compress; the compiled code in them runs without the GIL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Workers"]

T = TypeVar("T")


class Workers:
    """A pool of as many threads as there are cores to use, or the given executor (a simulation runs in line)."""

    def __init__(self, threads: int = 0, executor: Executor | None = None) -> None:
        self.threads = threads or len(os.sched_getaffinity(0))
        self.executor = executor or ThreadPoolExecutor(self.threads, thread_name_prefix="ingestd")

    async def run(self, call: Callable[[], T]) -> T:
        """Run `call` in a worker and wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, call)

    def close(self) -> None:
        """Let running calls finish, start no new ones."""
        self.executor.shutdown(wait=False, cancel_futures=True)
