"""Calls as objects: what a call brings is put under a prefix of a bucket whose notices come to the queue.

Its key is the stream's, the call's id and the first record, so that a sender's retry writes the same bytes to the same place.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

from ingestd.core.runs import runs_of
from ingestd.model import Call, Run
from ingestd.shell.workers import Workers
from ingestd.sinks.writing import WRITE_SECONDS, write_object

__all__ = ["Spool"]

ID_BYTES = 16


class Spool:
    """`format_of`: the name of the format that a record shows, so that each object is of one.

    `timeout_seconds`: for a write, which has no end of its own where S3 does not answer (sinks/writing.py).
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        prefix: str,
        workers: Workers,
        format_of: Callable[[bytes], str | None],
        *,
        timeout_seconds: float = WRITE_SECONDS,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._workers = workers
        self._format_of = format_of
        self._timeout_seconds = timeout_seconds

    async def put(self, call: Call) -> None:
        """Return when all of it is in S3. Raises Retryable when it is not, and then some of it may be."""
        runs = await self._workers.run(lambda: runs_of(call, self._format_of, joins_compressed=True))
        results = await asyncio.gather(*(self._put(run) for run in runs), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _put(self, run: Run) -> None:
        name = hashlib.blake2b(run.call.id.encode(), digest_size=ID_BYTES).hexdigest()
        key = f"{self._prefix}{run.call.stream}/{name}-{run.first:06}"
        put = {"Bucket": self._bucket, "Key": key, "Body": run.data}
        await write_object(self._client, self._timeout_seconds, "call was not spooled", reason="spool", **put)
