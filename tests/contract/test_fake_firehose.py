"""The fake Firehose, and moto's, pass the contract of the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.contract.firehose_endpoint import FirehoseEndpointContract
from tests.fakes.aws import loopback_client, moto_stream
from tests.fakes.firehose import CALL_BYTES_MAX, RECORD_BYTES_MAX, RECORDS_MAX, FakeFirehose

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient

STREAM = "contract"


class TestFakeFirehose(FirehoseEndpointContract):
    @pytest.fixture
    def stream(self) -> str:
        return STREAM

    @pytest.fixture
    async def client(self) -> AsyncIterator[FirehoseClient]:
        async with FakeFirehose(STREAM) as server, loopback_client("firehose", server.url) as client:
            yield client

    # aiohttp under the SDK warns of bodies over 1 MiB; 4 MiB is what this test is about.
    @pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
    @pytest.mark.parametrize(
        "records",
        [
            pytest.param([b"x"] * (RECORDS_MAX + 1), id="count"),
            pytest.param([b"x" * (RECORD_BYTES_MAX + 1)], id="record"),
            pytest.param([b"x" * (CALL_BYTES_MAX // 5)] * 5 + [b"xxxxx"], id="call"),
        ],
    )
    async def test_a_call_over_a_limit_is_refused(self, client: FirehoseClient, stream: str, records: list[bytes]) -> None:
        """One over a documented limit fails the whole call, as AWS documents it (moto has no limits)."""
        with pytest.raises(ClientError) as caught:
            await client.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": data} for data in records])
        assert caught.value.response["Error"]["Code"] == "InvalidArgumentException"


class TestMotoFirehose(FirehoseEndpointContract):
    @pytest.fixture
    def stream(self) -> str:
        return f"contract-{uuid4().hex}"

    @pytest.fixture
    async def client(self, moto_url: str, stream: str) -> AsyncIterator[FirehoseClient]:
        async with moto_stream(moto_url, stream) as client:
            yield client
