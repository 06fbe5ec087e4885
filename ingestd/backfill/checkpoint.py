"""How far a backfill has come, kept where it outlives the process: a local file, or an object in S3.

Only what has been settled is in it. What was under way when the process died is done again, and meets itself in the sink.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from ingestd.core.watermark import Watermark
from ingestd.errors import Fatal

__all__ = ["Checkpoint", "FileStore", "S3Store", "Store"]


LEFT_MAX = 1000


class Store(Protocol):
    """Where a checkpoint lies. `read` gives None where there is none; `write` replaces it whole."""

    async def read(self) -> bytes | None: ...
    async def write(self, body: bytes) -> None: ...
    async def remove(self) -> None: ...


class FileStore:
    """A file, replaced by renaming: it is always a whole one, of now or of before."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self) -> bytes | None:
        return await asyncio.to_thread(lambda: self._path.read_bytes() if self._path.exists() else None)

    async def write(self, body: bytes) -> None:
        await asyncio.to_thread(self._replace, body)

    async def remove(self) -> None:
        await asyncio.to_thread(self._path.unlink, missing_ok=True)

    def _replace(self, body: bytes) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


class S3Store:
    """An object."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client = client
        self._place = {"Bucket": bucket, "Key": key}

    async def read(self) -> bytes | None:
        try:
            answer = await self._client.get_object(**self._place)
            body: bytes = await answer["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise self._fault(error) from error
        except (BotoCoreError, OSError) as error:
            raise self._fault(error) from error
        return body

    async def write(self, body: bytes) -> None:
        await self._try("put_object", Body=body)

    async def remove(self) -> None:
        await self._try("delete_object")

    async def _try(self, operation: str, **arguments: Any) -> None:
        try:
            await getattr(self._client, operation)(**self._place, **arguments)
        except (ClientError, BotoCoreError, OSError) as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> Fatal:
        code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else type(error).__name__
        return Fatal("the checkpoint cannot be reached", reason="checkpoint", code=code, key=self._place["Key"])


class Checkpoint:
    """What is settled of one backfill. `of` says which: a checkpoint of another is refused."""

    def __init__(self, store: Store, of: Mapping[str, Any]) -> None:
        self._store = store
        self._of = dict(of)
        self._saved = b""
        self.mark = Watermark()
        self.left: dict[str, str] = {}  # could not be read: key -> why; tried first when the backfill is resumed
        self.objects = 0
        self.bytes = 0

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run has settled something."""
        return bool(self._saved)

    async def load(self) -> None:
        """Take up an earlier run. Raises Fatal for what is no checkpoint of this backfill."""
        body = await self._store.read()
        if body is None:
            return
        try:
            state = orjson.loads(body)
            of, mark = state["of"], Watermark(state["after"], state["settled"])
            left, objects, size = dict(state["left"]), int(state["objects"]), int(state["bytes"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise Fatal("this is no checkpoint", reason="checkpoint") from error
        if of != self._of:
            raise Fatal("the checkpoint is of another backfill", reason="checkpoint", **of)
        self._saved, self.mark, self.left, self.objects, self.bytes = body, mark, left, objects, size

    async def save(self) -> None:
        """Write it down, if anything is new."""
        state = {"of": self._of, "after": self.mark.after, "settled": self.mark.beyond, "left": self.left}
        body = orjson.dumps(state | {"objects": self.objects, "bytes": self.bytes}, option=orjson.OPT_INDENT_2)
        if body != self._saved:
            await self._store.write(body)
            self._saved = body

    async def remove(self) -> None:
        """All is done."""
        await self._store.remove()

    def settled(self, key: str, size: int) -> None:
        """An object has come to rest."""
        self.mark.end(key)
        self.left.pop(key, None)
        self.objects += 1
        self.bytes += size

    def leave(self, key: str, why: str) -> None:
        """An object cannot be read now: others go on, and the next run begins with it. Raises Fatal when it is too many."""
        self.left[key] = why
        self.mark.end(key)
        if len(self.left) > LEFT_MAX:
            raise Fatal("too many objects cannot be read", reason="left", objects=len(self.left), last=why)
