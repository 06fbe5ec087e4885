"""The way of the data, top to bottom: message, notice, object, blocks, documents, batches, verdicts, settled.

Each step is a room's; here they are only joined. Two rules hold it together. Memory is taken before anything is read, and given
back when what was made of it has come to rest. A message is deleted when the ledger says so, and by nothing else.

A call that brings its records itself goes the same way: it is a message, its runs of records are objects, and it is answered
where a message would be deleted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import structlog

from ingestd.config import Settings
from ingestd.core.dead_places import DeadPlaces
from ingestd.core.event_time import newest_at
from ingestd.core.expansion import Expansion
from ingestd.core.ledger import Decision, Ledger
from ingestd.core.notice import Allowed, read_notice
from ingestd.core.routing import Route, Router
from ingestd.core.runs import runs_of
from ingestd.core.sources import Sources
from ingestd.errors import LeaseLost, Poison, Retryable
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.enrichment import NOTHING, Enrichment
from ingestd.fastpath.kept import kept, source_of_letter
from ingestd.fastpath.parser import open_parser
from ingestd.fastpath.ways import Ways
from ingestd.formats import registry
from ingestd.formats.registry import Format
from ingestd.formats.ruled import ruled_formats
from ingestd.model import (
    Call,
    DeadLetter,
    Documents,
    Framing,
    Message,
    Notice,
    ObjectRef,
    Outcome,
    Part,
    Refusal,
    Run,
)
from ingestd.opened import UNKNOWN, Letters, Opened
from ingestd.shell.budget import Budget
from ingestd.shell.deadletters import DeadLetters
from ingestd.shell.delivery import Delivery
from ingestd.shell.drift import Drift
from ingestd.shell.leases import Leases
from ingestd.shell.objects import Objects
from ingestd.shell.records import open_run
from ingestd.shell.telemetry import Telemetry
from ingestd.shell.workers import Workers

__all__ = ["Holder", "Pipeline"]

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


class Pipeline:
    """One consumer's stages, joined. `deliveries` by sink name; the first of a route is the one whose outcomes count lines.

    `read`: what a message asks for; raises Poison. Without it, messages are notices from the queue.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        objects: Objects,
        deliveries: Mapping[str, Delivery],
        dead_letters: DeadLetters,
        leases: Leases,
        budget: Budget,
        workers: Workers,
        telemetry: Telemetry,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        read: Callable[[Message], Notice] | None = None,
        enrichment: Enrichment = NOTHING,
    ) -> None:
        self._objects = objects
        self._deliveries = deliveries
        self._dead_letters = dead_letters
        self._leases = leases
        self._budget = budget
        self._workers = workers
        self._telemetry = telemetry
        self._clock = clock
        self._wall_clock = wall_clock
        self.change(settings, enrichment)
        self._read = read or (lambda message: read_notice(message.body, self._allowed))
        self._drift = Drift(clock)
        self.sources = Sources()
        self.dead_places = DeadPlaces()
        self._ledger = Ledger()
        self._expansion = Expansion(settings.object.block_bytes)
        self._holders: dict[int, Holder] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._opened: dict[int, Opened] = {}
        self._is_stopping = False
        self._slots = asyncio.Semaphore(settings.object.in_flight_max)

    def change(self, settings: Settings, enrichment: Enrichment) -> None:
        """Other settings from the next message on, so far as config/changes.py lets them differ."""
        self._settings = settings
        self._letters = Letters(settings.dead_letters.raw_bytes_max, self._wall_clock)
        self._allowed = Allowed.by(settings.queue)
        self._router = Router([Route(**route.model_dump()) for route in settings.route], list(settings.sinks))
        known = ruled_formats(settings, enrichment.lookups)
        opening = partial(open_parser, enrichment=enrichment)
        self._ways = Ways(known, self._router, self._deliveries, self._framing, opening)

    # --- message -------------------------------------------------------------------------------------------------------------

    @property
    def formats(self) -> Collection[Format]:
        """All formats, the user's own among them."""
        return self._ways.known

    @property
    def messages_in_flight(self) -> int:
        """Messages that have not ended."""
        return len(self._ledger)

    @property
    def has_room(self) -> bool:
        """Whether one more receive makes sense: budget, messages, and a sink that takes something."""
        return (
            self._budget.is_free
            and len(self._ledger) < self._settings.queue.messages_in_flight_max
            and (not self._deliveries or any(each.wants_more for each in self._deliveries.values()))
        )

    @property
    def waits_for_memory(self) -> bool:
        """Whether a block could be read, but for the budget."""
        return not self._budget.is_free

    @property
    def waits_for_slots(self) -> bool:
        """Whether an object could be read, but for object.in_flight_max."""
        return self._slots.locked()

    @property
    def is_full_of_messages(self) -> bool:
        """Whether as many are held as may be."""
        return len(self._ledger) >= self._settings.queue.messages_in_flight_max

    def accept(self, message: Message, received_at: float) -> None:
        """Begin with a message: hold its lease and carry it, in a task of its own."""
        number = self._ledger.receive()
        self._telemetry.message_ended("received")
        self._leases.hold(number, message, received_at)
        self._begin(number, self._leases, self._carry(number, message))

    def accept_call(self, call: Call, holder: Holder) -> int:
        """Begin with a call; the number that `holder` is told its end by."""
        number = self._ledger.receive()
        self._begin(number, holder, self._carry_call(number, call))
        return number

    def _begin(self, number: int, holder: Holder, carrying: Coroutine[Any, Any, None]) -> None:
        self._holders[number] = holder
        task = self._tasks[number] = asyncio.create_task(carrying)
        task.add_done_callback(lambda task: self._ended(number, task))

    def lose(self, number: int) -> None:
        """The lease is gone: stop the work on this message; nothing of it will be deleted."""
        self._ledger.lose(number)
        self._holders.pop(number, None)
        if task := self._tasks.get(number):
            task.cancel()

    def give_up(self, number: int) -> None:
        """The message cannot be finished here: let another receipt of it try."""
        if self._ledger.give_up(number) is Decision.GIVE_BACK:
            self._holders.pop(number).give_back(number, 0 if self._is_stopping else GIVE_BACK_SECONDS)
        if task := self._tasks.get(number):
            task.cancel()

    def stop_starting(self) -> None:
        """The process ends: what has not begun to be read goes back at once, what has begun may finish."""
        self._is_stopping = True

    async def close(self) -> None:
        """The process ends: stop all work that has not come to its end, and give its messages back."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, number: int, message: Message) -> None:
        try:
            notice = self._read(message)
        except Poison as poison:
            self._bury(number, message, poison)
            return
        for ignored in notice.ignored:
            self._telemetry.count("objects", 1, ignored.reason)
        for refused in notice.refused:
            self._bury(number, message, Poison("record refused", reason=refused.reason, key=refused.key))
        if notice.kept:
            self._stay_dead(number, message, notice.kept)
        async with asyncio.TaskGroup() as tasks:
            for ref in notice.objects:
                tasks.create_task(self._carry_object(number, Opened(message, ref)))
            for again in notice.again:
                tasks.create_task(self._carry_object(number, Opened.again(message, again)))

    async def _carry_call(self, number: int, call: Call) -> None:
        route = self._router.route_stream(call.stream)
        format_of = self.known_by_content if route is None or route.format == "auto" else lambda _: route.format
        runs = await self._workers.run(lambda: runs_of(call, format_of))
        async with asyncio.TaskGroup() as tasks:
            for run in runs:
                tasks.create_task(self._carry_object(number, Opened(call, run)))

    def known_by_content(self, record: bytes) -> str | None:
        """The name of the format that a record shows by itself."""
        return self._ways.seen(record[: registry.HEAD_BYTES])

    def _ended(self, number: int, task: asyncio.Task[None]) -> None:
        """The task of a message is over: by itself, by a fault of ours, or because it was lost or given up."""
        self._tasks.pop(number, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("message failed inside", error=type(error).__name__, exc_info=error)
        if task.cancelled() or error is not None:
            self.give_up(number)
        self._act(number, self._ledger.seal(number))

    # --- object --------------------------------------------------------------------------------------------------------------

    async def _carry_object(self, number: int, opened: Opened) -> None:
        receipt = self._ledger.open(number)
        self._opened[receipt] = opened
        outcome, is_done = "broken_off", False
        try:
            async with self._slots:
                outcome = await self._read_object(receipt, opened)
            self._owe_again(receipt, opened)
            is_done = True
        except Poison as poison:
            outcome = poison.reason
            if opened.unseen is None:
                self._owe(receipt, [self._letters.of_object(opened, poison)])
            elif await self._read_letters(receipt, opened):
                outcome = "kept"
            self._owe_again(receipt, opened)
            is_done = True
        except (Retryable, LeaseLost) as error:
            outcome = error.reason
            log.warning("object not read", reason=error.reason, **error.fields)
        finally:
            if not is_done:  # whatever ended it: what was not said to be done is not
                self.give_up(number)
            opened.decoding = None  # megabytes, that know their object: the garbage collector would come by too late
            self._budget.stand(opened.held_more())
            if isinstance(opened.ref, Run):
                self._telemetry.count("records", len(opened.ref), outcome)
            else:
                self._telemetry.count("objects", 1, outcome)
            was_wanted = self._ledger.is_live(number)
            self._act(number, self._ledger.read(receipt))
            self._close_if_done(receipt, was_wanted)

    async def _read_object(self, receipt: int, opened: Opened) -> str:
        """Read the object to its end; everything made of it is then with the deliveries. The outcome in a word."""
        ref = opened.ref
        if self._is_stopping:
            raise Retryable("stopping before the object was opened", reason="stopping")
        if isinstance(ref, ObjectRef) and (reason := registry.control_object(ref.key)) is not None:
            return reason
        route = self._route(ref)
        if route is None:
            raise Poison("no route fits this object", reason="no_route")
        if route.drop:
            opened.unseen = None
            return "dropped"
        if isinstance(ref, Run) and not ref.data:
            raise Poison("only its dead letter has it", reason="kept")
        async with open_run(ref) if isinstance(ref, Run) else self._objects.open(ref) as body:
            opened.source = body.source
            if opened.unseen is not None and isinstance(ref, ObjectRef) and body.source.etag != ref.etag:
                raise Poison("the object is another by now", reason="replaced")
            opened.decoding = Decoding(
                self._settings.object,
                lambda head: opened.read_by(
                    self._ways.reader(body.source, route, head, opened.sinks, chosen=opened.unseen is not None)
                ),
                self._ways.known,
            )
            async for data, is_last in body.pieces():
                self._telemetry.count("bytes", len(data), "received")
                opened.decoding.feed(data, is_last=is_last)
                self._budget.stand(opened.held_more())
                while await self._step(receipt, opened, opened.decoding):
                    pass
                if opened.unseen == {}:
                    break
        self.sources.arrived(opened.source_name, opened.source.modified_at, self._wall_clock())
        return "read"

    def _route(self, ref: ObjectRef | Run) -> Route | None:
        return self._router.route_stream(ref.call.stream) if isinstance(ref, Run) else self._router.route(ref.bucket, ref.key)

    async def _read_letters(self, receipt: int, opened: Opened) -> bool:
        """In a redrive: deliver what cannot be read from its object as far as dead letters hold it; whether any does."""
        ref, letters = opened.ref, list((opened.unseen or {}).values())
        route = self._route(ref)
        if route is None or not letters:
            return False
        opened.source = source = source_of_letter(letters[0], ref)

        def read() -> list[Documents]:
            return [each for letter in letters for each in kept(letter, source, self._ways, route, opened.sinks)]

        wanted, made = sum(len(letter.raw) for letter in letters), 0
        await self._budget.take(wanted)
        try:
            parsed = await self._workers.run(read)
            made = self._hand_over(receipt, opened, parsed)
        finally:
            self._budget.correct(made - wanted)
        return bool(parsed)

    def _framing(self, name: str, dataset: str) -> Framing:
        """How a sink wants the documents of a dataset."""
        return self._deliveries[name].sink.framing(dataset, self._settings.events)

    # --- blocks and documents ------------------------------------------------------------------------------------------------

    async def _step(self, receipt: int, opened: Opened, decoding: Decoding) -> bool:
        """One block in a worker, its documents to the deliveries; False when more must be fed."""
        wanted = self._expansion.bytes
        await self._budget.take(wanted)
        before, made = decoding.decoded_bytes, 0
        try:
            parsed = await self._workers.run(decoding.step)
            if parsed is not None:
                made = self._hand_over(receipt, opened, parsed)
        finally:
            more = opened.held_more()
            self._budget.correct(made - wanted)
            self._budget.stand(more)
        if parsed is not None:
            self._expansion.seen(made + max(more, 0))
        self._telemetry.count("bytes", decoding.decoded_bytes - before, "decoded")
        return parsed is not None

    def _hand_over(self, receipt: int, opened: Opened, parsed: Sequence[Documents]) -> int:
        """Count a block's lines and give its documents away; the bytes that are now held for them."""
        held = 0
        for documents in opened.wanted(parsed):
            if documents.counts:
                self._count(receipt, opened, documents)
            if not len(documents) or documents.way is None:
                continue
            self._telemetry.count("bytes", len(documents.data), "encoded")
            opened.newest_at = max(opened.newest_at, newest_at(documents))
            for name in documents.way.sinks:
                self._ledger.made(receipt, len(documents))
                held += len(documents.data)
                self._deliveries[name].add(documents, receipt)
        return held

    def _count(self, receipt: int, opened: Opened, documents: Documents) -> None:
        """What became of lines that are no documents, and how all were read; rejects become dead letters."""
        name = documents.way.format if documents.way else opened.format
        self._telemetry.count("lines_read", documents.lines, name)
        self._telemetry.count("fallback_lines", documents.fallback, name)
        self._telemetry.count("format_drift", documents.drifted, name)
        self._drift.saw(name, documents.drifted)
        self._telemetry.lines(name, Outcome.SKIPPED, documents.skipped)
        self._telemetry.lines(name, Outcome.DROPPED, documents.dropped)
        self._telemetry.count("masked_values", documents.masked, name)
        for rule, count in documents.by_rule:
            self._telemetry.count("rule_lines", count, rule)
        for reason, count in Counter(reject.reason for reject in documents.rejects).items():
            self._telemetry.count("rejects", count, name, reason)
        if letters := [self._letters.of_line(opened, reject) for reject in documents.rejects]:
            self._owe(receipt, letters, len(letters), name)

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

    def _bury(self, number: int, message: Message, poison: Poison) -> None:
        """A message, or a record of it, that cannot be read at all: a dead letter stands for it in the ledger."""
        receipt = self._ledger.open(number)
        opened = self._opened[receipt] = Opened(message, ObjectRef("", ""))
        self._owe(receipt, [self._letters.of_message(opened, message.body, poison)])
        self._act(number, self._ledger.read(receipt))

    def _stay_dead(self, number: int, message: Message, letters: Sequence[DeadLetter]) -> None:
        """Dead letters of a redrive that nothing can be done about now."""
        receipt = self._ledger.open(number)
        self._opened[receipt] = Opened(message, ObjectRef("", ""))
        self._owe(receipt, [self._letters.once_more(letter) for letter in letters])
        self._act(number, self._ledger.read(receipt))

    def _owe_again(self, receipt: int, opened: Opened) -> None:
        """The dead letters of lines that were not met in their object: they are as dead as before."""
        if opened.unseen:
            self._owe(receipt, [self._letters.once_more(letter) for letter in opened.unseen.values()])

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

    # --- settled -------------------------------------------------------------------------------------------------------------

    def _rest(self, receipt: int, things: int) -> None:
        number = self._ledger.message_of(receipt)
        was_wanted = self._ledger.is_live(number)
        self._act(number, self._ledger.rested(receipt, things))
        self._close_if_done(receipt, was_wanted)

    def _act(self, number: int, decision: Decision) -> None:
        if decision is Decision.DELETE:
            self._holders.pop(number).settle(number)

    def _close_if_done(self, receipt: int, was_wanted: bool) -> None:
        """What was given up meanwhile is closed too, and has settled nothing."""
        if self._ledger.is_done(receipt) and (opened := self._opened.pop(receipt, None)) and was_wanted:
            now = self._wall_clock()
            if opened.ref.event_at:
                self._telemetry.settled_after(max(now - opened.ref.event_at, 0.0))
            if opened.newest_at and opened.source:
                at = min(opened.newest_at, opened.source.modified_at)  # no event is newer than what it stands in
                self._telemetry.event_settled_after(max(now - at, 0.0))
                self.sources.settled(opened.source_name, at)
