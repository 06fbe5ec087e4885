"""What leaves: messages that are settled are deleted, others given back, ten at a time, a tenth of a second late at most.

Nothing waits behind a slow call: each is on its own. What fails is tried again until its lease ends; after that the message
comes back by itself, and trying would touch what another consumer holds by then.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingestd.errors import Retryable
from ingestd.model import Depth, Message
from ingestd.shell.queue import BATCH_MAX
from ingestd.shell.telemetry import Telemetry

__all__ = ["RETRY_SECONDS", "Departures", "LeaseQueue", "NoticeQueue"]

LINGER_SECONDS = 0.1
RETRY_SECONDS = 1.0


class LeaseQueue(Protocol):
    """What the leases need of the queue."""

    async def delete(self, receipts: Sequence[str]) -> list[str]: ...
    async def change_visibility(self, receipts: Sequence[str], seconds: int) -> tuple[list[str], list[str]]: ...


class NoticeQueue(LeaseQueue, Protocol):
    """What the service needs of the queue: SQS, or what behaves as SQS does."""

    async def receive(self) -> list[Message]: ...
    async def depth(self) -> Depth: ...


@dataclass(slots=True, eq=False)
class _Departure:
    """`visible_after`: None to delete."""

    receipt: str
    expires_at: float
    visible_after: int | None
    is_under_way: bool = False


class Departures:
    """Messages on their way out, by receipt."""

    def __init__(self, queue: LeaseQueue, telemetry: Telemetry, clock: Callable[[], float]) -> None:
        self._queue = queue
        self._telemetry = telemetry
        self._clock = clock
        self._leaving: dict[str, _Departure] = {}
        self._wake = asyncio.Event()
        self._heard = asyncio.Event()

    def __len__(self) -> int:
        """What the queue has not heard of yet."""
        return len(self._leaving)

    def delete(self, receipt: str, expires_at: float) -> None:
        """The message is settled; its lease ends at `expires_at`."""
        self._add(_Departure(receipt, expires_at, None))

    def give_back(self, receipt: str, expires_at: float, visible_after: int) -> None:
        """Others shall see the message after so many seconds."""
        self._add(_Departure(receipt, expires_at, visible_after))

    async def all_gone(self) -> None:
        """Wait until the queue has heard of everything."""
        while self._leaving:
            self._heard.clear()
            await self._heard.wait()

    async def run(self) -> None:
        """Tell the queue, until cancelled."""
        async with asyncio.TaskGroup() as calls:
            while True:
                await self._wake.wait()
                if len(self._leaving) < BATCH_MAX:
                    await asyncio.sleep(LINGER_SECONDS)
                self._wake.clear()
                self._drop_expired()
                for batch in self._batches():
                    calls.create_task(self._tell(batch))

    def _add(self, departure: _Departure) -> None:
        self._leaving[departure.receipt] = departure
        self._wake.set()

    def _forget(self, departure: _Departure, outcome: str) -> None:
        del self._leaving[departure.receipt]
        self._telemetry.message_ended(outcome)
        self._heard.set()

    def _drop_expired(self) -> None:
        now = self._clock()
        for departure in list(self._leaving.values()):
            if departure.expires_at <= now and not departure.is_under_way:
                self._forget(departure, "expired")

    def _batches(self) -> Iterator[list[_Departure]]:
        """What is not under way, by what the queue is to be told, ten at a time."""
        alike: defaultdict[int | None, list[_Departure]] = defaultdict(list)
        for departure in self._leaving.values():
            if not departure.is_under_way:
                departure.is_under_way = True
                alike[departure.visible_after].append(departure)
        for batch in alike.values():
            yield from (batch[begin : begin + BATCH_MAX] for begin in range(0, len(batch), BATCH_MAX))

    async def _tell(self, batch: list[_Departure]) -> None:
        receipts, visible_after = [departure.receipt for departure in batch], batch[0].visible_after
        try:
            if visible_after is None:
                left = await self._queue.delete(receipts)
            else:
                _, left = await self._queue.change_visibility(receipts, visible_after)
        except Retryable as error:
            self._telemetry.queue_failed(error)
            left = receipts
        for departure in batch:
            departure.is_under_way = False
            if departure.receipt not in left:
                self._forget(departure, "deleted" if visible_after is None else "given_back")
        if left:
            await asyncio.sleep(RETRY_SECONDS)
            self._wake.set()
