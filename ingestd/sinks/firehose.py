"""Amazon Data Firehose, by PutRecordBatch: one document a record, for OpenSearch destinations take no more.

Firehose knows no ids: what is sent again is there twice, recognisable by `event.id`. So only what failed is ever sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from ingestd.config import EventSettings, FirehoseSettings
from ingestd.core.verdict import firehose_error_verdict, firehose_verdict, request_failed
from ingestd.errors import Fatal, Retryable
from ingestd.model import Batch, BatchLimits, Framing, Refusal, Verdict

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient
    from types_aiobotocore_firehose.type_defs import RecordTypeDef

__all__ = ["RECORD_BYTES_MAX", "FirehoseSink"]

RECORD_BYTES_MAX = 1000 * 1024  # "Maximum record size", before base64; a call's limits are the settings' own maxima

# What the SDK's parser raises for a 200 whose body is not of the documented shape (a proxy's page, a cut answer).
STRANGE_ANSWER = (ResponseParserError, AttributeError, LookupError, TypeError, ValueError)

_REASONS: tuple[tuple[tuple[type[BotoCoreError], ...], str], ...] = (
    ((ConnectTimeoutError, ReadTimeoutError), "timeout"),
    ((SSLError,), "certificate"),
    ((NoCredentialsError, PartialCredentialsError, CredentialRetrievalError), "credentials"),
    ((BotoCoreError,), "unreachable"),
)


class FirehoseSink:
    """One delivery stream as a sink. The client's own retries must be off (`total_max_attempts` 1)."""

    kind = "firehose"

    def __init__(self, name: str, settings: FirehoseSettings, client: FirehoseClient) -> None:
        self.name = name
        self.limits = BatchLimits(settings.batch_count_max, settings.batch_bytes_max, RECORD_BYTES_MAX, settings.batch_seconds)
        self._stream = settings.stream
        self._client = client

    def framing(self, dataset: str, events: EventSettings) -> Framing:
        return Framing(dataset=dataset, action=False, id_field=True, period="none", original=events.original)

    async def send(self, batch: Batch) -> Verdict:
        records: list[RecordTypeDef] = []
        sent: list[int] = []
        refused: list[Refusal] = []
        for item, (part, index) in enumerate(batch.items()):
            record = bytes(part.documents.body(index)) + b"\n"
            if len(record) > RECORD_BYTES_MAX:
                refused.append(Refusal(item, "record_too_large"))
            else:
                records.append({"Data": record})
                sent.append(item)
        verdict = await self._put(records) if records else Verdict(0)
        return _widen(verdict, sent, refused)

    async def check(self) -> None:
        try:
            answer = await self._client.describe_delivery_stream(DeliveryStreamName=self._stream)
            status = answer["DeliveryStreamDescription"]["DeliveryStreamStatus"]
        except ClientError as error:
            _raise_for(firehose_error_verdict(*_status_and_code(error), 1))
        except BotoCoreError as error:
            _raise_for(request_failed(_reason(error), 1))
        except STRANGE_ANSWER as error:
            raise Fatal("this does not answer as Firehose does", reason="bad_answer") from error
        else:
            if status != "ACTIVE":
                raise Retryable("the stream is not active", reason="not_active", status=status)

    async def close(self) -> None:
        """The client was lent; whoever opened it closes it."""

    async def _put(self, records: list[RecordTypeDef]) -> Verdict:
        try:
            answer = await self._client.put_record_batch(DeliveryStreamName=self._stream, Records=records)
        except ClientError as error:
            return firehose_error_verdict(*_status_and_code(error), len(records))
        except BotoCoreError as error:
            return request_failed(_reason(error), len(records))
        except STRANGE_ANSWER:
            return Verdict.nothing_settled(len(records), "bad_answer")
        return firehose_verdict(answer, len(records))


def _widen(verdict: Verdict, sent: list[int], refused: list[Refusal]) -> Verdict:
    """The verdict on the records that were sent as a verdict on the batch, whose items `sent` they are."""
    if not refused:
        return verdict
    return Verdict(
        len(sent) + len(refused),
        retry=tuple(sent[index] for index in verdict.retry),
        refused=tuple(refused),
        throttled=verdict.throttled,
        paused=verdict.paused,
        split=verdict.split,
        reason=verdict.reason,
    )


def _status_and_code(error: ClientError) -> tuple[int, str]:
    answer = error.response
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)), str(answer.get("Error", {}).get("Code", ""))


def _reason(error: BotoCoreError) -> str:
    return next(reason for kinds, reason in _REASONS if isinstance(error, kinds))


def _raise_for(verdict: Verdict) -> None:
    if verdict.paused:
        raise Fatal("the stream cannot be used", reason=verdict.paused)
    raise Retryable("the stream cannot be reached now", reason=verdict.reason)
