"""Dead letters that are owed: written before anything they stand for is acknowledged, tried again when S3 refuses.

Without a bucket for them, or when it keeps refusing, the answer is "not written": the message goes back to the queue, whose own
redrive policy moves it to its owner's dead-letter queue in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
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

    async def close(self) -> None: ...


class DeadLetters:
    """`writer` None: there is no place for dead letters."""

    def __init__(self, writer: DeadLetterWriter | None, backoff: Backoff, random: Random) -> None:
        self._writer = writer
        self._backoff = backoff
        self._random = random
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is owed."""
        return not self._tasks

    def owe(self, letters: Sequence[DeadLetter], written: Callable[[bool], None]) -> None:
        """Write the letters; `written` is told, once, whether they are."""
        task = asyncio.create_task(self._write(letters, written))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def hurry(self) -> None:
        """Write at once what waits to be written together."""
        if self._writer is not None:
            await self._writer.close()

    def cancel(self) -> None:
        """The process ends: nothing more is written, and nobody is told."""
        for task in self._tasks:
            task.cancel()

    async def _write(self, letters: Sequence[DeadLetter], written: Callable[[bool], None]) -> None:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            if self._writer is None:
                log.error("no bucket for dead letters", reason=letters[0].reason, letters=len(letters))
                break
            try:
                await self._writer.put(letters)
            except Retryable as error:
                log.error("dead letters not written", reason=error.reason, attempt=attempt, **error.fields)
                await asyncio.sleep(self._backoff.delay(attempt, self._random.random(), error.after_seconds))
            else:
                written(True)
                return
        written(False)
