"""Dead letters that are owed: written before anything they stand for is acknowledged, tried again when S3 refuses.

Without a bucket for them, or when it keeps refusing, the answer is "not written": the message goes back to the queue, whose own
redrive policy moves it to its owner's dead-letter queue in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Protocol

import structlog

from ingestd.core.retry import Backoff
from ingestd.errors import Retryable
from ingestd.model import DeadLetter

__all__ = ["DeadLetterWriter", "DeadLetters"]

log = structlog.get_logger()

ATTEMPTS_MAX = 6


class DeadLetterWriter(Protocol):
    """Where dead letters go: sinks/deadletter.py."""

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        """Return when they are durably written; raise Retryable when they are not."""
        ...

    def hurry(self) -> None:
        """Wait no longer for letters to be written together."""
        ...

    async def close(self) -> None:
        """Write nothing more."""
        ...


class DeadLetters:
    """`writer` None: there is no place for dead letters."""

    def __init__(self, writer: DeadLetterWriter | None, backoff: Backoff, random: Random) -> None:
        self._writer = writer
        self._backoff = backoff
        self._random = random
        self._tasks: set[asyncio.Task[bool]] = set()
        self._is_over = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is owed."""
        return not self._tasks

    def owe(self, letters: Sequence[DeadLetter], written: Callable[[bool], None]) -> None:
        """Write the letters; `written` is told, once, whether they are: also when writing them fails in an unforeseen way."""
        task = asyncio.create_task(self._write(letters))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, written))

    def hurry(self) -> None:
        """Write at once what waits to be written together."""
        if self._writer is not None:
            self._writer.hurry()

    async def close(self) -> None:
        """The process ends: nothing more is written, and nobody is told."""
        self._is_over = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._writer is not None:
            await self._writer.close()

    def _ended(self, written: Callable[[bool], None], task: asyncio.Task[bool]) -> None:
        self._tasks.discard(task)
        if self._is_over:
            return
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("writing dead letters failed inside", error=type(error).__name__, exc_info=error)
        written(not task.cancelled() and error is None and task.result())

    async def _write(self, letters: Sequence[DeadLetter]) -> bool:
        if self._writer is None:
            log.error("no bucket for dead letters", reason=letters[0].reason, letters=len(letters))
            return False
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._writer.put(letters)
            except Retryable as error:
                log.error("dead letters not written", reason=error.reason, attempt=attempt, **error.fields)
                if attempt < ATTEMPTS_MAX:
                    await asyncio.sleep(self._backoff.delay(attempt, self._random.random(), error.after_seconds))
            else:
                return True
        return False
