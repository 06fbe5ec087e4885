"""The simulation's event loop: virtual time, tasks that know the process they belong to, and an order that replays.

It does what asyncio's own does, without sockets and signals, which is twice as fast, and something may happen between any two
of its steps. Sets of tasks are walked in the order of their hashes. A task's hash is its number here, not its address, so that
a seed does the same each time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from heapq import heappop, heappush
from typing import Any

from tests.fakes.virtual_time import VirtualLoop

__all__ = ["OWNER", "SimLoop", "Stuck"]

STEPS_AT_ONCE_MAX = 50_000

# The tasks of the simulated process that the running code belongs to; None for the world outside.
OWNER: ContextVar[set[SimTask] | None] = ContextVar("OWNER", default=None)


class Stuck(Exception):  # noqa: N818 - named by what it is
    """Nothing will ever happen, or the same for ever."""


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
    """`faults_of_ours`: what reached the loop's exception handler, which must be nothing.

    `interrupt_at`: before this step `interrupt` is called, which sets the next. `frozen`: an owner whose steps wait.
    """

    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self.faults_of_ours: list[str] = []
        self.steps = 0
        self._steps_until_now = 0
        self.interrupt_at: int | None = None
        self.interrupt: Callable[[], None] = lambda: None
        self._frozen: set[SimTask] | None = None
        self._ice: list[asyncio.Handle] = []
        self._numbers = 0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self.set_task_factory(self._task)  # type: ignore[arg-type]  # ours knows the arguments that this Python gives
        self.set_exception_handler(lambda _, context: self.faults_of_ours.append(describe(context)))

    def freeze(self, owner: set[SimTask]) -> None:
        """From now on nothing of this owner runs; what would have, runs when it thaws."""
        self._frozen = owner

    def thaw(self) -> None:
        """All may run again."""
        self._frozen = None
        self._ready.extend(self._ice)
        self._ice = []

    def call_soon(  # type: ignore[override]  # as asyncio's own, whose types are not exact
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._numbers += 1
        heappush(self._timers, (when, self._numbers, timer))
        return timer

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._jumping.now + delay, callback, *args, context=context)

    def _run_once(self) -> None:
        """All that is ready; if nothing is, the clock jumps to the next timer first."""
        ready, timers = self._ready, self._timers
        while timers and timers[0][2].cancelled():
            heappop(timers)
        if not ready and not self._stopping:
            if not timers:
                raise Stuck("everything waits and nothing is due: a deadlock")
            if timers[0][0] > self._jumping.now:
                self._jumping.now, self._steps_until_now = timers[0][0], self.steps
            elif self.steps > self._steps_until_now + STEPS_AT_ONCE_MAX:
                self._steps_until_now = self.steps
                raise Stuck("steps without end at one moment: a livelock")
        while timers and timers[0][0] <= self._jumping.now:
            ready.append(heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle.cancelled():
                continue
            self.steps += 1
            if self.steps == self.interrupt_at:
                self.interrupt()
            if self._frozen is not None and handle._context.get(OWNER) is self._frozen:  # type: ignore[attr-defined]
                self._ice.append(handle)
            else:
                handle._run()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is thrown away when its time comes."""

    def _task(self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **kwargs: Any) -> SimTask:
        self._numbers += 1
        task = SimTask(self._numbers, coro, loop=loop, **kwargs)
        owner = OWNER.get()
        if owner is not None:
            owner.add(task)
            task.add_done_callback(owner.discard)
        return task

    def _write_to_self(self) -> None:
        """Nothing sleeps in a selector that would have to be woken."""


def describe(context: dict[str, Any]) -> str:
    return f"{context.get('message')}: {context.get('exception')!r}"
