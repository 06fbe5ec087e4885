"""The queue of `ingestd bench`'s endpoint polls as SQS does: several processes on one queue are measured by it."""

from __future__ import annotations

import asyncio

from ingestd.bench.endpoint import Queue


async def received(queue: Queue, wait_seconds: int) -> int:
    answer = await queue.answer("ReceiveMessage", {"MaxNumberOfMessages": 10, "WaitTimeSeconds": wait_seconds})
    return len(answer["Messages"])


async def test_an_announcement_ends_a_long_poll() -> None:
    """Long before its time; nothing is given twice, and a short poll of an empty queue waits for nothing."""
    queue = Queue()
    assert await received(queue, 0) == 0
    waiting = asyncio.create_task(received(queue, 3600))
    await asyncio.wait({waiting}, timeout=0)
    assert not waiting.done()
    queue.announce(12)
    assert await waiting == 10
    assert await received(queue, 3600) == 2
    assert await received(queue, 0) == 0
    assert queue.left == 12
