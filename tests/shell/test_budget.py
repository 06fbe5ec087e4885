"""The memory budget: first come, first served; never over the total but for what is larger than all of it."""

from __future__ import annotations

import asyncio

import pytest

from ingestd.shell.budget import Budget
from tests.fakes.virtual_time import run


def test_those_who_wait_are_served_in_order() -> None:
    """A small wish does not overtake a large one, or the large one would starve."""

    async def main() -> None:
        budget, order = Budget(100), list[str]()

        async def take(name: str, amount: int) -> None:
            await budget.take(amount)
            order.append(name)

        await budget.take(80)
        tasks = [asyncio.create_task(take("large", 60)), asyncio.create_task(take("small", 10))]
        await asyncio.sleep(1)
        assert order == []
        assert not budget.is_free
        budget.give(80)
        await asyncio.gather(*tasks)
        assert order == ["large", "small"]
        assert budget.taken_bytes == 70

    run(main())


def test_what_is_larger_than_all_goes_alone() -> None:
    """Nothing waits for ever."""

    async def main() -> None:
        budget = Budget(100)
        await budget.take(500)
        waiting = asyncio.create_task(budget.take(1))
        await asyncio.sleep(1)
        assert not waiting.done()
        budget.give(500)
        await waiting

    run(main())


def test_one_who_stops_waiting_takes_nothing() -> None:
    """Also when it is cancelled in the moment in which it would have been served."""

    async def main() -> None:
        budget = Budget(100)
        await budget.take(100)
        early, late = asyncio.create_task(budget.take(50)), asyncio.create_task(budget.take(50))
        await asyncio.sleep(1)
        early.cancel()
        await asyncio.sleep(1)
        budget.give(100)
        late.cancel()
        await asyncio.gather(early, late, return_exceptions=True)
        assert budget.taken_bytes == 0
        assert budget.is_free

    run(main())


def test_a_correction_downwards_lets_others_in() -> None:
    """What turned out smaller is room for the next."""

    async def main() -> None:
        budget = Budget(100)
        await budget.take(100)
        waiting = asyncio.create_task(budget.take(40))
        await asyncio.sleep(1)
        budget.correct(-50)
        await waiting
        assert budget.taken_bytes == 90

    run(main())


def test_who_is_cancelled_before_its_turn_is_passed_over() -> None:
    """Its turn may come before it has noticed."""

    async def main() -> None:
        budget = Budget(100)
        await budget.take(100)
        waiting = asyncio.create_task(budget.take(50))
        await asyncio.sleep(1)
        waiting.cancel()
        budget.give(100)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert budget.taken_bytes == 0

    run(main())


def test_who_stops_waiting_lets_the_next_pass() -> None:
    """A large one at the head holds up a small one only as long as it waits."""

    async def main() -> None:
        budget = Budget(100)
        await budget.take(60)
        large, small = asyncio.create_task(budget.take(90)), asyncio.create_task(budget.take(40))
        await asyncio.sleep(1)
        large.cancel()
        await small
        assert budget.taken_bytes == 100

    run(main())


def test_what_stands_keeps_nobody_waiting_for_ever() -> None:
    """Those who hold something between two wishes count; where nothing else is taken one of them goes on, and then the next."""

    async def main() -> None:
        budget = Budget(100)
        budget.stand(60)
        budget.stand(60)
        assert not budget.is_free
        await budget.take(50)
        waiting = asyncio.create_task(budget.take(50))
        await asyncio.sleep(1)
        assert not waiting.done()
        budget.give(50)
        await waiting
        budget.give(50)
        budget.stand(-120)
        assert budget.taken_bytes == budget.standing_bytes == 0

    run(main())
