"""Where logs come from (bucket, prefix, format), how often each brings something, and which has gone silent.

How often is learnt: the longest pause between two objects, slowly forgotten. AWS delivers an ALB's log every five minutes, an
S3 server access log when it likes. Objects count by when they were written, so that a backlog that is worked off is no silence;
and only objects that come soon after being written begin a source, so that a bucket's past does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Freshness", "SourceName", "Sources"]

SOURCES_MAX = 500
SOON_SECONDS = 3600.0
OBJECTS_MIN = 6  # fewer have taught nothing
PAUSES = 3.0  # of the longest kind, in a row
SILENCE_SECONDS_MIN = 600.0
FORGETTING = 0.99  # an object
ENDED_SECONDS = 7 * 86400.0  # silent for so long is no fault any more


@dataclass(frozen=True, slots=True)
class SourceName:
    """The prefix is that before the date in a key; see `stem_of`."""

    bucket: str
    prefix: str
    format: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """A source as it stands: when it last wrote, the longest pause that is usual, and whether it is silent for too long.

    `newest_at`: the time of the newest event of it that has come to rest; None before the first.
    """

    name: SourceName
    objects: int
    last_at: float
    pause_seconds: float
    is_silent: bool
    newest_at: float | None = None


@dataclass(slots=True)
class _Seen:
    last_at: float
    objects: int = 1
    pause_seconds: float = 0.0
    newest_at: float | None = None


class Sources:
    """At most `most` of them; the one that has been silent for longest makes room."""

    def __init__(self, most: int = SOURCES_MAX) -> None:
        self._most = most
        self._seen: dict[SourceName, _Seen] = {}

    def arrived(self, name: SourceName, written_at: float, now: float) -> None:
        """An object of the source was read."""
        seen = self._seen.get(name)
        if seen is None:
            if now - written_at > SOON_SECONDS:
                return
            if len(self._seen) >= self._most:
                del self._seen[min(self._seen, key=lambda each: self._seen[each].last_at)]
            self._seen[name] = _Seen(written_at)
            return
        seen.objects += 1
        seen.pause_seconds = max(seen.pause_seconds * FORGETTING, written_at - seen.last_at)
        seen.last_at = max(seen.last_at, written_at)

    def settled(self, name: SourceName, newest_at: float) -> None:
        """All of an object of the source has come to rest, events up to `newest_at`."""
        if (seen := self._seen.get(name)) is not None:
            seen.newest_at = max(seen.newest_at or 0.0, newest_at)

    def rows(self, now: float) -> Iterator[Freshness]:
        """All of them."""
        for name, seen in list(self._seen.items()):
            silent_for = now - seen.last_at
            if silent_for > ENDED_SECONDS:
                del self._seen[name]
                continue
            patience = max(SILENCE_SECONDS_MIN, PAUSES * seen.pause_seconds)
            is_silent = seen.objects >= OBJECTS_MIN and silent_for > patience
            yield Freshness(name, seen.objects, seen.last_at, seen.pause_seconds, is_silent, seen.newest_at)
