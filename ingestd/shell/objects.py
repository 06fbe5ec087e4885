"""Objects: one S3 object as a stream of pieces, whole or not at all.

* Each GET carries ExpectedBucketOwner where it is known, the version if the notice named one, and If-Match: the notice's etag
  at first, then that of S3's own first answer. What S3 answers first is the object's identity.
* A connection that is cut, or a body shorter than announced, is resumed by Range behind the last byte. If the object was
  replaced meanwhile, reading ends with Retryable `replaced`: bytes of two objects never meet, a prefix never counts as whole.
* An object that was replaced between notice and reading is read as it is now.
* Attempts are bounded; each whole piece earns them anew, so that a large object may be cut often, but not for nothing.
* A connection that brings less than a piece in `stall_seconds` counts as cut.
* Errors are typed by what to do (core/s3_answers.py). The client's own retries are off.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import FlexibleChecksumError

from ingestd.config import ObjectSettings
from ingestd.core.origin import origin_of
from ingestd.core.s3_answers import Doing
from ingestd.errors import Retryable
from ingestd.model import ObjectRef, Source
from ingestd.shell.fetch import CUT, S3, Answer, Fetch, Refused

__all__ = ["Body", "Objects"]

PIECE_BYTES = 256 << 10
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 0.2, 5.0
OWNERS_KNOWN_MAX = 1024  # buckets are allow-listed, but perhaps by a pattern


@dataclass(frozen=True, slots=True)
class _Patience:
    """How often an object is asked for, how long between, and how long a piece may take."""

    attempts_max: int
    stall_seconds: float
    pause: Callable[[float], Awaitable[None]]
    rand: Callable[[], float]

    async def wait(self, failures: int) -> None:
        """Full jitter under a ceiling that doubles."""
        await self.pause(self.rand() * min(PAUSE_SECONDS_FIRST * 2.0 ** (failures - 1), PAUSE_SECONDS_MAX))


class Objects:
    """Opens objects. `owners`: accounts that may own a bucket; tried in turn for a bucket whose owner is not known."""

    def __init__(
        self,
        client: S3,
        limits: ObjectSettings,
        *,
        owners: tuple[str, ...] = (),
        stall_seconds: float = 20.0,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rand: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._owners = owners
        self._owner_of: dict[str, str | None] = {}
        self._patience = _Patience(limits.read_attempts_max, stall_seconds, pause, rand)

    @asynccontextmanager
    async def open(self, ref: ObjectRef) -> AsyncIterator[Body]:
        """The object, once S3 has begun to answer; its connection is let go with the context. Raises Poison, Retryable."""
        body = await self._first(ref)
        try:
            yield body
        finally:
            body.close()

    async def _first(self, ref: ObjectRef) -> Body:
        owners = self._possible_owners(ref)
        etag = ref.etag
        failures = 0
        while True:
            fetch = Fetch(self._client, ref, owners[0])
            try:
                answer = await fetch.get(etag)
            except Refused as refused:
                doing = refused.why.doing
                if doing is Doing.REPLACED and etag is not None:
                    etag = None
                elif refused.why.reason == "access_denied" and len(owners) > 1:
                    owners = owners[1:]
                elif doing is Doing.AGAIN and failures + 1 < self._patience.attempts_max:
                    failures += 1
                    await self._patience.wait(failures)
                else:
                    raise refused.typed(failures + 1) from refused.__cause__
            else:
                self._remember(ref.bucket, owners[0])
                return Body(ref, fetch, answer, self._patience)

    def _possible_owners(self, ref: ObjectRef) -> tuple[str | None, ...]:
        if ref.owner is not None:
            return (ref.owner,)
        if ref.bucket in self._owner_of:
            return (self._owner_of[ref.bucket],)
        return self._owners or (None,)

    def _remember(self, bucket: str, owner: str | None) -> None:
        if len(self._owner_of) >= OWNERS_KNOWN_MAX:
            self._owner_of.clear()
        self._owner_of[bucket] = owner


class Body:
    """An object being read. `source`: what S3 says that it is; `bytes`: its size; `resumes`: how often it was resumed."""

    def __init__(self, ref: ObjectRef, fetch: Fetch, answer: Answer, patience: _Patience) -> None:
        account, region = origin_of(ref.key)
        self.source = Source(
            bucket=ref.bucket,
            key=ref.key,
            etag=answer.etag,
            modified_at=answer.modified_at,
            region=region or ref.region,
            account=account or ref.owner,
        )
        self.bytes = answer.bytes
        self.resumes = 0
        self._fetch = fetch
        self._patience = patience
        self._stream: Any = answer.stream
        self._at = 0
        self._failures = 0

    async def pieces(self) -> AsyncIterator[tuple[bytes, bool]]:
        """(bytes, whether they are the last) in order; an empty object is one empty piece. Raises Retryable, Poison."""
        is_last = False
        while not is_last:
            if self._stream is None:
                await self._resume()
            piece, was_cut = await self._receive()
            self._at += len(piece)
            is_last = self._at == self.bytes
            if was_cut:
                self.close()
            self._failures = self._failures + 1 if was_cut else 0
            if piece or is_last:
                yield piece, is_last

    def close(self) -> None:
        """Let go of the connection: it serves the next request if the body was read to its end, and is cut if not."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def _receive(self) -> tuple[bytes, bool]:
        """A piece, and whether the connection broke before it was whole."""
        wanted = min(PIECE_BYTES, self.bytes - self._at)
        is_end = self._at + wanted == self.bytes
        chunks: list[bytes] = []
        try:
            async with asyncio.timeout(self._patience.stall_seconds):
                while wanted:
                    chunk = await self._stream.read(wanted)
                    if not chunk:
                        break
                    chunks.append(chunk)
                    wanted -= len(chunk)
                if is_end:  # seeing the end frees the connection, and compares the checksum if one was sent
                    await self._stream.read(1)
        except FlexibleChecksumError as error:
            raise Retryable("object was damaged on its way", reason="checksum_mismatch") from error
        except CUT:
            self.close()  # harmless if all that is wanted is here
        return b"".join(chunks), wanted > 0

    async def _resume(self) -> None:
        """Go on behind the last byte, if it is still the same object."""
        while self._failures < self._patience.attempts_max:
            await self._patience.wait(self._failures)
            try:
                answer = await self._fetch.get(self.source.etag, self._at)
            except Refused as refused:
                self._failures += 1
                if refused.why.doing is not Doing.AGAIN or self._failures == self._patience.attempts_max:
                    raise refused.typed(self._failures) from refused.__cause__
            else:
                self._stream = answer.stream
                self.resumes += 1
                self._check_is_the_rest(answer)
                return
        raise Retryable("object is cut again and again", reason="cut", attempts=self._failures, at=self._at)

    def _check_is_the_rest(self, answer: Answer) -> None:
        """An answer to the wrong question, from whatever stands between S3 and here, is not read on from."""
        if answer.etag != self.source.etag or (not self._at and answer.bytes != self.bytes):
            raise Retryable("object was replaced while it was read", reason="replaced")
        if self._at and answer.range != f"bytes {self._at}-{self.bytes - 1}/{self.bytes}":
            raise Retryable("the rest of the object was not what was asked for", reason="range_ignored")
