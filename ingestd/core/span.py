"""The time that an object's key tells: AWS writes the day, and often the hour, of the lines (or of their delivery) into it.

The layouts are those of S3's partitions by date (load balancers, CloudTrail, Flow Logs, WAF, Firehose), of Hive, and of names
that begin with a date (CloudFront, S3 server access logs). A key of another layout tells nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["ObjectFilter", "span_of", "stem_of"]

_LAYOUTS = (
    re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{2})-([0-9]{2})-([0-9]{2})(?=[.-])[^/]*$"),  # E2K.2026-11-22-14.ab.gz
    re.compile(r"(?:^|/)year=([0-9]{4})/month=([0-9]{2})/day=([0-9]{2})(?:/hour=([0-9]{2}))?/"),
    re.compile(r"(?:^|/)([0-9]{4})/([0-9]{2})/([0-9]{2})(?:/([0-9]{2}))?/"),
)
_HOUR, _DAY = 3600.0, 86400.0


def span_of(key: str) -> tuple[float, float] | None:
    """Begin and end (exclusive) of the hour or day that a key names, UTC; None if it names none."""
    for layout in _LAYOUTS:
        if found := layout.search(key):
            year, month, day, hour = found.groups()
            try:
                begin = datetime(int(year), int(month), int(day), int(hour or 0), tzinfo=UTC).timestamp()
            except ValueError:  # digits that are no date
                continue
            return begin, begin + (_HOUR if hour else _DAY)
    return None


def stem_of(key: str) -> str:
    """What stands before the first time in a key: the same for all objects that one source writes. Without one: its folder.

    There may be two: Firehose writes it into folders and into the name.
    """
    begins = [found.start() for layout in _LAYOUTS if (found := layout.search(key))]
    return key[: min(begins, default=key.rfind("/") + 1)]


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Which objects of a bucket are meant: by a regular expression searched for in the key, and by time, [since, until).

    The key's hour or day must touch that time; without one in the key, the object's last modification must lie in it. Whatever
    begins with one of `without` is not meant.
    """

    since: float | None = None
    until: float | None = None
    key: str | None = None
    without: tuple[str, ...] = ()

    def takes(self, key: str, modified_at: float) -> bool:
        """Whether the object is meant."""
        if key.startswith(self.without) or (self.key is not None and re.search(self.key, key) is None):
            return False
        begin, end = span_of(key) or (modified_at, modified_at)
        is_early = self.since is not None and (end <= self.since if end > begin else begin < self.since)
        return not is_early and (self.until is None or begin < self.until)
