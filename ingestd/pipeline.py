"""The way of the data, top to bottom: message, notice, object, blocks, documents, batches, verdicts, settled.

Each step is a room's; here they are only joined. Two rules hold it together. Memory is taken before anything is read, and given
back when what was made of it has come to rest. A message is deleted when the ledger says so, and by nothing else.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import structlog

from ingestd.config import Settings
from ingestd.core.expansion import Expansion
from ingestd.core.ledger import Decision, Ledger
from ingestd.core.notice import Allowed, read_notice
from ingestd.core.routing import Route, Router
from ingestd.core.sources import SourceName, Sources
from ingestd.core.span import stem_of
from ingestd.errors import LeaseLost, Poison, Retryable
from ingestd.fastpath.decoding import Decoding
from ingestd.fastpath.parser import Parser, open_parser
from ingestd.formats import registry
from ingestd.formats.own import known_formats
from ingestd.model import DeadLetter, Documents, Framing, Message, ObjectRef, Outcome, Part, Place, Refusal, Reject, Source
from ingestd.shell.budget import Budget
from ingestd.shell.deadletters import DeadLetters
from ingestd.shell.delivery import Delivery
from ingestd.shell.drift import Drift
from ingestd.shell.leases import Leases
from ingestd.shell.objects import Objects
from ingestd.shell.telemetry import Telemetry
from ingestd.shell.workers import Workers

__all__ = ["Pipeline"]

log = structlog.get_logger()

Kind = Literal["line", "object", "message", "document"]

GIVE_BACK_SECONDS = 60  # a message that cannot be finished here is shown to others after this


@dataclass(slots=True)
class _Opened:
    """An object under way: what its lines are counted and its dead letters are placed by."""

    message: Message
    ref: ObjectRef
    source: Source | None = None
    format: str = "unknown"
    # The deliveries of the object's route, grouped by how they want documents encoded: each group is encoded once.
    groups: list[tuple[Framing, list[Delivery]]] = field(default_factory=list)
    decoding: Decoding | None = None

    @property
    def place(self) -> Place:
        etag = self.source.etag if self.source else self.ref.etag or ""
        return Place(
            bucket=self.ref.bucket,
            key=self.ref.key,
            version_id=self.ref.version_id or "",
            etag=etag,
            message_id=self.message.id,
        )

    def counts_lines(self, delivery: Delivery) -> bool:
        """Whether this delivery's answers are the outcomes of lines: the route's first sink, so that a line counts once."""
        return bool(self.groups) and self.groups[0][1][0] is delivery


class Pipeline:
    """One consumer's stages, joined. `deliveries` by sink name; the first of a route is the one whose outcomes count lines."""

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
        self.change(settings)
        self._formats = known_formats(settings.format, settings.events.timestamp_paths)
        self._drift = Drift(clock)
        self.sources = Sources()
        self._ledger = Ledger()
        self._expansion = Expansion(settings.object.block_bytes)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._opened: dict[int, _Opened] = {}
        self._is_stopping = False
        self._slots = asyncio.Semaphore(settings.object.in_flight_max)

    def change(self, settings: Settings) -> None:
        """Other settings from the next message on, so far as config_changes.py lets them differ."""
        self._settings = settings
        any_bucket = settings.queue.dangerously_any_bucket
        self._allowed = Allowed(("*",) if any_bucket else settings.queue.buckets, settings.queue.owners)
        self._router = Router([Route(**route.model_dump()) for route in settings.route], list(settings.sinks))

    # --- message -------------------------------------------------------------------------------------------------------------

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
        task = self._tasks[number] = asyncio.create_task(self._carry(number, message))
        task.add_done_callback(lambda task: self._ended(number, task))

    def lose(self, number: int) -> None:
        """The lease is gone: stop the work on this message; nothing of it will be deleted."""
        self._ledger.lose(number)
        if task := self._tasks.get(number):
            task.cancel()

    def give_up(self, number: int) -> None:
        """The message cannot be finished here: let another receipt of it try."""
        if self._ledger.give_up(number) is Decision.GIVE_BACK:
            self._leases.give_back(number, 0 if self._is_stopping else GIVE_BACK_SECONDS)
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
            notice = read_notice(message.body, self._allowed)
        except Poison as poison:
            self._bury(number, message, poison)
            return
        for ignored in notice.ignored:
            self._telemetry.count("objects", 1, ignored.reason)
        for refused in notice.refused:
            self._bury(number, message, Poison("record refused", reason=refused.reason, key=refused.key))
        async with asyncio.TaskGroup() as tasks:
            for ref in notice.objects:
                tasks.create_task(self._carry_object(number, message, ref))

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

    async def _carry_object(self, number: int, message: Message, ref: ObjectRef) -> None:
        receipt = self._ledger.open(number)
        opened = self._opened[receipt] = _Opened(message, ref)
        outcome, is_done = "broken_off", False
        try:
            async with self._slots:
                outcome = await self._read_object(receipt, opened)
            is_done = True
        except Poison as poison:
            outcome = poison.reason
            self._owe(receipt, [self._object_letter(opened, poison)])
            is_done = True
        except (Retryable, LeaseLost) as error:
            outcome = error.reason
            log.warning("object not read", reason=error.reason, **error.fields)
        finally:
            if not is_done:  # whatever ended it: what was not said to be done is not
                self.give_up(number)
            if opened.decoding:
                self._budget.give(opened.decoding.release())
            self._telemetry.count("objects", 1, outcome)
            self._act(number, self._ledger.read(receipt))
            self._close_if_done(receipt)

    async def _read_object(self, receipt: int, opened: _Opened) -> str:
        """Read the object to its end; everything made of it is then with the deliveries. The outcome in a word."""
        ref = opened.ref
        if self._is_stopping:
            raise Retryable("stopping before the object was opened", reason="stopping")
        if (reason := registry.control_object(ref.key)) is not None:
            return reason
        route = self._router.route(ref.bucket, ref.key)
        if route is None:
            raise Poison("no route fits this object", reason="no_route")
        if route.drop:
            return "dropped"
        async with self._objects.open(ref) as body:
            opened.source = body.source
            opened.decoding = Decoding(
                self._settings.object, lambda head: self._choose(opened, route, head), self._formats.values()
            )
            async for data, is_last in body.pieces():
                self._telemetry.count("bytes", len(data), "received")
                opened.decoding.feed(data, is_last=is_last)
                while await self._step(receipt, opened, opened.decoding):
                    pass
        name = SourceName(ref.bucket, stem_of(ref.key), opened.format)
        self.sources.arrived(name, opened.source.modified_at, self._wall_clock())
        return "read"

    def _choose(self, opened: _Opened, route: Route, head: bytes) -> tuple[registry.Format, list[Parser]]:
        """An object's format by its first bytes, and a parser for each way in which its sinks want documents."""
        known = self._formats
        found = registry.detect(opened.ref.key, head, known) if route.format == "auto" else known[route.format]
        if found is None:
            tried = ", ".join(known)
            raise Poison("content is of no known format", reason="unknown_format", tried=tried)
        opened.format = found.name
        groups: dict[Framing, list[Delivery]] = {}
        for delivery in (self._deliveries[name] for name in route.sinks or self._deliveries):
            framing = delivery.sink.framing(route.dataset or found.dataset, self._settings.events)
            groups.setdefault(framing, []).append(delivery)
        opened.groups = list(groups.items())
        assert opened.source is not None
        return found, [open_parser(found, opened.source, framing) for framing in groups]

    # --- blocks and documents ------------------------------------------------------------------------------------------------

    async def _step(self, receipt: int, opened: _Opened, decoding: Decoding) -> bool:
        """One block in a worker, its documents to the deliveries; False when more must be fed."""
        wanted = self._expansion.bytes
        await self._budget.take(wanted)
        before, held, made = decoding.decoded_bytes, decoding.held_bytes, 0
        try:
            parsed = await self._workers.run(decoding.step)
            if parsed is not None:
                made = self._hand_over(receipt, opened, parsed)
                self._expansion.seen(made)
        finally:
            self._budget.correct(made - wanted + decoding.held_bytes - held)
        self._telemetry.count("bytes", decoding.decoded_bytes - before, "decoded")
        return parsed is not None

    def _hand_over(self, receipt: int, opened: _Opened, parsed: Sequence[Documents]) -> int:
        """Count a block's lines and give its documents away; the bytes that are now held for them."""
        first = parsed[0]
        self._telemetry.count("lines_read", first.lines, opened.format)
        self._telemetry.count("fallback_lines", first.fallback, opened.format)
        self._telemetry.count("format_drift", first.drifted, opened.format)
        self._drift.saw(opened.format, first.drifted)
        self._telemetry.lines(opened.format, Outcome.SKIPPED, first.skipped)
        self._telemetry.lines(opened.format, Outcome.DROPPED, first.dropped)
        held = 0
        for documents, (_, deliveries) in zip(parsed, opened.groups, strict=False):
            if not len(documents):
                continue
            self._telemetry.count("bytes", len(documents.data), "encoded")
            for delivery in deliveries:
                self._ledger.made(receipt, len(documents))
                held += len(documents.data)
                delivery.add(documents, receipt)
        if first.rejects:
            for reason, count in Counter(reject.reason for reject in first.rejects).items():
                self._telemetry.count("rejects", count, opened.format, reason)
            self._owe(receipt, [self._line_letter(opened, reject) for reject in first.rejects], lines=len(first.rejects))
        return held

    # --- verdicts ------------------------------------------------------------------------------------------------------------

    def is_wanted(self, receipt: int) -> bool:
        """Whether the object's message is still ours."""
        return self._ledger.is_live(self._ledger.message_of(receipt))

    def documents_rested(self, delivery: Delivery, part: Part, accepted: int, duplicates: int, held_bytes: int) -> None:
        """Documents of a part are in the sink."""
        opened = self._opened[part.receipt]
        if opened.counts_lines(delivery):
            self._telemetry.lines(opened.format, Outcome.ACCEPTED, accepted)
            self._telemetry.lines(opened.format, Outcome.DUPLICATE, duplicates)
        self._budget.give(held_bytes)
        self._rest(part.receipt, accepted + duplicates)

    def documents_refused(
        self, delivery: Delivery, part: Part, refused: Sequence[tuple[int, Refusal]], held_bytes: int
    ) -> None:
        """The sink will never take these documents: their dead letters are owed in their place."""
        opened = self._opened[part.receipt]
        letters = [self._document_letter(opened, delivery, part.documents, index, why) for index, why in refused]
        self._budget.give(held_bytes)
        self._owe(part.receipt, letters, lines=len(letters) if opened.counts_lines(delivery) else 0)
        self._rest(part.receipt, len(refused))

    def documents_grew(self, delivery: Delivery, held_bytes: int) -> None:
        """Documents under way to a sink were changed."""
        self._budget.correct(held_bytes)

    def documents_given_back(self, delivery: Delivery, part: Part, held_bytes: int) -> None:
        """What became of these documents will not be known here."""
        opened = self._opened[part.receipt]
        if opened.counts_lines(delivery):
            self._telemetry.lines(opened.format, Outcome.GIVEN_BACK, len(part))
        self._budget.give(held_bytes)
        self.give_up(self._ledger.message_of(part.receipt))
        self._rest(part.receipt, len(part))

    # --- dead letters --------------------------------------------------------------------------------------------------------

    def _bury(self, number: int, message: Message, poison: Poison) -> None:
        """A message, or a record of it, that cannot be read at all: a dead letter stands for it in the ledger."""
        receipt = self._ledger.open(number)
        self._opened[receipt] = _Opened(message, ObjectRef("", ""))
        raw = message.body.encode(errors="replace")
        self._owe(receipt, [self._letter("message", poison.reason, str(poison), Place(message_id=message.id), raw, message)])
        self._act(number, self._ledger.read(receipt))

    def _owe(self, receipt: int, letters: list[DeadLetter], lines: int = 0) -> None:
        """Dead letters count as made until they are written; what cannot be written gives the whole message back."""
        opened = self._opened[receipt]
        number = self._ledger.message_of(receipt)
        held = sum(len(letter.raw) for letter in letters)
        self._ledger.made(receipt, len(letters))
        self._budget.correct(held)

        def written(is_written: bool) -> None:
            self._budget.give(held)
            self._telemetry.lines(opened.format, Outcome.DEAD_LETTERED if is_written else Outcome.GIVEN_BACK, lines)
            if not is_written:
                self.give_up(number)
            for letter in letters if is_written else ():
                self._telemetry.count("dead_letters", 1, letter.reason)
            self._rest(receipt, len(letters))

        self._dead_letters.owe(letters, written)

    def _object_letter(self, opened: _Opened, poison: Poison) -> DeadLetter:
        head = opened.decoding.head if opened.decoding else b""
        return self._letter("object", poison.reason, str(poison), opened.place, head, opened.message)

    def _line_letter(self, opened: _Opened, reject: Reject) -> DeadLetter:
        place = replace(opened.place, offset=reject.offset)
        letter = self._letter("line", reject.reason, reject.column, place, reject.raw, opened.message)
        return replace(letter, length=reject.length)

    def _document_letter(
        self, opened: _Opened, delivery: Delivery, documents: Documents, index: int, why: Refusal
    ) -> DeadLetter:
        place = replace(opened.place, offset=int(documents.offsets[index]), sink=delivery.name)
        return self._letter("document", why.reason, why.detail, place, bytes(documents.body(index)), opened.message)

    def _letter(self, kind: Kind, reason: str, detail: str, place: Place, raw: bytes, message: Message) -> DeadLetter:
        return DeadLetter(
            kind=kind,
            reason=reason,
            detail=detail,
            place=place,
            raw=raw[: self._settings.dead_letters.raw_bytes_max],
            length=len(raw),
            at=self._wall_clock(),
            receive_count=message.receive_count,
        )

    # --- settled -------------------------------------------------------------------------------------------------------------

    def _rest(self, receipt: int, things: int) -> None:
        number = self._ledger.message_of(receipt)
        self._act(number, self._ledger.rested(receipt, things))
        self._close_if_done(receipt)

    def _act(self, number: int, decision: Decision) -> None:
        if decision is Decision.DELETE:
            self._leases.settle(number)

    def _close_if_done(self, receipt: int) -> None:
        if self._ledger.is_done(receipt) and (opened := self._opened.pop(receipt, None)) and opened.ref.event_at:
            self._telemetry.settled_after(max(self._wall_clock() - opened.ref.event_at, 0.0))
