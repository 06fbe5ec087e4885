"""The Firehose contract: what ingestd relies on of PutRecordBatch, through the SDK. Our fake and moto's both pass it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient

__all__ = ["FirehoseEndpointContract"]


class FirehoseEndpointContract:
    """Inherit it, with fixtures `client` and `stream` (its name; the stream is there)."""

    async def test_each_record_is_answered_in_its_place(self, client: FirehoseClient, stream: str) -> None:
        """A call answers with one entry a record, each with its id, and counts the failed."""
        answer = await client.put_record_batch(
            DeliveryStreamName=stream, Records=[{"Data": b'{"n":%d}\n' % n} for n in range(3)]
        )
        assert answer["FailedPutCount"] == 0
        assert [bool(entry.get("RecordId")) for entry in answer["RequestResponses"]] == [True] * 3

    async def test_an_unknown_stream_is_refused(self, client: FirehoseClient, stream: str) -> None:
        """A stream that is not there is an error of the whole call, by name."""
        with pytest.raises(ClientError) as caught:
            await client.put_record_batch(DeliveryStreamName=f"{stream}-not", Records=[{"Data": b"x"}])
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"

    async def test_a_stream_says_when_it_is_active(self, client: FirehoseClient, stream: str) -> None:
        """A description has the stream's status."""
        answer = await client.describe_delivery_stream(DeliveryStreamName=stream)
        assert answer["DeliveryStreamDescription"]["DeliveryStreamStatus"] == "ACTIVE"
