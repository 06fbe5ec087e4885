"""The leases on messages: each is renewed from the moment of receipt until it is settled, given back or lost.

* A lease is renewed when half of it is used up, and asked for anew before long if no answer comes: a call may hang or fail, and
  a third of the lease is left all the same. No renewal waits for another.
* Its time is counted from when the queue was asked, which is never later than when the queue begins to count.
* A lease that SQS no longer knows, or that ran out because SQS could not be reached, is lost: the work on it stops at once and
  nothing of it is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ingestd.errors import Retryable
from ingestd.model import Message
from ingestd.shell.departures import RETRY_SECONDS, Departures, LeaseQueue
from ingestd.shell.queue import BATCH_MAX
from ingestd.shell.telemetry import Telemetry

__all__ = ["LeaseQueue", "Leases"]

ASK_AGAIN_PART = 12  # of a lease: for so long an answer is waited for before the queue is asked again


@dataclass(slots=True)
class _Lease:
    message: Message
    received_at: float
    renew_at: float
    expires_at: float


class Leases:
    """`on_lost(number)` and `on_too_old(number)` are called with the ledger's number of the message."""

    def __init__(
        self,
        queue: LeaseQueue,
        telemetry: Telemetry,
        *,
        visibility_seconds: int,
        age_seconds_max: float,
        clock: Callable[[], float],
        on_lost: Callable[[int], None],
        on_too_old: Callable[[int], None],
    ) -> None:
        self._queue = queue
        self._telemetry = telemetry
        self._visibility = visibility_seconds
        self._age_max = age_seconds_max
        self._clock = clock
        self._on_lost = on_lost
        self._on_too_old = on_too_old
        self._held: dict[int, _Lease] = {}
        self._departures = Departures(queue, telemetry, clock)
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def oldest_sent_at(self) -> float:
        """When the oldest message that is held was sent, as the queue says; 0 if that is not known."""
        return min((lease.message.sent_at for lease in self._held.values() if lease.message.sent_at), default=0.0)

    @property
    def unsent(self) -> int:
        """Deletions and give-backs that have not reached SQS yet."""
        return len(self._departures)

    def hold(self, number: int, message: Message, received_at: float) -> None:
        """Begin to renew; `received_at` is when the queue was asked for messages: the lease did not begin before."""
        self._held[number] = _Lease(message, received_at, received_at + self._visibility / 2, received_at + self._visibility)
        self._wake.set()

    def settle(self, number: int) -> None:
        """The message is settled: delete it. Without a lease there is nothing to delete."""
        if (lease := self._held.pop(number, None)) is not None:
            self._departures.delete(lease.message.receipt, lease.expires_at)

    def give_back(self, number: int, after_seconds: int = 0) -> None:
        """Let another consumer have the message after so many seconds."""
        if (lease := self._held.pop(number, None)) is not None:
            self._departures.give_back(lease.message.receipt, lease.expires_at, after_seconds)

    def give_all_back(self) -> None:
        """The process ends: whatever is held is free for others now."""
        for number in list(self._held):
            self.give_back(number)

    async def all_sent(self) -> None:
        """Wait until all deletions and give-backs have reached SQS, or have expired."""
        await self._departures.all_gone()

    async def run(self) -> None:
        """Renew, delete and give back until cancelled; a slow deletion never holds up a renewal."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_renewing())
            tasks.create_task(self._departures.run())

    async def _keep_renewing(self) -> None:
        async with asyncio.TaskGroup() as calls:
            while True:
                self._wake.clear()
                self._end_old()
                for leases in self._due():
                    calls.create_task(self._renew(leases))
                try:
                    async with asyncio.timeout(self._until_next()):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _end_old(self) -> None:
        """Lose what has run out, report what SQS would not let us keep much longer."""
        now = self._clock()
        for number in [number for number, lease in self._held.items() if lease.expires_at <= now]:
            self._lose(number)
        for number in [number for number, lease in self._held.items() if now - lease.received_at > self._age_max]:
            self._on_too_old(number)

    def _due(self) -> Iterator[dict[str, int]]:
        """Numbers by receipt, ten at a time, of the leases that are to be renewed now."""
        now = self._clock()
        due = [number for number, lease in self._held.items() if lease.renew_at <= now]
        for number in due:
            self._held[number].renew_at = now + max(self._visibility / ASK_AGAIN_PART, RETRY_SECONDS)
        for begin in range(0, len(due), BATCH_MAX):
            yield {self._held[number].message.receipt: number for number in due[begin : begin + BATCH_MAX]}

    async def _renew(self, by_receipt: dict[str, int]) -> None:
        asked_at = self._clock()
        gone: Sequence[str] = ()
        try:
            gone, failed = await self._queue.change_visibility(list(by_receipt), self._visibility)
        except Retryable as error:
            self._telemetry.queue_failed(error)
            failed = list(by_receipt)
        for receipt, number in by_receipt.items():
            lease = self._held.get(number)
            if lease is None:
                continue
            if receipt in gone:
                self._lose(number)
            elif receipt in failed:
                lease.renew_at = min(lease.renew_at, self._clock() + RETRY_SECONDS)
            else:
                lease.expires_at = max(lease.expires_at, asked_at + self._visibility)
                lease.renew_at = lease.expires_at - self._visibility / 2
        self._wake.set()

    def _lose(self, number: int) -> None:
        del self._held[number]
        self._telemetry.lease_lost()
        self._on_lost(number)

    def _until_next(self) -> float | None:
        if not self._held:
            return None
        first = min(min(lease.renew_at, lease.expires_at) for lease in self._held.values())
        return max(first - self._clock(), 0.0)
