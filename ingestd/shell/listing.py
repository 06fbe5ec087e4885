"""What is in a bucket, in the order of the keys, page by page; a page that S3 does not give is asked for again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ingestd.core.retry import Backoff
from ingestd.core.s3_answers import Doing, meaning
from ingestd.errors import Fatal

__all__ = ["Listed", "listed"]

ATTEMPTS_MAX = 6
BACKOFF = Backoff(first_seconds=0.5, ceiling_seconds=10.0)


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing."""

    key: str
    etag: str
    size: int
    modified_at: float


async def listed(
    client: Any,
    bucket: str,
    prefix: str = "",
    *,
    after: str = "",
    owner: str | None = None,
    attempts_max: int = ATTEMPTS_MAX,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Listed]:
    """The objects whose keys begin with `prefix` and come behind `after`. Raises Fatal when S3 has refused a page so often."""
    asked: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
    asked |= {"StartAfter": after} if after else {}
    asked |= {"ExpectedBucketOwner": owner} if owner else {}
    more: dict[str, str] = {}
    while True:
        page = await _page(client, asked | more, attempts_max, pause)
        for entry in page.get("Contents", ()):
            yield Listed(entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"].timestamp())
        if not page.get("IsTruncated"):
            return
        more = {"ContinuationToken": page["NextContinuationToken"]}


async def _page(
    client: Any, asked: Mapping[str, Any], attempts_max: int, pause: Callable[[float], Awaitable[None]]
) -> Mapping[str, Any]:
    attempt = 0
    while True:
        attempt += 1
        try:
            page: Mapping[str, Any] = await client.list_objects_v2(**asked)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            why = meaning(code, int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)))
            if why.doing is not Doing.AGAIN or attempt == attempts_max:
                raise Fatal("the bucket cannot be listed", reason=why.reason, bucket=asked["Bucket"], code=code) from error
        except (BotoCoreError, OSError) as error:
            if attempt == attempts_max:
                raise Fatal("the bucket cannot be listed", reason="unreachable", bucket=asked["Bucket"]) from error
        else:
            return page
        await pause(BACKOFF.delay(attempt, 1.0))
