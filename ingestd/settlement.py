"""What has been made of each message, and how it comes to rest: the ledger's decisions, carried out.

A message is deleted when the ledger says so, and by nothing else. What a sink refused and what could not be read is owed as a
dead letter, which counts as made until it is written; a message of which something can never come to rest here goes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

import structlog

from ingestd.config import Settings
from ingestd.core.dead_places import DeadPlaces
from ingestd.core.ledger import Decision, Ledger
from ingestd.core.sources import Sources
from ingestd.errors import Poison
from ingestd.model import DeadLetter, Message, ObjectRef, Outcome, Part, Refusal, Reject
from ingestd.opened import UNKNOWN, Letters, Opened
from ingestd.shell.budget import Budget
from ingestd.shell.deadletters import DeadLetters
from ingestd.shell.delivery import Delivery
from ingestd.shell.telemetry import Telemetry

__all__ = ["Holder", "Settlement"]

log = structlog.get_logger()

GIVE_BACK_SECONDS = 60  # a message that cannot be finished here is shown to others after this


class Holder(Protocol):
    """Who holds what was received and ends it, by the ledger's number: the leases for a message, `Calls` for a call."""

    def settle(self, number: int) -> None:
        """All of it has come to rest."""
        ...

    def give_back(self, number: int, after_seconds: int = 0) -> None:
        """It cannot be finished here: it may be tried again, in so many seconds."""
        ...


class Settlement:
    """The messages under way, by number: who holds each and the task that carries it; and by receipt the objects of each."""

    def __init__(
        self,
        settings: Settings,
        *,
        dead_letters: DeadLetters,
        budget: Budget,
        telemetry: Telemetry,
        wall_clock: Callable[[], float],
    ) -> None:
        self._dead_letters = dead_letters
        self._budget = budget
        self._telemetry = telemetry
        self._wall_clock = wall_clock
        self.sources = Sources()
        self.dead_places = DeadPlaces()
        self.is_stopping = False
        self._ledger = Ledger()
        self._holders: dict[int, Holder] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._opened: dict[int, Opened] = {}
        self.change(settings)

    def change(self, settings: Settings) -> None:
        """Other settings from the next dead letter on."""
        self._letters = Letters(settings.dead_letters.raw_bytes_max, self._wall_clock)

    # --- messages ------------------------------------------------------------------------------------------------------------

    @property
    def messages_in_flight(self) -> int:
        """Messages that have not ended."""
        return len(self._ledger)

    def begin(self, holder: Holder, carry: Callable[[int], Coroutine[Any, Any, None]]) -> int:
        """A message, carried in a task of its own; the number that `holder` is told its end by."""
        number = self._ledger.receive()
        self._holders[number] = holder
        task = self._tasks[number] = asyncio.create_task(carry(number))
        task.add_done_callback(lambda task: self._ended(number, task))
        return number

    def lose(self, number: int) -> None:
        """The lease is gone: stop the work on this message; nothing of it will be deleted."""
        self._ledger.lose(number)
        self._holders.pop(number, None)
        if task := self._tasks.get(number):
            task.cancel()

    def give_up(self, number: int) -> None:
        """The message cannot be finished here: let another receipt of it try."""
        if self._ledger.give_up(number) is Decision.GIVE_BACK:
            self._holders.pop(number).give_back(number, 0 if self.is_stopping else GIVE_BACK_SECONDS)
        if task := self._tasks.get(number):
            task.cancel()

    def stop_starting(self) -> None:
        """The process ends: what has not begun to be read goes back at once, what has begun may finish."""
        self.is_stopping = True

    async def close(self) -> None:
        """The process ends: stop all work that has not come to its end, and give its messages back."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, number: int, task: asyncio.Task[None]) -> None:
        """The task of a message is over: by itself, by a fault of ours, or because it was lost or given up."""
        self._tasks.pop(number, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("message failed inside", error=type(error).__name__, exc_info=error)
        if task.cancelled() or error is not None:
            self.give_up(number)
        self._act(number, self._ledger.seal(number))

    # --- objects -------------------------------------------------------------------------------------------------------------

    def open(self, number: int, opened: Opened) -> int:
        """An object of a message begins; its receipt."""
        receipt = self._ledger.open(number)
        self._opened[receipt] = opened
        return receipt

    def made(self, receipt: int, documents: int) -> None:
        """So many documents more are on their way, each counted once for each sink."""
        self._ledger.made(receipt, documents)

    def arrived(self, opened: Opened) -> None:
        """The object has been read: its source is not silent."""
        if opened.source:
            self.sources.arrived(opened.source_name, opened.source.modified_at, self._wall_clock())

    def read(self, receipt: int) -> None:
        """Nothing more will be made of the object."""
        self._come_to_rest(receipt, lambda: self._ledger.read(receipt))

    # --- verdicts ------------------------------------------------------------------------------------------------------------

    def is_wanted(self, receipt: int) -> bool:
        """Whether the object's message is still ours."""
        return self._ledger.is_live(self._ledger.message_of(receipt))

    def documents_rested(self, delivery: Delivery, part: Part, accepted: int, duplicates: int, held_bytes: int) -> None:
        """Documents of a part are in the sink."""
        if (way := part.documents.way) and way.counted_by == delivery.name:
            self._telemetry.lines(way.format, Outcome.ACCEPTED, accepted)
            self._telemetry.lines(way.format, Outcome.DUPLICATE, duplicates)
        self._budget.give(held_bytes)
        self._rest(part.receipt, accepted + duplicates)

    def documents_refused(
        self, delivery: Delivery, part: Part, refused: Sequence[tuple[int, Refusal]], held_bytes: int
    ) -> None:
        """The sink will never take these documents: their dead letters are owed in their place."""
        opened = self._opened[part.receipt]
        letters = [self._letters.of_document(opened, delivery.name, part.documents, index, why) for index, why in refused]
        self._budget.give(held_bytes)
        way = part.documents.way
        if way and way.counted_by == delivery.name:
            self._owe(part.receipt, letters, len(letters), way.format)
        else:
            self._owe(part.receipt, letters)
        self._rest(part.receipt, len(refused))

    def documents_grew(self, delivery: Delivery, held_bytes: int) -> None:
        """Documents under way to a sink were changed."""
        self._budget.correct(held_bytes)

    def documents_given_back(self, delivery: Delivery, part: Part, held_bytes: int) -> None:
        """What became of these documents will not be known here."""
        if (way := part.documents.way) and way.counted_by == delivery.name:
            self._telemetry.lines(way.format, Outcome.GIVEN_BACK, len(part))
        self._budget.give(held_bytes)
        self.give_up(self._ledger.message_of(part.receipt))
        self._rest(part.receipt, len(part))

    # --- dead letters --------------------------------------------------------------------------------------------------------

    def refuse_message(self, number: int, message: Message, poison: Poison) -> None:
        """A message, or a record of it, cannot be read at all: a dead letter stands for it in the ledger."""
        opened = Opened(message, ObjectRef("", ""))
        self._stand_for(number, opened, [self._letters.of_message(opened, message.body, poison)])

    def keep_dead(self, number: int, message: Message, letters: Sequence[DeadLetter]) -> None:
        """Nothing can be done now about these dead letters of a redrive."""
        again = [self._letters.once_more(letter) for letter in letters]
        self._stand_for(number, Opened(message, ObjectRef("", "")), again)

    def refuse_object(self, receipt: int, poison: Poison) -> None:
        """The object cannot be read, or not further."""
        self._owe(receipt, [self._letters.of_object(self._opened[receipt], poison)])

    def refuse_lines(self, receipt: int, rejects: Sequence[Reject], name: str) -> None:
        """Lines of the object, of the format `name`, cannot be read."""
        if letters := [self._letters.of_line(self._opened[receipt], reject) for reject in rejects]:
            self._owe(receipt, letters, len(letters), name)

    def keep_unseen(self, receipt: int) -> None:
        """In a redrive: lines that were not met in their object are as dead as before."""
        if unseen := self._opened[receipt].unseen:
            self._owe(receipt, [self._letters.once_more(letter) for letter in unseen.values()])

    def _stand_for(self, number: int, opened: Opened, letters: list[DeadLetter]) -> None:
        receipt = self.open(number, opened)
        self._owe(receipt, letters)
        self.read(receipt)

    def _owe(self, receipt: int, letters: list[DeadLetter], lines: int = 0, name: str = UNKNOWN) -> None:
        """Dead letters count as made until they are written; what cannot be written gives the whole message back.

        They are of so many lines of the format `name`.
        """
        number = self._ledger.message_of(receipt)
        held = sum(len(letter.raw) for letter in letters)
        self._ledger.made(receipt, len(letters))
        self._budget.correct(held)

        def written(is_written: bool) -> None:
            self._budget.give(held)
            self._telemetry.lines(name, Outcome.DEAD_LETTERED if is_written else Outcome.GIVEN_BACK, lines)
            if not is_written:
                self.give_up(number)
            for letter in letters if is_written else ():
                self._telemetry.count("dead_letters", 1, letter.reason)
                self.dead_places.saw(letter)
            self._rest(receipt, len(letters))

        self._dead_letters.owe(letters, written)

    # --- at rest -------------------------------------------------------------------------------------------------------------

    def _rest(self, receipt: int, things: int) -> None:
        self._come_to_rest(receipt, lambda: self._ledger.rested(receipt, things))

    def _come_to_rest(self, receipt: int, step: Callable[[], Decision]) -> None:
        """Do as the ledger decides of the message; the object is closed when nothing of it is under way any more."""
        number = self._ledger.message_of(receipt)
        was_wanted = self._ledger.is_live(number)
        self._act(number, step())
        if self._ledger.is_done(receipt) and (opened := self._opened.pop(receipt, None)) and was_wanted:
            self._settled(opened)

    def _act(self, number: int, decision: Decision) -> None:
        if decision is Decision.DELETE:
            self._holders.pop(number).settle(number)

    def _settled(self, opened: Opened) -> None:
        """Take how long it took; not of what was given up meanwhile, which has settled nothing."""
        now = self._wall_clock()
        if opened.ref.event_at:
            self._telemetry.settled_after(max(now - opened.ref.event_at, 0.0))
        if opened.newest_at and opened.source:
            at = min(opened.newest_at, opened.source.modified_at)  # no event is newer than what it stands in
            self._telemetry.event_settled_after(max(now - at, 0.0))
            self.sources.settled(opened.source_name, at)
