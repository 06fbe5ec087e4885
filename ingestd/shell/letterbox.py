"""Dead letters where they lie: found by day and reason, read, and removed when nothing in them is owed any more.

Whoever can write to that bucket can write anything there: what is read is bounded, and what is no dead letter is Poison.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from ingestd.config import MIB, DeadLetterSettings, ObjectSettings
from ingestd.core.inflate import Inflater
from ingestd.core.span import ObjectFilter
from ingestd.errors import Fatal, Poison, Retryable
from ingestd.model import DeadLetter, ObjectRef
from ingestd.shell.listing import Listed, listed
from ingestd.shell.objects import Objects
from ingestd.sinks.deadletter import decode, reason_folder

__all__ = ["Letterbox"]

LETTERS_BYTES_MAX = 256 * MIB  # of one object, decoded: four times what the settings let one be, for base64 and JSON
READ_BYTES = 1 * MIB


class Letterbox:
    """The dead letters of one bucket and prefix, through an aiobotocore S3 client."""

    def __init__(self, client: Any, settings: DeadLetterSettings) -> None:
        if not settings.bucket:
            raise Fatal("dead_letters.bucket is not set: there are no dead letters", reason="no_dead_letters")
        self._client = client
        self.bucket = settings.bucket
        self._prefix = settings.prefix
        self._ratio_max = ObjectSettings().ratio_max
        self._objects = Objects(client, ObjectSettings())

    async def objects(self, selection: ObjectFilter, reason: str | None = None) -> AsyncIterator[Listed]:
        """What lies there for whole days (UTC) that touch the selection's time, oldest first. Raises Fatal."""
        day = "" if selection.since is None else f"{datetime.fromtimestamp(selection.since, UTC):%Y/%m/%d}"
        async for found in listed(self._client, self.bucket, self._prefix, after=f"{self._prefix}{day}" if day else ""):
            folder = found.key.removeprefix(self._prefix).rpartition("/")[0].rpartition("/")[2]
            is_meant = reason is None or folder == reason_folder(reason)
            if is_meant and found.key.endswith(".ndjson.gz") and selection.takes(found.key, found.modified_at):
                yield found

    async def read(self, key: str) -> list[DeadLetter]:
        """All letters of an object. Raises Poison if anything in it is none, Retryable if S3 does not give it now."""
        inflater, decoded = Inflater(LETTERS_BYTES_MAX, self._ratio_max), bytearray()
        async with self._objects.open(ObjectRef(self.bucket, key)) as body:
            async for data, _ in body.pieces():
                inflater.feed(data)
                while piece := inflater.read(READ_BYTES):
                    decoded += piece
        decoded += inflater.finish()
        try:
            return [decode(line) for line in bytes(decoded).split(b"\n") if line]
        except ValueError as error:
            raise Poison("object holds what is no dead letter", reason="no_letter") from error

    async def remove(self, key: str) -> None:
        """Delete an object; raises Retryable if it may be there still."""
        try:
            await self._client.delete_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise Retryable("dead letters could not be removed", reason="not_removed", code=code) from error
        except (BotoCoreError, aiohttp.ClientError, OSError) as error:
            raise Retryable("dead letters could not be removed", reason="not_removed", cause=type(error).__name__) from error
