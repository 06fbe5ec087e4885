"""The way to a sink, in virtual time: sealed by age, sent under permits, sent again until each item has an outcome."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import pytest

from ingestd.config import EventSettings, RetrySettings
from ingestd.core.retry import Backoff
from ingestd.core.throttle import Throttle
from ingestd.model import Batch, BatchLimits, Framing, Part, Refusal, Verdict
from ingestd.shell.delivery import Delivery
from ingestd.shell.telemetry import Telemetry
from tests.fakes.built import built
from tests.fakes.virtual_time import run

BACKOFF = Backoff(0.5, 8.0)
Answer = Callable[[Batch], Verdict]


class ScriptedSink:
    """Answers each request by the next of its script, then accepts all; each answer takes a second."""

    name = "main"
    kind = "scripted"

    def __init__(self, *script: Answer, limits: BatchLimits | None = None) -> None:
        self.limits = limits or BatchLimits(3, 10_000, 1.0)
        self.script = list(script)
        self.sent: list[tuple[float, list[bytes]]] = []
        self.under_way = 0
        self.most_under_way = 0

    def framing(self, dataset: str, events: EventSettings) -> Framing:
        return Framing(dataset, action=False)

    async def send(self, batch: Batch) -> Verdict:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.sent.append((asyncio.get_running_loop().time(), texts(batch)))
        answer = self.script.pop(0) if self.script else accepted
        await asyncio.sleep(1.0)
        self.under_way -= 1
        return answer(batch)

    async def check(self) -> None: ...

    async def close(self) -> None: ...


class Book:
    """Keeps what came to rest."""

    def __init__(self) -> None:
        self.rested: Counter[int] = Counter()
        self.duplicates = 0
        self.refused: list[tuple[bytes, str]] = []
        self.given_back: list[bytes] = []
        self.held_bytes = 0
        self.unwanted: set[int] = set()

    def is_wanted(self, receipt: int) -> bool:
        return receipt not in self.unwanted

    def documents_rested(self, delivery: Delivery, part: Part, accepted: int, duplicates: int, held_bytes: int) -> None:
        self.rested[part.receipt] += accepted + duplicates
        self.duplicates += duplicates
        self.held_bytes -= held_bytes

    def documents_refused(
        self, delivery: Delivery, part: Part, refused: Sequence[tuple[int, Refusal]], held_bytes: int
    ) -> None:
        self.refused += [(bytes(part.documents.body(index)), why.reason) for index, why in refused]
        self.held_bytes -= held_bytes

    def documents_grew(self, delivery: Delivery, held_bytes: int) -> None:
        self.held_bytes += held_bytes

    def documents_given_back(self, delivery: Delivery, part: Part, held_bytes: int) -> None:
        self.given_back += [bytes(part.documents.body(index)) for index in range(part.first, part.last)]
        self.held_bytes -= held_bytes


def texts(batch: Batch) -> list[bytes]:
    return [bytes(part.documents.body(index)) for part, index in batch.items()]


def accepted(batch: Batch) -> Verdict:
    return Verdict(len(batch))


def deliver(
    sink: ScriptedSink, groups: list[list[bytes]], permits: int = 2, unwanted: frozenset[int] = frozenset()
) -> tuple[Book, Delivery, float]:
    """Give a sink documents, wait until all is at rest; the book, the delivery, and when that was."""

    async def main() -> tuple[Book, Delivery, float]:
        clock = asyncio.get_running_loop().time
        book = Book()
        book.unwanted |= unwanted
        throttle = Throttle(permits, 8, BACKOFF)
        delivery = Delivery(sink, throttle, BACKOFF, book, Telemetry(), clock=clock, random=Random(1))
        task = asyncio.create_task(delivery.run())
        for receipt, group in enumerate(groups):
            documents = built(group)
            book.held_bytes += len(documents.data)
            delivery.add(documents, receipt)
        while not delivery.is_idle:  # noqa: ASYNC110 - time is virtual: this costs nothing
            await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return book, delivery, clock()

    return run(main())


def test_a_full_batch_goes_at_once_and_the_rest_when_it_is_old() -> None:
    """Three make a batch; the fourth waits its second."""
    sink = ScriptedSink()
    book, _, _ = deliver(sink, [[b"a", b"b"], [b"c", b"d"]])
    assert sink.sent == [(0.0, [b"a", b"b", b"c"]), (1.0, [b"d"])]
    assert book.rested == {0: 2, 1: 2}
    assert book.held_bytes == 0


def test_no_more_requests_than_permits() -> None:
    """Ready batches wait for a permit."""
    sink = ScriptedSink()
    deliver(sink, [[b"x"] * 30], permits=2)
    assert 2 <= sink.most_under_way <= 4


def test_only_what_was_not_taken_is_sent_again() -> None:
    """Item by item, until each has an outcome."""
    sink = ScriptedSink(lambda batch: Verdict(3, retry=(0, 2), duplicates=(1,), throttled=True))
    book, _, _ = deliver(sink, [[b"a", b"b", b"c"]])
    assert [sent for _, sent in sink.sent] == [[b"a", b"b", b"c"], [b"a", b"c"]]
    assert (book.rested[0], book.duplicates, book.held_bytes) == (3, 1, 0)


def test_what_is_left_over_is_sent_again_together() -> None:
    """Two batches that each lost an item become one request, not two."""
    sink = ScriptedSink(*[lambda batch: Verdict(3, retry=(1,), throttled=True)] * 2)
    deliver(sink, [[b"a", b"b", b"c"], [b"d", b"e", b"f"]])
    assert sorted(sink.sent[2][1]) in ([b"b"], [b"b", b"e"], [b"e"])
    assert sum(len(sent) for _, sent in sink.sent[2:]) == 2


def test_a_lost_answer_sends_all_again() -> None:
    """What was not reported is not delivered."""
    sink = ScriptedSink(lambda batch: Verdict.nothing_settled(3, "timeout", throttled=True))
    book, _, _ = deliver(sink, [[b"a", b"b", b"c"]])
    assert [sent for _, sent in sink.sent] == [[b"a", b"b", b"c"]] * 2
    assert book.rested == {0: 3}


def test_a_refused_document_is_reported_with_its_reason() -> None:
    """The others of its batch are accepted."""
    sink = ScriptedSink(lambda batch: Verdict(3, refused=(Refusal(1, "mapper_parsing_exception"),)))
    book, _, _ = deliver(sink, [[b"a"], [b"b", b"c"]])
    assert book.refused == [(b"b", "mapper_parsing_exception")]
    assert book.rested == {0: 1, 1: 1}
    assert book.held_bytes == 0


def test_a_request_that_is_too_large_is_halved_and_remembered() -> None:
    """Halves of halves, until it fits; later batches begin at the size that was learnt."""
    limits = BatchLimits(100, 1_000_000, 1.0)

    def picky(batch: Batch) -> Verdict:
        return Verdict.nothing_settled(len(batch), "too_large", split=True) if batch.bytes > 200_000 else Verdict(len(batch))

    sink = ScriptedSink(*[picky] * 40, limits=limits)
    book, _, _ = deliver(sink, [[b"x" * 100_000] * 8], permits=1)
    assert book.rested == {0: 8}
    sizes = [sum(map(len, sent)) for _, sent in sink.sent]
    assert sizes[:3] == [800_000, 400_000, 200_000]


def test_requests_get_smaller_while_the_server_is_slow() -> None:
    """By the time that it says it took: what comes later is sent in halves of what went before."""
    limits = BatchLimits(100, 1_000_000, 1.0, slow_seconds=5.0)
    sink = ScriptedSink(*[lambda batch: Verdict(len(batch), took_seconds=6.0)] * 2, limits=limits)

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        throttle = Throttle(2, 8, BACKOFF)
        delivery = Delivery(sink, throttle, BACKOFF, Book(), Telemetry(), clock=clock, random=Random(1))
        task = asyncio.create_task(delivery.run())
        for receipt in range(3):
            delivery.add(built([b"x" * 90_000] * 10), receipt)
            await asyncio.sleep(10.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(main())
    counts = [len(sent) for _, sent in sink.sent]
    assert counts[:3] == [10, 5, 5]
    assert max(counts[3:]) < 5


def test_small_halves_are_not_joined_again() -> None:
    """Below the size that is remembered they would be what was refused, for ever."""
    limits = BatchLimits(100, 30_000, 1.0)

    def picky(batch: Batch) -> Verdict:
        return Verdict.nothing_settled(len(batch), "too_large", split=True) if batch.bytes > 2_000 else Verdict(len(batch))

    sink = ScriptedSink(*[picky] * 40, limits=limits)
    book, _, _ = deliver(sink, [[b"x" * 1_000] * 8], permits=1)
    assert book.rested == {0: 8}
    assert len(sink.sent) == 15


def test_what_was_refused_is_not_halved_with_the_rest() -> None:
    """It has its outcome; a second one would be one too many."""

    def oversized(batch: Batch) -> Verdict:
        return Verdict(3, retry=(1, 2), refused=(Refusal(0, "record_too_large"),), split=True)

    sink = ScriptedSink(oversized)
    book, _, _ = deliver(sink, [[b"a", b"b", b"c"]])
    assert book.refused == [(b"a", "record_too_large")]
    assert (book.rested, book.held_bytes) == ({0: 2}, 0)


def test_documents_of_a_message_that_was_lost_are_not_sent() -> None:
    """Another consumer sends them."""
    sink = ScriptedSink()
    book, delivery, _ = deliver(sink, [[b"a", b"b"], [b"c", b"d"], [b"e"]], unwanted=frozenset({1, 2}))
    assert [sent for _, sent in sink.sent] == [[b"a", b"b"]]
    assert book.given_back == [b"c", b"d", b"e"]
    assert (delivery.is_idle, book.held_bytes) == (True, 0)


def test_a_paused_sink_without_documents_wants_some() -> None:
    """Or nobody would ever find out that it is well again."""

    def denied(batch: Batch) -> Verdict:
        return Verdict.nothing_settled(len(batch), "unauthorized", paused="unauthorized")

    def broken(batch: Batch) -> Verdict:
        raise MemoryError

    book, delivery, _ = deliver(ScriptedSink(denied, broken), [[b"a"]])
    assert book.given_back == [b"a"]
    assert delivery.throttle.paused
    assert delivery.wants_more


def test_a_document_too_large_by_itself_is_refused() -> None:
    """It can never be sent."""
    sink = ScriptedSink(lambda batch: Verdict.nothing_settled(1, "too_large", split=True))
    book, delivery, _ = deliver(sink, [[b"x" * 300_000]])
    assert book.refused == [(b"x" * 300_000, "too_large")]
    assert delivery.is_idle


def test_a_paused_sink_is_probed_and_loses_nothing() -> None:
    """A rotated password: everything waits, one request at a time asks, and then all of it goes."""
    sink = ScriptedSink(*[lambda batch: Verdict.nothing_settled(len(batch), "unauthorized", paused="unauthorized")] * 6)
    book, delivery, _ = deliver(sink, [[b"x"] * 12], permits=4)
    assert book.rested == {0: 12}
    assert book.refused == []
    assert delivery.paused_seconds == 0.0
    assert len(sink.sent) <= 6 + 4 + 1


@pytest.mark.parametrize("storm_seconds", [5.0, 60.0, 600.0])
def test_r05_after_a_429_storm_the_rate_is_back_within_half_a_minute(storm_seconds: float) -> None:
    """However long it lasted: 30 s after its end nine tenths of what the sink did before, and few requests in between."""
    settings = RetrySettings()
    backoff = Backoff(settings.first_seconds, settings.ceiling_seconds)
    begin, end = 60.0, 60.0 + storm_seconds

    def stormy(batch: Batch) -> Verdict:
        now = asyncio.get_running_loop().time()
        return Verdict.nothing_settled(len(batch), "throttled", throttled=True) if begin <= now < end else Verdict(len(batch))

    sink = ScriptedSink(*[stormy] * 100_000)

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        delivery = Delivery(sink, Throttle(4, 16, backoff), backoff, Book(), Telemetry(), clock=clock, random=Random(1))
        task = asyncio.create_task(delivery.run())
        while clock() < end + 45.0:
            delivery.add(built([b"x"] * 48), 1)  # sixteen requests, as many as there may be under way
            await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(main())

    def rate(first: float, last: float) -> float:
        return sum(first <= at < last for at, _ in sink.sent) / (last - first)

    assert rate(end + 30.0, end + 45.0) >= 0.9 * rate(45.0, 60.0) > 0
    assert rate(begin + 2.0, end) <= 0.25 * rate(45.0, 60.0)


DOCUMENTS = [b'{"n":1}', b'{"n":"word","k":2}', b'{"n":3}']
WRONG = Refusal(1, "mapper_parsing_exception", "failed to parse field [n] of type [long] in document with id '1'")


def test_a_document_that_can_be_healed_is_sent_once_more() -> None:
    """What offends is moved, at once, and that document alone goes out again; the bytes held for it are given back."""
    sink = ScriptedSink(lambda batch: Verdict(3, refused=(WRONG,)))
    book, delivery, _ = deliver(sink, [DOCUMENTS])
    assert [sent for _, sent in sink.sent] == [DOCUMENTS, [b'{"k":2,"unmapped":{"n":"word"},"tags":["ingestd_healed"]}']]
    assert (book.rested, book.refused, book.held_bytes) == ({0: 3}, [], 0)
    assert delivery.is_idle


def test_a_document_is_healed_only_once() -> None:
    """Refused again, it is refused; items to be retried beside it go their own way."""
    sink = ScriptedSink(
        lambda batch: Verdict(3, retry=(2,), refused=(WRONG,), throttled=True),
        *[lambda batch: Verdict(len(batch), refused=(replace(WRONG, item=0),) if b"healed" in texts(batch)[0] else ())] * 2,
    )
    book, _, _ = deliver(sink, [DOCUMENTS])
    assert [(b"healed" in body, reason) for body, reason in book.refused] == [(True, "mapper_parsing_exception")]
    assert (book.rested, book.held_bytes) == ({0: 2}, 0)


@pytest.mark.parametrize("error", [MemoryError(), asyncio.CancelledError()], ids=["raises", "is cancelled"])
def test_documents_of_a_request_that_fails_inside_are_given_back(error: BaseException) -> None:
    """A fault of ours: the others go on, nothing waits for ever, and no byte stays taken."""

    def fail(batch: Batch) -> Verdict:
        raise error

    book, delivery, _ = deliver(ScriptedSink(fail), [[b"a", b"b"], [b"c", b"d"]])
    assert book.given_back == [b"a", b"b", b"c"]
    assert book.rested == {1: 1}
    assert (delivery.is_idle, book.held_bytes) == (True, 0)
