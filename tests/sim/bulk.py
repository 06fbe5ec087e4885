"""A bulk endpoint at its worst, at the edge of the HTTP client: `create` once, failures by item and as a whole."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from ingestd.errors import Retryable
from ingestd.sinks.cluster import Answer
from tests.sim.wire import Refused, Unanswered, Wire

if TYPE_CHECKING:
    from tests.sim.process import Process
    from tests.sim.world import World

__all__ = ["BulkClient", "FakeBulk"]

REASONS = {"timeout": "timeout", "connect": "unreachable", "reset": "unreachable"}
BUSY = (429, "es_rejected_execution_exception")
FAILED = ((503, "unavailable_shards_exception"), (500, "exception"))
BLOCKED = ((403, "cluster_block_exception"), (429, "cluster_block_exception"), (400, "index_closed_exception"))
CURSED = (400, "mapper_parsing_exception")
REFUSALS = (429, 500, 502, 503, 504)
SMALL_BYTES = 1900  # in its small moments it takes one document, hardly two


class FakeBulk:
    """One cluster: documents by (index, id)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = Random(f"{world.plan.seed}/cluster")
        self.documents: dict[tuple[str, str], bytes] = {}

    def bulk(self, process: Process, pairs: Sequence[tuple[bytes, bytes]], size: int) -> Answer:
        faults, now = self.world.faults, self.world.now
        if faults.hits("bulk.refused", now):
            return Answer(
                REFUSALS[faults.pick("bulk.refused", len(REFUSALS))], b"{}", 2.0 if self.random.random() < 0.2 else None
            )
        if faults.holds("bulk.busy", now):
            return Answer(429, b"{}")
        if faults.holds("bulk.small", now) and size > SMALL_BYTES:
            return Answer(413, b"")
        items = [self._create(pair) for pair in pairs]
        errors = any(status > 201 for status, _ in items)
        body = orjson.dumps({"errors": errors, "items": [_item(*item) for item in items]})
        if faults.hits("bulk.strange", now):
            form = faults.pick("bulk.strange", 3)
            body = (body[: len(body) // 2], b"<html>hello</html>", orjson.dumps({"errors": False, "items": []}))[form]
        return Answer(200, body)

    def _create(self, pair: tuple[bytes, bytes]) -> tuple[int, str]:
        faults, now = self.world.faults, self.world.now
        action = orjson.loads(pair[0])["create"]
        place = action["_index"], action["_id"]
        if faults.hits("bulk.item_busy", now):
            return BUSY
        if faults.hits("bulk.item_failed", now):
            return FAILED[faults.pick("bulk.item_failed", len(FAILED))]
        if faults.holds("bulk.blocked", now):
            return self.random.choice(BLOCKED)
        if b"cursed" in pair[1]:
            return CURSED
        if place in self.documents:
            return 409, "version_conflict_engine_exception"
        self.documents[place] = pair[1]
        self.world.books.indexed(*place, pair[1])
        return 201, ""


class BulkClient:
    """As sinks/cluster.py has it, for one process."""

    def __init__(self, cluster: FakeBulk, process: Process, wire: Wire) -> None:
        self._cluster = cluster
        self._process = process
        self._wire = wire

    async def request(
        self, method: str, path: str, *, params: Mapping[str, str], headers: Mapping[str, str], body: Sequence[Any]
    ) -> Answer:
        whole = b"".join(body)
        if headers.get("content-encoding") == "gzip":
            whole = gzip.decompress(whole)
        lines = whole.split(b"\n")
        assert not lines.pop(), "a bulk body ends with a newline"
        pairs = list(zip(lines[::2], lines[1::2], strict=True))
        books = self._process.world.books
        sending = books.sending(self._process, "opensearch", [document for _, document in pairs])
        try:
            answer: Answer = await self._wire.call(
                f"{method} {path}",
                lambda: self._cluster.bulk(self._process, pairs, len(whole)),
                told=lambda answer: sending.told(_settled(answer, len(pairs))),
            )
        except Unanswered as error:
            raise Retryable("no answer", reason=REASONS[error.how]) from None
        except Refused:
            return Answer(401, b"{}")
        finally:
            sending.over()
        return answer

    async def close(self) -> None: ...


def _item(status: int, kind: str) -> dict[str, Any]:
    return {"create": {"status": status} | ({"error": {"type": kind, "reason": "because"}} if kind else {})}


def _settled(answer: Answer, count: int) -> list[bool]:
    """Of each item, whether the answer says clearly what became of it."""
    try:
        items = orjson.loads(answer.body)["items"] if answer.status == 200 else []
        ends = [item["create"]["status"] in (201, 409) or item["create"]["error"]["type"] == CURSED[1] for item in items]
    except (orjson.JSONDecodeError, KeyError):
        ends = []
    return ends if len(ends) == count else [False] * count
