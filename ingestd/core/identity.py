"""Which document is which: the id that makes a redelivery harmless, and the index that an event's own date chooses.

Both depend on the object alone, never on the clock, the notice or the attempt: each delivery of a line asks for the same
(index, id), so `create` answers 409 to all but the first.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, date, datetime, timedelta

from ingestd.model import Framing, Source

__all__ = [
    "ID_BYTES",
    "TIME_MS_MAX",
    "day_number",
    "document_id",
    "index_names",
    "index_of",
    "index_window",
    "instant",
    "object_id",
]

OFFSET_DIGITS = 12  # a decoded object ends below 10^12 bytes; the setting's maximum stays under it
OBJECT_ID_CHARS = 16
ID_BYTES = OBJECT_ID_CHARS + OFFSET_DIGITS
EPOCH = date(1970, 1, 1)
TIME_MS_MAX = 7_258_118_400_000  # where 2200 begins


def object_id(source: Source) -> str:
    """16 characters [a-z2-7] from (bucket, key, etag): ids of one object share them, so that they sort together."""
    parts = "\0".join((source.bucket, source.key, source.etag)).encode()
    return base64.b32encode(hashlib.blake2b(parts, digest_size=10).digest()).decode().lower()


def document_id(object_part: str, offset: int) -> str:
    """The `_id` of the line at `offset` of the decoded object; ascends with the offset."""
    return f"{object_part}{offset:0{OFFSET_DIGITS}}"


def day_number(at: float) -> int:
    """Days since 1970-01-01, UTC."""
    return int(at // 86400)


def index_window(source: Source, framing: Framing) -> tuple[int, int]:
    """First and last day number whose events get an index by date; it hangs on the object's own last modification."""
    day = day_number(source.modified_at)
    return day - framing.days_past, day + framing.days_ahead


def index_names(framing: Framing, first_day: int, last_day: int) -> list[str]:
    """The index of each day in [first_day, last_day]; every other day's is `framing.outlier_index`."""
    if framing.period == "none":
        return [framing.index] * (last_day - first_day + 1)
    return [f"{framing.index}-{_suffix(EPOCH + timedelta(days=day), framing.period)}" for day in range(first_day, last_day + 1)]


def index_of(framing: Framing, source: Source, day: date) -> str:
    """The index of an event of this day."""
    first, last = index_window(source, framing)
    number = (day - EPOCH).days
    return index_names(framing, number, number)[0] if first <= number <= last else framing.outlier_index


def _suffix(day: date, period: str) -> str:
    if period == "monthly":
        return f"{day:%Y.%m}"
    if period == "weekly":
        year, week, _ = day.isocalendar()
        return f"{year}.w{week:02}"
    return f"{day:%Y.%m.%d}"


def instant(at: float) -> str:
    """Epoch seconds as ISO 8601 with milliseconds and Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
