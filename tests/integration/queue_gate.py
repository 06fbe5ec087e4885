"""A gate to the embedded AWS that knows which messages whoever comes through it holds, and what is in them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote_plus

import orjson
from aiohttp import web

from ingestd.demo.cloud import Cloud
from tests.integration.gate import Gate

__all__ = ["QueueGate"]


class QueueGate(Gate):
    """`held`: by receipt the keys of the objects that a message names, until the queue has deleted it.

    `given`: how often an object was named to somebody, by key. `renewed`: how often the queue was asked for more time, by
    receipt.
    """

    def __init__(self, cloud: Cloud, watch: Callable[[str], bool] = lambda moment: False) -> None:
        super().__init__(cloud.endpoint_url, watch)
        self.held: dict[str, tuple[str, ...]] = {}
        self.given: Counter[str] = Counter()
        self.renewed: Counter[str] = Counter()
        self._cloud = cloud
        self._messages: dict[str, str] = {}  # by receipt: a message that is given twice has two
        self._under_way = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()

    async def let_go(self) -> set[str]:
        """Whoever held them is gone: others are given these messages at once, without waiting for leases to end; their keys."""
        await self._cloud.backlog()  # meanwhile what the dead had sent is read from their connections
        await self._is_quiet.wait()  # and what they have asked for may still be done
        held, self.held = self.held, {}
        for receipt in held:
            await self._cloud.sqs.change_message_visibility(
                QueueUrl=self._cloud.queue_url, ReceiptHandle=receipt, VisibilityTimeout=0
            )
        return {key for keys in held.values() for key in keys}

    async def _asked(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        self._under_way += 1
        self._is_quiet.clear()
        try:
            status, headers, said = await super()._asked(request, body)
            if status == 200:
                self._note(request.headers.get("x-amz-target", ""), body, said)
            return status, headers, said
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._is_quiet.set()

    def _note(self, target: str, body: bytes, said: bytes) -> None:
        match target.rpartition(".")[2]:
            case "ReceiveMessage":
                messages = orjson.loads(said).get("Messages", ())
                named = {message["ReceiptHandle"]: _keys(message["Body"]) for message in messages}
                self.held |= named
                self._messages |= {message["ReceiptHandle"]: message["MessageId"] for message in messages}
                self.given.update(key for keys in named.values() for key in keys)
            case "DeleteMessageBatch":
                receipts = {entry["Id"]: entry["ReceiptHandle"] for entry in orjson.loads(body)["Entries"]}
                gone = {self._messages[receipts[entry["Id"]]] for entry in orjson.loads(said)["Successful"]}
                self.held = {receipt: keys for receipt, keys in self.held.items() if self._messages[receipt] not in gone}
            case "ChangeMessageVisibilityBatch":
                entries = orjson.loads(body)["Entries"]
                self.renewed.update(entry["ReceiptHandle"] for entry in entries if entry["VisibilityTimeout"])


def _keys(notice: str) -> tuple[str, ...]:
    """None in what S3 says of itself when notifications are set up."""
    return tuple(unquote_plus(record["s3"]["object"]["key"]) for record in orjson.loads(notice).get("Records", ()))
