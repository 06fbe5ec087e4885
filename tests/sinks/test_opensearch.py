"""The OpenSearch sink's own: indices, compression, sizes and its check."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ingestd.config import EventSettings, OpenSearchSettings
from ingestd.errors import Fatal
from ingestd.model import BatchLimits, Framing, Refusal, Verdict
from ingestd.sinks.cluster import Cluster
from ingestd.sinks.opensearch import OpenSearchSink
from tests.fakes.bulk import FakeBulk
from tests.fakes.documents import Row, again, batch_of
from tests.fakes.http import Whole

ROWS: list[Row] = [("logs-a", f"id-{n}", {"n": n}) for n in range(5)]


@asynccontextmanager
async def sink_of(*urls: str, **settings: object) -> AsyncIterator[OpenSearchSink]:
    parsed = OpenSearchSettings.model_validate({"urls": urls} | settings)
    sink = OpenSearchSink("main", parsed, Cluster(parsed))
    try:
        yield sink
    finally:
        await sink.close()


async def test_framing_names_the_index_and_its_outliers() -> None:
    """The index is the setting with the dataset in it; dates outside the window go to one index beside it."""
    async with sink_of("http://localhost", index="x-{dataset}", mode="monthly") as sink:
        assert sink.framing("aws.alb", EventSettings(days_past=30, days_ahead=1)) == Framing(
            dataset="aws.alb",
            action=True,
            index="x-aws.alb",
            period="monthly",
            outlier_index="x-aws.alb-outliers",
            days_past=30,
            days_ahead=1,
        )


async def test_a_data_stream_takes_all_dates() -> None:
    """In a data stream every event goes to the one name, whatever its date: the server parts it, not we."""
    async with sink_of("http://localhost", index="logs", mode="data_stream") as sink:
        framing = sink.framing("aws.alb", EventSettings())
    assert (framing.index, framing.period, framing.outlier_index, framing.action) == ("logs", "none", "logs", True)


async def test_limits_are_those_of_the_settings() -> None:
    """Batches are sealed by the settings; one document may be as large as the server's own limit."""
    async with sink_of("http://localhost", batch_count_max=7, batch_bytes_max=1 << 20, batch_seconds=2.0) as sink:
        assert sink.limits == BatchLimits(7, 1 << 20, 2.0, slow_seconds=5.0)


@pytest.mark.parametrize(
    ("urls", "compress", "gzipped"),
    [
        (["http://127.0.0.1:9200"], "auto", False),
        (["http://localhost:9200", "http://[::1]:9200"], "auto", False),
        (["https://search.example.com"], "auto", True),
        (["http://10.0.0.1:9200"], "auto", True),
        (["http://localhost:9200", "http://10.0.0.1:9200"], "auto", True),
        (["http://localhost:9200"], "always", True),
        (["https://search.example.com"], "never", False),
    ],
)
async def test_bodies_are_compressed_where_it_pays(urls: list[str], compress: str, gzipped: bool) -> None:
    """`auto` compresses for any cluster that is not on this machine."""
    async with sink_of(*urls, compress=compress) as sink:
        assert sink.compresses is gzipped


@pytest.mark.parametrize("compress", ["always", "never"])
async def test_the_body_is_the_documents_as_they_are(compress: str) -> None:
    """What goes out is the parts' own bytes, in order, compressed or not, and the header says which."""
    batch = batch_of(ROWS)
    async with FakeBulk() as server, sink_of(server.url, compress=compress) as sink:
        assert await sink.send(batch) == Verdict(5)
        seen = server.seen[0]
    headers = {name.lower(): value for name, value in seen.headers.items()}
    body = gzip.decompress(seen.body) if compress == "always" else seen.body
    assert body == b"".join(part.data for part in batch.parts)
    assert headers.get("content-encoding") == ("gzip" if compress == "always" else None)
    assert headers["content-type"] == "application/x-ndjson"


async def test_many_small_parts_go_out_as_one_body() -> None:
    """A batch of a hundred single documents, as a retry may be, arrives like any other."""
    rows: list[Row] = [("logs-a", f"id-{n}", {"n": n}) for n in range(100)]
    async with FakeBulk() as server, sink_of(server.url) as sink:
        assert await sink.send(again(batch_of(rows), range(100))) == Verdict(100)
        assert len(server.documents) == 100


async def test_sending_again_is_harmless() -> None:
    """All of a batch sent twice is there once, and the second time all are duplicates."""
    batch = batch_of(ROWS)
    async with FakeBulk() as server, sink_of(server.url) as sink:
        await sink.send(batch)
        assert await sink.send(again(batch, range(5))) == Verdict(5, duplicates=tuple(range(5)))
        assert set(server.stored.values()) == {1}


async def test_a_request_over_the_limit_is_split_down_to_the_document_that_is() -> None:
    """413 asks for halves; a single document that is still too large is refused."""
    rows: list[Row] = [("logs-a", "small", {"n": 1}), ("logs-a", "large", {"s": "x" * 4096})]
    async with FakeBulk(bytes_max=4096) as server, sink_of(server.url) as sink:
        verdict = await sink.send(batch_of(rows))
        assert (verdict.retry, verdict.split) == ((0, 1), True)
        assert await sink.send(again(batch_of(rows), [0])) == Verdict(1)
        assert await sink.send(again(batch_of(rows), [1])) == Verdict(1, refused=(Refusal(0, "too_large"),))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Whole(200, b"<html>"), "bad_answer"),
        (Whole(200, b'{"errors":false,"items":[]}'), "bad_answer"),
        (Whole(404, b"not here"), "bad_answer"),
        (Whole(400, b"<html>bad request"), "bad_answer"),
        (Whole(401), "unauthorized"),
        (Whole(403, b'{"message":"The security token included in the request is expired"}'), "unauthorized"),
    ],
)
async def test_a_check_knows_a_bulk_endpoint_from_others(answer: Whole, reason: str) -> None:
    """What does not answer an empty bulk as OpenSearch does is not a cluster, and is said to be none."""
    async with FakeBulk() as server, sink_of(server.url) as sink:
        server.script(answer)
        with pytest.raises(Fatal) as caught:
            await sink.check()
    assert caught.value.reason == reason
