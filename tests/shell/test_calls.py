"""Calls under way: answered once, found again, and no more held than may be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ingestd.errors import Retryable
from ingestd.model import Call
from ingestd.shell.calls import Calls
from ingestd.shell.telemetry import Telemetry

KIB = 1024


def call(name: str = "id", *records: bytes) -> Call:
    return Call(name, "logs", records or (b"one",), 0.0)


def calls(store: Callable[[Call], Awaitable[None]] | None = None) -> tuple[Calls, Telemetry, list[Call]]:
    """Calls that are begun by being listed; their number is their place, from 1."""
    begun: list[Call] = []
    telemetry = Telemetry()

    def begin(call: Call, _: Calls) -> int:
        begun.append(call)
        return len(begun)

    return Calls(telemetry, calls_max=2, held_bytes_max=4 * KIB, begin=begin, store=store), telemetry, begun


@pytest.mark.parametrize("is_settled", [True, False])
async def test_a_call_is_answered_as_it_ends(is_settled: bool) -> None:
    """Settled or given back, once; what it held is released, and nothing of it is left."""
    under_way, telemetry, _ = calls()
    hold = under_way.hold()
    hold.be(KIB)
    future = under_way.take(call(), hold)
    assert (len(under_way), under_way.held_bytes, future.done()) == (1, KIB, False)
    if is_settled:
        under_way.settle(1)
    under_way.give_back(1)
    assert await future is is_settled
    await asyncio.sleep(0)
    assert (len(under_way), under_way.held_bytes) == (0, 0)
    outcome = "settled" if is_settled else "given_back"
    assert telemetry.snapshot().counters["calls"] == {"received": 1, outcome: 1}


async def test_a_retry_waits_for_the_same_call() -> None:
    """It is begun once, and both hear of its end; what the second holds is released at once."""
    under_way, telemetry, begun = calls()
    first = under_way.take(call(), under_way.hold())
    again = under_way.hold()
    again.be(KIB)
    second = under_way.take(call(), again)
    assert (len(begun), under_way.held_bytes) == (1, 0)
    under_way.settle(1)
    assert [await first, await second] == [True, True]
    assert telemetry.snapshot().counters["calls"] == {"received": 1, "joined": 1, "settled": 1}
    await asyncio.sleep(0)
    under_way.take(call(), under_way.hold())
    assert len(begun) == 2


@pytest.mark.parametrize("is_late", [True, False])
async def test_who_was_told_to_try_again_is_told_the_end(is_late: bool) -> None:
    """Once it tries again, and for the same records alone; for another nothing is kept."""
    under_way, telemetry, begun = calls()
    first = under_way.take(call(), under_way.hold())
    if is_late:
        under_way.is_late(call())
    under_way.settle(1)
    await first
    await asyncio.sleep(0)
    again = under_way.take(call(), under_way.hold())
    assert again.done() is is_late
    assert len(begun) == (1 if is_late else 2)
    assert telemetry.snapshot().counters["calls"].get("joined", 0) == is_late
    under_way.give_all_back()
    await asyncio.sleep(0)
    assert not under_way.take(call("id", b"two"), under_way.hold()).done()


async def test_another_call_of_the_same_id_is_not_answered_by_it() -> None:
    """An id alone proves nothing: nobody is told that records are settled which nobody has read."""
    under_way, telemetry, begun = calls()
    under_way.take(call("id", b"one"), under_way.hold())
    with pytest.raises(Retryable):
        under_way.take(call("id", b"two"), under_way.hold())
    assert len(begun) == 1
    assert telemetry.snapshot().counters["calls"] == {"received": 1, "mistaken": 1}


async def test_there_is_room_for_so_many_calls_and_bytes() -> None:
    """One over either is too many, and room comes back with an end."""
    under_way, _, _ = calls()
    under_way.take(call("a"), under_way.hold())
    assert under_way.has_room
    under_way.take(call("b"), under_way.hold())
    assert not under_way.has_room
    under_way.settle(1)
    await asyncio.sleep(0)
    assert under_way.has_room
    large = under_way.hold()
    large.be(4 * KIB)
    assert not under_way.has_room
    with pytest.raises(Retryable) as caught:
        under_way.hold().be(1)
    assert caught.value.reason == "over_budget"
    large.be(1)
    assert under_way.held_bytes == 2


async def test_the_end_of_the_process_answers_all() -> None:
    """Whoever waits is told to try again."""
    under_way, telemetry, _ = calls()
    futures = [under_way.take(call(name), under_way.hold()) for name in "ab"]
    under_way.give_all_back()
    assert await asyncio.gather(*futures) == [False, False]
    assert telemetry.snapshot().counters["calls"] == {"received": 2, "given_back": 2}


@pytest.mark.parametrize(("error", "answer"), [(None, True), (Retryable("no", reason="spool"), False)])
async def test_a_call_that_is_stored_ends_with_that(error: Retryable | None, answer: bool) -> None:
    """Or is given back when it cannot be."""

    async def store(_: Call) -> None:
        if error:
            raise error

    under_way, telemetry, begun = calls(store)
    assert await under_way.take(call(), under_way.hold()) is answer
    assert begun == []
    assert telemetry.snapshot().counters["calls"] == {"received": 1, "spooled" if answer else "given_back": 1}


async def test_a_fault_of_ours_is_no_acknowledgement() -> None:
    """What fails in a way that nobody foresaw is not stored."""

    async def store(_: Call) -> None:
        raise RuntimeError

    under_way, telemetry, _ = calls(store)
    future = under_way.take(call(), under_way.hold())
    await asyncio.wait([future])
    assert isinstance(future.exception(), RuntimeError)
    assert (len(under_way), telemetry.snapshot().counters["calls"]) == (0, {"received": 1, "given_back": 1})
