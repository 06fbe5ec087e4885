"""The way of a call from a process to a service and back: it takes time, and on each half of the way it can be lost.

What is under way when the process dies or gives up arrives all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sim.process import Process
    from tests.sim.world import World

__all__ = ["Refused", "Unanswered", "Wire"]

SECONDS = (0.001, 0.05)  # of each half of the way


class Unanswered(Exception):  # noqa: N818 - as in the service, named by what it is
    """There is no answer: `how` is timeout, connect or reset."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Refused(Exception):  # noqa: N818
    """The service's answer is an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Wire:
    """Between one process and one service, which a caller waits `patience` seconds for."""

    def __init__(self, world: World, process: Process, service: str, patience: float) -> None:
        self._world = world
        self._process = process
        self._service = service
        self._patience = patience
        self._random = Random(f"{world.plan.seed}/{service}/{process.number}")

    async def call(
        self,
        operation: str,
        serve: Callable[[], Any],
        *,
        told: Callable[[Any], None] = lambda answer: None,
        extra_seconds: float = 0.0,
    ) -> Any:
        """`serve` is what the service does when the call arrives; it raises Refused, or gives the answer or a future of it.

        `told` is given the answer when the process has it. Raises Unanswered, Refused.
        """
        self._process.must_live()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        patience = self._patience + extra_seconds
        way, how = self._way_there(patience)
        if way is not None:
            loop.call_later(way, self._arrive, operation, serve, told, answer, context=self._world.context)
        timer = loop.call_later(0.01 if how == "connect" else patience, self._fail, answer, how)
        try:
            return await answer
        finally:
            timer.cancel()

    def _way_there(self, patience: float) -> tuple[float | None, str]:
        """Seconds until the call arrives (None: never), and what the caller sees if no answer comes."""
        if self._hits("lost_request") or self._holds("down"):
            return None, "connect" if self._random.random() < 0.5 else "timeout"
        if self._hits("late"):
            return patience * (1 + 2 * self._random.random()), "timeout"
        return self._seconds(), "timeout"

    def _seconds(self) -> float:
        if self._holds("slow"):
            return self._random.random() ** 2 * self._patience * 0.7
        return self._random.uniform(*SECONDS)

    def _arrive(
        self, operation: str, serve: Callable[[], Any], told: Callable[[Any], None], answer: asyncio.Future[Any]
    ) -> None:
        self._process.may_crash()
        outcome: Any
        try:
            if self._holds("denied"):
                raise Refused(403, "AccessDenied" if self._service != "s3" else "ExpiredToken")
            outcome = serve()
        except Refused as refused:
            outcome = refused
        self._world.trace(self._service, operation, self._process.number, outcome)
        self._process.may_crash()
        if isinstance(outcome, asyncio.Future):
            outcome.add_done_callback(lambda future: self._leave(future.result(), told, answer))
        else:
            self._leave(outcome, told, answer)

    def _leave(self, outcome: Any, told: Callable[[Any], None], answer: asyncio.Future[Any]) -> None:
        loop = asyncio.get_running_loop()
        if self._hits("lost_answer"):
            if self._random.random() < 0.5:
                loop.call_later(self._seconds(), self._fail, answer, "reset", context=self._process.context)
            return
        loop.call_later(self._seconds(), self._tell, outcome, told, answer, context=self._process.context)

    def _tell(self, outcome: Any, told: Callable[[Any], None], answer: asyncio.Future[Any]) -> None:
        if answer.done():
            return
        if isinstance(outcome, Refused):
            answer.set_exception(outcome)
        else:
            told(outcome)
            answer.set_result(outcome)
        self._process.may_crash()

    def _fail(self, answer: asyncio.Future[Any], how: str) -> None:
        if not answer.done():
            answer.set_exception(Unanswered(how))

    def _hits(self, fault: str) -> bool:
        return self._world.faults.hits(f"{self._service}.{fault}", self._world.now)

    def _holds(self, fault: str) -> bool:
        return self._world.faults.holds(f"{self._service}.{fault}", self._world.now)
