"""`ingestd setup` on a real server, and what indices are like that are made after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from ingestd.config import EventSettings, OpenSearchSettings
from ingestd.formats.registry import formats
from ingestd.model import Batch, Part, Verdict
from ingestd.sinks.cluster import Cluster
from ingestd.sinks.opensearch import OpenSearchSink
from tests.integration.asking import Server, generated, set_up

COUNT = 400
DATASETS = len({form.dataset for form in formats().values()})  # formats may share one


@pytest.fixture
def server(opensearch_url: str) -> Server:
    return Server(opensearch_url)


@pytest.fixture
def prefix() -> str:
    return f"setup{uuid4().hex[:10]}"


@asynccontextmanager
async def sink_of(server: Server, index: str, mode: str = "daily") -> AsyncIterator[OpenSearchSink]:
    settings = OpenSearchSettings.model_validate({"urls": [server.url], "index": index, "mode": mode})
    sink = OpenSearchSink("main", settings, Cluster(settings))
    try:
        yield sink
    finally:
        await sink.close()


async def send(sink: OpenSearchSink, name: str) -> Verdict:
    """Generated documents of a format into its indices."""
    documents = generated(name, COUNT, sink.framing(formats()[name].dataset, EventSettings(original=True)))
    return await sink.send(Batch((Part(documents, 0, len(documents), 1),)))


async def test_a_second_setup_changes_nothing(server: Server, prefix: str) -> None:
    """First everything is made, then nothing; a dry run shows what would be, and a changed setting is an update."""
    index = f"{prefix}-{{dataset}}"
    looked = await set_up(server, "--dry-run", sinks__opensearch__index=index)
    assert f"+ index template ingestd-{prefix}-aws.elb_logs" in looked.output
    assert '+   "dynamic": true,' in looked.output
    first, second = [await set_up(server, sinks__opensearch__index=index) for _ in range(2)]
    assert (looked.exit_code, first.exit_code, second.exit_code) == (0, 0, 0)
    assert f"{DATASETS} to create" in looked.output
    assert f"{DATASETS} created, 0 updated, 0 as they should be" in first.output
    assert f"0 created, 0 updated, {DATASETS} as they should be" in second.output
    assert "retention policy ingestd-90d: skipped, the server has no index management" in second.output
    changed = await set_up(server, "--dry-run", sinks__opensearch__index=index, setup__refresh_seconds="7")
    assert '-    "refresh_interval": "2000ms",' in changed.output
    assert '+    "refresh_interval": "7000ms",' in changed.output
    assert f"0 to create, {DATASETS} to update" in changed.output


@pytest.mark.parametrize("name", formats())
async def test_documents_fit_their_template(server: Server, prefix: str, name: str) -> None:
    """All documents of a format go in, the index is sorted by time, and no field comes that the template has not."""
    await set_up(server, sinks__opensearch__index=f"{prefix}-{{dataset}}")
    base = f"{prefix}-{formats()[name].dataset}"
    async with sink_of(server, f"{prefix}-{{dataset}}") as sink:
        verdict = await send(sink, name)
    assert (verdict.refused, verdict.retry, verdict.duplicates) == ((), (), ())
    template = (await server.get(f"/_index_template/ingestd-{base}"))["index_templates"][0]["index_template"]["template"]
    made: dict[str, Any] = await server.get(f"/{base}")  # the alias that stands for all of them
    assert made
    for index in made.values():
        assert index["settings"]["index"]["sort"] == {"field": ["@timestamp"], "order": ["desc"]}
        assert index["settings"]["index"]["codec"] == "best_compression"
        assert index["mappings"]["properties"] == template["mappings"]["properties"]


async def test_people_find_what_they_look_for(server: Server, prefix: str) -> None:
    """By field, by network, by range, by part of a path, and by plain words; and what is found can be counted by value."""
    await set_up(server, sinks__opensearch__index=f"{prefix}-{{dataset}}")
    index = f"{prefix}-aws.elb_logs"
    async with sink_of(server, f"{prefix}-{{dataset}}") as sink:
        accepted = (await send(sink, "alb")).accepted
    everything = await server.count(index)
    assert everything == accepted
    by_status = [
        await server.count(index, f"http.response.status_code:{range_}") for range_ in ("[100 TO 399]", "[400 TO 999]")
    ]
    assert 0 < by_status[1] < by_status[0] < everything
    assert 0 < await server.count(index, 'source.ip:"0.0.0.0/1"') < everything
    assert 0 < await server.count(index, r"url.path:\/api\/v1\/*") < everything
    words = await server.count(index, "googlebot")
    assert words == await server.count(index, "user_agent.original:*Googlebot*") > 0
    assert await server.count(index, "event.dataset:aws.elb_logs AND cloud.account.id:123456789012") == everything
    for field in ("url.path", "user_agent.original", "source.ip"):
        found = await server.post(f"/{index}/_search", {"size": 0, "aggs": {"top": {"terms": {"field": field, "size": 5}}}})
        assert found["aggregations"]["top"]["buckets"], f"{field} cannot be counted by value"


async def test_a_data_stream_takes_each_event_once(server: Server, prefix: str) -> None:
    """In data_stream mode the server makes the stream, whatever the events' dates, and what comes again is there already."""
    settings = {"sinks__opensearch__index": f"{prefix}-{{dataset}}", "sinks__opensearch__mode": "data_stream"}
    assert (await set_up(server, **settings)).exit_code == 0
    assert "0 created" in (await set_up(server, **settings)).output
    async with sink_of(server, f"{prefix}-{{dataset}}", "data_stream") as sink:
        first, again = await send(sink, "alb"), await send(sink, "alb")
    assert (first.refused, first.retry, first.duplicates) == ((), (), ())
    assert len(again.duplicates) == again.items == first.items
    streams = (await server.get(f"/_data_stream/{prefix}-*"))["data_streams"]
    assert [stream["name"] for stream in streams] == [f"{prefix}-aws.elb_logs"]
    assert await server.count(f"{prefix}-aws.elb_logs") == first.items


async def test_datasets_may_share_an_index(server: Server, prefix: str) -> None:
    """An index without {dataset} holds all of them, in one template that has the fields of each."""
    assert (await set_up(server, sinks__opensearch__index=prefix)).exit_code == 0
    async with sink_of(server, prefix, "monthly") as sink:
        verdicts = [await send(sink, name) for name in formats()]
    assert all(not verdict.refused and not verdict.retry for verdict in verdicts)
    assert await server.count(prefix) == sum(verdict.accepted for verdict in verdicts)
    for form in formats().values():
        assert await server.count(prefix, f"event.dataset:{form.dataset}") > 0


async def test_what_a_server_cannot_do_is_an_error_only_if_it_was_asked_for(server: Server, prefix: str) -> None:
    """Without the security plugin there are no roles, and `--security` says that anyone can read."""
    result = await set_up(server, "--security", sinks__opensearch__index=prefix)
    assert result.exit_code == 1
    assert "role logs_reader: skipped, the server has no security" in result.output
    assert "anyone who reaches this server can read what is in it" in result.output


async def test_a_name_that_is_taken_is_said(server: Server, prefix: str) -> None:
    """What the server refuses ends the setup with the server's own words."""
    pattern = {"index_patterns": [f"{prefix}-2*"], "priority": 500}
    await server.put(f"/_index_template/{prefix}-theirs", pattern)
    result = await set_up(server, sinks__opensearch__index=prefix)
    await server.ask("DELETE", f"/_index_template/{prefix}-theirs")
    assert result.exit_code == 1
    assert f"{prefix}-theirs" in result.output
