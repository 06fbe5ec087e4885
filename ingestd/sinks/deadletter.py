"""Dead letters, written to S3 as gzip NDJSON: `prefix/YYYY/MM/DD/reason/NAME.ndjson.gz`, one letter a line.

`put` returns when its letters are durably written and not before, for messages are deleted on the strength of it. Letters of
several callers share an object: it is written when it is old enough or large enough, and its fate is that of all in it. A write
whose answer was lost is written again by the callers' retry: a letter may be there twice, never not at all.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from ingestd.config import DeadLetterSettings
from ingestd.model import DeadLetter, Place
from ingestd.sinks.gzipped import gzipped
from ingestd.sinks.writing import WRITE_SECONDS, write_object

if TYPE_CHECKING:
    from types_aiobotocore_s3.client import S3Client

__all__ = ["DeadLetterSink", "decode", "encode", "reason_folder"]

DAY_SECONDS = 86400
PLACE = tuple(each.name for each in fields(Place))


def encode(letter: DeadLetter) -> bytes:
    """A letter as one line of JSON. `raw` is the bytes as text if they are UTF-8; else they stand in `raw_base64`."""
    line: dict[str, object] = {
        "kind": letter.kind,
        "reason": letter.reason,
        "detail": letter.detail,
        "place": {name: value for name in PLACE if (value := getattr(letter.place, name)) not in ("", None, ())},
        "length": letter.length,
        "at": letter.at,
        "receive_count": letter.receive_count,
    }
    try:
        line["raw"] = letter.raw.decode()
    except UnicodeDecodeError:
        line["raw_base64"] = base64.b64encode(letter.raw).decode()
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> DeadLetter:
    """The letter that `encode` made a line of. Raises ValueError if none did."""
    try:
        told: Mapping[str, Any] = orjson.loads(line)
        raw = base64.b64decode(told["raw_base64"]) if "raw_base64" in told else told["raw"].encode()
        place = dict(told["place"])
        parameters = tuple((str(name), str(value)) for name, value in place.pop("parameters", ()))
        return DeadLetter(
            kind=told["kind"],
            reason=told["reason"],
            detail=told["detail"],
            place=Place(**place, parameters=parameters),
            raw=raw,
            length=told["length"],
            at=told["at"],
            receive_count=told["receive_count"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a dead letter") from error


@dataclass(slots=True, eq=False)
class _Open:
    """An object that is still being filled. `full` ends the wait for it; `written` is its task, and what its callers await."""

    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)
    written: asyncio.Task[None] | None = None


class DeadLetterSink:
    """Dead letters into one bucket. `name`: a new unique name for each object, safe in a key."""

    def __init__(
        self,
        settings: DeadLetterSettings,
        client: S3Client,
        name: Callable[[], str],
        executor: Executor | None = None,
        *,
        timeout_seconds: float = WRITE_SECONDS,
    ) -> None:
        if not settings.bucket:
            raise ValueError("dead letters need a bucket")
        self._bucket = settings.bucket
        self._settings = settings
        self._client = client
        self._name = name
        self._executor = executor
        self._timeout_seconds = timeout_seconds
        self._open: dict[str, _Open] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        """Write them all; raises Retryable if any object was not written, and then any of them may be missing."""
        objects = {self._add(letter) for letter in letters}
        # Shielded: the object is also other callers', who do not stop because this one does; and each failure is looked at.
        results = await asyncio.gather(*(asyncio.shield(task) for task in objects), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def hurry(self) -> None:
        """Write at once what is still open."""
        for opened in self._open.values():
            opened.full.set()

    async def close(self) -> None:
        """Write nothing more; what is being written may be there or not."""
        writing = list(self._writing)
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)

    def _add(self, letter: DeadLetter) -> asyncio.Task[None]:
        folder = _folder(letter.at // DAY_SECONDS, letter.reason)
        opened = self._open.get(folder)
        if opened is None:
            opened = self._open[folder] = _Open()
            opened.written = asyncio.create_task(self._write(folder, opened))
            self._writing.add(opened.written)
            opened.written.add_done_callback(self._writing.discard)
        line = encode(letter)
        opened.lines.append(line)
        opened.size += len(line)
        if opened.size >= self._settings.batch_bytes_max:
            self._seal(folder, opened)
        assert opened.written is not None
        return opened.written

    def _seal(self, folder: str, opened: _Open) -> None:
        if self._open.get(folder) is opened:
            del self._open[folder]
        opened.full.set()

    async def _write(self, folder: str, opened: _Open) -> None:
        try:
            async with asyncio.timeout(self._settings.batch_seconds):
                await opened.full.wait()
        except TimeoutError:
            pass  # old enough
        self._seal(folder, opened)
        body = await asyncio.get_running_loop().run_in_executor(self._executor, gzipped, opened.lines)
        content = hashlib.blake2b(body, digest_size=6).hexdigest()
        key = f"{self._settings.prefix}{folder}/{self._name()}-{content}.ndjson.gz"
        put = {"Bucket": self._bucket, "Key": key, "Body": body, "ContentType": "application/gzip"}
        await write_object(self._client, self._timeout_seconds, "dead letters were not written", reason="dead_letters", **put)


def reason_folder(reason: str) -> str:
    """The part of a key that stands for a reason."""
    return re.sub(r"[^a-z0-9_]", "_", reason.lower())[:64] or "unknown"


@lru_cache
def _folder(day: float, reason: str) -> str:
    """Of letters of a day (whole days since 1970); they come by the thousand, of few reasons."""
    return f"{datetime.fromtimestamp(day * DAY_SECONDS, UTC):%Y/%m/%d}/{reason_folder(reason)}"
