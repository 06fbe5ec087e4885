"""An S3 in memory: GetObject with version, If-Match, Range and owner, listings, and a script of what goes wrong.

tests/shell/test_objects.py runs the same cases against this and against an S3 over HTTP through the real client.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

__all__ = ["Cut", "FakeS3", "FakeStream", "Hang", "refusal"]

MODIFIED = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
READ_BYTES_MAX = 100_000  # a socket gives what it has, not what was asked for


@dataclass(frozen=True)
class Cut:
    """The next answer's body breaks after so many bytes, with an error or (silently) an end."""

    after: int
    silently: bool = False


@dataclass(frozen=True)
class Hang:
    """The next answer's body gives so many bytes and then nothing more, for ever."""

    after: int


@dataclass(frozen=True)
class Stored:
    """One version of an object."""

    body: bytes
    version: str

    @property
    def etag(self) -> str:
        return hashlib.md5(self.body).hexdigest()


@dataclass
class FakeStream:
    """A body as aiobotocore gives it."""

    body: bytes
    length: int
    fault: Cut | Hang | None = None
    at: int = 0
    is_closed: bool = False

    async def read(self, amount: int) -> bytes:
        assert not self.is_closed
        if isinstance(self.fault, Hang) and self.at >= self.fault.after:
            await asyncio.Event().wait()
        limit = len(self.body) if self.fault is None else self.fault.after
        chunk = self.body[self.at : min(self.at + amount, self.at + READ_BYTES_MAX, limit)]
        self.at += len(chunk)
        if not chunk and amount and self.at < self.length:
            if isinstance(self.fault, Cut) and not self.fault.silently:
                raise ResponseStreamingError(error="connection reset")
            raise IncompleteReadError(actual_bytes=self.at, expected_bytes=self.length)
        return chunk

    def close(self) -> None:
        self.is_closed = True


def refusal(code: str, status: int) -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")  # type: ignore[typeddict-item]  # the rest of the metadata says nothing


@dataclass
class FakeS3:
    """`script`: for each call in turn an error to raise, a fault of the body, or None for neither."""

    script: list[Exception | Cut | Hang | None] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    streams: list[FakeStream] = field(default_factory=list)
    owner: str = "111122223333"
    page: int = 1000
    buckets: dict[str, dict[str, list[Stored]]] = field(default_factory=dict)

    def put(self, bucket: str, key: str, body: bytes) -> tuple[str, str]:
        """Store a new version; its etag and version."""
        versions = self.buckets.setdefault(bucket, {}).setdefault(key, [])
        versions.append(Stored(body, f"v{len(versions)}"))
        return versions[-1].etag, versions[-1].version

    async def get_object(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        planned = self.script.pop(0) if self.script else None
        if isinstance(planned, Exception):
            raise planned
        stored = self._stored(request)
        first = int(request["Range"].removeprefix("bytes=").removesuffix("-")) if "Range" in request else 0
        if first and first >= len(stored.body):
            raise refusal("InvalidRange", 416)
        rest = stored.body[first:]
        self.streams.append(FakeStream(rest, len(rest), planned))
        answer = {
            "Body": self.streams[-1],
            "ContentLength": len(rest),
            "ETag": f'"{stored.etag}"',
            "LastModified": MODIFIED,
        }
        if first:
            answer["ContentRange"] = f"bytes {first}-{len(stored.body) - 1}/{len(stored.body)}"
        return answer

    async def list_objects_v2(self, **request: Any) -> Mapping[str, Any]:
        """Pages of `page` keys; the token is the key that a page ends with."""
        planned = self.script.pop(0) if self.script else None
        if isinstance(planned, Exception):
            raise planned
        if request.get("ExpectedBucketOwner", self.owner) != self.owner:
            raise refusal("AccessDenied", 403)
        after = request.get("ContinuationToken", request.get("StartAfter", ""))
        known = self.buckets.get(request["Bucket"], {})
        keys = sorted(key for key in known if key.startswith(request.get("Prefix", "")) and key > after)
        entries = [(key, known[key][-1]) for key in keys[: self.page]]
        contents = [
            {"Key": key, "ETag": f'"{stored.etag}"', "Size": len(stored.body), "LastModified": MODIFIED}
            for key, stored in entries
        ]
        more = {"NextContinuationToken": entries[-1][0]} if len(keys) > self.page else {}
        return {"Contents": contents, "IsTruncated": bool(more), **more}

    async def delete_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:  # noqa: N803 - the SDK's names
        """Gone with all its versions, if it was there; else nothing is said either."""
        planned = self.script.pop(0) if self.script else None
        if isinstance(planned, Exception):
            raise planned
        self.buckets.get(Bucket, {}).pop(Key, None)
        return {}

    def _stored(self, request: dict[str, Any]) -> Stored:
        if request.get("ExpectedBucketOwner", self.owner) != self.owner:
            raise refusal("AccessDenied", 403)
        if request["Bucket"] not in self.buckets:
            raise refusal("NoSuchBucket", 404)
        versions = self.buckets[request["Bucket"]].get(request["Key"])
        if not versions:
            raise refusal("NoSuchKey", 404)
        wanted = request.get("VersionId", versions[-1].version)
        stored = next((stored for stored in versions if stored.version == wanted), None)
        if stored is None:
            raise refusal("NoSuchVersion", 404)
        if request.get("IfMatch", f'"{stored.etag}"') != f'"{stored.etag}"':
            raise refusal("PreconditionFailed", 412)
        return stored
