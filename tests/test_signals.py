"""Signals of a service at work on fakes: true of what it did, names only in the notes, and a line for CloudWatch."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from ingestd.core.dead_places import DeadPlaces
from ingestd.core.retry import Backoff
from ingestd.core.sources import SourceName, Sources
from ingestd.core.throttle import Throttle
from ingestd.core.troubles import PAGES
from ingestd.errors import Retryable
from ingestd.model import DeadLetter, Depth, Place
from ingestd.shell.telemetry import Telemetry
from ingestd.signals import Signals

WALL = 1_000_000.0


class Part:
    """Stands for the pipeline, the settlement, the leases, a delivery and the queue, as far as signals look at them."""

    def __init__(self) -> None:
        self.sources = Sources()
        self.dead_places = DeadPlaces()
        self.messages_in_flight = 10
        self.waits_for_memory = self.waits_for_slots = self.is_full_of_messages = self.is_behind = False
        self.throttle, self.paused_seconds = Throttle(4, 16, Backoff(0.5, 20.0)), 0.0
        self.oldest_sent_at = WALL - 90
        self.answer: Depth | Exception = Depth(700, 40)

    async def depth(self) -> Depth:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class World:
    """Signals over one part, looked at by hand; the clock stands still between looks."""

    def __init__(self, namespace: str | None = None) -> None:
        self.telemetry, self.part = Telemetry(), Part()
        part = cast(Any, self.part)
        self.signals = Signals(
            self.telemetry,
            part,
            part,
            part,
            {"main": part},
            part,
            cores=2,
            clock=lambda: 0.0,
            wall_clock=lambda: WALL,
            namespace=namespace,
        )

    def work(self, seconds: int, messages: int, cpu: float = 1.0) -> None:
        """So many messages a second, a megabyte each."""
        for second in range(seconds):
            self.signals._look(1.0, second * cpu, cpu)
            for _ in range(messages):
                self.telemetry.message_ended("deleted")
            self.telemetry.count("bytes", messages * 1_000_000, "decoded")

    def pages(self) -> list[str]:
        """Where the troubles lead to."""
        return [trouble["page"] for trouble in cast(Any, self.telemetry.notes["troubles"]())]

    def gauge(self, name: str, label: str = "") -> float | None:
        return self.telemetry.snapshot().gauges[name].get(label)


async def test_the_drain_time_counts_what_is_in_flight_and_who_else_reads() -> None:
    """740 messages, 5 a second here, and three more consumers by what is in flight: 37 s."""
    world = World()
    assert world.gauge("drain_seconds") is None
    await world.signals._ask()
    assert world.gauge("drain_seconds") is None
    world.work(120, 5)
    assert world.gauge("messages_per_second") == pytest.approx(5, rel=0.03)
    assert world.gauge("drain_seconds") == pytest.approx(37, rel=0.03)
    assert world.gauge("queue_messages") == 740
    world.part.answer = Depth(0, 0)
    await world.signals._ask()
    assert world.gauge("drain_seconds") == 0


async def test_a_depth_that_is_not_told_is_not_known() -> None:
    """Without the permission, or while SQS is out of reach: no number, rather than the last one for ever."""
    world = World()
    await world.signals._ask()
    world.part.answer = Retryable("no", reason="queue_refused")
    await world.signals._ask()
    assert world.gauge("queue_messages") is None


def test_ages_and_costs() -> None:
    """The oldest message by when it was sent; a second of CPU for five megabytes is 200 for a gigabyte."""
    world = World()
    world.work(120, 5)
    assert world.gauge("oldest_message_seconds") == 90
    assert world.gauge("cpu_seconds_per_gb") == pytest.approx(200, rel=0.05)
    dollars = world.telemetry.notes["dollars_per_gb"]()
    assert dollars == pytest.approx(200 / 3600 * (0.04048 + 2 * 0.004445), rel=0.05)
    world.telemetry.settled_after(7.0)
    world.telemetry.settled_after(3.0)
    world.telemetry.event_settled_after(310.0)
    world.signals._minute()
    assert (world.gauge("lag_seconds"), world.gauge("event_lag_seconds")) == (7, 310)
    world.signals._minute()
    assert (world.gauge("lag_seconds"), world.gauge("event_lag_seconds")) == (0, 0)


def test_what_limits_is_said() -> None:
    """A sink that is behind, whatever else is full; else the CPU, of the cores that there are."""
    world = World()
    world.part.is_behind = world.part.waits_for_memory = True
    world.work(30, 1, cpu=2.0)
    assert world.telemetry.notes["limited_by"]() == "sink"
    world.part.is_behind = False
    world.work(60, 1, cpu=2.0)
    assert (world.telemetry.notes["limited_by"](), world.gauge("limited_by", "cpu")) == ("cpu", 1)
    world.part.throttle.paused = "forbidden"  # then nobody waits for a minute to have passed
    assert world.telemetry.notes["limited_by"]() == "sink"


def test_a_source_that_stops_is_told_once_and_named_only_in_the_notes() -> None:
    """The log names it when it stops and when it is back; a metric says how many there are."""
    world = World()
    name = SourceName("secret-bucket", "alb/", "alb")
    for number in range(20):
        at = WALL - 10_000 + number * 300
        world.part.sources.arrived(name, at, at)
    with capture_logs() as events:
        world.signals._minute()
        world.signals._minute()
        world.part.sources.arrived(name, WALL, WALL)
        assert world.gauge("sources_silent") == 1
        world.signals._minute()
    assert [event["event"] for event in events] == ["source silent", "source not silent any more"]
    assert cast(Any, world.telemetry.notes["sources"]())[0]["bucket"] == "secret-bucket"
    assert "secret-bucket" not in str(world.telemetry.snapshot())


def test_where_the_newest_dead_letter_is_from_is_named_only_in_the_notes() -> None:
    """By reason, with how long ago it was."""
    world = World()
    for offset in (0, 120):
        place = Place(bucket="secret-bucket", key="alb/x.gz", offset=offset)
        world.part.dead_places.saw(DeadLetter("line", "bad_time", "no time", place, b"raw", 3, at=WALL - 60))
    told = cast(Any, world.telemetry.notes["dead_places"]())
    assert told == {"bad_time": {"where": "secret-bucket/alb/x.gz", "spot": "byte 120", "ago_seconds": 60.0}}
    assert "secret-bucket" not in str(world.telemetry.snapshot())


def test_troubles_are_of_the_last_minutes() -> None:
    """A pause at once, dead letters for a quarter of an hour, and messages that are held in vain after ten minutes."""
    world = World()
    world.part.messages_in_flight = 0
    assert world.pages() == []
    world.telemetry.count("dead_letters", 3, "bad_number")
    world.telemetry.count("lines_read", 1000, "alb")
    assert world.pages() == [PAGES["dead"]]
    world.part.throttle.pause("cluster_block", 0.0, 0.5)
    assert world.pages() == [PAGES["paused"], PAGES["dead"]]
    world.part.throttle.answered(1.0)
    for _ in range(15):
        world.signals._minute()
    assert world.pages() == [PAGES["dead"]]
    world.signals._minute()
    assert world.pages() == []
    world.telemetry.message_ended("received")
    world.part.messages_in_flight = 1
    assert world.pages() == []  # it has just come
    for _ in range(11):
        world.signals._minute()
    assert world.pages() == [PAGES["stuck"]]
    world.telemetry.message_ended("deleted")
    assert world.pages() == []


async def test_cloudwatch_gets_a_line_of_the_log() -> None:
    """In its embedded metric format: each metric that is named stands beside it; none is told that is not known."""
    world = World("ingestd/logs")
    with capture_logs() as events:
        world.signals._minute()
        world.work(60, 5)
        await world.signals._ask()
        world.signals._minute()
    first, second = (event for event in events if event["event"] == "metrics")
    (told,) = second["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"] for metric in told["Metrics"]}
    assert names == {"SinkLimited", "SourcesSilent", "MessagesPerSecond", "DrainSeconds"}
    assert names <= set(second)
    assert told["Namespace"] == "ingestd/logs"
    assert second["_aws"]["Timestamp"] == WALL * 1000
    assert "DrainSeconds" not in first


async def test_it_looks_and_asks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each second, each quarter of a minute, each minute, until it is cancelled."""
    world, now = World(), 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if now > 100:
            raise asyncio.CancelledError

    monkeypatch.setattr("ingestd.signals.asyncio.sleep", sleep)
    world.signals._clock = lambda: now
    world.telemetry.settled_after(5.0)
    with pytest.raises(asyncio.CancelledError):
        await world.signals.run()
    assert world.gauge("queue_messages") == 740
    assert (world.telemetry.late._before, world.telemetry.late._now) == (5.0, 0.0)
