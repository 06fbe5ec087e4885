"""The way of the data, top to bottom: message, notice, object, blocks, documents, batches, verdicts, settled.

Each step is a room's; here they are only joined, as far as the deliveries: what comes to rest is for settlement.py. Memory is
taken before anything is read, and given back when what was made of it has come to rest.

A call that brings its records itself goes the same way: it is a message, its runs of records are objects, and it is answered
where a message would be deleted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import structlog

from ingestd.config import Settings
from ingestd.core.event_time import newest_at
from ingestd.core.expansion import Expansion
from ingestd.core.notice import Allowed, read_notice
from ingestd.core.routing import Route, Router
from ingestd.core.runs import runs_of
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
    Documents,
    Framing,
    Message,
    Notice,
    ObjectRef,
    Outcome,
    Run,
)
from ingestd.opened import Opened
from ingestd.settlement import Holder, Settlement
from ingestd.shell.budget import Budget
from ingestd.shell.delivery import Delivery
from ingestd.shell.drift import Drift
from ingestd.shell.leases import Leases
from ingestd.shell.objects import Objects
from ingestd.shell.records import open_run
from ingestd.shell.telemetry import Telemetry
from ingestd.shell.workers import Workers

__all__ = ["Pipeline"]

log = structlog.get_logger()


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
        settlement: Settlement,
        leases: Leases,
        budget: Budget,
        workers: Workers,
        telemetry: Telemetry,
        clock: Callable[[], float],
        read: Callable[[Message], Notice] | None = None,
        enrichment: Enrichment = NOTHING,
    ) -> None:
        self._objects = objects
        self._deliveries = deliveries
        self._settlement = settlement
        self._leases = leases
        self._budget = budget
        self._workers = workers
        self._telemetry = telemetry
        self._clock = clock
        self.change(settings, enrichment)
        self._read = read or (lambda message: read_notice(message.body, self._allowed))
        self._drift = Drift(clock)
        self._expansion = Expansion(settings.object.block_bytes)
        self._slots = asyncio.Semaphore(settings.object.in_flight_max)

    def change(self, settings: Settings, enrichment: Enrichment) -> None:
        """Other settings from the next message on, so far as config/changes.py lets them differ."""
        self._settings = settings
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
    def has_room(self) -> bool:
        """Whether one more receive makes sense: budget, messages, and a sink that takes something."""
        return (
            self._budget.is_free
            and self._settlement.messages_in_flight < self._settings.queue.messages_in_flight_max
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
        return self._settlement.messages_in_flight >= self._settings.queue.messages_in_flight_max

    def accept(self, message: Message, received_at: float) -> None:
        """Begin with a message: hold its lease and carry it, in a task of its own."""
        self._telemetry.message_ended("received")
        number = self._settlement.begin(self._leases, lambda number: self._carry(number, message))
        self._leases.hold(number, message, received_at)

    def accept_call(self, call: Call, holder: Holder) -> int:
        """Begin with a call; the number that `holder` is told its end by."""
        return self._settlement.begin(holder, lambda number: self._carry_call(number, call))

    async def _carry(self, number: int, message: Message) -> None:
        try:
            notice = self._read(message)
        except Poison as poison:
            self._settlement.refuse_message(number, message, poison)
            return
        for ignored in notice.ignored:
            self._telemetry.count("objects", 1, ignored.reason)
        for refused in notice.refused:
            self._settlement.refuse_message(number, message, Poison("record refused", reason=refused.reason, key=refused.key))
        if notice.kept:
            self._settlement.keep_dead(number, message, notice.kept)
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

    # --- object --------------------------------------------------------------------------------------------------------------

    async def _carry_object(self, number: int, opened: Opened) -> None:
        receipt = self._settlement.open(number, opened)
        outcome, is_done = "broken_off", False
        try:
            async with self._slots:
                outcome = await self._read_object(receipt, opened)
            self._settlement.keep_unseen(receipt)
            is_done = True
        except Poison as poison:
            outcome = poison.reason
            if opened.unseen is None:
                self._settlement.refuse_object(receipt, poison)
            elif await self._read_letters(receipt, opened):
                outcome = "kept"
            self._settlement.keep_unseen(receipt)
            is_done = True
        except (Retryable, LeaseLost) as error:
            outcome = error.reason
            log.warning("object not read", reason=error.reason, **error.fields)
        finally:
            if not is_done:  # whatever ended it: what was not said to be done is not
                self._settlement.give_up(number)
            opened.decoding = None  # megabytes, that know their object: the garbage collector would come by too late
            self._budget.stand(opened.held_more())
            if isinstance(opened.ref, Run):
                self._telemetry.count("records", len(opened.ref), outcome)
            else:
                self._telemetry.count("objects", 1, outcome)
            self._settlement.read(receipt)

    async def _read_object(self, receipt: int, opened: Opened) -> str:
        """Read the object to its end; everything made of it is then with the deliveries. The outcome in a word."""
        ref = opened.ref
        if self._settlement.is_stopping:
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
        self._settlement.arrived(opened)
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
                self._settlement.made(receipt, len(documents))
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
        self._settlement.refuse_lines(receipt, documents.rejects, name)
