"""Sources: how often each writes is learnt, and one that stops is seen, bounded in number."""

from __future__ import annotations

import pytest

from ingestd.core.sources import SourceName, Sources
from ingestd.core.span import stem_of

ALB = SourceName("logs", "AWSLogs/1/elb/", "alb")
MINUTE = 60.0


def fed(pause_seconds: float, objects: int, *, late_seconds: float = 0.0) -> tuple[Sources, float]:
    """A source that wrote so often, and the time at which it did last."""
    sources, at = Sources(), 0.0
    for number in range(objects):
        at = number * pause_seconds
        sources.arrived(ALB, at, at + late_seconds)
    return sources, at


ROWS = [
    (5 * MINUTE, 20, 14 * MINUTE, False),  # an ALB may leave out two of its five minutes
    (5 * MINUTE, 20, 16 * MINUTE, True),
    (10.0, 50, 9 * MINUTE, False),  # nothing is silent before ten minutes
    (10.0, 50, 11 * MINUTE, True),
    (60 * MINUTE, 20, 170 * MINUTE, False),
    (60 * MINUTE, 20, 190 * MINUTE, True),
    (5 * MINUTE, 5, 600 * MINUTE, False),  # five objects have taught nothing
]


@pytest.mark.parametrize(("pause", "objects", "silence", "is_silent"), ROWS)
def test_a_source_is_silent_after_three_of_its_longest_pauses(
    pause: float, objects: int, silence: float, is_silent: bool
) -> None:
    """Not before ten minutes, and not before it has been heard of often enough."""
    sources, at = fed(pause, objects)
    (row,) = sources.rows(at + silence)
    assert (row.name, row.objects, row.is_silent) == (ALB, objects, is_silent)


def test_what_comes_late_is_not_silent() -> None:
    """A backlog is worked off: objects count by when they were written, in any order."""
    sources, at = fed(5 * MINUTE, 20, late_seconds=50 * MINUTE)
    sources.arrived(ALB, at - 30 * MINUTE, at + 50 * MINUTE)
    (row,) = sources.rows(at + 5 * MINUTE)
    assert not row.is_silent
    assert row.last_at == at


def test_the_past_begins_no_source() -> None:
    """A backfill of old objects is not a source that has stopped."""
    sources, _ = fed(5 * MINUTE, 20, late_seconds=7200)
    assert list(sources.rows(10_000)) == []


def test_the_newest_event_that_came_to_rest_is_known() -> None:
    """Of a source that is known, and never an older one than before."""
    sources, at = fed(5 * MINUTE, 20)
    assert [row.newest_at for row in sources.rows(at)] == [None]
    for newest_at in (at - 60, at - 300):
        sources.settled(ALB, newest_at)
    sources.settled(SourceName("logs", "other/", "alb"), at)
    assert [row.newest_at for row in sources.rows(at)] == [at - 60]


def test_a_source_that_is_silent_for_a_week_is_forgotten() -> None:
    """It has ended, which is no fault."""
    sources, at = fed(5 * MINUTE, 20)
    assert list(sources.rows(at + 8 * 86400)) == []


def test_there_are_never_too_many() -> None:
    """Hostile keys push out what is silent for longest, and nothing grows."""
    sources = Sources(most=10)
    for number in range(1000):
        sources.arrived(SourceName("logs", f"{number}/", "alb"), float(number), float(number))
    rows = list(sources.rows(1000.0))
    assert sorted(row.last_at for row in rows) == [float(number) for number in range(990, 1000)]


STEMS = {
    "AWSLogs/1/elasticloadbalancing/us-east-2/2026/11/22/1_a.log.gz": "AWSLogs/1/elasticloadbalancing/us-east-2",
    "cf/EMLARXS9EXAMPLE.2026-11-22-20.RT4KCN4SGK9.gz": "cf/EMLARXS9EXAMPLE.",
    "logs/2026-11-22-20-16-34-E568B2907131C0C0": "logs/",
    "AWSLogs/aws-account-id=1/year=2026/month=11/day=22/a.parquet": "AWSLogs/aws-account-id=1",
    "cloudwatch/2026/11/22/20/logs-to-s3-1-2026-11-22-20-16-34-e568b290": "cloudwatch",
    "app/a.gz": "app/",
    "a.gz": "",
}


@pytest.mark.parametrize("key", STEMS)
def test_the_stem_of_a_key_is_its_source(key: str) -> None:
    """The part before the time, or the folder."""
    assert stem_of(key) == STEMS[key]
