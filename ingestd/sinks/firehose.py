"""Amazon Data Firehose, by PutRecordBatch: one document a record, for OpenSearch destinations take no more, or packs of lines.

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
from ingestd.model import Batch, BatchLimits, Framing, Verdict
from ingestd.sinks.packs import packed
from ingestd.sinks.stream import Stream

if TYPE_CHECKING:
    from types_aiobotocore_firehose.client import FirehoseClient

__all__ = ["FirehoseSink", "framing_by", "limits_of"]

DOCUMENTS_MAX = 1 << 16  # in packs, of which 4 MiB make nine at most: bytes end a batch long before, unless documents are tiny

# What reading raises for a 200 whose body is not of the documented shape (a proxy's page, a cut answer).
STRANGE_ANSWER = (ResponseParserError, AttributeError, LookupError, TypeError, ValueError)

_REASONS: tuple[tuple[tuple[type[BotoCoreError], ...], str], ...] = (
    ((ConnectTimeoutError, ReadTimeoutError), "timeout"),
    ((SSLError,), "certificate"),
    ((NoCredentialsError, PartialCredentialsError, CredentialRetrievalError), "credentials"),
    ((BotoCoreError,), "unreachable"),
)


def limits_of(settings: FirehoseSettings) -> BatchLimits:
    """What a request may be."""
    count_max = DOCUMENTS_MAX if settings.pack == "lines" else settings.batch_count_max
    return BatchLimits(count_max, settings.batch_bytes_max, settings.batch_seconds)


def framing_by(dataset: str, events: EventSettings) -> Framing:
    """How documents of `dataset` are encoded for a stream."""
    return Framing(dataset=dataset, action=False, id_field=True, period="none", original=events.original)


class FirehoseSink:
    """One delivery stream as a sink: `stream` takes the records, `client` is asked how the stream is."""

    kind = "firehose"

    def __init__(
        self,
        name: str,
        settings: FirehoseSettings,
        client: FirehoseClient,
        stream: Stream,
    ) -> None:
        self.name = name
        self.limits = limits_of(settings)
        self._pack = settings.pack
        self._stream_name = settings.stream
        self._client = client
        self._stream = stream

    def framing(self, dataset: str, events: EventSettings) -> Framing:
        return framing_by(dataset, events)

    async def send(self, batch: Batch) -> Verdict:
        packs = packed(batch, self._pack)
        if not len(packs):
            return packs.of_records(Verdict(0))
        try:
            answer = await self._stream.put(packs)
        except ClientError as error:
            return packs.of_documents(firehose_error_verdict(*_status_and_code(error), packs.documents))
        except BotoCoreError as error:
            return packs.of_documents(request_failed(_reason(error), packs.documents))
        except STRANGE_ANSWER:
            return packs.of_documents(Verdict.nothing_settled(packs.documents, "bad_answer"))
        return packs.of_records(firehose_verdict(answer, len(packs)))

    async def check(self) -> None:
        try:
            answer = await self._client.describe_delivery_stream(DeliveryStreamName=self._stream_name)
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


def _status_and_code(error: ClientError) -> tuple[int, str]:
    answer = error.response
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)), str(answer.get("Error", {}).get("Code", ""))


def _reason(error: BotoCoreError) -> str:
    return next(reason for kinds, reason in _REASONS if isinstance(error, kinds))


def _raise_for(verdict: Verdict) -> None:
    if verdict.paused:
        raise Fatal("the stream cannot be used", reason=verdict.paused)
    raise Retryable("the stream cannot be reached now", reason=verdict.reason)
