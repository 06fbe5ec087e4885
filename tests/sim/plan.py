"""What one seed is: settings, things put into the outside and when, and the faults that are armed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ingestd.config import (
    AwsSettings,
    DeadLetterSettings,
    EventSettings,
    FirehoseSettings,
    MemorySettings,
    ObjectSettings,
    OpenSearchSettings,
    QueueSettings,
    RetrySettings,
    RouteSettings,
    Settings,
    SinkSettings,
)
from tests.sim.content import BUCKET, ENVELOPE_BYTES_MAX, LINE_BYTES_MAX, Version, notice, version
from tests.sim.faults import armed
from tests.sim.ruling import NO_RULING, Ruling, ruling

__all__ = ["Arrival", "Plan", "plan"]

REPLACED_SECONDS = 20.0  # at the latest so long after it was put; when a body of it breaks off, at that moment
CONTROL_KEY = "AWSLogs/ELBAccessLogTestFile"
ROUTES = {"os": ("opensearch",), "fh": ("firehose",), "both": ("opensearch", "firehose"), "drop": ()}
POISON = (("not json", "not_json"), ('{"a": 1}', "unrecognised"))
FOREIGN = '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "foreign"}, "object": {"key": "k"}}}]}'


@dataclass(frozen=True)
class Arrival:
    """At `at` seconds these versions are put and those keys are deleted, and the message is sent."""

    at: float
    puts: tuple[Version, ...]
    deletes: tuple[str, ...]
    body: str
    objects: tuple[str, ...]
    poison: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """`until`: when faults end. `receives_max`: after so many receipts the queue moves a message to its own dead letters."""

    seed: int
    settings: Settings
    arrivals: tuple[Arrival, ...]
    faults: Mapping[str, float | Sequence[float]]
    until: float
    receives_max: int | None
    ruling: Ruling = NO_RULING

    def sinks_of(self, key: str) -> tuple[str, ...]:
        """Where the lines of an object belong."""
        return () if key == CONTROL_KEY else ROUTES[key.partition("/")[0]]


def plan(seed: int, only: Collection[str] | None = None) -> Plan:
    """The plan of a seed; `only` these of its faults."""
    random = Random(f"{seed}/plan")
    faults = armed(random)
    until = random.choice((30.0, 120.0, 300.0))
    has_dead_letters = random.random() < 0.92
    kinds = random.choice((("os",), ("os",), ("fh",), ("fh",), ("os", "fh", "both", "drop")))
    ruled = ruling(seed)
    settings = _settings(random, kinds, has_dead_letters).model_copy(update={"rule": ruled.rules()})
    arrivals = _arrivals(random, kinds, until, is_replacing="s3.replaced" in faults)
    return Plan(
        seed,
        settings,
        arrivals,
        {name: number for name, number in faults.items() if only is None or name in only},
        until,
        None if has_dead_letters else random.randrange(3, 7),
        ruled,
    )


def _settings(random: Random, kinds: tuple[str, ...], has_dead_letters: bool) -> Settings:
    patience = random.choice((2.0, 5.0, 20.0))
    block = random.choice((1000, 3000))
    batch: dict[str, Any] = {
        "batch_count_max": random.choice((1, 3, 10, 500)),
        "batch_bytes_max": random.choice((2_000, 10_000, 100_000)),
        "batch_seconds": random.choice((0.2, 1.0, 5.0)),
        "permits_first": random.choice((1, 2, 4)),
        "permits_max": random.choice((4, 16)),
    }
    sinks: dict[str, SinkSettings] = {}
    if "os" in kinds:
        sinks["opensearch"] = OpenSearchSettings.model_construct(
            urls=("http://cluster:9200",), timeout_seconds=patience, compress=random.choice(("always", "never")), **batch
        )
    if "fh" in kinds:
        sinks["firehose"] = FirehoseSettings.model_construct(stream="stream", **batch)
    routes = tuple(RouteSettings.model_construct(key=f"^{kind}/", sinks=ROUTES[kind], drop=not ROUTES[kind]) for kind in kinds)
    return Settings.model_construct(
        drain_seconds=random.choice((10.0, 25.0)),
        aws=AwsSettings.model_construct(read_timeout_seconds=patience),
        queue=QueueSettings.model_construct(
            url="https://sqs/queue",
            buckets=(BUCKET,),
            visibility_seconds=random.choice((30, 60, 120)),
            wait_seconds=random.choice((1, 5, 20)),
            receivers=random.choice((1, 2)),
            messages_in_flight_max=random.choice((1, 4, 20)),
            message_age_seconds_max=random.choice((150, 39600, 39600)),
        ),
        object=ObjectSettings.model_construct(
            in_flight_max=random.choice((1, 3, 32)),
            line_bytes_max=LINE_BYTES_MAX,
            envelope_bytes_max=ENVELOPE_BYTES_MAX,
            block_bytes=block,
            read_attempts_max=random.choice((1, 3, 5)),
        ),
        memory=MemorySettings.model_construct(budget_bytes=block * random.choice((8, 30, 1000))),
        retry=RetrySettings.model_construct(ceiling_seconds=random.choice((5.0, 60.0))),
        events=EventSettings.model_construct(days_past=5),
        sinks=sinks,
        route=routes if len(routes) > 1 else (),
        dead_letters=DeadLetterSettings.model_construct(
            bucket="dead" if has_dead_letters else None, batch_seconds=random.choice((0.2, 5.0)), batch_bytes_max=2_000
        ),
    )


def _arrivals(random: Random, kinds: tuple[str, ...], until: float, *, is_replacing: bool) -> tuple[Arrival, ...]:
    arrivals: list[Arrival] = []
    known: list[Version] = []
    mark = 0
    for _ in range(random.choice((1, 2, 4, 10))):
        at = random.random() * until * 0.7
        chance = random.random()
        if chance < 0.05:
            body, reason = random.choice(POISON)
            arrivals.append(Arrival(at, (), (), body, (), (reason,)))
        elif chance < 0.08:
            arrivals.append(Arrival(at, (), (), FOREIGN, (), ("foreign_bucket",)))
        elif chance < 0.12:
            arrivals.append(Arrival(at, (), (), '{"Event": "s3:TestEvent"}', ()))
        else:
            puts: list[Version] = []
            for _ in range(random.choice((1, 1, 1, 2, 4))):
                key = f"{random.choice(kinds)}/{len(known)}"
                puts.append(version(random, key, mark))
                known.append(puts[-1])
                mark += 100
            if random.random() < 0.05:
                puts.append(Version(CONTROL_KEY, "alb", b"Enable AccessLog", (), "whole"))
            arrivals.append(_announce(random, at, tuple(puts)))
            if random.random() < 0.1:
                arrivals.append(_announce(random, at + random.random() * 60, (), tuple(puts)))
            if random.random() < 0.05:
                arrivals.append(Arrival(at + random.random() * 5, (), (puts[0].key,), '{"Event": "s3:TestEvent"}', ()))
            elif is_replacing and random.random() < 0.7:
                arrivals.append(
                    _announce(random, at + random.random() * REPLACED_SECONDS, (version(random, puts[0].key, mark),))
                )
                mark += 100
    return tuple(arrivals)


def _announce(random: Random, at: float, puts: tuple[Version, ...], named: tuple[Version, ...] = ()) -> Arrival:
    objects = [(found, random.random() < 0.7) for found in named or puts]
    return Arrival(at, puts, (), notice(random, objects), tuple(found.key for found, _ in objects))
