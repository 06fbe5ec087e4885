"""What comes in: the queue of notices, the objects that they name, the memory for them, and their events' times."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ingestd.config.section import Section
from ingestd.config.values import KIB, MIB, Account, Bucket, MemberPath, QueueUrl, Texts

__all__ = ["EventSettings", "MemorySettings", "ObjectSettings", "QueueSettings"]

GIB = 1 << 30


class QueueSettings(Section):
    """The SQS queue of notices, and what may be named by them."""

    url: QueueUrl | None = None
    """The queue that S3, SNS or EventBridge writes notices to; the service needs it."""
    buckets: Annotated[tuple[Bucket, ...], Texts] = ()
    """The buckets that notices may name, exactly: whoever can write to the queue can name any other."""
    owners: Annotated[tuple[Account, ...], Texts] = ()
    """The accounts that may own those buckets, sent as ExpectedBucketOwner; without any, the owner is not asked for."""
    dangerously_any_bucket: bool = False
    """Read whatever a notice names; then the role's policy is the only fence."""
    visibility_seconds: Annotated[int, Field(ge=30, le=43200)] = 300
    """How long a message stays hidden; renewed in time while it is worked on, so it bounds only the wait after a crash."""
    wait_seconds: Annotated[int, Field(ge=0, le=20)] = 20
    """Long polling, SQS's own maximum: fewer requests, no delay."""
    receivers: Annotated[int, Field(ge=1, le=32)] = 2
    """Receive requests under way at once, ten messages each."""
    messages_in_flight_max: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Messages held at once; SQS lets a queue have 120,000 in flight over all its consumers."""
    message_age_seconds_max: Annotated[int, Field(ge=60, le=42600)] = 39600
    """A lease is not renewed past this: SQS ends it 12 h after the receipt whatever is asked."""


class ObjectSettings(Section):
    """Limits on what one object may be."""

    in_flight_max: Annotated[int, Field(ge=1, le=1000)] = 32
    """Objects read at once; log objects are small, and most of reading one is waiting."""
    decoded_bytes_max: Annotated[int, Field(ge=1, lt=10**12)] = 64 * GIB
    """Past this an object is a bomb; the ids have room for offsets below 10^12."""
    ratio_max: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1100.0
    """Decoded to stored bytes; deflate cannot exceed 1032, so only a stronger code's bomb does."""
    line_bytes_max: Annotated[int, Field(ge=1, le=64 * MIB)] = 1 * MIB
    """A longer line is cut out as a reject, and reading goes on behind it."""
    envelope_bytes_max: Annotated[int, Field(ge=1 * MIB, le=64 * MIB)] = 16 * MIB
    """The same for an envelope of CloudWatch Logs, which holds many lines: some 10 MB at most as Firehose hands them on."""
    block_bytes: Annotated[int, Field(ge=64 * KIB, le=64 * MIB)] = 1 * MIB
    """What is parsed in one piece: fits the processor's cache, and is large beside the cost of handing it over."""
    parquet_bytes_max: Annotated[int, Field(ge=1, le=4 * GIB)] = 128 * MIB
    """A Parquet file can only be read whole, and is held in memory; AWS writes some 75 MB at most."""
    read_attempts_max: Annotated[int, Field(ge=1, le=100)] = 5
    """How often a cut body is taken up again by Range before the message is left for a later receipt."""


class MemorySettings(Section):
    """The budget for bytes read and not yet settled; it is taken before reading."""

    budget_bytes: Annotated[int, Field(ge=16 * MIB)] = 256 * MIB
    """Nothing is read without room here, so a slow sink stops the reading and not the process; at least 8 blocks."""


class EventSettings(Section):
    """Where events have their time, and how they choose their index by it."""

    timestamp_paths: Annotated[tuple[MemberPath, ...], Texts] = (
        "@timestamp",
        "timestamp",
        "time",
        "ts",
        "@t",
        "eventTime",
        "event_time",
        "datetime",
        "date",
        "asctime",
        "timeUnixNano",
        "Timestamp",
        "timeMillis",
        "_aws.Timestamp",
        "arrivalTimestamp",
    )
    """Where applications' JSON events may have it, the first first: `a.b` is member b of a. Without one: the object's time."""

    days_past: Annotated[int, Field(ge=1, le=4000)] = 400
    """Events older than their object by more go to one outlier index, so that a hostile log cannot make a thousand indices."""
    days_ahead: Annotated[int, Field(ge=0, le=400)] = 2
    """The same for events newer than their object: clocks and time zones, not more."""
    original: bool = False
    """Keep each line as event.original too; it about doubles what is stored."""
