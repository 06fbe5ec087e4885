"""A bucket's objects as a queue: what a listing gives is received, held, given back and deleted as messages of SQS are.

So the service reads them as it reads what is announced, with the same leases and the same ledger; only what a deletion means
is another: the object is settled, and the checkpoint may say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from ingestd.backfill.checkpoint import Checkpoint
from ingestd.core.announcement import announcement
from ingestd.model import Depth, Message
from ingestd.shell.listing import Listed
from ingestd.shell.queue import BATCH_MAX

__all__ = ["Backlog"]

RECEIPTS_MAX = 3  # of one object: what three receipts could not settle is left for the next run
IDLE_SECONDS = 0.05


@dataclass(slots=True)
class _Held:
    listed: Listed
    visible_at: float
    receipts: int = 1


class Backlog:
    """`done` is set once each object of the listing has been settled or left."""

    def __init__(
        self,
        bucket: str,
        objects: AsyncIterator[Listed],
        checkpoint: Checkpoint,
        *,
        visibility_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self.done = asyncio.Event()
        self._bucket = bucket
        self._objects = objects
        self._checkpoint = checkpoint
        self._visibility = visibility_seconds
        self._clock = clock
        self._held: dict[str, _Held] = {}  # by receipt
        self._number = 0
        self._is_at_end = False

    async def receive(self) -> list[Message]:
        """Up to ten: what was given back and is due, then what the listing brings."""
        messages = list(self._due())
        while len(messages) < BATCH_MAX and not self._is_at_end:
            found = await anext(self._objects, None)
            if found is None:
                self._is_at_end = True
            elif self._checkpoint.mark.begin(found.key) or found.key in self._checkpoint.left:
                messages.append(self._give(found, 1))
        if self._is_at_end and not self._held:
            self.done.set()
        if not messages:
            await asyncio.sleep(IDLE_SECONDS)
        return messages

    async def depth(self) -> Depth:
        """What is held; what the listing has yet to bring is not known."""
        return Depth(0, len(self._held))

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """These objects are settled."""
        for receipt in receipts:
            if (held := self._held.pop(receipt, None)) is not None:
                self._checkpoint.settled(held.listed.key, held.listed.size)
        return []

    async def change_visibility(self, receipts: Sequence[str], seconds: int) -> tuple[list[str], list[str]]:
        """Show them again so much later, unless they are deleted or renewed before."""
        for receipt in receipts:
            if receipt in self._held:
                self._held[receipt].visible_at = self._clock() + seconds
        return [receipt for receipt in receipts if receipt not in self._held], []

    def _due(self) -> Iterator[Message]:
        now = self._clock()
        due = [receipt for receipt, held in self._held.items() if held.visible_at <= now][:BATCH_MAX]
        for held in [self._held.pop(receipt) for receipt in due]:
            if held.receipts < RECEIPTS_MAX:
                yield self._give(held.listed, held.receipts + 1)
            else:
                self._checkpoint.leave(held.listed.key, f"not settled after {held.receipts} tries")

    def _give(self, found: Listed, receipts: int) -> Message:
        self._number += 1
        receipt = str(self._number)
        self._held[receipt] = _Held(found, self._clock() + self._visibility, receipts)
        body = announcement(self._bucket, found.key, etag=found.etag, size=found.size)
        return Message(id=f"backfill-{receipt}", receipt=receipt, body=body, receive_count=receipts)
