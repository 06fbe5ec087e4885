"""The sink contract: what the pipeline relies on of every sink. A sink brings a rig, which plays the other side."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from typing import Protocol

import pytest

from ingestd.config import EventSettings
from ingestd.errors import Fatal, IngestdError, Retryable
from ingestd.model import Batch, Verdict
from ingestd.sinks.sink import Sink
from tests.fakes.documents import again

__all__ = ["Rig", "SinkContract"]

COUNT = 6


class Rig(Protocol):
    """A sink and the other side of it. What is scripted is met by the next request only."""

    sink: Sink
    knows_ids: bool  # the other side keeps one document an id, however often it is sent

    def batch(self, count: int) -> Batch: ...
    def ids(self, batch: Batch) -> list[str]: ...
    async def arrived(self) -> Counter[str]: ...
    def requests(self) -> int: ...
    def throttle_items(self, items: Collection[int]) -> None: ...
    def break_items(self, items: Collection[int]) -> None: ...
    def throttle(self) -> None: ...
    def fail(self) -> None: ...
    def forbid(self) -> None: ...
    def answer_short(self) -> None: ...
    def answer_garbage(self) -> None: ...
    def lose_answer(self, *, applied: bool) -> None: ...
    def be_silent(self) -> None:
        """Never answer; `sink` is then one that waits only briefly."""
        ...

    async def vanish(self) -> None: ...


def everything(verdict: Verdict) -> bool:
    """Whether the verdict has each item sent again and claims nothing."""
    return verdict.retry == tuple(range(verdict.items)) and not verdict.refused and not verdict.accepted


class SinkContract:
    """Inherit it, with a fixture `rig`."""

    async def test_all_is_accepted(self, rig: Rig) -> None:
        """A batch that meets no fault arrives whole, once, and says so."""
        batch = rig.batch(COUNT)
        assert await rig.sink.send(batch) == Verdict(COUNT)
        assert await rig.arrived() == Counter(rig.ids(batch))

    async def test_an_empty_batch_asks_nothing(self, rig: Rig) -> None:
        """Nothing to send is settled without a request."""
        assert await rig.sink.send(Batch(())) == Verdict(0)
        assert rig.requests() == 0

    async def test_throttled_items_alone_come_back(self, rig: Rig) -> None:
        """Items that the other side had no room for are to be sent again, slower; sent again alone, all is there once."""
        batch = rig.batch(COUNT)
        rig.throttle_items({1, 4})
        verdict = await rig.sink.send(batch)
        assert (verdict.retry, verdict.throttled, verdict.paused, verdict.accepted) == ((1, 4), True, None, COUNT - 2)
        assert await rig.sink.send(again(batch, verdict.retry)) == Verdict(2)
        assert await rig.arrived() == Counter(rig.ids(batch))

    async def test_broken_items_alone_come_back(self, rig: Rig) -> None:
        """Items that failed by a fault of the other side are to be sent again; that alone is no wish for less."""
        batch = rig.batch(COUNT)
        rig.break_items({0, COUNT - 1})
        verdict = await rig.sink.send(batch)
        assert (verdict.retry, verdict.throttled, verdict.paused) == ((0, COUNT - 1), False, None)
        assert await rig.sink.send(again(batch, verdict.retry)) == Verdict(2)
        assert await rig.arrived() == Counter(rig.ids(batch))

    @pytest.mark.parametrize("count", range(COUNT + 1))
    async def test_any_number_of_items_may_fail(self, rig: Rig, count: int) -> None:
        """However many fail, only they are sent again, and nothing is lost or doubled."""
        batch = rig.batch(COUNT)
        rig.throttle_items(range(count))
        verdict = await rig.sink.send(batch)
        assert verdict.retry == tuple(range(count))
        if count:
            assert await rig.sink.send(again(batch, verdict.retry)) == Verdict(count)
        assert await rig.arrived() == Counter(rig.ids(batch))

    async def test_a_throttled_request_settles_nothing(self, rig: Rig) -> None:
        """A request that is turned away whole comes back whole, with the wish for less."""
        rig.throttle()
        verdict = await rig.sink.send(rig.batch(COUNT))
        assert everything(verdict)
        assert verdict.throttled
        assert verdict.paused is None

    async def test_a_failed_request_settles_nothing(self, rig: Rig) -> None:
        """A request that breaks the other side comes back whole, and pauses nothing."""
        rig.fail()
        verdict = await rig.sink.send(rig.batch(COUNT))
        assert everything(verdict)
        assert verdict.paused is None

    async def test_refused_credentials_pause(self, rig: Rig) -> None:
        """Credentials that are refused pause the sink and make no dead letter."""
        rig.forbid()
        verdict = await rig.sink.send(rig.batch(COUNT))
        assert everything(verdict)
        assert verdict.paused in ("forbidden", "unauthorized")

    @pytest.mark.parametrize("applied", [True, False])
    async def test_a_lost_answer_settles_nothing(self, rig: Rig, applied: bool) -> None:
        """Without an answer all is sent again; where ids are known, all is there once even if the first was applied."""
        batch = rig.batch(COUNT)
        rig.lose_answer(applied=applied)
        verdict = await rig.sink.send(batch)
        assert everything(verdict)
        assert verdict.reason == "unreachable"
        second = await rig.sink.send(again(batch, verdict.retry))
        assert second.accepted + len(second.duplicates) == COUNT
        times = 2 if applied and not rig.knows_ids else 1
        assert await rig.arrived() == Counter(rig.ids(batch) * times)

    async def test_a_short_answer_settles_nothing(self, rig: Rig) -> None:
        """An answer that leaves an item out says nothing reliable of any."""
        rig.answer_short()
        verdict = await rig.sink.send(rig.batch(COUNT))
        assert everything(verdict)
        assert verdict.reason == "bad_answer"

    async def test_a_garbled_answer_settles_nothing(self, rig: Rig) -> None:
        """A page of some proxy, with status 200, is not a delivery."""
        rig.answer_garbage()
        verdict = await rig.sink.send(rig.batch(COUNT))
        assert everything(verdict)
        assert verdict.reason == "bad_answer"

    async def test_silence_settles_nothing(self, rig: Rig) -> None:
        """No answer in time is a failure that asks for less."""
        rig.be_silent()
        verdict = await rig.sink.send(rig.batch(COUNT))
        assert everything(verdict)
        assert (verdict.reason, verdict.throttled) == ("timeout", True)

    async def test_an_absent_other_side_settles_nothing(self, rig: Rig) -> None:
        """A connection that nobody takes is a failure like another."""
        await rig.vanish()
        verdict = await rig.sink.send(rig.batch(COUNT))
        assert everything(verdict)
        assert verdict.reason == "unreachable"

    async def test_cancelling_is_passed_on(self, rig: Rig) -> None:
        """A send that is cancelled ends cancelled, with no verdict."""
        rig.be_silent()
        task = asyncio.create_task(rig.sink.send(rig.batch(COUNT)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_a_check_finds_all_well(self, rig: Rig) -> None:
        """A check of a sink that would work passes, and nothing arrives by it."""
        await rig.sink.check()
        assert not await rig.arrived()

    @pytest.mark.parametrize(
        ("fault", "error"), [("forbid", Fatal), ("throttle", Retryable), ("be_silent", Retryable), ("vanish", Retryable)]
    )
    async def test_a_check_says_what_is_wrong(self, rig: Rig, fault: str, error: type[IngestdError]) -> None:
        """A check raises Fatal for what will not pass by itself, and Retryable for what may."""
        done = getattr(rig, fault)()
        if done is not None:
            await done
        with pytest.raises(error):
            await rig.sink.check()

    async def test_framing_follows_the_dataset(self, rig: Rig) -> None:
        """Documents are framed for this sink: with an id, as metadata or as a field, and the settings of events."""
        framing = rig.sink.framing("aws.alb", EventSettings(original=True))
        assert framing.dataset == "aws.alb"
        assert framing.original
        assert framing.action != framing.id_field
        assert framing.action == rig.knows_ids
