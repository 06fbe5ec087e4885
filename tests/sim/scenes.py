"""Scenes that are set up by hand, for the rows of DESIGN.md's table of reliability: few objects, chosen faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    Settings,
    SinkSettings,
)
from tests.sim.content import BUCKET, ENVELOPE_BYTES_MAX, LINE_BYTES_MAX, Line, Version, notice, version
from tests.sim.plan import Arrival, Plan

__all__ = ["Chosen", "announced", "objects", "scene", "whole"]

Chosen = Mapping[str, float | Sequence[float]]  # as Faults takes them


def scene(
    arrivals: Iterable[Arrival],
    *,
    seed: int = 0,
    faults: Chosen | None = None,
    until: float = 0.0,
    queue: Mapping[str, Any] | None = None,
    sink: Mapping[str, Any] | None = None,
    aws: Mapping[str, Any] | None = None,
) -> Plan:
    """What arrives goes by its keys to OpenSearch (`os/`) or Firehose (`fh/`); settings are the defaults but for those."""
    arrivals = tuple(arrivals)
    to_firehose = any(key.startswith("fh/") for arrival in arrivals for key in arrival.objects)
    sinks: dict[str, SinkSettings] = {}
    if to_firehose:
        sinks["firehose"] = FirehoseSettings.model_construct(stream="stream", **(sink or {}))
    else:
        sinks["opensearch"] = OpenSearchSettings.model_construct(
            urls=("http://cluster:9200",), compress="never", **(sink or {})
        )
    settings = Settings.model_construct(
        aws=AwsSettings.model_construct(**(aws or {})),
        queue=QueueSettings.model_construct(url="https://sqs/queue", buckets=(BUCKET,), **(queue or {})),
        object=ObjectSettings.model_construct(
            line_bytes_max=LINE_BYTES_MAX, envelope_bytes_max=ENVELOPE_BYTES_MAX, block_bytes=3000
        ),
        memory=MemorySettings.model_construct(budget_bytes=10_000_000),
        events=EventSettings.model_construct(days_past=5),
        dead_letters=DeadLetterSettings.model_construct(bucket="dead"),
        sinks=sinks,
    )
    return Plan(seed, settings, arrivals, faults or {}, until, None)


def objects(random: Random, count: int, to: str, first: int = 0) -> list[Version]:
    """Objects of all kinds: lines that are bad, documents that are refused, some truncated, some no logs."""
    return [version(random, f"{to}/{number}", number * 100) for number in range(first, first + count)]


def whole(random: Random, count: int, to: str, first: int = 0) -> list[Version]:
    """Objects that have lines, every one of which becomes a document."""
    found: list[Version] = []
    while len(found) < count:
        (each,) = objects(Random(random.random()), 1, to, first + len(found))  # an object need not draw from it
        if each.fate == "whole" and each.lines and all(_is_plain(line) for line in each.lines):
            found.append(each)
    return found


def announced(random: Random, at: float, puts: Sequence[Version]) -> Arrival:
    """One message that names these objects as they are put."""
    return Arrival(at, tuple(puts), (), notice(random, [(each, True) for each in puts]), tuple(each.key for each in puts))


def _is_plain(line: Line) -> bool:
    return line.kind in ("document", "skipped")
