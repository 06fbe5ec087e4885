"""A service from start to end: open, warm up, run, and on the signal to stop: finish what has begun, give back the rest."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random
from typing import Any

import structlog

from ingestd import __version__
from ingestd.config import InletSettings, Settings
from ingestd.config.changes import safe_changes
from ingestd.consumer import Consumer
from ingestd.errors import Fatal, Retryable
from ingestd.fastpath.enriching import Enriching
from ingestd.fastpath.parser import unavailable
from ingestd.model import Message, Notice
from ingestd.shell import logs
from ingestd.shell.calls import Calls
from ingestd.shell.clients import Clients, open_clients
from ingestd.shell.departures import NoticeQueue
from ingestd.shell.garbage import set_apart
from ingestd.shell.http import serve
from ingestd.shell.inlet import Door, Inlet
from ingestd.shell.listening import serve_inlet
from ingestd.shell.secrets import with_secrets
from ingestd.shell.spool import Spool
from ingestd.shell.telemetry import Telemetry
from ingestd.shell.workers import Workers

__all__ = ["END_SECONDS", "Service"]

log = structlog.get_logger()

ROOM_SECONDS = 0.02  # how often a full service looks whether there is room for another receive
LAG_SECONDS = 0.25  # how often the event loop's lag is taken
LAST_RECEIVE_SECONDS = 1.0  # what a receive under way gets when the service stops: messages in its answer go back at once
RETURN_SECONDS = 4.0  # of the drain time: kept for deleting and giving back
END_SECONDS = 2.0  # of the drain time: kept for closing what is open and for the process to end, also on a busy machine
PAUSE_UNREADY_SECONDS = 60.0


class Service:
    """One consumer of the queue. `telemetry` may be read from outside at any time; `read` tells what messages ask for.

    `reread`: gives the settings as they are by now, for secrets that changed meanwhile; nothing else of them is taken.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        random: Random | None = None,
        wall_clock: Callable[[], float] = time.time,
        read: Callable[[Message], Notice] | None = None,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        self.settings = settings
        self._reread = reread or (lambda: self.settings)
        self.telemetry = Telemetry()
        self.http_port: int | None = None
        self.inlet_port: int | None = None
        self.consumer: Consumer | None = None
        self._random = random or Random()  # noqa: S311 - spreads waits, keeps no secret
        self._wall_clock = wall_clock
        self._read = read
        self.state = "starting"
        self._enriching = Enriching(settings.enrich)
        self._reload: dict[str, object] = {}
        self._began_at = wall_clock()
        self.telemetry.notes |= {"reload": lambda: self._reload, "service": self._whoami}
        self.telemetry.gauge("reload_refused", "", lambda: {"": float(self._reload.get("outcome") == "refused")})

    async def run(self, stop: asyncio.Event, clients: Clients | None = None) -> None:
        """Serve until `stop` is set, then drain; with the settings' clients, or these. Raises Fatal when it cannot go on."""
        if self.settings.queue.url is None and self.settings.inlet.port is None:
            raise Fatal("neither queue.url nor inlet.port is set", reason="no_queue")
        async with AsyncExitStack() as stack:
            self.http_port = await stack.enter_async_context(
                serve(self.settings.http, self.telemetry, why_dead=lambda: None, why_not_ready=self._why_not_ready)
            )
            if clients is None:
                clients = await stack.enter_async_context(open_clients(self.settings))
            workers = Workers(self.settings.threads)
            stack.callback(workers.close)
            await self.warm_up(workers)
            stack.enter_context(set_apart())
            await self.consume(stop, clients, workers)

    async def warm_up(self, workers: Workers) -> None:
        """Load the compiled parser, or compile it; without it the reference reads, which is right and slow."""
        self.state = "warming up"
        log.info("warming up", hint="the first start on a machine compiles the fast path, which takes a minute of one core")
        if (reason := await workers.run(unavailable)) is not None:
            log.warning("the fast path cannot run here: lines are read by the slow reference", reason=reason)

    async def consume(self, stop: asyncio.Event, clients: Clients, workers: Workers, queue: NoticeQueue | None = None) -> None:
        """The service behind its clients and without its port; with the settings' queue, or another that behaves like it."""
        settings = await with_secrets(self.settings, clients.session)
        if queue is not None:  # it alone is to be worked through
            settings = settings.model_copy(update={"inlet": InletSettings()})
        if self._enriching.is_wanted:
            await workers.run(self._enriching.read)
        clock = asyncio.get_running_loop().time
        consumer = self.consumer = Consumer(
            settings,
            clients,
            workers,
            self.telemetry,
            queue=queue,
            enrichment=self._enriching.enrichment,
            clock=clock,
            wall_clock=self._wall_clock,
            random=self._random,
            read=self._read,
            reread=self._reread,
        )
        try:
            async with (
                self._inlet(settings, consumer, clients, workers, clock),
                self._kept_running([consumer.leases.run(), self._watch_loop(clock), consumer.signals.run()]),
            ):
                await self._serve(stop, settings, consumer, clock)
        finally:
            await consumer.close()
        log.info("stopped", given_back=self.telemetry.snapshot().total("messages", "given_back"))

    async def _serve(self, stop: asyncio.Event, settings: Settings, consumer: Consumer, clock: Callable[[], float]) -> None:
        """Receive and deliver until `stop` is set; then finish what has begun, and give back the rest."""
        receivers = [self._receive(consumer, clock) for _ in range(settings.queue.receivers if consumer.has_queue else 0)]
        async with self._kept_running([each.run() for each in consumer.deliveries.values()]):
            async with self._kept_running(receivers, grace_seconds=LAST_RECEIVE_SECONDS):
                self.state = "ready"
                log.info(
                    "ready",
                    queue=(settings.queue.url or "").rsplit("/", 1)[-1],
                    sinks=sorted(consumer.deliveries),
                    http_port=self.http_port,
                    inlet_port=self.inlet_port,
                )
                await stop.wait()
                self.state = "draining"
                end_at = clock() + settings.drain_seconds - END_SECONDS
                consumer.settlement.stop_starting()
            await self._drain(consumer, clock, end_at - RETURN_SECONDS)
        # Nothing works on a message any more when it is given back: another consumer may have it in the same moment.
        await consumer.settlement.close()
        await consumer.dead_letters.close()
        consumer.leases.give_all_back()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(end_at - clock(), LAST_RECEIVE_SECONDS)):
                await consumer.leases.all_sent()

    @asynccontextmanager
    async def _inlet(
        self, settings: Settings, consumer: Consumer, clients: Clients, workers: Workers, clock: Callable[[], float]
    ) -> AsyncIterator[None]:
        """The way in beside the queue, if it is wanted: open while the service is ready, and answering to the end."""
        inlet, pipeline = settings.inlet, consumer.pipeline
        if inlet.port is None:
            yield
            return
        store = None
        if inlet.spool_bucket:
            store = Spool(
                clients.s3,
                inlet.spool_bucket,
                inlet.spool_prefix,
                workers,
                pipeline.known_by_content,
                timeout_seconds=settings.aws.call_seconds_max,
            ).put
        calls = Calls(
            self.telemetry,
            calls_max=inlet.calls_max,
            held_bytes_max=inlet.held_bytes_max,
            begin=pipeline.accept_call,
            store=store,
        )
        self.telemetry.gauge("calls_in_flight", "", lambda: {"": len(calls)})
        self.telemetry.gauge("calls_held_bytes", "", lambda: {"": calls.held_bytes})

        def is_open() -> bool:
            return self.state == "ready" and (store is not None or pipeline.has_room)

        door = Door(is_open, clock, self._wall_clock)
        async with serve_inlet(inlet, Inlet(inlet, calls, self.telemetry, workers, door)) as self.inlet_port:
            try:
                yield
            finally:
                calls.give_all_back()

    def reload(self, read: Callable[[], Settings]) -> None:
        """Take other settings while running, all of them or none, and the files that they name, if these changed.

        What came of it is logged, counted and in `/stats`.
        """
        try:
            settings = read()
            changed = safe_changes(self.settings, settings)
            if self.consumer is not None and self._enriching.read():
                changed.append("enrich")
        except Fatal as error:
            self._reloaded("refused", why=str(error))
            log.error("configuration not taken", why=str(error))
            return
        self._change(settings)
        self._reloaded("taken", changed=changed)
        log.info("configuration taken", changed=changed)

    def _change(self, settings: Settings) -> None:
        self.settings = settings
        logs.configure(settings.log)
        if self.consumer is not None:  # else it is still warming up, and begins with these
            self.consumer.change(settings, self._enriching.enrichment)

    def _reloaded(self, outcome: str, **told: object) -> None:
        self.telemetry.count("reloads", 1, outcome)
        self._reload = {"outcome": outcome, "at": self._wall_clock(), **told}

    async def _receive(self, consumer: Consumer, clock: Callable[[], float]) -> None:
        """Take messages while there is room for them."""
        queue, pipeline, failures = consumer.queue, consumer.pipeline, 0
        while self.state != "draining":
            if not pipeline.has_room:
                await asyncio.sleep(ROOM_SECONDS)
                continue
            asked_at = clock()
            try:
                messages = await queue.receive()
            except Retryable as error:
                self.telemetry.queue_failed(error)
                failures += 1
                await asyncio.sleep(consumer.backoff.delay(failures, self._random.random(), ROOM_SECONDS))
                continue
            failures = 0
            for message in messages:
                pipeline.accept(message, asked_at)
            if not messages:
                await asyncio.sleep(ROOM_SECONDS)

    async def _drain(self, consumer: Consumer, clock: Callable[[], float], deadline: float) -> None:
        """Wait for what has begun, as long as there is time."""
        log.info("draining", messages=consumer.settlement.messages_in_flight)
        while consumer.settlement.messages_in_flight and clock() < deadline:
            consumer.dead_letters.hurry()
            await asyncio.sleep(ROOM_SECONDS)

    async def _watch_loop(self, clock: Callable[[], float]) -> None:
        """How late the event loop is."""
        while True:
            asked_at = clock()
            await asyncio.sleep(LAG_SECONDS)
            self.telemetry.loop_lag_seconds.observe(max(clock() - asked_at - LAG_SECONDS, 0.0))

    def _whoami(self) -> dict[str, object]:
        """Which of many this is."""
        up_seconds = self._wall_clock() - self._began_at
        return {"host": platform.node(), "version": __version__, "state": self.state, "up_seconds": up_seconds}

    def _why_not_ready(self) -> str | None:
        if self.state != "ready":
            return self.state
        deliveries = self.consumer.deliveries if self.consumer else {}
        paused = [name for name, each in deliveries.items() if each.paused_seconds > PAUSE_UNREADY_SECONDS]
        return f"sink paused: {', '.join(paused)}" if paused else None

    @asynccontextmanager
    async def _kept_running(self, loops: list[Coroutine[Any, Any, None]], *, grace_seconds: float = 0) -> AsyncIterator[None]:
        """Run loops beside the body; behind it they are cancelled, after a grace to end in. A fault in one ends all."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop) for loop in loops]
            yield
            if grace_seconds and tasks:
                await asyncio.wait(tasks, timeout=grace_seconds)
            for task in tasks:
                task.cancel()
