"""A standard queue at its worst: unordered, at least once, receipts that age, deletions that do not last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from tests.sim.wire import Refused, Unanswered, Wire

if TYPE_CHECKING:
    from tests.sim.process import Process
    from tests.sim.world import World

__all__ = ["FakeSqs", "Held", "Queued", "SqsClient", "aws_error", "client_error"]

TOTAL_SECONDS_MAX = 43_200.0  # SQS: "Total VisibilityTimeout for the message is beyond the limit"
TOTAL_SECONDS_SMALL = 150.0
DUPLICATES_MAX = 8  # of a message: each is worked on like any other, and more of them show nothing more


@dataclass(slots=True, eq=False)
class Held:
    """One receipt of a message: when it was handed out or last renewed, and when renewing was last asked for."""

    receipt: str
    process: Process
    granted_at: float
    visibility: int
    received_at: float
    told_at: float | None = None
    asked_at: float | None = None
    is_leaving: bool = False
    is_over: bool = False

    @property
    def is_held(self) -> bool:
        """Whether its process works under it."""
        consumer = self.process.service.consumer
        return consumer is not None and any(lease.message.receipt == self.receipt for lease in consumer.leases._held.values())


@dataclass(slots=True, eq=False)
class Queued:
    """A message. `visible_at`: before that nobody receives it, but for duplicates."""

    id: str
    body: str
    objects: tuple[str, ...]
    visible_at: float
    poison: tuple[str, ...] = ()
    count: int = 0
    duplicates: int = 0
    is_deleted: bool = False
    receipts: list[Held] = field(default_factory=list)


class FakeSqs:
    """The queue itself."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = Random(f"{world.plan.seed}/queue")
        self.messages: dict[str, Queued] = {}
        self.dead: list[Queued] = []
        self._by_receipt: dict[str, tuple[Queued, Held]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[asyncio.Future[Any], float, Process, int]] = []

    @property
    def is_empty(self) -> bool:
        """Whether every message is deleted or in the queue's own dead-letter queue."""
        return all(message.is_deleted for message in self.messages.values())

    def left(self) -> list[str]:
        """Messages that are not deleted."""
        return [message.id for message in self.messages.values() if not message.is_deleted]

    def send(self, message: Queued) -> None:
        self.messages[message.id] = message
        self._look()

    def found(self, receipt: str) -> tuple[Queued, Held]:
        return self._by_receipt[receipt]

    def receive(self, process: Process, seconds: int, visibility: int) -> asyncio.Future[Any]:
        """A long poll."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        until = self._world.now + seconds
        self._waiting.append((future, until, process, visibility))
        self._look()
        return future

    def delete(self, receipts: Sequence[str]) -> dict[str, Any]:
        return self._each(receipts, self._delete)

    def change(self, receipts: Sequence[str], seconds: Sequence[int]) -> dict[str, Any]:
        wanted = dict(zip(receipts, seconds, strict=True))
        return self._each(receipts, lambda receipt: self._change(receipt, wanted[receipt]))

    def _each(self, receipts: Sequence[str], do: Any) -> dict[str, Any]:
        if self._hits("strange"):
            return {"message": "<html>welcome</html>"}
        successful, failed = [], []
        for number, receipt in enumerate(receipts):
            code = "InternalError" if self._hits("item_failed") else do(receipt)
            if code is None:
                successful.append({"Id": str(number)})
            else:
                failed.append({"Id": str(number), "Code": code, "SenderFault": False})
        return {"Successful": successful, "Failed": failed}

    def _delete(self, receipt: str) -> None:
        message, held = self._by_receipt[receipt]
        held.is_over = True
        if message.receipts[-1] is held or self._hits("stale_deletes"):
            message.is_deleted = True
            if self._hits("back"):
                message.is_deleted = False
                message.visible_at = self._world.now + self._random.random() * 100

    def _change(self, receipt: str, seconds: int) -> str | None:
        message, held = self._by_receipt[receipt]
        now = self._world.now
        if message.is_deleted or message.receipts[-1] is not held or message.visible_at <= now:
            held.is_over = True
            return self._random.choice(("ReceiptHandleIsInvalid", "MessageNotInflight"))
        most = TOTAL_SECONDS_SMALL if self._world.faults.holds("sqs.limit", now) else TOTAL_SECONDS_MAX
        if now + seconds > held.received_at + most:
            held.is_over = True
            return "InvalidParameterValue"
        message.visible_at = now + seconds
        held.granted_at, held.visibility, held.asked_at = now, seconds, None
        if seconds == 0:
            held.is_over = True
            self._look()
        return None

    def _look(self) -> None:
        """Answer who waits, as far as there is something for them."""
        now = self._world.now
        for entry in list(self._waiting):
            future, until, process, visibility = entry
            answer = self._take(process, visibility)
            if answer or now >= until:
                self._waiting.remove(entry)
                future.set_result({"Messages": answer} if answer else {})
        if self._waiting:
            moments = [until for _, until, _, _ in self._waiting]
            moments += [each.visible_at for each in self.messages.values() if not each.is_deleted and each.visible_at > now]
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(min(moments), self._look)

    def _take(self, process: Process, visibility: int) -> list[dict[str, Any]]:
        now = self._world.now
        taken: list[dict[str, Any]] = []
        there = [each for each in self.messages.values() if not each.is_deleted]
        for message in self._random.sample(there, len(there)):
            is_due = message.visible_at <= now
            is_duplicate = not is_due and message.duplicates < DUPLICATES_MAX and self._hits("duplicate")
            if len(taken) == 10 or not (is_due or is_duplicate):
                continue
            message.duplicates += is_duplicate
            if self._world.plan.receives_max and is_due and message.count >= self._world.plan.receives_max:
                self.dead.append(message)
                del self.messages[message.id]
                continue
            taken.append(self._hand_out(message, process, visibility))
        return taken

    def _hand_out(self, message: Queued, process: Process, visibility: int) -> dict[str, Any]:
        now = self._world.now
        if message.receipts and message.visible_at <= now:
            self._world.books.check_was_renewed(message.receipts[-1])
        message.count += 1
        message.visible_at = now + visibility
        held = Held(f"{message.id}/{message.count}", process, now, visibility, now)
        message.receipts.append(held)
        self._by_receipt[held.receipt] = (message, held)
        self._world.books.received(process, message)
        attributes = {"ApproximateReceiveCount": str(message.count), "SentTimestamp": "1793534400000"}
        return {"MessageId": message.id, "ReceiptHandle": held.receipt, "Body": message.body, "Attributes": attributes}

    def _hits(self, fault: str) -> bool:
        return self._world.faults.hits(f"sqs.{fault}", self._world.now)


class SqsClient:
    """As aiobotocore's client, for one process."""

    def __init__(self, queue: FakeSqs, process: Process, wire: Wire) -> None:
        self._queue = queue
        self._process = process
        self._wire = wire

    async def receive_message(self, **request: Any) -> Mapping[str, Any]:
        assert request["MaxNumberOfMessages"] <= 10
        seconds, visibility = request["WaitTimeSeconds"], request["VisibilityTimeout"]
        return await self._call(
            "receive_message",
            lambda: self._queue.receive(self._process, seconds, visibility),
            told=self._received,
            extra_seconds=seconds,
        )

    async def get_queue_attributes(self, **_: Any) -> Mapping[str, Any]:
        self._process.must_live()
        now = self._process.world.now
        there = [each.visible_at <= now for each in self._queue.messages.values() if not each.is_deleted]
        waiting, held = str(there.count(True)), str(there.count(False))
        counts = {"ApproximateNumberOfMessages": waiting, "ApproximateNumberOfMessagesNotVisible": held}
        return {"Attributes": counts}

    async def delete_message_batch(self, **request: Any) -> Mapping[str, Any]:
        receipts = _receipts(request["Entries"])
        self._process.must_live()
        for receipt in receipts:
            message, held = self._queue.found(receipt)
            self._process.world.books.check_may_be_deleted(message, self._process)
            held.is_leaving = True
        return await self._call("delete_message_batch", lambda: self._queue.delete(receipts))

    async def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        receipts = _receipts(request["Entries"])
        seconds = [int(entry["VisibilityTimeout"]) for entry in request["Entries"]]
        self._process.must_live()
        for receipt in receipts:
            self._process.world.books.check_renewal(self._queue.found(receipt)[1])
        return await self._call("change_message_visibility_batch", lambda: self._queue.change(receipts, seconds))

    def _received(self, answer: Mapping[str, Any]) -> None:
        for message in answer.get("Messages", ()):
            self._queue.found(message["ReceiptHandle"])[1].told_at = self._process.world.now

    async def _call(self, operation: str, serve: Any, **more: Any) -> Mapping[str, Any]:
        try:
            if self._queue._hits("refused"):
                serve = _refuse
            answer: Mapping[str, Any] = await self._wire.call(operation, serve, **more)
        except (Refused, Unanswered) as error:
            raise aws_error(error, operation) from None
        return answer


def _refuse() -> None:
    raise Refused(503, "ServiceUnavailable")


def _receipts(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    assert 0 < len(entries) <= 10
    assert len({entry["Id"] for entry in entries}) == len(entries)
    return [entry["ReceiptHandle"] for entry in entries]


def client_error(status: int, code: str, operation: str) -> ClientError:
    """An error of the service as botocore raises it."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)  # type: ignore[typeddict-item]  # the rest of the metadata says nothing


def aws_error(error: Refused | Unanswered, operation: str) -> Exception:
    """What aiobotocore raises for it."""
    if isinstance(error, Refused):
        return client_error(error.status, error.code, operation)
    kinds = {"timeout": ReadTimeoutError, "connect": ConnectTimeoutError, "reset": EndpointConnectionError}
    kind: Any = kinds[error.how]
    result: Exception = kind(endpoint_url="simulated")
    return result
