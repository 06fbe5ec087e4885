"""The parts of one consumer, made of its settings and joined: what `service.py` runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from ingestd.config import FirehoseSettings, OpenSearchSettings, Settings
from ingestd.core.retry import Backoff
from ingestd.core.throttle import Throttle
from ingestd.fastpath.enrichment import Enrichment
from ingestd.formats.leaves import known_paths
from ingestd.model import Message, Notice
from ingestd.pipeline import Pipeline
from ingestd.settlement import Settlement
from ingestd.shell.budget import Budget
from ingestd.shell.clients import Clients
from ingestd.shell.deadletters import DeadLetters
from ingestd.shell.delivery import Delivery
from ingestd.shell.departures import NoticeQueue
from ingestd.shell.leases import Leases
from ingestd.shell.objects import Objects
from ingestd.shell.queue import Queue
from ingestd.shell.secrets import renewed
from ingestd.shell.telemetry import Telemetry
from ingestd.shell.workers import Workers
from ingestd.signals import Signals
from ingestd.sinks import firehose, opensearch
from ingestd.sinks.deadletter import DeadLetterSink
from ingestd.sinks.firehose import FirehoseSink
from ingestd.sinks.opensearch import OpenSearchSink
from ingestd.sinks.sink import Sink

__all__ = ["Consumer"]


class Consumer:
    """Everything between the queue and the sinks. `settings` have their secrets; `queue`: one that stands for the settings'.

    `read`: what a message asks for, where it is no notice; `reread`: the settings as they are by now, for renewed secrets.
    """

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        workers: Workers,
        telemetry: Telemetry,
        *,
        queue: NoticeQueue | None,
        enrichment: Enrichment,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        random: Random,
        read: Callable[[Message], Notice] | None,
        reread: Callable[[], Settings],
    ) -> None:
        self._clients, self._workers, self._random, self._reread = clients, workers, random, reread
        self.backoff = Backoff(settings.retry.first_seconds, settings.retry.ceiling_seconds)
        self.has_queue = bool(settings.queue.url or queue)
        self.queue = queue or Queue(
            clients.sqs,
            settings.queue.url or "",
            wait_seconds=settings.queue.wait_seconds,
            visibility_seconds=settings.queue.visibility_seconds,
        )
        self.budget = Budget(settings.memory.budget_bytes)
        self.dead_letters = DeadLetters(self._letter_sink(settings), self.backoff, random)
        self.settlement = Settlement(
            settings, dead_letters=self.dead_letters, budget=self.budget, telemetry=telemetry, wall_clock=wall_clock
        )
        self.leases = Leases(
            self.queue,
            telemetry,
            visibility_seconds=settings.queue.visibility_seconds,
            age_seconds_max=settings.queue.message_age_seconds_max,
            clock=clock,
            on_lost=self.settlement.lose,
            on_too_old=self.settlement.give_up,
        )
        self.deliveries: dict[str, Delivery] = {}
        self.pipeline = Pipeline(
            settings,
            objects=Objects(
                clients.s3,
                settings.object,
                owners=settings.queue.owners,
                stall_seconds=settings.aws.read_timeout_seconds,
                rand=random.random,
            ),
            deliveries=self.deliveries,
            settlement=self.settlement,
            leases=self.leases,
            budget=self.budget,
            workers=workers,
            telemetry=telemetry,
            clock=clock,
            read=read,
            enrichment=enrichment,
        )
        fields = known_paths(self.pipeline.formats)
        for sink in self._sinks(settings):
            throttle = Throttle(settings.sinks[sink.name].permits_first, settings.sinks[sink.name].permits_max, self.backoff)
            self.deliveries[sink.name] = Delivery(
                sink, throttle, self.backoff, self.settlement, telemetry, clock=clock, random=random, fields=fields
            )
        self._show(telemetry)
        self.signals = Signals(
            telemetry,
            self.pipeline,
            self.settlement,
            self.leases,
            self.deliveries,
            self.queue if self.has_queue else None,
            cores=workers.threads,
            clock=clock,
            wall_clock=wall_clock,
            namespace=settings.log.emf_namespace,
        )

    def change(self, settings: Settings, enrichment: Enrichment) -> None:
        """Other settings while running, so far as config/changes.py lets them differ."""
        self.budget.change(settings.memory.budget_bytes)
        self.settlement.change(settings)
        self.pipeline.change(settings, enrichment)
        backoff = Backoff(settings.retry.first_seconds, settings.retry.ceiling_seconds)
        for name, delivery in self.deliveries.items():
            sink = settings.sinks[name]
            limits = firehose.limits_of(sink) if isinstance(sink, FirehoseSettings) else opensearch.limits_of(sink)
            delivery.change(limits, sink.permits_max, backoff)

    async def close(self) -> None:
        """Close what the sinks hold open."""
        for delivery in self.deliveries.values():
            await delivery.sink.close()

    def _letter_sink(self, settings: Settings) -> DeadLetterSink | None:
        if not settings.dead_letters.bucket:
            return None
        return DeadLetterSink(
            settings.dead_letters,
            self._clients.s3,
            lambda: f"{self._random.getrandbits(128):032x}",
            self._workers.executor,
            timeout_seconds=settings.aws.call_seconds_max,
        )

    def _sinks(self, settings: Settings) -> Iterator[Sink]:
        clients, executor = self._clients, self._workers.executor
        for name, sink in settings.sinks.items():
            if isinstance(sink, OpenSearchSettings):
                renew = partial(renewed, name, sink, self._reread, clients.session)
                yield OpenSearchSink(name, sink, clients.cluster(sink, renew), executor)
            elif isinstance(sink, FirehoseSettings):
                region = sink.region or settings.aws.region
                yield FirehoseSink(name, sink, clients.firehose[region], clients.stream(sink, region, executor))

    def _show(self, telemetry: Telemetry) -> None:
        """The gauges, read when somebody looks."""
        gauge, loop, deliveries = telemetry.gauge, asyncio.get_running_loop(), self.deliveries
        gauge("in_flight_bytes", "", lambda: {"": self.budget.taken_bytes})
        gauge("budget_bytes", "", lambda: {"": self.budget.total_bytes})
        gauge("messages_in_flight", "", lambda: {"": self.settlement.messages_in_flight})
        gauge("leases", "", lambda: {"": len(self.leases)})
        gauge("tasks", "", lambda: {"": len(asyncio.all_tasks(loop))})
        gauge("retry_bytes", "sink", lambda: {name: each.retry_bytes for name, each in deliveries.items()})
        gauge("permits", "sink", lambda: {name: each.throttle.permits() for name, each in deliveries.items()})
        gauge(
            "sink_paused", "sink", lambda: {name: float(each.throttle.paused is not None) for name, each in deliveries.items()}
        )
