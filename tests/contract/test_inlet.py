"""The inlet passes the contract of the Firehose that applications know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from tests.contract.firehose_endpoint import FirehoseEndpointContract
from tests.fakes.aws import loopback_client
from tests.test_inlet import world

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient

STREAM = "contract"


class TestInlet(FirehoseEndpointContract):
    @pytest.fixture
    def stream(self) -> str:
        return STREAM

    @pytest.fixture
    async def client(self) -> AsyncIterator[FirehoseClient]:
        async with (
            world(credentials=SecretStr("test:test"), streams=(STREAM,)) as around,
            loopback_client("firehose", around.url) as client,
        ):
            yield client
