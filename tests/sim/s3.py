"""S3 at its worst: bodies that end early or never, objects replaced while they are read, and a bucket for dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import FlexibleChecksumError, IncompleteReadError, ResponseStreamingError

from tests.sim.content import WALL, Version
from tests.sim.sqs import aws_error
from tests.sim.wire import Refused, Unanswered, Wire

if TYPE_CHECKING:
    from tests.sim.world import World

__all__ = ["FakeS3", "S3Client"]

REFUSALS = ((503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied"), (400, "ExpiredToken"))
PUT_REFUSALS = ((503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied"))


class FakeS3:
    """`versions` of a key, oldest first, each with the time at which it was put; None: deleted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = Random(f"{world.plan.seed}/bucket")
        self.versions: dict[str, list[tuple[float, Version | None]]] = {}

    def put(self, key: str, found: Version | None) -> None:
        self.versions.setdefault(key, []).append((self.world.now, found))

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        at, stored = self.versions[request["Key"]][-1]
        if stored is None:
            raise Refused(404, "NoSuchKey")
        if request.get("IfMatch", f'"{stored.etag}"') != f'"{stored.etag}"':
            raise Refused(412, "PreconditionFailed")
        first = int(request["Range"].removeprefix("bytes=").removesuffix("-")) if "Range" in request else 0
        if first and first >= len(stored.body):
            raise Refused(416, "InvalidRange")
        rest = stored.body[first:]
        answer: dict[str, Any] = {
            "Body": _Stream(self, request["Key"], rest),
            "ContentLength": len(rest),
            "ETag": f'"{stored.etag}"',
            "LastModified": datetime.fromtimestamp(int(WALL + at), UTC),
        }
        if first:
            answer["ContentRange"] = f"bytes {first}-{len(stored.body) - 1}/{len(stored.body)}"
        return answer

    def holds(self, fault: str) -> bool:
        return self.world.faults.holds(f"s3.{fault}", self.world.now)

    def hits(self, fault: str) -> bool:
        return self.world.faults.hits(f"s3.{fault}", self.world.now)


class _Stream:
    """A body as aiobotocore gives it."""

    def __init__(self, s3: FakeS3, key: str, body: bytes) -> None:
        self._s3 = s3
        self._key = key
        self._body = body
        self._at = 0
        self._ends_at: int | None = None
        self._stalls_at: int | None = None
        self._is_silent = s3.random.random() < 0.5
        if s3.hits("cut"):
            self._ends_at = s3.random.randrange(len(body) + 1)
        if s3.hits("stall"):
            self._stalls_at = s3.random.randrange(len(body) + 1)
        self._is_damaged = s3.hits("damaged")
        self._chunk = s3.random.choice((50, 300, 100_000))
        self.is_closed = False

    async def read(self, amount: int) -> bytes:
        assert not self.is_closed, "a closed body is read"
        if self._s3.holds("slow"):
            await asyncio.sleep(self._s3.random.random() * 3)
        end = len(self._body) if self._ends_at is None else self._ends_at
        if self._stalls_at is not None and self._at >= self._stalls_at:
            self._s3.world.replace_now(self._key)
            await asyncio.Event().wait()
        if self._stalls_at is not None:
            end = min(end, self._stalls_at)
        chunk = self._body[self._at : min(self._at + amount, self._at + self._chunk, end)]
        self._at += len(chunk)
        if not chunk and amount and self._at < len(self._body):
            self._s3.world.replace_now(self._key)  # the worst moment for it: what is read on is not the same any more
            if self._is_silent:
                raise IncompleteReadError(actual_bytes=self._at, expected_bytes=len(self._body))
            raise ResponseStreamingError(error="connection reset")
        if not chunk and amount and self._is_damaged:
            raise FlexibleChecksumError(error_msg="not the checksum that was expected")
        return chunk

    def close(self) -> None:
        self.is_closed = True


class S3Client:
    """As aiobotocore's client, for one process: objects by one wire, dead letters by another."""

    def __init__(self, s3: FakeS3, wire: Wire, put_wire: Wire) -> None:
        self._s3 = s3
        self._wire = wire
        self._put_wire = put_wire

    async def get_object(self, **request: Any) -> Mapping[str, Any]:
        faults, now = self._s3.world.faults, self._s3.world.now

        def serve() -> dict[str, Any]:
            if faults.hits("s3.refused", now):
                raise Refused(*REFUSALS[faults.pick("s3.refused", len(REFUSALS))])
            return self._s3.get(request)

        return await self._call(self._wire, "get_object", serve)

    async def put_object(self, **request: Any) -> Mapping[str, Any]:
        faults, now, books = self._s3.world.faults, self._s3.world.now, self._s3.world.books

        def serve() -> dict[str, Any]:
            if faults.hits("put.refused", now):
                raise Refused(*PUT_REFUSALS[faults.pick("put.refused", len(PUT_REFUSALS))])
            books.dead_letters_put(request["Bucket"], request["Key"], request["Body"])
            return {"ETag": '"x"'}

        return await self._call(self._put_wire, "put_object", serve)

    async def _call(self, wire: Wire, operation: str, serve: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = await wire.call(operation, serve)
        except (Refused, Unanswered) as error:
            raise aws_error(error, operation) from None
        return answer
