"""One write to S3, which has an end: the SDK asks `Expect: 100-continue`, and waits for ever for who never says so."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from ingestd.errors import Retryable

__all__ = ["WRITE_SECONDS", "write_object"]

WRITE_SECONDS = 25.0  # what aws.call_seconds_max is where nothing is set


async def write_object(client: Any, timeout_seconds: float, failure: str, *, reason: str, **put: Any) -> None:
    """PutObject with the parameters `put`. Raises Retryable, which says `failure` and `reason`; it may be there even so."""
    try:
        async with asyncio.timeout(timeout_seconds):
            await client.put_object(**put)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise Retryable(failure, reason=reason, code=code) from error
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise Retryable(failure, reason=reason, cause=type(error).__name__) from error
