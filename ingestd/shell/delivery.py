"""The way of documents to one sink: batches are sealed, sent under permits, and what was not taken is sent again.

Who decides what: core/batch when a batch is full, core/pace how many bytes make it full, core/throttle how many requests may be
under way, core/retry how long to wait, the sink's verdict what became of each item, core/healing whether a refused one may be
changed and sent once more. Here is only the waiting, and the report of what came to rest.
"""

from __future__ import annotations

import asyncio
import heapq
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Protocol

import structlog

from ingestd.core.batch import Batcher, again, halves, joined, rewritten
from ingestd.core.healing import heal
from ingestd.core.pace import Pace
from ingestd.core.retry import Backoff
from ingestd.core.throttle import Throttle
from ingestd.model import Batch, BatchLimits, Documents, Part, Refusal, Verdict
from ingestd.shell.telemetry import Telemetry
from ingestd.sinks.sink import Sink

__all__ = ["Delivery", "Rest"]

log = structlog.get_logger()

HEALED_AT_ONCE = 100  # documents, some milliseconds; then the event loop may turn to others


class Rest(Protocol):
    """Who is told what came to rest, part by part: settlement.py."""

    def is_wanted(self, receipt: int) -> bool:
        """Whether sending documents of this object still serves a message that is ours to settle."""
        ...

    def documents_rested(self, delivery: Delivery, part: Part, accepted: int, duplicates: int, held_bytes: int) -> None:
        """So many documents of the part are in the sink; their `held_bytes` may be forgotten."""
        ...

    def documents_refused(
        self, delivery: Delivery, part: Part, refused: Sequence[tuple[int, Refusal]], held_bytes: int
    ) -> None:
        """The sink will never take these documents (index into part.documents, why); dead letters are owed."""
        ...

    def documents_grew(self, delivery: Delivery, held_bytes: int) -> None:
        """Documents under way were changed, and take so many bytes more (or less)."""
        ...

    def documents_given_back(self, delivery: Delivery, part: Part, held_bytes: int) -> None:
        """Nothing more is done for this part, whether it is in the sink or not: its message is another receipt's to settle."""
        ...


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a sink said of a batch, when, and the refused items that may be sent once more, as they are then."""

    verdict: Verdict
    at: float
    healed: Mapping[int, bytes]


class Delivery:
    """Everything between the parser and one sink. One loop, one task for each request under way."""

    def __init__(
        self,
        sink: Sink,
        throttle: Throttle,
        backoff: Backoff,
        rest: Rest,
        telemetry: Telemetry,
        *,
        clock: Callable[[], float],
        random: Random,
        fields: Collection[str] = (),
    ) -> None:
        """`fields`: the paths that the formats know, which stay in place when a document is healed."""
        self.sink = sink
        self.throttle = throttle
        self._backoff = backoff
        self._rest = rest
        self._telemetry = telemetry
        self._clock = clock
        self._random = random
        self._fields = fields
        self._batcher = Batcher(sink.limits)
        self._pace = Pace(sink.limits.bytes_max, sink.limits.slow_seconds)
        self._ready: deque[Batch] = deque()
        self._retries: list[tuple[float, int, Batch]] = []
        self._sequence = 0
        self._under_way: set[asyncio.Task[_Answer]] = set()
        self._wake = asyncio.Event()
        self._is_over = False

    @property
    def name(self) -> str:
        """The sink's name: the label `sink`."""
        return self.sink.name

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not (self._batcher.waiting_bytes or self._ready or self._retries or self._under_way)

    @property
    def is_behind(self) -> bool:
        """Whether a batch could go and may not: the sink is what is waited for."""
        may_send = self.throttle.may_send(len(self._under_way), self._clock())
        return self.throttle.paused is not None or (bool(self._ready) and not may_send)

    @property
    def wants_more(self) -> bool:
        """Whether documents are of use: a paused sink that has none would never be asked whether it is well again."""
        return self.throttle.paused is None or self.is_idle

    @property
    def retry_bytes(self) -> int:
        """Bytes that wait to be sent again."""
        return sum(batch.bytes for _, _, batch in self._retries)

    @property
    def paused_seconds(self) -> float:
        """For how long the sink has been paused; 0 if it is not."""
        return self._clock() - self.throttle.paused_at if self.throttle.paused_at is not None else 0.0

    def change(self, limits: BatchLimits, permits_max: int, backoff: Backoff) -> None:
        """Other limits from the next batch on; what a server did not take is found out anew."""
        self._batcher.limits = limits
        self._pace = Pace(limits.bytes_max, limits.slow_seconds)
        self._backoff = backoff
        self.throttle.change(permits_max, backoff)
        self._wake.set()

    def add(self, documents: Documents, receipt: int) -> None:
        """Take documents; they will be reported part by part."""
        self._ready.extend(self._batcher.add(documents, receipt, self._clock()))
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; requests under way are then cancelled too, and nothing is known of them."""
        try:
            while True:
                self._wake.clear()
                now = self._clock()
                self._collect_due(now)
                while self._ready and self.throttle.may_send(len(self._under_way), now):
                    if (batch := self._still_wanted(self._ready.popleft())) is not None:
                        self._start(batch)
                try:
                    async with asyncio.timeout(self._until_next(now)):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            self._is_over = True
            tasks = list(self._under_way)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _collect_due(self, now: float) -> None:
        """Seal the batch that is old enough; put what is due again in front, in as few batches as it fits."""
        due_at = self._batcher.due_at()
        if due_at is not None and due_at <= now and (batch := self._batcher.flush()):
            self._ready.append(batch)
        due: list[Batch] = []
        while self._retries and self._retries[0][0] <= now:
            due.append(heapq.heappop(self._retries)[2])
        self._ready.extendleft(reversed(joined(due, self._batcher.limits)))

    def _until_next(self, now: float) -> float | None:
        """Seconds until something falls due by itself; None if only an event can bring work."""
        moments = [self._retries[0][0]] if self._retries else []
        if (due_at := self._batcher.due_at()) is not None:
            moments.append(due_at)
        if self._ready and self.throttle.not_before > now:
            moments.append(self.throttle.not_before)
        return max(min(moments) - now, 0.0) if moments else None

    def _still_wanted(self, batch: Batch) -> Batch | None:
        """The batch without documents of messages that ended meanwhile: whoever has those now sends them."""
        wanted: list[Part] = []
        for part in batch.parts:
            if self._rest.is_wanted(part.receipt):
                wanted.append(part)
            else:
                self._rest.documents_given_back(self, part, part.bytes)
        return replace(batch, parts=tuple(wanted)) if wanted else None

    def _start(self, batch: Batch) -> None:
        task = asyncio.create_task(self._send(batch))
        self._under_way.add(task)
        task.add_done_callback(partial(self._ended, batch, self._clock()))

    async def _send(self, batch: Batch) -> _Answer:
        """Send once; refused items that may be taken after all are made ready for that, and other work goes on in between."""
        verdict = await self.sink.send(batch)
        answered_at = self._clock()
        healed: dict[int, bytes] = {}
        items = list(batch.items()) if verdict.refused else []
        for count, refusal in enumerate(verdict.refused, 1):
            part, index = items[refusal.item]
            if document := heal(part.documents.body(index), refusal, self._fields):
                healed[refusal.item] = document
                self._telemetry.count("healed", 1, self.name, refusal.reason)
            if count % HEALED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return _Answer(verdict, answered_at, healed)

    def _ended(self, batch: Batch, sent_at: float, task: asyncio.Task[_Answer]) -> None:
        self._under_way.discard(task)
        self._wake.set()
        if self._is_over:
            return
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            # A fault of ours, which sending again may only repeat. The messages go back; the queue counts their receipts.
            log.error("sending failed inside", sink=self.name, error=type(error).__name__, exc_info=error)
            for part in batch.parts:
                self._rest.documents_given_back(self, part, part.bytes)
        else:
            self._answered(batch, task.result(), sent_at)

    def _answered(self, batch: Batch, answer: _Answer, sent_at: float) -> None:
        verdict, healed, now = answer.verdict, answer.healed, answer.at
        self._telemetry.stage_seconds.labels(f"sink_{self.sink.kind}").observe(now - sent_at)
        self._steer(verdict, batch.bytes, sent_at, now)
        self._report(batch, _reprieved(verdict, healed))
        if healed:
            self._send_healed(batch, healed, now)
        if verdict.split and len(verdict.retry) > 1:
            self._shrink(batch)
            self._ready.extendleft(
                reversed(halves(batch, verdict.retry))
            )  # at once and as they are: joined they were too large
        elif verdict.split:
            self._refuse_the_rest(batch, verdict.retry)
        elif verdict.retry:
            delay = self._backoff.delay(batch.attempt, self._random.random(), verdict.after_seconds)
            self._again(again(batch, verdict.retry), now + delay)

    def _send_healed(self, batch: Batch, healed: Mapping[int, bytes], now: float) -> None:
        changed = rewritten(batch, healed)
        self._rest.documents_grew(self, changed.bytes - again(batch, sorted(healed)).bytes)
        self._again(changed, now)

    def _steer(self, verdict: Verdict, size: int, sent_at: float, now: float) -> None:
        if verdict.paused:
            if self.throttle.paused is None:
                log.error("sink paused", sink=self.name, reason=verdict.paused)
            self.throttle.pause(verdict.paused, now, self._random.random())
        elif verdict.throttled:
            self.throttle.throttled(sent_at, now, self._random.random(), verdict.after_seconds)
        elif not verdict.split:
            if self.throttle.paused is not None:
                log.info("sink resumed", sink=self.name)
            is_in_time = self._pace.answered(size, verdict.took_seconds, sent_at, now)
            self._batcher.limits = replace(self._batcher.limits, bytes_max=self._pace.bytes_max)
            self.throttle.answered(now, is_in_time=is_in_time)

    def _report(self, batch: Batch, verdict: Verdict) -> None:
        self._telemetry.count("requests", 1, self.name, verdict.reason or "answered")
        self._telemetry.count("documents", verdict.accepted, self.name, "accepted")
        self._telemetry.count("documents", len(verdict.duplicates), self.name, "duplicate")
        self._telemetry.count("documents", len(verdict.refused), self.name, "refused")
        self._telemetry.count("retries", len(verdict.retry), self.name, verdict.reason or "item")
        refused_items = [refusal.item for refusal in verdict.refused]
        begin = 0
        for part in batch.parts:
            end = begin + len(part)
            duplicates = _within(verdict.duplicates, begin, end)
            lo, hi = bisect_left(refused_items, begin), bisect_left(refused_items, end)
            again_from, again_to = bisect_left(verdict.retry, begin), bisect_left(verdict.retry, end)
            refused_bytes = _bytes(part, begin, refused_items[lo:hi])
            rested_bytes = part.bytes - refused_bytes - _bytes(part, begin, verdict.retry[again_from:again_to])
            accepted = len(part) - duplicates - (hi - lo) - (again_to - again_from)
            if accepted or duplicates:
                self._rest.documents_rested(self, part, accepted, duplicates, rested_bytes)
            if hi > lo:
                refused = [(part.first + refusal.item - begin, refusal) for refusal in verdict.refused[lo:hi]]
                self._rest.documents_refused(self, part, refused, refused_bytes)
            begin = end

    def _again(self, batch: Batch, due_at: float) -> None:
        self._sequence += 1
        heapq.heappush(self._retries, (due_at, self._sequence, batch))

    def _shrink(self, batch: Batch) -> None:
        """The server's limit is on uncompressed bytes: remember half of what it did not take."""
        if self._pace.too_large(batch.bytes):
            log.warning("request too large", sink=self.name, bytes=batch.bytes, batch_bytes_max=self._pace.bytes_max)
            self._batcher.limits = replace(self._batcher.limits, bytes_max=self._pace.bytes_max)

    def _refuse_the_rest(self, batch: Batch, items: Sequence[int]) -> None:
        self._telemetry.count("documents", len(items), self.name, "refused")
        for part in again(batch, items).parts:
            refused = [(index, Refusal(index, "too_large")) for index in range(part.last)]
            self._rest.documents_refused(self, part, refused, part.bytes)


def _reprieved(verdict: Verdict, healed: Mapping[int, bytes]) -> Verdict:
    """The verdict if healed items had not been refused, but were to be sent again."""
    if not healed:
        return verdict
    refused = tuple(refusal for refusal in verdict.refused if refusal.item not in healed)
    return replace(verdict, refused=refused, retry=tuple(sorted((*verdict.retry, *healed))))


def _within(items: Sequence[int], begin: int, end: int) -> int:
    """How many of the ascending `items` lie in [begin, end)."""
    return bisect_left(items, end) - bisect_left(items, begin)


def _bytes(part: Part, begin: int, items: Sequence[int]) -> int:
    """The encoded bytes of some items of a part that begins at item `begin` of its batch."""
    starts = part.documents.starts
    return sum(int(starts[part.first + item - begin + 1] - starts[part.first + item - begin]) for item in items)
