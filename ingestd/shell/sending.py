"""Messages onto the queue: ten at a time, and what it does not take is sent again. The service only receives; people send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from ingestd.core.retry import Backoff
from ingestd.errors import Retryable
from ingestd.shell.queue import BATCH_MAX

__all__ = ["send"]

BATCH_BYTES_MAX = 256 << 10  # SQS: of all entries of a SendMessageBatch, where a queue still has its first limit
ATTEMPTS_MAX = 6
BACKOFF = Backoff(first_seconds=0.5, ceiling_seconds=10.0)


async def send(
    client: Any, url: str, bodies: Sequence[str], *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Put messages on the queue; raises Retryable when it keeps refusing any, and then others may be there."""
    for batch in _batches(bodies):
        waiting = dict(enumerate(batch))
        for attempt in range(1, ATTEMPTS_MAX + 1):
            code = await _send(client, url, waiting)
            if not waiting:
                break
            if attempt == ATTEMPTS_MAX:
                raise Retryable("the queue does not take messages", reason="queue_refused", messages=len(waiting), code=code)
            await pause(BACKOFF.delay(attempt, 1.0))


async def _send(client: Any, url: str, waiting: dict[int, str]) -> str:
    """Send once; what was taken leaves `waiting`. The code of what was not."""
    entries = [{"Id": str(number), "MessageBody": body} for number, body in waiting.items()]
    try:
        answer = await client.send_message_batch(QueueUrl=url, Entries=entries)
    except ClientError as error:
        return str(error.response.get("Error", {}).get("Code", ""))
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:
        return type(error).__name__
    for entry in answer.get("Successful", ()):
        waiting.pop(int(entry["Id"]), None)
    return next((str(entry.get("Code", "")) for entry in answer.get("Failed", ())), "")


def _batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode(errors="replace"))
        if batch and (len(batch) == BATCH_MAX or size + length > BATCH_BYTES_MAX):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch
