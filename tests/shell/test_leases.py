"""Leases, in virtual time: renewed in time, lost when SQS says so or cannot be reached, and deleted in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ingestd.errors import Retryable
from ingestd.model import Message
from ingestd.shell.leases import Leases
from ingestd.shell.telemetry import Telemetry
from tests.fakes.virtual_time import run


class FakeQueue:
    """Knows until when each receipt is invisible; may be out of reach for a time."""

    def __init__(self) -> None:
        self.deleted: list[list[str]] = []
        self.changes: list[tuple[float, str, int]] = []
        self.gone: set[str] = set()
        self.unreachable = (0.0, 0.0)
        self.hanging: set[str] = set()

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        self._reach()
        self.deleted.append(list(receipts))
        return []

    async def change_visibility(self, receipts: Sequence[str], seconds: int) -> tuple[list[str], list[str]]:
        self._reach()
        await asyncio.sleep(1000.0 if self.hanging.intersection(receipts) else 0.01)
        now = asyncio.get_running_loop().time() - 0.01
        self.changes += [(now, receipt, seconds) for receipt in receipts]
        return [receipt for receipt in receipts if receipt in self.gone], []

    def _reach(self) -> None:
        begin, end = self.unreachable
        if begin <= asyncio.get_running_loop().time() < end:
            raise Retryable("out of reach", reason="queue_unreachable")


Story = Callable[[Leases, FakeQueue, list[int], list[int]], Awaitable[None]]


def tell(story: Story, *, age_seconds_max: float = 10_000.0) -> None:
    """Run a story against leases of 300 s."""

    async def main() -> None:
        queue, lost, old = FakeQueue(), list[int](), list[int]()
        leases = Leases(
            queue,
            Telemetry(),
            visibility_seconds=300,
            age_seconds_max=age_seconds_max,
            clock=asyncio.get_running_loop().time,
            on_lost=lost.append,
            on_too_old=old.append,
        )
        task = asyncio.create_task(leases.run())
        await story(leases, queue, lost, old)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(main())


def hold(leases: Leases, number: int) -> None:
    leases.hold(number, Message(f"id{number}", f"r{number}", ""), asyncio.get_running_loop().time())


def test_a_lease_is_renewed_while_more_than_a_third_of_it_is_left() -> None:
    """At half, again and again."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        hold(leases, 1)
        await asyncio.sleep(1000)
        assert [(round(at), seconds) for at, _, seconds in queue.changes] == [
            (at, 300) for at in (150, 300, 450, 600, 750, 900)
        ]
        assert lost == []

    tell(story)


def test_settled_messages_are_deleted_ten_at_a_time() -> None:
    """And are renewed no more."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        for number in range(25):
            hold(leases, number)
            leases.settle(number)
        await asyncio.sleep(400)
        assert [len(receipts) for receipts in queue.deleted] == [10, 10, 5]
        assert sorted(receipt for receipts in queue.deleted for receipt in receipts) == sorted(f"r{n}" for n in range(25))
        assert queue.changes == []

    tell(story)


def test_a_lease_that_sqs_no_longer_knows_is_lost_within_a_second() -> None:
    """Nothing of it is deleted later, whoever asks."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        queue.gone.add("r1")
        hold(leases, 1)
        await asyncio.sleep(151)
        assert lost == [1]
        leases.settle(1)
        await asyncio.sleep(10)
        assert queue.deleted == []

    tell(story)


def test_an_outage_shorter_than_the_lease_loses_nothing() -> None:
    """Renewal is tried every second until the lease runs out."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        queue.unreachable = (100.0, 290.0)
        hold(leases, 1)
        await asyncio.sleep(500)
        assert lost == []
        assert queue.changes[0][0] < 292

    tell(story)


def test_an_outage_longer_than_the_lease_loses_it() -> None:
    """From then on another consumer may have the message."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        queue.unreachable = (100.0, 1000.0)
        hold(leases, 1)
        await asyncio.sleep(302)
        assert lost == [1]

    tell(story)


def test_a_deletion_waits_out_an_outage() -> None:
    """It is tried until the lease ends; after that the message comes back, which is harmless."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        queue.unreachable = (0.0, 50.0)
        hold(leases, 1)
        leases.settle(1)
        await asyncio.sleep(60)
        assert queue.deleted == [["r1"]]
        assert leases.unsent == 0

    tell(story)


def test_given_back_messages_are_visible_after_the_time_asked_for() -> None:
    """At once when the process ends, later when it could not finish them."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        for number in range(3):
            hold(leases, number)
        leases.give_back(0, 60)
        leases.give_all_back()
        await asyncio.sleep(5)
        assert sorted((receipt, seconds) for _, receipt, seconds in queue.changes) == [("r0", 60), ("r1", 0), ("r2", 0)]
        assert len(leases) == 0

    tell(story)


def test_a_message_older_than_sqs_allows_is_reported() -> None:
    """SQS holds no message longer than twelve hours from its receipt."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        hold(leases, 1)
        await asyncio.sleep(1100)
        assert old[0] == 1

    tell(story, age_seconds_max=1000.0)


def test_a_renewal_that_hangs_holds_up_no_other_and_is_asked_for_again() -> None:
    """One call without an answer costs no lease, neither its own nor those that fall due meanwhile."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        hold(leases, 1)
        await asyncio.sleep(10)
        hold(leases, 2)
        queue.hanging.add("r1")
        await asyncio.sleep(145)
        queue.hanging.clear()
        await asyncio.sleep(145)
        assert [(round(at), receipt) for at, receipt, _ in queue.changes] == [(160, "r2"), (175, "r1")]
        assert lost == []

    tell(story)


def test_a_lease_runs_out_on_time_while_a_renewal_hangs() -> None:
    """Who loses it stops then, not when the call ends."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        queue.hanging.add("r1")
        hold(leases, 1)
        await asyncio.sleep(301)
        assert lost == [1]

    tell(story)


def test_a_message_settled_at_the_moment_of_its_renewal_is_deleted_in_peace() -> None:
    """The renewal is about to be asked for when the message ends."""

    async def story(leases: Leases, queue: FakeQueue, lost: list[int], old: list[int]) -> None:
        hold(leases, 1)
        asyncio.get_running_loop().call_at(150.0, leases.settle, 1)
        await asyncio.sleep(151)
        assert queue.deleted == [["r1"]]

    tell(story)
