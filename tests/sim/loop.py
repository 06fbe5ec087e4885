"""The simulation's event loop: virtual time, tasks that know the process they belong to, and an order that replays.

Sets of tasks are walked in the order of their hashes. A task's hash is its number here, not its address, so that a seed does
the same each time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

from tests.fakes.virtual_time import VirtualLoop

__all__ = ["OWNER", "SimLoop"]

# The tasks of the simulated process that the running code belongs to; None for the world outside.
OWNER: ContextVar[set[SimTask] | None] = ContextVar("OWNER", default=None)


class SimTask(asyncio.Task[Any]):
    """A task with a number for a hash."""

    def __init__(self, number: int, *args: Any, **kwargs: Any) -> None:
        self.number = number
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class SimLoop(VirtualLoop):
    """`faults_of_ours`: what reached the loop's exception handler, which must be nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.faults_of_ours: list[str] = []
        self._numbers = 0
        self.set_task_factory(self._task)  # type: ignore[arg-type]  # ours knows the arguments that this Python gives
        self.set_exception_handler(lambda _, context: self.faults_of_ours.append(describe(context)))
        self._jumping.select = self._jump  # type: ignore[method-assign]  # there are no sockets: nothing to ask the system

    def _task(self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **kwargs: Any) -> SimTask:
        self._numbers += 1
        task = SimTask(self._numbers, coro, loop=loop, **kwargs)
        owner = OWNER.get()
        if owner is not None:
            owner.add(task)
            task.add_done_callback(owner.discard)
        return task

    def _jump(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and nothing is due: a deadlock")
        self._jumping.now += timeout
        return []

    def _write_to_self(self) -> None:
        """Nothing sleeps in a selector that would have to be woken."""


def describe(context: dict[str, Any]) -> str:
    return f"{context.get('message')}: {context.get('exception')!r}"
