"""Dead letters back in: the service itself, whose queue is the dead letters, each object of them one message.

So the same rooms read, batch, send and judge, and the ledger decides when such a message is settled: what fails again is
written anew before. A settled message is deleted by removing the object of dead letters. There is no other state: a run that
was broken off is simply begun again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingestd.config import Settings
from ingestd.core.again import again
from ingestd.core.record import Allowed
from ingestd.errors import Poison, Retryable
from ingestd.model import DeadLetter, Depth, Message, Notice
from ingestd.service import Service
from ingestd.shell.clients import Clients
from ingestd.shell.letterbox import Letterbox
from ingestd.shell.listing import Listed
from ingestd.shell.sending import send
from ingestd.shell.telemetry import Stats
from ingestd.shell.workers import Workers

__all__ = ["Ended", "redrive"]

AT_ONCE_MAX = 8  # objects of dead letters in memory
RECEIPTS_MAX = 3  # what three attempts could not settle is left for another run
IDLE_SECONDS = 0.05
UNTOUCHABLE = "nothing can be done about these"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a redrive ended: the service's counters, messages sent, and the objects that are left, with the reason why."""

    stats: Stats
    sent: int
    left: dict[str, str]
    is_whole: bool


@dataclass(slots=True)
class _Held:
    found: Listed
    work: Notice
    visible_at: float
    receipts: int = 1


class LetterQueue:
    """Objects of dead letters as a queue (NoticeQueue). `done` is set once each has been settled or left.

    Messages among them are sent to the queue that they came from, and are settled by that.
    """

    def __init__(
        self,
        letterbox: Letterbox,
        objects: Sequence[Listed],
        plan: Callable[[Sequence[DeadLetter]], Notice],
        resend: Callable[[Sequence[str]], Any] | None,
        *,
        visibility_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self.done = asyncio.Event()
        self.left: dict[str, str] = {}
        self.sent = 0
        self.settled_bytes = 0
        self._letterbox = letterbox
        self._waiting = list(reversed(objects))
        self._plan = plan
        self._resend = resend
        self._visibility = visibility_seconds
        self._clock = clock
        self._held: dict[str, _Held] = {}  # by receipt
        self._number = 0
        self._reading = 0

    def work(self, message: Message) -> Notice:
        """What a message of this queue asks for."""
        return self._held[message.receipt].work

    async def receive(self) -> list[Message]:
        """What was given back and is due, else the next object."""
        messages = list(self._due())
        if not messages and self._waiting and len(self._held) + self._reading < AT_ONCE_MAX:
            found = self._waiting.pop()
            self._reading += 1
            try:
                messages = await self._open(found)
            except (Poison, Retryable) as error:
                self.left[found.key] = str(error)
            finally:
                self._reading -= 1
        if not (self._waiting or self._held or self._reading):
            self.done.set()
        if not messages:
            await asyncio.sleep(IDLE_SECONDS)
        return messages

    async def depth(self) -> Depth:
        """Objects of dead letters."""
        return Depth(len(self._waiting), len(self._held))

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """These are settled: remove them; those that may be there still."""
        failed = []
        for receipt in receipts:
            if (held := self._held.get(receipt)) is None:
                continue
            try:
                await self._remove(held.found)
            except Retryable:
                failed.append(receipt)
            else:
                del self._held[receipt]
        return failed

    async def change_visibility(self, receipts: Sequence[str], seconds: int) -> tuple[list[str], list[str]]:
        """Show them again so much later, unless they are deleted or renewed before."""
        for receipt in receipts:
            if receipt in self._held:
                self._held[receipt].visible_at = self._clock() + seconds
        return [receipt for receipt in receipts if receipt not in self._held], []

    async def _open(self, found: Listed) -> list[Message]:
        letters = await self._letterbox.read(found.key)
        bodies = {index: body for index, letter in enumerate(letters) if (body := self._body(letter)) is not None}
        work = self._plan([letter for index, letter in enumerate(letters) if index not in bodies])
        if self._resend and bodies:
            await self._resend(list(bodies.values()))
            self.sent += len(bodies)
        elif not work.again:
            self.left[found.key] = UNTOUCHABLE
            return []
        if work.again or work.kept:
            return [self._give(found, work, 1)]
        await self._remove(found)
        return []

    def _body(self, letter: DeadLetter) -> str | None:
        """The message that a letter is, if it can be sent again: it is whole, and there is a queue."""
        if letter.kind != "message" or self._resend is None or len(letter.raw) != letter.length:
            return None
        try:
            return letter.raw.decode()
        except UnicodeDecodeError:
            return None

    async def _remove(self, found: Listed) -> None:
        await self._letterbox.remove(found.key)
        self.settled_bytes += found.size

    def _due(self) -> Iterator[Message]:
        now = self._clock()
        due = [receipt for receipt, held in self._held.items() if held.visible_at <= now]
        for held in [self._held.pop(receipt) for receipt in due]:
            if held.receipts < RECEIPTS_MAX:
                yield self._give(held.found, held.work, held.receipts + 1)
            else:
                self.left[held.found.key] = f"not settled after {held.receipts} tries"

    def _give(self, found: Listed, work: Notice, receipts: int) -> Message:
        self._number += 1
        receipt = str(self._number)
        self._held[receipt] = _Held(found, work, self._clock() + self._visibility, receipts)
        return Message(id=found.key, receipt=receipt, body="", receive_count=receipts)


async def redrive(
    settings: Settings,
    clients: Clients,
    workers: Workers,
    objects: Sequence[Listed],
    *,
    to_sink: str | None = None,
    stop: asyncio.Event,
    show: Callable[[int], None] = lambda settled_bytes: None,
) -> Ended:
    """Redrive these objects of dead letters until each is settled or left, or `stop` is set. `show` hears of stored bytes."""
    allowed, url, loop = Allowed.by(settings.queue), settings.queue.url, asyncio.get_running_loop()
    queue = LetterQueue(
        Letterbox(clients.s3, settings.dead_letters),
        objects,
        lambda letters: again(letters, allowed, settings.sinks, to_sink),
        (lambda bodies: send(clients.sqs, url, bodies)) if url else None,
        visibility_seconds=settings.queue.visibility_seconds,
        clock=loop.time,
    )
    service = Service(settings, read=queue.work)

    async def watch() -> None:
        while not queue.done.is_set():
            show(queue.settled_bytes)
            await asyncio.sleep(IDLE_SECONDS)
        stop.set()

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch())
        await service.consume(stop, clients, workers, queue)
        watching.cancel()
    show(queue.settled_bytes)
    return Ended(service.telemetry.snapshot(), queue.sent, queue.left, queue.done.is_set() and not queue.left)
