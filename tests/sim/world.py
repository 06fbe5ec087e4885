"""One run of one seed: the outside, the processes, and the end at which everything must have come to rest."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any
from unittest.mock import patch

import structlog

from ingestd import consumer as consumer_module
from ingestd import service as service_module
from ingestd.formats.leaves import known_paths
from ingestd.formats.own import known_formats
from ingestd.sinks import packs as packs_module
from tests.sim.books import Books
from tests.sim.bulk import FakeBulk
from tests.sim.content import HUGE_BYTES, WALL
from tests.sim.faults import Faults
from tests.sim.firehose import FakeFirehose
from tests.sim.loop import SimLoop, Stuck
from tests.sim.mishaps import Mishaps
from tests.sim.plan import Arrival, Plan, plan
from tests.sim.process import Process
from tests.sim.s3 import FakeS3
from tests.sim.sqs import FakeSqs, Queued

__all__ = ["Result", "World", "play", "simulate"]

PATIENCE_SECONDS = 4000.0  # of virtual time after the last fault: then a run must have come to rest
REST_SECONDS = 300.0  # after the queue is empty: then nothing may be left of what was under way
LATE_SECONDS = 61.0  # after that: what callers have long given up arrives by then
PROCESSES_MAX = 30
ENDS = ("lines", "messages", "objects", "documents", "requests", "dead_letters")


@dataclass(frozen=True)
class Result:
    """`complaints`: empty if the seed passed. `digest`: of all that happened, the same each time. `faults`: that were armed.

    `fired`: how often each of them was felt. `ends`: how lines, messages, objects, documents, requests and dead letters ended.
    """

    seed: int
    complaints: tuple[str, ...]
    digest: str
    faults: tuple[str, ...]
    events: int
    seconds: float
    fired: Counter[str]
    ends: Counter[str]


class World:
    """The outside, and who is in it."""

    def __init__(self, seed_plan: Plan, story: list[str] | None = None) -> None:
        self.plan = seed_plan
        self.faults = Faults(seed_plan.seed, seed_plan.faults, seed_plan.until)
        self.complaints: list[str] = []
        self.events = 0
        self._story = story
        self._digest = hashlib.blake2b(digest_size=8)
        self._random = Random(f"{seed_plan.seed}/world")
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.loop = loop
        self.context = copy_context()
        self._failed = asyncio.Event()
        self._coming: list[tuple[str, Arrival, asyncio.TimerHandle]] = []
        self._is_closing = False
        self.processes: list[Process] = []
        self.mishaps = Mishaps(self)
        self.books = Books(self)
        self.sqs = FakeSqs(self)
        self.s3 = FakeS3(self)
        self.bulk = FakeBulk(self)
        self.firehose = FakeFirehose(self)

    @property
    def now(self) -> float:
        return self.loop.time()

    def wall_clock(self) -> float:
        """What the processes take for the time of day."""
        return WALL + self.now + self.mishaps.clock_seconds

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def fail(self, complaint: str) -> None:
        """A rule is broken."""
        self.trace("broken", complaint, 0, None)
        self._complain(complaint)

    def _complain(self, complaint: str) -> None:
        self.complaints.append(f"at {self.now:.2f} s: {complaint}")
        self._failed.set()

    def trace(self, who: str, what: str, process: int, outcome: object) -> None:
        """Something happened."""
        self.events += 1
        for each in self.processes:
            if each.is_running and (excess := each.excess_bytes()) > 0:
                self._complain(f"process {each.number} exceeds its budget by {excess} bytes more than a block becomes")
        line = f"{self.now:.4f} {who} {what} {process} {_said(outcome)}"
        self._digest.update(line.encode())
        if self._story is not None:
            self._story.append(line)

    def logged(self, _: object, name: str, event: MutableMapping[str, Any]) -> str:
        """What the service logs; a fault inside it is a broken rule, unless a worker was made to fail."""
        if self._story is not None:
            self._story.append(f"{self.now:.4f}   {name}: {event}")
        if event.get("exc_info") is not None and not self.faults.has("worker."):
            self.fail(f"{event['event']}: {event['exc_info']!r}")
        raise structlog.DropEvent

    async def run(self) -> None:
        """Until everything has come to rest, or a rule is broken."""
        for arrival in self.plan.arrivals:
            timer = self.loop.call_later(arrival.at, self._arrive, arrival)
            self._coming += [(found.key, arrival, timer) for found in arrival.puts[:1]]
        self._start()
        if self.faults.has("process.two"):
            self.faults.happened("process.two")
            self._start()
        self.mishaps.begin()
        story = asyncio.create_task(self._come_to_rest())
        failed = asyncio.create_task(self._failed.wait())
        await asyncio.wait([story, failed], return_when=asyncio.FIRST_COMPLETED)
        self._is_closing = True
        for task in (story, failed):
            task.cancel()
        await asyncio.gather(story, failed, return_exceptions=True)
        for process in self.processes:
            process.crash()
            await asyncio.gather(*sorted(process.tasks, key=lambda task: task.number), return_exceptions=True)

    @property
    def may_lose_one(self) -> bool:
        """Whether there have not been too many processes already to be interesting."""
        return len(self.processes) < PROCESSES_MAX

    def process_ended(self, process: Process) -> None:
        """Another takes its place."""
        if not self._is_closing:
            self.loop.call_later(self._random.random() * 10, self._start, context=self.context)

    def stopped(self, process: Process) -> None:
        """A process has ended by itself."""
        under_way_seconds = self.plan.settings.aws.read_timeout_seconds + 2.0
        if process.stopping_at is not None and not self.faults.was_felt("sqs", process.stopping_at - under_way_seconds):
            self.books.check_returned(process)
        self.loop.call_soon(self._check_left_nothing, process)
        self.process_ended(process)

    def _check_left_nothing(self, process: Process) -> None:
        if process.tasks:
            names = sorted(task.get_coro().__qualname__ for task in process.tasks)  # type: ignore[union-attr]
            self.fail(f"process {process.number} left tasks behind: {names}")

    def _start(self) -> None:
        if self._is_closing:
            return
        self.processes.append(Process(self, len(self.processes)))
        self.trace("process", "start", self.processes[-1].number, None)

    def _arrive(self, arrival: Arrival) -> None:
        for found in arrival.puts:
            if found.key in self.s3.versions:
                self.faults.happened("s3.replaced")
            self.s3.put(found.key, found)
            self.books.put(found)
        for key in arrival.deletes:
            self.s3.put(key, None)
        message = Queued(
            f"m{len(self.sqs.messages) + len(self.sqs.dead)}", arrival.body, arrival.objects, self.now, arrival.poison
        )
        self.books.announced(message)
        self.sqs.send(message)

    def replace_now(self, key: str) -> None:
        """What was to replace this object is there at once."""
        for name, arrival, timer in self._coming:
            if name == key and not timer.cancelled() and timer.when() > self.now:
                timer.cancel()
                self.loop.call_soon(self._arrive, arrival, context=self.context)

    async def _come_to_rest(self) -> None:
        last = max(arrival.at for arrival in self.plan.arrivals) + 1.0
        await asyncio.sleep(last)
        while not self.sqs.is_empty:
            await asyncio.sleep(2.0)
            if self.now > max(self.plan.until, last) + PATIENCE_SECONDS:
                self.fail(f"the queue does not become empty: {self.sqs.left()}")
                return
        empty_at = self.now
        while left := {process.number: found for process in self.running() if (found := process.leftovers())}:
            await asyncio.sleep(2.0)
            if self.now > max(self.plan.until, empty_at) + REST_SECONDS:
                self.fail(f"processes do not come to rest: {left}")
                return
        await asyncio.sleep(LATE_SECONDS)
        self.books.check_all_arrived()
        for process in self.running():
            self._check_conservation(process)
            process.tell_to_stop()
        self._is_closing = True
        while self.running():  # noqa: ASYNC110 - time is virtual: this costs nothing
            await asyncio.sleep(1.0)
        await asyncio.sleep(0.1)

    def _check_conservation(self, process: Process) -> None:
        """Each line that was read has one outcome."""
        stats = process.service.telemetry.snapshot()
        read, ended = stats.total("lines_read"), stats.total("lines")
        if read != ended:
            self.fail(f"process {process.number} read {read} lines, and {ended} came to an end: {stats.counters}")
        received, left = stats.total("messages", "received"), stats.total("messages")
        if left != 2 * received:
            self.fail(f"process {process.number}: messages do not add up: {stats.counters['messages']}")

    def ends(self) -> Counter[str]:
        """How often anything came to which end, over all processes."""
        found: Counter[str] = Counter()
        for process in self.processes:
            for name, rows in process.service.telemetry.snapshot().counters.items():
                if name in ENDS:
                    for labels, amount in rows.items():
                        found[f"{name} {labels}"] += amount
        return found

    def running(self) -> list[Process]:
        """Those that are neither dead nor ended."""
        return [process for process in self.processes if process.is_running]


def simulate(seed: int, only: Collection[str] | None = None, story: list[str] | None = None) -> Result:
    """Run one seed, with `only` these of its faults; what happened goes to `story`."""
    return play(plan(seed, only), story)


def play(seed_plan: Plan, story: list[str] | None = None, begin: Callable[[World], None] = lambda world: None) -> Result:
    """Run a plan; `begin` may look into its world before anything happens there, or arrange to do so later."""
    with _quick(), asyncio.Runner(loop_factory=SimLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, SimLoop)

        worlds: list[World] = []

        async def main() -> None:
            world = World(seed_plan, story)
            worlds.append(world)
            structlog.configure(
                processors=[world.logged],
                wrapper_class=structlog.make_filtering_bound_logger(20 if story is not None else 40),
                cache_logger_on_first_use=False,
            )
            begin(world)
            await world.run()

        try:
            runner.run(main())
        except Stuck as stuck:
            worlds[0].complaints.append(f"at {loop.time():.2f} s: {stuck}")
        (world,) = worlds
    complaints = (*world.complaints, *loop.faults_of_ours)
    return Result(
        seed_plan.seed,
        complaints,
        world.digest,
        tuple(seed_plan.faults),
        world.events,
        loop.time(),
        +world.faults.fired,
        world.ends(),
    )


@contextmanager
def _quick() -> Iterator[None]:
    """What the service looks for every few milliseconds it looks for more rarely, and records are too large sooner."""
    kept = structlog.get_config()
    with (
        patch.object(service_module, "ROOM_SECONDS", 0.5),
        patch.object(service_module, "LAG_SECONDS", 10_000.0),
        patch.object(packs_module, "RECORD_BYTES_MAX", HUGE_BYTES),
        patch.object(consumer_module, "known_paths", _known_paths),
    ):
        try:
            yield
        finally:
            structlog.configure(**kept)


@cache
def _paths() -> frozenset[str]:
    return known_paths(known_formats(()).values())


def _known_paths(_: object) -> frozenset[str]:
    """No seed has formats of its own."""
    return _paths()


def _said(outcome: object) -> str:
    if isinstance(outcome, Exception):
        return f"{type(outcome).__name__} {outcome}"
    if isinstance(outcome, dict):
        return " ".join(
            f"{name}={len(value) if isinstance(value, list) else value}" for name, value in outcome.items() if name != "Body"
        )
    return str(getattr(outcome, "status", ""))
