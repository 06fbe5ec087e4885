"""The Firehose sink beside the SDK's own put_record_batch: the same records to the same endpoint, in turns, in CPU time.

The endpoint is another process, so what is counted is this one's: all threads, from a batch to its verdict, and for the SDK
from its records, made beforehand, to its answer.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.credentials import ReadOnlyCredentials

from ingestd.bench.chain import NOBODY, serving
from ingestd.config import FirehoseSettings
from ingestd.model import Batch, Documents, Part, Verdict
from ingestd.sinks.firehose import FirehoseSink
from ingestd.sinks.stream import Stream

__all__ = ["FirehoseFigures", "compare"]

STREAM = "bench"
RECORDS = 500  # of a call: Firehose's own maximum
RECORD_BYTES = 1200


@dataclass(frozen=True, slots=True)
class FirehoseFigures:
    """CPU seconds for one call of `records` records, the median of the rounds."""

    records: int
    sink_seconds: float
    stock_seconds: float

    @property
    def ratio(self) -> float:
        """How many times the SDK's time the sink does without."""
        return self.stock_seconds / self.sink_seconds


async def compare(rounds: int, calls: int) -> FirehoseFigures:
    """Measure `rounds` times `calls` calls of each, in turns."""
    batch = _batch()
    records = [{"Data": bytes(part.documents.body(index)) + b"\n"} for part, index in batch.items()]
    config = AioConfig(retries={"total_max_attempts": 1})
    with serving(b"") as url, ThreadPoolExecutor(1) as executor:
        async with get_session().create_client("firehose", endpoint_url=url, config=config, **NOBODY) as client:
            sink = FirehoseSink(STREAM, FirehoseSettings(stream=STREAM), client, Stream(STREAM, client, _nobody, executor))

            async def ours() -> None:
                assert await sink.send(batch) == Verdict(RECORDS)

            async def stock() -> None:
                answer: Any = await client.put_record_batch(DeliveryStreamName=STREAM, Records=records)
                assert answer["FailedPutCount"] == 0

            await _seconds(ours, calls)
            await _seconds(stock, calls)
            pairs = [(await _seconds(ours, calls), await _seconds(stock, calls)) for _ in range(rounds)]
    sink_seconds, stock_seconds = np.median(np.array(pairs), axis=0) / calls
    return FirehoseFigures(RECORDS, float(sink_seconds), float(stock_seconds))


async def _seconds(call: Callable[[], Awaitable[None]], calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        await call()
    return time.process_time() - begun


async def _nobody() -> ReadOnlyCredentials:
    return ReadOnlyCredentials(NOBODY["aws_access_key_id"], NOBODY["aws_secret_access_key"], None)


def _batch() -> Batch:
    """Documents of RECORD_BYTES, newline and all; what they say makes no difference to base64."""
    line = b'{"message":"%b"}\n'
    starts = np.arange(RECORDS + 1, dtype=np.int64) * RECORD_BYTES
    data = (line % (b"x" * (RECORD_BYTES - len(line) + 2))) * RECORDS
    return Batch((Part(Documents(data, starts, starts[:-1], starts[:-1], lines=RECORDS), 0, RECORDS, 1),))
