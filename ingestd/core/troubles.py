"""What is wrong, in words for whoever was woken: the worst first, each with its place in docs/runbook.md.

The page, `/stats` and `ingestd top` show these; deploy/alerts.yaml asks the same of all tasks together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingestd.core.durations import spoken

__all__ = ["PAGES", "RECENT_MINUTES", "STUCK_MINUTES", "Signs", "Trouble", "troubles"]

RECENT_MINUTES = 15
STUCK_MINUTES = 10
QUEUE_ERRORS_MIN = 6  # a minute: one that fails now and then is tried again, and hurts nobody
REJECTED_SHARE = 0.05  # of lines: more is a format that is misunderstood, not a strange line
DRAIN_SECONDS_MAX = 3600.0
LAG_SECONDS_MAX = 900.0
NAMED_MAX = 3  # silent sources that are named one by one; all stand in a table of the page
FINE = frozenset({"received", "settled", "spooled", "joined"})  # calls that are not refused

PAGES = {
    "paused": "a-sink-is-paused",
    "queue": "the-queue-cannot-be-reached",
    "stuck": "nothing-arrives",
    "late": "lines-arrive-late",
    "dead": "dead-letters",
    "silent": "a-source-is-silent",
    "refused": "senders-are-refused",
    "leases": "leases-are-lost",
    "reload": "a-new-configuration-is-not-taken",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """What is looked at. Counts are of the last RECENT_MINUTES, those of `queue_errors` of the last minute.

    `paused`: sink -> (why, for how many seconds). `is_stuck`: messages are held, and none was settled for STUCK_MINUTES.
    `silent`: where nothing comes from any more, as it may be shown.
    """

    paused: Mapping[str, tuple[str, float]]
    messages_in_flight: int
    is_stuck: bool
    queue_errors: Mapping[str, int]
    dead_letters: Mapping[str, int]
    lines_read: int
    calls: Mapping[str, int]
    leases_lost: int
    drain_seconds: float | None
    lag_seconds: float
    limited_by: str
    silent: Sequence[str]
    is_reload_refused: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `is_urgent`: nothing gets through, or much is set aside; else it can wait for the morning."""

    text: str
    page: str
    is_urgent: bool = False


def troubles(signs: Signs) -> list[Trouble]:
    """All of them, the urgent ones first."""
    return sorted(_found(signs), key=lambda trouble: not trouble.is_urgent)


def _found(signs: Signs) -> Iterator[Trouble]:
    for sink, (why, seconds) in signs.paused.items():
        yield Trouble(f"sink {sink} has taken nothing for {spoken(seconds)}: {why}", PAGES["paused"], True)
    if sum(signs.queue_errors.values()) >= QUEUE_ERRORS_MIN:
        yield Trouble(
            f"the queue cannot be reached: {_counted(signs.queue_errors, 'call')} failed in a minute", PAGES["queue"], True
        )
    if signs.is_stuck:
        text = f"{signs.messages_in_flight:,} messages are held, and none was settled for {STUCK_MINUTES} minutes"
        yield Trouble(text, PAGES["stuck"], True)
    if (signs.drain_seconds or 0.0) > DRAIN_SECONDS_MAX:
        yield Trouble(f"what waits on the queue takes {spoken(signs.drain_seconds)}; {_limit(signs.limited_by)}", PAGES["late"])
    if signs.lag_seconds > LAG_SECONDS_MAX:
        yield Trouble(f"objects come to rest up to {spoken(signs.lag_seconds)} after they were put", PAGES["late"])
    if dead := sum(signs.dead_letters.values()):
        text = f"{_counted(signs.dead_letters, 'dead letter')} in {RECENT_MINUTES} minutes"
        yield Trouble(text, PAGES["dead"], dead > REJECTED_SHARE * signs.lines_read)
    if refused := {outcome: count for outcome, count in signs.calls.items() if outcome not in FINE}:
        yield Trouble(f"{_counted(refused, 'call')} refused in {RECENT_MINUTES} minutes", PAGES["refused"])
    yield from _silent(signs.silent)
    if signs.leases_lost:
        yield Trouble(f"{signs.leases_lost:,} leases lost in {RECENT_MINUTES} minutes: work is done twice", PAGES["leases"])
    if signs.is_reload_refused:
        yield Trouble("a new configuration was not taken; the old one goes on", PAGES["reload"])


def _silent(names: Sequence[str]) -> Iterator[Trouble]:
    for name in names[:NAMED_MAX]:
        yield Trouble(f"nothing comes from {name} any more", PAGES["silent"])
    if len(names) > NAMED_MAX:
        yield Trouble(f"and from {len(names) - NAMED_MAX} other sources", PAGES["silent"])


def _counted(rows: Mapping[str, int], what: str) -> str:
    """`1,200 dead letters (bad_number 900, ...)`: how many, and of what kind the most are."""
    total = sum(rows.values())
    kinds = sorted(rows, key=lambda kind: -rows[kind])
    shown = ", ".join(f"{kind} {rows[kind]:,}" for kind in kinds[:NAMED_MAX]) + ", ..." * (len(kinds) > NAMED_MAX)
    return f"{total:,} {what}{'s' * (total != 1)} ({shown})"


def _limit(stage: str) -> str:
    return "the sink sets the pace" if stage == "sink" else f"limited by {stage}"
