"""The same sink and the same setup on a real Elasticsearch 7.17, as far as its Apache-licensed builds go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ingestd.config import EventSettings, OpenSearchSettings
from ingestd.core.healing import HEALED_TAG
from ingestd.formats.registry import formats
from ingestd.model import Batch, Part
from ingestd.sinks.cluster import Cluster
from ingestd.sinks.opensearch import OpenSearchSink
from tests.contract.bulk_endpoint import BulkEndpointContract
from tests.integration.asking import Server, generated, set_up
from tests.integration.server import ELASTICSEARCH, prepare, started
from tests.integration.test_healing import deliver, documents

BYTES_MAX = 1 << 20
COUNT = 200


@pytest.fixture(scope="module")
def elastic_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that takes a megabyte at once."""
    prepare(ELASTICSEARCH)
    limit = {"http.max_content_length": f"{BYTES_MAX}b"}
    with started(tmp_path_factory.mktemp("elasticsearch"), limit, run=ELASTICSEARCH) as node:
        yield node.url


class TestElasticsearchsBulk(BulkEndpointContract):
    @pytest.fixture
    def bytes_max(self) -> int:
        return BYTES_MAX

    @pytest.fixture
    def url(self, elastic_url: str) -> str:
        return elastic_url


async def test_setup_is_made_once_and_the_documents_fit(elastic_url: str) -> None:
    """The server is known for what it is, a second setup changes nothing, and all formats' documents go in and are found."""
    server = Server(elastic_url)
    first, second = [await set_up(server, sinks__opensearch__index="logs-{dataset}") for _ in range(2)]
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert "elasticsearch 7.17" in first.output
    assert "0 created, 0 updated" in second.output
    settings = OpenSearchSettings.model_validate({"urls": [elastic_url], "index": "logs-{dataset}"})
    sink = OpenSearchSink("main", settings, Cluster(settings))
    await sink.check()
    try:
        for form in formats().values():
            written = generated(form.name, COUNT, sink.framing(form.dataset, EventSettings()))
            verdict = await sink.send(Batch((Part(written, 0, len(written), 1),)))
            assert (verdict.refused, verdict.retry, verdict.paused) == ((), (), None), form.name
            assert verdict.took_seconds is not None
    finally:
        await sink.close()
    assert 0 < await server.count("logs-aws.elb_logs", "http.response.status_code:[500 TO 599]") < COUNT
    assert await server.count("logs-aws.elb_logs", "googlebot") > 0
    for index in (await server.get("/logs-aws.elb_logs")).values():
        assert index["settings"]["index"]["sort"] == {"field": ["@timestamp"], "order": ["desc"]}


async def test_what_does_not_fit_the_mapping_goes_in_healed(elastic_url: str) -> None:
    """Its reasons too are understood: the wrong type, an object for a value, and a field too many."""
    server = Server(elastic_url)
    assert (await set_up(server, sinks__opensearch__index="healed", setup__fields_max="1000")).exit_code == 0
    faulty: list[dict[str, Any]] = [
        {"http": {"response": {"status_code": "none"}}},
        {"source": "a text where an object is"},
        {"tls": {"cipher": {"name": "an object where a text is"}}},
        {"a..b": 1},
        {f"field{number}": number for number in range(2000)},
    ]
    book = await deliver(server, "healed", faulty)
    assert (book.refused, book.accepted, book.held_bytes) == ([], len(faulty), 0)
    assert all(each["tags"] == [HEALED_TAG] for each in (await documents(server, "healed")).values())
