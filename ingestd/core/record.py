"""Records: one record of a notice, in any of the forms, to an object to read, or to the reason why not.

The order of questions: is it a record at all, is its bucket (and its owner) ours, did an object come to be, is there anything
in it to read. So nothing about a foreign bucket is acknowledged, not even a deletion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote_plus

from ingestd.config import QueueSettings
from ingestd.core.nested import is_whole
from ingestd.core.origin import is_account, is_region
from ingestd.model import Ignored, ObjectRef

__all__ = ["Allowed", "Read", "Refused", "event_bridge_record", "s3_record", "trail_record"]

KEY_BYTES_MAX = 1024  # S3: object key name length
# Names of old buckets included; never an ARN, which an SDK would take for an access point of somebody else's choice.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")
_TOKEN = re.compile(r"[!#-~]{1,1024}")  # fit for a header and a query: visible ASCII, no quote
_CREATED = ("ObjectCreated", "Object Created")
_DELETED = ("ObjectRemoved", "LifecycleExpiration", "Object Deleted")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whose objects may be read: buckets by name or shell pattern (`my-logs-*`), owners by account id.

    A bucket that is not named is not allowed, so none named allows none. Without owners the name alone decides.
    """

    buckets: tuple[str, ...]
    owners: tuple[str, ...] = ()

    @classmethod
    def by(cls, settings: QueueSettings) -> Allowed:
        """As the settings say."""
        return cls(("*",) if settings.dangerously_any_bucket else settings.buckets, settings.owners)

    def has_bucket(self, bucket: str) -> bool:
        return any(fnmatchcase(bucket, pattern) for pattern in self.buckets)

    def sole_owner(self) -> str | None:
        """The owner of every allowed bucket, if there can be only one."""
        return self.owners[0] if len(self.owners) == 1 else None


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is not believed. `column` names the part of it that is wrong."""

    reason: str
    column: str
    key: str = ""


Read = ObjectRef | Ignored | Refused


class _Malformed(Exception):  # noqa: N818 - not an error of the program: it never leaves this module
    """A part of a record has the wrong type or form; the argument is the part's name."""


def _refusing(read: Callable[..., Read]) -> Callable[..., Read]:
    """What is malformed is refused."""

    def reader(*record: Any) -> Read:
        try:
            return read(*record)
        except _Malformed as malformed:
            return Refused("bad_record", str(malformed))

    return reader


@_refusing
def s3_record(record: Any, allowed: Allowed) -> Read:
    """A record of an S3 event: the key is form-encoded, and no account is told."""
    body = _mapping(record, "s3")
    entry = _mapping(body, "object")
    found = ObjectRef(
        bucket=_bucket(_mapping(body, "bucket").get("name")),
        key=_key(_form_decoded(entry.get("key"))),
        version_id=_token(entry, "versionId"),
        etag=_token(entry, "eTag"),
        size=_size(entry.get("size")),
        region=_region(record.get("awsRegion")),
        owner=allowed.sole_owner(),
        event_at=_instant(record.get("eventTime")),
    )
    return _judged(found, _text(record, "eventName").removeprefix("s3:").partition(":")[0], allowed)


@_refusing
def event_bridge_record(event: Any, allowed: Allowed) -> Read:
    """EventBridge's event: the key is as it is, and `account` is the bucket's owner. Security Lake leaves `detail-type` out."""
    detail = _mapping(event, "detail")
    entry = _mapping(detail, "object")
    found = ObjectRef(
        bucket=_bucket(_mapping(detail, "bucket").get("name")),
        key=_key(entry.get("key")),
        version_id=_token(entry, "version-id"),
        etag=_token(entry, "etag"),
        size=_size(entry.get("size")),
        region=_region(event.get("region")),
        owner=_account(event.get("account")) or allowed.sole_owner(),
        event_at=_instant(event.get("time")),
    )
    return _judged(found, _text(event, "detail-type") if "detail-type" in event else _CREATED[0], allowed)


@_refusing
def trail_record(bucket: Any, key: Any, allowed: Allowed) -> Read:
    """A file that CloudTrail has written: bucket and key, the key as it is, and nothing else."""
    return _judged(ObjectRef(_bucket(bucket), _key(key), owner=allowed.sole_owner()), _CREATED[0], allowed)


def _judged(found: ObjectRef, kind: str, allowed: Allowed) -> Read:
    if not allowed.has_bucket(found.bucket):
        return Refused("foreign_bucket", "bucket", found.key)
    if found.owner and allowed.owners and found.owner not in allowed.owners:
        return Refused("foreign_owner", "account", found.key)
    if kind not in _CREATED:
        return Ignored("deleted" if kind in _DELETED else "other_event", found.key)
    if found.key.endswith("/") and found.size == 0:
        return Ignored("folder", found.key)
    return found


def _mapping(record: Any, name: str) -> dict[str, Any]:
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, dict):
        raise _Malformed(name)
    return value


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise _Malformed(name)
    return value


def _bucket(name: Any) -> str:
    if not isinstance(name, str) or not _BUCKET.fullmatch(name):
        raise _Malformed("bucket")
    return name


def _key(key: Any) -> str:
    if not isinstance(key, str) or not 0 < len(key.encode()) <= KEY_BYTES_MAX:
        raise _Malformed("key")
    return key


def _form_decoded(key: Any) -> str:
    if not isinstance(key, str):
        raise _Malformed("key")
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        raise _Malformed("key") from None


def _token(record: dict[str, Any], name: str) -> str | None:
    """An etag without its quotes, or a version; absent, null and empty are all none."""
    value = record.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _TOKEN.fullmatch(value := value.strip('"')):
        raise _Malformed(name)
    return value


def _size(size: Any) -> int | None:
    if size is None:
        return None
    if not is_whole(size) or size < 0:
        raise _Malformed("size")
    return size


def _account(account: Any) -> str | None:
    if account is None:
        return None
    if not isinstance(account, str) or not is_account(account):
        raise _Malformed("account")
    return account


def _region(region: Any) -> str | None:
    return region if isinstance(region, str) and is_region(region) else None


def _instant(time: Any) -> float | None:
    """ISO 8601 to epoch seconds; it only informs, so that a strange one is none."""
    if not isinstance(time, str):
        return None
    try:
        at = datetime.fromisoformat(time)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
