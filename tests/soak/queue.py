"""A standard SQS queue at its worst: unordered, at least once, receipts that age, deletions that do not always last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

from tests.soak.dice import Dice

__all__ = ["Queued", "SoakQueue"]

LOOK_SECONDS = 0.05
DUPLICATES_MAX = 3  # of a message
BACK_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class Queued:
    """A message. `receipt`: its latest; older ones delete nothing."""

    id: str
    body: str
    keys: tuple[str, ...]
    is_poison: bool = False
    visible_at: float = 0.0
    count: int = 0
    duplicates: int = 0
    receipt: str = ""
    is_deleted: bool = False
    receipts: list[str] = field(default_factory=list)


class SoakQueue:
    """`deleted` is told of each message when it is deleted."""

    def __init__(self, random: Random, dice: Dice, deleted: Callable[[Queued], None]) -> None:
        self._random = random
        self._dice = dice
        self._deleted = deleted
        self._messages: dict[str, Queued] = {}
        self._by_receipt: dict[str, Queued] = {}
        self._number = 0

    def __len__(self) -> int:
        """Messages that are not deleted, or will come back."""
        return len(self._messages)

    def send(self, body: str, keys: tuple[str, ...], *, is_poison: bool = False) -> None:
        """Put one on the queue."""
        self._number += 1
        self._messages[f"m{self._number}"] = Queued(f"m{self._number}", body, keys, is_poison)

    async def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """What SQS answers."""
        if operation == "ReceiveMessage":
            return {"Messages": await self._receive(asked["WaitTimeSeconds"], asked["VisibilityTimeout"])}
        if operation == "GetQueueAttributes":
            waiting = sum(message.visible_at <= monotonic() for message in self._messages.values())
            counts = {"ApproximateNumberOfMessages": str(waiting)}
            return {"Attributes": counts | {"ApproximateNumberOfMessagesNotVisible": str(len(self._messages) - waiting)}}
        successful, failed = [], []
        for entry in asked["Entries"]:
            code = self._end(entry, is_deletion=operation == "DeleteMessageBatch")
            if code is None:
                successful.append({"Id": entry["Id"]})
            else:
                failed.append({"Id": entry["Id"], "Code": code, "SenderFault": False})
        return {"Successful": successful, "Failed": failed}

    async def _receive(self, seconds: int, visibility: int) -> list[dict[str, Any]]:
        until = monotonic() + seconds
        while not (given := self._take(visibility)) and monotonic() < until:  # noqa: ASYNC110 - time alone makes a message visible
            await asyncio.sleep(LOOK_SECONDS)
        return given

    def _take(self, visibility: int) -> list[dict[str, Any]]:
        now = monotonic()
        given: list[dict[str, Any]] = []
        for message in self._random.sample(list(self._messages.values()), len(self._messages)):
            is_due = message.visible_at <= now
            is_duplicate = (
                not is_due
                and not message.is_deleted
                and message.duplicates < DUPLICATES_MAX
                and self._dice.hits("sqs.duplicate")
            )
            if len(given) == 10:
                break
            if is_due or is_duplicate:
                message.duplicates += is_duplicate
                given.append(self._hand_out(message, now + visibility))
        return given

    def _hand_out(self, message: Queued, visible_at: float) -> dict[str, Any]:
        message.count += 1
        message.visible_at, message.is_deleted = visible_at, False
        message.receipt = f"{message.id}/{message.count}"
        message.receipts.append(message.receipt)
        self._by_receipt[message.receipt] = message
        attributes = {"ApproximateReceiveCount": str(message.count), "SentTimestamp": "1793534400000"}
        return {"MessageId": message.id, "ReceiptHandle": message.receipt, "Body": message.body, "Attributes": attributes}

    def _end(self, entry: dict[str, Any], *, is_deletion: bool) -> str | None:
        if self._dice.hits("sqs.item_failed"):
            return "InternalError"
        message = self._by_receipt.get(entry["ReceiptHandle"])
        is_latest = message is not None and message.receipt == entry["ReceiptHandle"] and not message.is_deleted
        if is_deletion:
            if message is not None and is_latest:
                self._delete(message)
            return None
        if message is None or not is_latest or message.visible_at <= monotonic():
            return "ReceiptHandleIsInvalid"
        message.visible_at = monotonic() + entry["VisibilityTimeout"]
        return None

    def _delete(self, message: Queued) -> None:
        self._deleted(message)
        if self._dice.hits("sqs.back"):
            message.is_deleted, message.visible_at = True, monotonic() + self._random.random() * BACK_SECONDS
            return
        del self._messages[message.id]
        for receipt in message.receipts:
            del self._by_receipt[receipt]
