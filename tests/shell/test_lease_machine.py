"""The leases as a machine: messages come and end, and the queue hangs or fails; what is held is held by the queue, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ingestd.errors import Retryable
from ingestd.model import Message
from ingestd.shell.leases import ASK_AGAIN_PART, Leases
from ingestd.shell.telemetry import Telemetry
from tests.fakes.virtual_time import VirtualLoop

VISIBILITY = 60
ASKED_AGAIN_SECONDS = VISIBILITY / ASK_AGAIN_PART + 0.1  # at most, from when the queue is well until it has answered


class FakeQueue:
    """`visible_at` of each receipt that it knows; what is asked for reaches it, or raises, or hangs."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.visible_at: dict[str, float] = {}
        self.deleted: list[str] = []
        self.given_back: list[str] = []
        self.mood = "well"

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        await self._reach()
        self.deleted += receipts
        return []

    async def change_visibility(self, receipts: Sequence[str], seconds: int) -> tuple[list[str], list[str]]:
        await self._reach()
        gone = [each for each in receipts if self.visible_at[each] <= self._loop.time()]
        for receipt in set(receipts) - set(gone):
            self.visible_at[receipt] = self._loop.time() + seconds
            if seconds != VISIBILITY:
                self.given_back.append(receipt)
        return gone, []

    async def _reach(self) -> None:
        if self.mood == "hangs":
            await asyncio.sleep(1000.0)
        if self.mood != "well":
            raise Retryable("out of reach", reason="queue_unreachable")
        await asyncio.sleep(0.01)


class LeaseMachine(RuleBasedStateMachine):
    """What is held is held by the queue, too; what ends does so once."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.queue = FakeQueue(self.loop)
        self.lost: dict[int, float] = {}  # when
        self.leases = Leases(
            self.queue,
            Telemetry(),
            visibility_seconds=VISIBILITY,
            age_seconds_max=1e9,
            clock=self.loop.time,
            on_lost=lambda number: self.lost.update({number: self.loop.time()}),
            on_too_old=lambda number: None,
        )
        self.held: dict[int, str] = {}
        self.settled: set[str] = set()
        self.returned: set[str] = set()
        self.task = self.loop.create_task(self.leases.run())
        self.well_since = self.loop.time()

    @rule()
    def receive(self) -> None:
        number = len(self.queue.visible_at) + 1
        self.held[number] = receipt = f"r{number}"
        self.queue.visible_at[receipt] = self.loop.time() + VISIBILITY
        self._do(lambda: self.leases.hold(number, Message(f"m{number}", receipt, ""), self.loop.time()))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["settle", "give_back"]))
    def end(self, data: st.DataObject, how: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.held)))
        receipt = self.held.pop(number)
        (self.settled if how == "settle" else self.returned).add(receipt)
        self._do(lambda: self.leases.settle(number) if how == "settle" else self.leases.give_back(number, 5))

    @rule(mood=st.sampled_from(["well", "well", "fails", "hangs"]))
    def queue_is(self, mood: str) -> None:
        if mood == "well" and self.queue.mood != "well":
            self.well_since = self.loop.time()
        self.queue.mood = mood

    @rule(seconds=st.floats(0.0, 50.0))
    def time_passes(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))
        for number in self.held.keys() & self.lost.keys():
            del self.held[number]
            assert self.queue.mood != "well" or self.lost[number] <= self.well_since + ASKED_AGAIN_SECONDS

    @invariant()
    def what_is_held_is_invisible(self) -> None:
        for number, receipt in self.held.items():
            if number not in self.lost:
                assert self.queue.visible_at[receipt] >= self.loop.time() - 0.02

    @invariant()
    def only_what_was_settled_is_deleted(self) -> None:
        assert set(self.queue.deleted) <= self.settled
        assert set(self.queue.given_back) <= self.returned
        assert not self.settled & {self.held[number] for number in self.held}

    def teardown(self) -> None:
        self.task.cancel()
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
        self.loop.close()

    def _do(self, what: Callable[[], None]) -> None:
        async def now() -> None:
            what()

        self.loop.run_until_complete(now())


LeaseMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestLeaseMachine = LeaseMachine.TestCase
