"""The AWS credentials that requests are signed with by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["Credentials"]

# Frozen AWS credentials (access_key, secret_key, token) as they are at this moment: aiobotocore's `get_frozen_credentials`.
Credentials = Callable[[], Awaitable[Any]]
