"""The SQS queue: receive, delete, and change the visibility of messages, each in batches of at most ten.

SQS facts: a batch call answers per entry; deletion with an older receipt handle succeeds without deleting; visibility is at
most 12 h from receipt. Nothing here retries: the receive loop, the leases and SQS itself are the retry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ingestd.errors import Retryable
from ingestd.model import Depth, Message

__all__ = ["BATCH_MAX", "Queue"]

BATCH_MAX = 10  # entries in one ReceiveMessage, DeleteMessageBatch or ChangeMessageVisibilityBatch
_GONE = {"ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"}
_GONE |= {f"AWS.SimpleQueueService.{code}" for code in _GONE}


class Queue:
    """One queue, through an aiobotocore SQS client whose own retries are off."""

    def __init__(self, client: Any, url: str, *, wait_seconds: int, visibility_seconds: int) -> None:
        self._client = client
        self._url = url
        self._wait_seconds = wait_seconds
        self._visibility_seconds = visibility_seconds

    async def receive(self) -> list[Message]:
        """Up to ten messages, after at most `wait_seconds`. Raises Retryable."""
        answer = await self._call(
            "receive_message",
            MaxNumberOfMessages=BATCH_MAX,
            WaitTimeSeconds=self._wait_seconds,
            VisibilityTimeout=self._visibility_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        )
        try:
            return [_message(each) for each in answer.get("Messages", ())]
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise Retryable("the queue answered strangely", reason="queue_answer", operation="receive_message") from error

    async def depth(self) -> Depth:
        """How much there is. Raises Retryable."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self._call("get_queue_attributes", AttributeNames=names)
        try:
            waiting, in_flight = (int(answer["Attributes"][name]) for name in names)
        except (LookupError, TypeError, ValueError) as error:
            raise Retryable("the queue answered strangely", reason="queue_answer", operation="get_queue_attributes") from error
        return Depth(waiting, in_flight)

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """Delete up to ten messages; the receipts that were not deleted and may be tried again. Raises Retryable."""
        entries = [{"Id": str(index), "ReceiptHandle": receipt} for index, receipt in enumerate(receipts)]
        answer = await self._call("delete_message_batch", Entries=entries)
        return _ends(answer, receipts)[1]

    async def change_visibility(self, receipts: Sequence[str], seconds: int) -> tuple[list[str], list[str]]:
        """Set the visibility of up to ten messages from now on.

        Returns (receipts whose lease is gone, receipts that failed for another reason). Raises Retryable.
        """
        entries = [
            {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": seconds} for index, receipt in enumerate(receipts)
        ]
        return _ends(await self._call("change_message_visibility_batch", Entries=entries), receipts)

    async def _call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = await getattr(self._client, operation)(QueueUrl=self._url, **arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            raise Retryable("the queue refused a call", reason="queue_refused", operation=operation, code=code) from error
        except ResponseParserError as error:
            raise Retryable("the queue answered strangely", reason="queue_answer", operation=operation) from error
        except (BotoCoreError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Retryable(
                "the queue could not be reached", reason="queue_unreachable", operation=operation, cause=type(error).__name__
            ) from error
        return answer


def _ends(answer: Mapping[str, Any], receipts: Sequence[str]) -> tuple[list[str], list[str]]:
    """(receipts that the queue no longer knows, receipts that failed): what is not reported to have gone well has failed."""
    well = {str(entry.get("Id")) for entry in answer.get("Successful", ())}
    codes = {str(entry.get("Id")): entry.get("Code") for entry in answer.get("Failed", ())}
    left = [(receipt, codes.get(str(index)) in _GONE) for index, receipt in enumerate(receipts) if str(index) not in well]
    return [receipt for receipt, is_gone in left if is_gone], [receipt for receipt, is_gone in left if not is_gone]


def _message(raw: Mapping[str, Any]) -> Message:
    attributes = raw.get("Attributes", {})
    return Message(
        id=raw["MessageId"],
        receipt=raw["ReceiptHandle"],
        body=raw.get("Body", ""),
        receive_count=int(attributes.get("ApproximateReceiveCount", 1)),
        sent_at=int(attributes.get("SentTimestamp", 0)) / 1000,
    )
