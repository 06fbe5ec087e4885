"""A simulated process: the real Service over wires to the fakes, that can be told to stop, or dropped at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import copy_context
from random import Random
from typing import TYPE_CHECKING, Any, cast

from ingestd.config import FirehoseSettings, OpenSearchSettings
from ingestd.core.expansion import FIRST
from ingestd.service import END_SECONDS, Service
from ingestd.shell.clients import Clients
from ingestd.shell.workers import Workers
from ingestd.sinks.cluster import Cluster, Renew
from ingestd.sinks.stream import Stream
from tests.sim.bulk import BulkClient
from tests.sim.firehose import FirehoseClient
from tests.sim.loop import OWNER, SimTask
from tests.sim.s3 import S3Client
from tests.sim.sqs import SqsClient
from tests.sim.wire import Wire

if TYPE_CHECKING:
    from tests.sim.world import World

__all__ = ["Process"]

CRASHES_ONE_IN = 25  # of the moments for which the seed has a crash: there are many, and a process should get somewhere
EXIT_SLACK_SECONDS = 0.5


class Process:
    """`held` are the receipts that it was given and has neither deleted, given back, nor lost, as SQS knows."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.number = number
        self.is_dead = False
        self.tasks: set[SimTask] = set()
        self.stop = asyncio.Event()
        self.stopping_at: float | None = None
        self.frozen_at: float | None = None
        self.thawed_at = 0.0
        self.frozen_seconds = 0.0
        self.service = Service(
            world.plan.settings,
            random=Random(f"{world.plan.seed}/process/{number}"),
            wall_clock=world.wall_clock,
        )
        self.context = copy_context()
        self.context.run(OWNER.set, self.tasks)
        self._main = self.context.run(asyncio.create_task, self._run())
        self._main.add_done_callback(self._ended)

    @property
    def is_running(self) -> bool:
        """Neither dead nor ended."""
        return not (self.is_dead or self._main.done())

    def must_live(self) -> None:
        """The dead make no calls."""
        if self.is_dead:
            raise asyncio.CancelledError

    def may_crash(self) -> None:
        """A moment at which the process dies, if the seed says so."""
        faults = self.world.faults
        is_hit = self.is_running and self.world.may_lose_one and faults.hits("process.crash", self.world.now)
        if is_hit and faults.pick("process.crash", CRASHES_ONE_IN) == 0:
            self.crash()

    def crash(self) -> None:
        """Dropped as it stands: whatever its tasks still do reaches nobody."""
        self.is_dead = True
        self.world.trace("process", "crash", self.number, None)
        for task in sorted(self.tasks, key=lambda task: task.number):
            task.cancel()
        self.world.process_ended(self)

    def freeze(self, seconds: float) -> None:
        """Nothing of it runs for a while."""
        self.world.trace("process", f"freeze {seconds:.1f}", self.number, None)
        self.frozen_at = self.world.now
        self.world.loop.freeze(self.tasks)
        self.world.loop.call_later(seconds, self._thaw)

    def _thaw(self) -> None:
        assert self.frozen_at is not None
        self.world.trace("process", "thaw", self.number, None)
        self.thawed_at = self.world.now
        self.frozen_seconds += self.thawed_at - self.frozen_at
        self.frozen_at = None
        self.world.loop.thaw()

    def tell_to_stop(self) -> None:
        """As SIGTERM does."""
        self.stopping_at = self.world.now
        self.stop.set()

    def excess_bytes(self) -> int:
        """Memory that is taken beyond the budget, what one block may become, and what objects under way keep of themselves."""
        consumer = self.service.consumer
        if consumer is None:
            return 0
        budget, most = consumer.budget, consumer.pipeline._expansion.bytes
        allowed = budget.total_bytes + max(most, FIRST * self.world.plan.settings.object.block_bytes)
        return budget.taken_bytes - budget.standing_bytes - allowed

    def leftovers(self) -> list[str]:
        """What a process that has nothing to do should not have any more."""
        consumer = self.service.consumer
        assert consumer is not None
        settlement, leases = consumer.settlement, consumer.leases
        found = {
            "budget": consumer.budget.taken_bytes,
            "waiting for budget": len(consumer.budget._waiting),
            "messages in the ledger": len(settlement._ledger._messages),
            "objects in the ledger": len(settlement._ledger._objects),
            "opened objects": len(settlement._opened),
            "message tasks": len(settlement._tasks),
            "leases": len(leases),
            "unsent deletions": leases.unsent,
            "dead letters owed": 0 if consumer.dead_letters.is_idle else 1,
            **{f"documents for {name}": 0 if each.is_idle else 1 for name, each in consumer.deliveries.items()},
        }
        return [f"{name}: {amount}" for name, amount in found.items() if amount]

    async def _run(self) -> None:
        world = self.world
        aws = world.plan.settings.aws
        patience = aws.read_timeout_seconds
        clients = _Clients(
            s3=S3Client(world.s3, Wire(world, self, "s3", patience), Wire(world, self, "put", patience)),
            sqs=SqsClient(world.sqs, self, Wire(world, self, "sqs", patience)),
            firehose={None: FirehoseClient(world.firehose, self, Wire(world, self, "firehose", patience))},
            session=cast(Any, None),
            open_cluster=lambda settings: BulkClient(world.bulk, self, Wire(world, self, "bulk", settings.timeout_seconds)),
        )
        await self.service.consume(self.stop, clients, Workers(2, _Workers(world)))

    def _ended(self, main: asyncio.Task[None]) -> None:
        if self.is_dead:
            return
        if not main.cancelled() and (error := main.exception()) is not None:
            self.world.fail(f"process {self.number} died of {_leaves(error)}")
        if self.stopping_at is None:
            self.world.fail(f"process {self.number} ended by itself")
        else:
            took = self.world.now - self.stopping_at
            allowed = self.world.plan.settings.drain_seconds - END_SECONDS + EXIT_SLACK_SECONDS
            if took > allowed + self.frozen_seconds:
                self.world.fail(f"process {self.number} took {took:.1f} s to stop")
        self.world.trace("process", "ended", self.number, None)
        self.world.stopped(self)


class _Clients(Clients):
    """The clients of one process; `cluster` and `stream` give ours."""

    def __init__(self, *, open_cluster: Callable[[OpenSearchSettings], BulkClient], **clients: Any) -> None:
        super().__init__(**clients)
        object.__setattr__(self, "_open_cluster", open_cluster)

    def cluster(self, settings: OpenSearchSettings, renew: Renew | None = None) -> Cluster:
        return cast(Cluster, self._open_cluster(settings))  # type: ignore[attr-defined]

    def stream(self, settings: FirehoseSettings, region: str | None, executor: Executor | None) -> Stream:
        return cast(Stream, self.firehose[region])


class _Workers(Executor):
    """Calls run on the loop, a moment later."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = Random(f"{world.plan.seed}/workers")

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        faults, now = self._world.faults, self._world.now
        seconds = self._random.random() * (5.0 if faults.holds("worker.slow", now) else 0.01)
        asyncio.get_running_loop().call_later(seconds, self._run, future, call, args)
        return future

    def _run(self, future: Future[Any], call: Callable[..., Any], args: tuple[Any, ...]) -> None:
        faults, now = self._world.faults, self._world.now
        if future.cancelled():
            return
        if faults.hits("worker.cancelled", now):
            future.cancel()
            future.set_running_or_notify_cancel()
            return
        if faults.hits("worker.failed", now):
            future.set_exception(MemoryError())
            return
        future.set_running_or_notify_cancel()
        try:
            future.set_result(call(*args))
        except Exception as error:
            future.set_exception(error)


def _leaves(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [repr(error)]
