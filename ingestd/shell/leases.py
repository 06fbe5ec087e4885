"""The leases on messages: each is renewed from the moment of receipt until it is settled, given back or lost.

A lease is renewed when half of it is used up, so that a third is left even when a renewal is slow. A lease that SQS no longer
knows, or that ran out because SQS could not be reached, is lost: the work on it stops at once and nothing of it is deleted.
Deletions and give-backs go out in batches of ten, a tenth of a second after the first of them at the latest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingestd.errors import Retryable
from ingestd.model import Message
from ingestd.shell.queue import BATCH_MAX
from ingestd.shell.telemetry import Telemetry

__all__ = ["LeaseQueue", "Leases"]

LINGER_SECONDS = 0.1
RETRY_SECONDS = 1.0


class LeaseQueue(Protocol):
    """What the leases need of the queue."""

    async def delete(self, receipts: Sequence[str]) -> list[str]: ...
    async def change_visibility(self, receipts: Sequence[str], seconds: int) -> tuple[list[str], list[str]]: ...


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
        self._deletions: dict[int, _Lease] = {}
        self._returns: dict[int, tuple[_Lease, int]] = {}
        self._arrived = asyncio.Event()
        self._leaving = asyncio.Event()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def unsent(self) -> int:
        """Deletions and give-backs that have not reached SQS yet."""
        return len(self._deletions) + len(self._returns)

    def hold(self, number: int, message: Message, received_at: float) -> None:
        """Begin to renew; `received_at` is when the receive call was answered."""
        self._held[number] = _Lease(message, received_at, received_at + self._visibility / 2, received_at + self._visibility)
        self._arrived.set()

    def settle(self, number: int) -> None:
        """The message is settled: delete it. Without a lease there is nothing to delete."""
        if (lease := self._held.pop(number, None)) is not None:
            self._deletions[number] = lease
            self._leaving.set()

    def give_back(self, number: int, after_seconds: int = 0) -> None:
        """Let another consumer have the message after so many seconds."""
        if (lease := self._held.pop(number, None)) is not None:
            self._returns[number] = (lease, after_seconds)
            self._leaving.set()

    def give_all_back(self) -> None:
        """The process ends: whatever is held is free for others now."""
        for number in list(self._held):
            self.give_back(number)

    async def run(self) -> None:
        """Renew, delete and give back until cancelled; a slow deletion never holds up a renewal."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_renewing())
            tasks.create_task(self._keep_returning())

    async def flush(self) -> bool:
        """Send the deletions and give-backs that wait, once; whether all went through. A dead lease's is dropped."""
        failed = False
        for numbers in _tens(self._deletions):
            failed |= await self._delete(numbers)
        for numbers in _tens(self._returns):
            failed |= await self._return(numbers)
        now = self._clock()
        self._deletions = {number: lease for number, lease in self._deletions.items() if lease.expires_at > now}
        self._returns = {number: pair for number, pair in self._returns.items() if pair[0].expires_at > now}
        return not failed

    async def _keep_returning(self) -> None:
        while True:
            await self._leaving.wait()
            if self.unsent < BATCH_MAX:
                await asyncio.sleep(LINGER_SECONDS)
            if not await self.flush():
                await asyncio.sleep(RETRY_SECONDS)
            if not self.unsent:
                self._leaving.clear()

    async def _keep_renewing(self) -> None:
        while True:
            self._arrived.clear()
            await self._renew()
            self._drop_expired()
            try:
                async with asyncio.timeout(self._until_next()):
                    await self._arrived.wait()
            except TimeoutError:
                continue

    async def _delete(self, numbers: list[int]) -> bool:
        by_receipt = {self._deletions[number].message.receipt: number for number in numbers}
        try:
            left = set(await self._queue.delete(list(by_receipt)))
        except Retryable as error:
            self._telemetry.queue_failed(error)
            return True
        for receipt, number in by_receipt.items():
            if receipt not in left:
                del self._deletions[number]
                self._telemetry.message_ended("deleted")
        return bool(left)

    async def _return(self, numbers: list[int]) -> bool:
        seconds = self._returns[numbers[0]][1]
        numbers = [number for number in numbers if self._returns[number][1] == seconds]
        by_receipt = {self._returns[number][0].message.receipt: number for number in numbers}
        try:
            _, failed = await self._queue.change_visibility(list(by_receipt), seconds)
        except Retryable as error:
            self._telemetry.queue_failed(error)
            return True
        for receipt, number in by_receipt.items():
            if receipt not in failed:
                del self._returns[number]
                self._telemetry.message_ended("given_back")
        return bool(failed)

    async def _renew(self) -> None:
        now = self._clock()
        for number in [number for number, lease in self._held.items() if now - lease.received_at > self._age_max]:
            self._on_too_old(number)
        due = {number: lease for number, lease in self._held.items() if lease.renew_at <= now}
        await asyncio.gather(*(self._renew_some(numbers) for numbers in _tens(due)))

    async def _renew_some(self, numbers: list[int]) -> None:
        asked_at = self._clock()
        by_receipt = {self._held[number].message.receipt: number for number in numbers}
        try:
            gone, failed = await self._queue.change_visibility(list(by_receipt), self._visibility)
        except Retryable as error:
            self._telemetry.queue_failed(error)
            gone, failed = [], list(by_receipt)
        for receipt, number in by_receipt.items():
            lease = self._held.get(number)
            if lease is None:
                continue
            if receipt in gone:
                self._lose(number)
            elif receipt in failed:
                lease.renew_at = self._clock() + RETRY_SECONDS
            else:
                lease.renew_at = asked_at + self._visibility / 2
                lease.expires_at = asked_at + self._visibility

    def _drop_expired(self) -> None:
        now = self._clock()
        for number in [number for number, lease in self._held.items() if lease.expires_at <= now]:
            self._lose(number)

    def _lose(self, number: int) -> None:
        del self._held[number]
        self._telemetry.lease_lost()
        self._on_lost(number)

    def _until_next(self) -> float | None:
        if not self._held:
            return None
        first = min(min(lease.renew_at, lease.expires_at) for lease in self._held.values())
        return max(first - self._clock(), 0.0)


def _tens(numbers: Iterable[int]) -> Iterator[list[int]]:
    everything = list(numbers)
    for begin in range(0, len(everything), BATCH_MAX):
        yield everything[begin : begin + BATCH_MAX]
