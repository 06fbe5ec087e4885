"""The OpenSearch sink, and the bulk contract, against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from ingestd.config import OpenSearchSettings
from ingestd.model import Batch, Verdict
from ingestd.sinks.cluster import Cluster
from ingestd.sinks.opensearch import OpenSearchSink
from tests.contract.bulk_endpoint import BulkEndpointContract
from tests.fakes.documents import Row, again, batch_of
from tests.integration.conftest import StartOpenSearch

BYTES_MAX = 1 << 20
SENDERS = 16
ROUNDS_MAX = 50


@pytest.fixture(scope="module")
def small_url(start_opensearch: StartOpenSearch) -> str:
    """A server that is easily overwhelmed: one writer, room for one more request, 1 MiB a request."""
    return start_opensearch(thread_pool__write__size="1", thread_pool__write__queue_size="1", http__max_content_length="1mb")


@pytest.fixture
def prefix() -> str:
    return f"bulk-{uuid4().hex}"


@asynccontextmanager
async def sink_of(url: str, compress: str = "always") -> AsyncIterator[OpenSearchSink]:
    settings = OpenSearchSettings.model_validate({"urls": [url], "compress": compress})
    sink = OpenSearchSink("main", settings, Cluster(settings))
    try:
        yield sink
    finally:
        await sink.close()


async def call(method: str, url: str, body: object = None) -> Any:
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.request(method, url, json=body) as answer:
        return await answer.json()


async def counts(url: str, prefix: str) -> dict[str, int]:
    """Documents by index, of the indices that begin with `prefix`, once all are searchable."""
    await call("POST", f"{url}/{prefix}*/_refresh")
    indices = await call("GET", f"{url}/_cat/indices/{prefix}*?format=json&h=index,docs.count")
    return {entry["index"]: int(entry["docs.count"]) for entry in indices}


def rows(index: str, count: int, start: int = 0) -> list[Row]:
    return [(index, f"{n:08}", {"n": n, "message": f"number {n}"}) for n in range(start, start + count)]


class TestRealBulk(BulkEndpointContract):
    @pytest.fixture
    def bytes_max(self) -> int:
        return BYTES_MAX

    @pytest.fixture
    def url(self, small_url: str) -> str:
        return small_url


@pytest.mark.parametrize("compress", ["always", "never"])
async def test_documents_arrive_in_the_index_of_their_action(opensearch_url: str, prefix: str, compress: str) -> None:
    """Documents go where their action lines say, each once, and can be found by their fields."""
    batch = batch_of([*rows(f"{prefix}-2026.01.01", 30), *rows(f"{prefix}-2026.01.02", 20, 30)])
    async with sink_of(opensearch_url, compress) as sink:
        assert await sink.send(batch) == Verdict(50)
    assert await counts(opensearch_url, prefix) == {f"{prefix}-2026.01.01": 30, f"{prefix}-2026.01.02": 20}
    found = await call("GET", f"{opensearch_url}/{prefix}*/_search?q=n:42")
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["00000042"]


async def test_sent_again_all_are_duplicates(opensearch_url: str, prefix: str) -> None:
    """The second delivery of a batch changes nothing, and says that all was there."""
    batch = batch_of(rows(prefix, 50))
    async with sink_of(opensearch_url) as sink:
        assert await sink.send(batch) == Verdict(50)
        assert await sink.send(batch) == Verdict(50, duplicates=tuple(range(50)))
    assert await counts(opensearch_url, prefix) == {prefix: 50}


async def test_a_mapping_conflict_refuses_that_document(opensearch_url: str, prefix: str) -> None:
    """A document that does not fit the mapping is refused with the server's reason; its neighbours go in."""
    async with sink_of(opensearch_url) as sink:
        await sink.send(batch_of(rows(prefix, 2)))
        verdict = await sink.send(batch_of([*rows(prefix, 1, 2), (prefix, "odd", {"n": "word"}), *rows(prefix, 1, 3)]))
    assert (verdict.accepted, verdict.retry, verdict.paused) == (2, (), None)
    assert [(refusal.item, refusal.reason) for refusal in verdict.refused] == [(1, "mapper_parsing_exception")]
    assert "failed to parse field [n]" in verdict.refused[0].detail
    assert await counts(opensearch_url, prefix) == {prefix: 4}


@pytest.mark.parametrize(
    ("spoil", "heal", "paused"),
    [
        (("POST", "_close", None), ("POST", "_open", None), "index_closed"),
        (
            ("PUT", "_settings", {"index.blocks.read_only_allow_delete": True}),
            ("PUT", "_settings", {"index.blocks.read_only_allow_delete": None}),
            "cluster_block",
        ),
        (
            ("PUT", "_settings", {"index.blocks.write": True}),
            ("PUT", "_settings", {"index.blocks.write": None}),
            "cluster_block",
        ),
    ],
)
async def test_a_fault_of_the_index_pauses_and_loses_nothing(
    opensearch_url: str, prefix: str, spoil: tuple[str, str, object], heal: tuple[str, str, object], paused: str
) -> None:
    """A closed or blocked index refuses no document: all are kept, the sink pauses, and once healed they go in."""
    batch = batch_of(rows(prefix, 10))
    async with sink_of(opensearch_url) as sink:
        await sink.send(batch_of(rows(prefix, 1, 100)))
        await call(spoil[0], f"{opensearch_url}/{prefix}/{spoil[1]}", spoil[2])
        verdict = await sink.send(batch)
        assert (verdict.retry, verdict.refused, verdict.paused) == (tuple(range(10)), (), paused)
        await call(heal[0], f"{opensearch_url}/{prefix}/{heal[1]}", heal[2])
        await call("GET", f"{opensearch_url}/_cluster/health/{prefix}?wait_for_status=yellow")
        assert await sink.send(again(batch, verdict.retry)) == Verdict(10)
    assert await counts(opensearch_url, prefix) == {prefix: 11}


async def test_an_index_that_may_not_be_made_pauses(small_url: str, prefix: str) -> None:
    """Where indices are not made by themselves, a missing one is the operator's to make: kept, and paused."""
    settings = f"{small_url}/_cluster/settings"
    await call("PUT", settings, {"persistent": {"action.auto_create_index": f"-{prefix}*,+*"}})
    async with sink_of(small_url) as sink:
        verdict = await sink.send(batch_of(rows(prefix, 3)))
    await call("PUT", settings, {"persistent": {"action.auto_create_index": None}})
    assert (verdict.retry, verdict.refused, verdict.paused) == ((0, 1, 2), (), "index_missing")


async def test_a_full_queue_loses_and_doubles_nothing(small_url: str, prefix: str) -> None:
    """Documents that a full write queue turned away, sent again until all are in, are each there once."""
    throttled = 0

    async def deliver(sink: OpenSearchSink, batch: Batch) -> int:
        """Send until all is settled; the number of duplicates on the way."""
        nonlocal throttled
        duplicates = 0
        while len(batch):
            verdict = await sink.send(batch)
            assert (verdict.refused, verdict.paused) == ((), None)
            throttled += verdict.throttled
            duplicates += len(verdict.duplicates)
            batch = again(batch, verdict.retry)
        return duplicates

    sent = 0
    async with sink_of(small_url) as sink:
        for _ in range(ROUNDS_MAX):
            starts = range(sent, sent + SENDERS * 100, 100)
            duplicates = await asyncio.gather(*(deliver(sink, batch_of(rows(prefix, 100, start))) for start in starts))
            assert sum(duplicates) == 0
            sent += SENDERS * 100
            if throttled:
                break
    assert throttled, "the queue was never full"
    assert await counts(small_url, prefix) == {prefix: sent}


async def test_a_request_over_the_servers_limit_is_to_be_split(small_url: str, prefix: str) -> None:
    """413 has the batch come back to be halved; halves that fit go in."""
    batch = batch_of([(prefix, str(n), {"s": "x" * 400_000}) for n in range(4)])
    async with sink_of(small_url) as sink:
        verdict = await sink.send(batch)
        assert (verdict.retry, verdict.split) == ((0, 1, 2, 3), True)
        assert await sink.send(again(batch, [0, 1])) == Verdict(2)
        assert await sink.send(again(batch, [2, 3])) == Verdict(2)


@pytest.mark.parametrize("compress", ["always", "never"])
async def test_a_check_passes_and_writes_nothing(opensearch_url: str, compress: str) -> None:
    """The check's empty bulk is recognised as what it is by a real server, which makes nothing of it."""
    before = await call("GET", f"{opensearch_url}/_cat/indices?format=json&h=index")
    async with sink_of(opensearch_url, compress) as sink:
        await sink.check()
    assert await call("GET", f"{opensearch_url}/_cat/indices?format=json&h=index") == before
