"""The fake bulk endpoint passes the contract of the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.bulk_endpoint import BulkEndpointContract
from tests.fakes.bulk import FakeBulk

BYTES_MAX = 1 << 20


class TestFakeBulk(BulkEndpointContract):
    @pytest.fixture
    def bytes_max(self) -> int:
        return BYTES_MAX

    @pytest.fixture
    async def url(self) -> AsyncIterator[str]:
        async with FakeBulk(bytes_max=BYTES_MAX) as server:
            yield server.url
