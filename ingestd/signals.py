"""Signals of health, taken once a second: how old, how late, what limits, which source is silent, how long the backlog takes;
and what of it all is trouble.

They go to `/metrics`, but for the names of sources and of what is dead, which go to `/stats`; and once a minute, if the
settings want it, into the log in CloudWatch's embedded metric format, which makes metrics of it without a call.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import structlog

from ingestd.core.capacity import Capacity
from ingestd.core.cost import task_dollars
from ingestd.core.recent import Recent
from ingestd.core.saturation import Load, Saturation
from ingestd.core.sources import SourceName
from ingestd.core.troubles import RECENT_MINUTES, STUCK_MINUTES, Signs, troubles
from ingestd.errors import Retryable
from ingestd.model import Depth
from ingestd.pipeline import Pipeline
from ingestd.settlement import Settlement
from ingestd.shell.delivery import Delivery
from ingestd.shell.departures import NoticeQueue
from ingestd.shell.leases import Leases
from ingestd.shell.telemetry import Telemetry

__all__ = ["Signals"]

log = structlog.get_logger()

LOOK_SECONDS = 1.0
ASK_SECONDS = 15.0
MINUTE_SECONDS = 60.0
SHOWN_SOURCES_MAX = 50  # on the page: the silent first


class Signals:
    """One consumer's. `namespace`: where CloudWatch puts them; None: nowhere."""

    def __init__(
        self,
        telemetry: Telemetry,
        pipeline: Pipeline,
        settlement: Settlement,
        leases: Leases,
        deliveries: Mapping[str, Delivery],
        queue: NoticeQueue | None,
        *,
        cores: int,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        namespace: str | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._pipeline = pipeline
        self._settlement = settlement
        self._leases = leases
        self._deliveries = deliveries
        self._queue = queue
        self._cores = cores
        self._clock = clock
        self._wall_clock = wall_clock
        self._namespace = namespace
        self._saturation = Saturation()
        self._messages, self._bytes, self._cpu = Capacity(), Capacity(), Capacity()
        self._depth: Depth | None = None
        self._silent: set[SourceName] = set()
        self._recent = Recent()
        self._show()

    async def run(self) -> None:
        """Look until cancelled."""
        looked_at, cpu_before = self._clock(), time.process_time()
        asked_at = minute_at = looked_at
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now, cpu = self._clock(), time.process_time()
            self._look(now - looked_at, cpu, cpu - cpu_before)
            looked_at, cpu_before = now, cpu
            if now - asked_at >= ASK_SECONDS:
                asked_at = now
                await self._ask()
            if now - minute_at >= MINUTE_SECONDS:
                minute_at = now
                self._minute()

    def _look(self, seconds: float, cpu_total: float, cpu: float) -> None:
        pipeline, stats = self._pipeline, self._telemetry
        is_working = self._settlement.messages_in_flight > 0
        self._saturation.look(
            Load(
                is_sink_behind=any(each.is_behind for each in self._deliveries.values()),
                cpu=cpu / (seconds * self._cores) if seconds > 0 else 0.0,
                is_budget_taken=pipeline.waits_for_memory,
                are_slots_taken=pipeline.waits_for_slots,
                is_full_of_messages=pipeline.is_full_of_messages,
            )
        )
        self._messages.look(stats.counted("messages", "deleted"), seconds, is_working=is_working)
        self._bytes.look(stats.counted("bytes", "decoded"), seconds, is_working=is_working)
        self._cpu.look(cpu_total, seconds, is_working=is_working)

    async def _ask(self) -> None:
        if self._queue is None:
            return
        try:
            self._depth = await self._queue.depth()
        except Retryable as error:
            self._depth = None  # what was known is not true any more
            log.debug("the queue does not tell its depth", reason=error.reason, **error.fields)

    def _minute(self) -> None:
        self._telemetry.next_minute()
        self._recent.minute(self._telemetry.snapshot().counters)
        silent = {row.name for row in self._settlement.sources.rows(self._wall_clock()) if row.is_silent}
        for name in silent - self._silent:
            log.warning("source silent", bucket=name.bucket, prefix=name.prefix, format=name.format)
        for name in self._silent - silent:
            log.info("source not silent any more", bucket=name.bucket, prefix=name.prefix, format=name.format)
        self._silent = silent
        if self._namespace:
            self._embed(self._namespace)

    @property
    def drain_seconds(self) -> float | None:
        """How long the queue, with all that is in flight, takes at the measured rate of all that read it; None: not known.

        How many those are is seen from how much of what is in flight is ours.
        """
        depth, rate = self._depth, self._messages.per_second
        if depth is None:
            return None
        if depth.messages == 0:
            return 0.0
        held = self._settlement.messages_in_flight
        consumers = max(depth.in_flight / held, 1.0) if held else 1.0
        return depth.messages / (rate * consumers) if rate else None

    @property
    def limited_by(self) -> str:
        """The stage that was the limit for most of the last minute; a sink that is paused is it at once."""
        is_paused = any(each.throttle.paused for each in self._deliveries.values())
        return "sink" if is_paused else self._saturation.stage

    @property
    def cpu_seconds_per_gb(self) -> float | None:
        """CPU of this process for a gigabyte of decoded log, of late."""
        cpu, size = self._cpu.per_second, self._bytes.per_second
        return cpu / size * 1e9 if cpu is not None and size else None

    def _show(self) -> None:
        gauge, notes = self._telemetry.gauge, self._telemetry.notes
        gauge("oldest_message_seconds", "", lambda: {"": self._oldest()})
        gauge("lag_seconds", "", lambda: {"": self._telemetry.late.seconds})
        gauge("event_lag_seconds", "", lambda: {"": self._telemetry.event_late.seconds})
        gauge("limited_by", "stage", lambda: self._saturation.shares())
        gauge("sources_silent", "", lambda: {"": len(self._silent)})
        gauge("queue_messages", "", lambda: _known(self._depth.messages if self._depth else None))
        gauge("messages_per_second", "", lambda: _known(self._messages.per_second))
        gauge("drain_seconds", "", lambda: _known(self.drain_seconds))
        gauge("cpu_seconds_per_gb", "", lambda: _known(self.cpu_seconds_per_gb))
        notes["limited_by"] = lambda: self.limited_by
        notes["sources"] = self._sources
        notes["dead_places"] = self._dead_places
        notes["troubles"] = lambda: [asdict(trouble) for trouble in troubles(self._signs())]
        notes["dollars_per_gb"] = lambda: task_dollars(each) if (each := self.cpu_seconds_per_gb) is not None else None

    def _signs(self) -> Signs:
        stats, recent, held = self._telemetry.snapshot(), self._recent, self._settlement.messages_in_flight
        lately = {name: recent.since(RECENT_MINUTES, stats.counters, name) for name in ("dead_letters", "lines_read", "calls")}
        ends = recent.since(STUCK_MINUTES, stats.counters, "messages")
        return Signs(
            paused={
                name: (each.throttle.paused, each.paused_seconds)
                for name, each in self._deliveries.items()
                if each.throttle.paused
            },
            messages_in_flight=held,
            is_stuck=recent.covers(STUCK_MINUTES) and not ends.get("deleted") and held > ends.get("received", 0),
            queue_errors=recent.since(1, stats.counters, "queue_errors"),
            dead_letters=lately["dead_letters"],
            lines_read=sum(lately["lines_read"].values()),
            calls=lately["calls"],
            leases_lost=sum(recent.since(RECENT_MINUTES, stats.counters, "lease_lost").values()),
            drain_seconds=self.drain_seconds,
            lag_seconds=self._telemetry.late.seconds,
            limited_by=self.limited_by,
            silent=[f"{each.bucket}/{each.prefix} ({each.format})" for each in sorted(self._silent, key=str)],
            is_reload_refused=bool(stats.gauges.get("reload_refused", {}).get("")),
        )

    def _oldest(self) -> float:
        sent_at = self._leases.oldest_sent_at
        return max(self._wall_clock() - sent_at, 0.0) if sent_at else 0.0

    def _sources(self) -> list[dict[str, Any]]:
        now = self._wall_clock()
        rows = sorted(self._settlement.sources.rows(now), key=lambda row: (not row.is_silent, row.last_at))
        return [
            {"bucket": row.name.bucket, "prefix": row.name.prefix, "format": row.name.format, "objects": row.objects}
            | {"ago_seconds": now - row.last_at, "pause_seconds": row.pause_seconds, "is_silent": row.is_silent}
            | {"newest_event_seconds": None if row.newest_at is None else max(now - row.newest_at, 0.0)}
            for row in rows[:SHOWN_SOURCES_MAX]
        ]

    def _dead_places(self) -> dict[str, dict[str, Any]]:
        now = self._wall_clock()
        return {
            reason: {"where": place.where, "spot": place.spot, "ago_seconds": max(now - place.at, 0.0)}
            for reason, place in self._settlement.dead_places.by_reason().items()
        }

    def _embed(self, namespace: str) -> None:
        """The minute's metrics, as one event of the log."""
        values = {"SinkLimited": self._saturation.shares()["sink"], "SourcesSilent": len(self._silent)}
        values |= {} if self._messages.per_second is None else {"MessagesPerSecond": self._messages.per_second}
        values |= {} if self.drain_seconds is None else {"DrainSeconds": self.drain_seconds}
        metrics = [{"Name": name} for name in values]
        described = {"Namespace": namespace, "Dimensions": [[]], "Metrics": metrics}
        told = {"Timestamp": int(self._wall_clock() * 1000), "CloudWatchMetrics": [described]}
        log.info("metrics", _aws=told, **values)


def _known(value: float | None) -> dict[str, float]:
    """A gauge that is not there while its value is not known: 0 would be a lie."""
    return {} if value is None else {"": float(value)}
