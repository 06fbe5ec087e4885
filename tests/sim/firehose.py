"""Firehose at its worst: no deduplication, and any of its records can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from ingestd.sinks.packs import Packs
from tests.sim.content import HUGE_BYTES
from tests.sim.sqs import aws_error
from tests.sim.wire import Refused, Unanswered, Wire

if TYPE_CHECKING:
    from tests.sim.process import Process
    from tests.sim.world import World

__all__ = ["FakeFirehose", "FirehoseClient"]

REFUSALS = ((503, "ServiceUnavailableException"), (500, "InternalFailure"), (400, "ThrottlingException"))
SMALL_BYTES = 1900


class FakeFirehose:
    """One stream."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = Random(f"{world.plan.seed}/stream")

    def put(self, records: Sequence[bytes]) -> dict[str, Any]:
        faults, now = self.world.faults, self.world.now
        if faults.hits("firehose.refused", now):
            raise Refused(*REFUSALS[faults.pick("firehose.refused", len(REFUSALS))])
        if faults.holds("firehose.busy", now):
            raise Refused(*REFUSALS[0])
        if faults.holds("firehose.small", now) and sum(map(len, records)) > SMALL_BYTES:
            raise Refused(400, "InvalidArgumentException")
        share = faults.share("firehose.item_failed") if faults.hits("firehose.item_failed", now) else 0.0
        responses = []
        for record in records:
            assert len(record) <= HUGE_BYTES, "a record is too large"
            if self.random.random() < share:
                responses.append({"ErrorCode": self.random.choice(("ServiceUnavailableException", "InternalFailure"))})
            else:
                self.world.books.streamed(record)
                responses.append({"RecordId": "record"})
        failed = sum("ErrorCode" in response for response in responses)
        answer: dict[str, Any] = {"FailedPutCount": failed, "RequestResponses": responses}
        if faults.hits("firehose.strange", now):
            form = faults.pick("firehose.strange", 3)
            answer = ({}, answer | {"RequestResponses": responses[1:]}, {"FailedPutCount": 0, "RequestResponses": []})[form]
        return answer


class FirehoseClient:
    """As sinks/stream.py puts records, for one process."""

    def __init__(self, stream: FakeFirehose, process: Process, wire: Wire) -> None:
        self._stream = stream
        self._process = process
        self._wire = wire

    async def put(self, packs: Packs) -> Mapping[str, Any]:
        records = [bytes(packs.data[begin:end]) for begin, end in zip(packs.begins, packs.ends, strict=True)]
        assert 0 < len(records) <= 500
        books = self._process.world.books
        sending = books.sending(self._process, "firehose", records)
        try:
            answer: Mapping[str, Any] = await self._wire.call(
                "put_record_batch",
                lambda: self._stream.put(records),
                told=lambda answer: sending.told(_settled(answer, len(records))),
            )
        except (Refused, Unanswered) as error:
            raise aws_error(error, "put_record_batch") from None
        finally:
            sending.over()
        return answer


def _settled(answer: Mapping[str, Any], count: int) -> list[bool]:
    entries = answer.get("RequestResponses", ())
    return ["RecordId" in entry for entry in entries] if len(entries) == count else [False] * count
