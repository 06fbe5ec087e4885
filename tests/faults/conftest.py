"""The real process and real sockets: an embedded AWS and a bulk endpoint that can be made to misbehave."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ingestd.demo.cloud import Cloud, embedded_cloud
from tests.fakes.bulk import FakeBulk


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    """An embedded AWS of the test's own."""
    async with embedded_cloud() as cloud:
        yield cloud


@pytest.fixture
async def bulk() -> AsyncIterator[FakeBulk]:
    """An OpenSearch as far as bulk goes."""
    async with FakeBulk() as bulk:
        yield bulk
