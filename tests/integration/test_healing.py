"""Documents that a real server refuses, healed by the real delivery: what they become, and that they can be found."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest

from ingestd.config import OpenSearchSettings
from ingestd.core.healing import HEALED_TAG
from ingestd.core.retry import Backoff
from ingestd.core.throttle import Throttle
from ingestd.fastpath.parser import open_parser
from ingestd.formats.leaves import known_paths
from ingestd.formats.registry import formats
from ingestd.model import PAD, Block, Framing, Part, Refusal, Source
from ingestd.shell.delivery import Delivery
from ingestd.shell.telemetry import Telemetry
from ingestd.sinks.cluster import Cluster
from ingestd.sinks.opensearch import OpenSearchSink
from tests.fakes.documents import documents_of
from tests.integration.asking import Server, set_up
from tests.security.hostile_events import HOSTILE

TIME = {"@timestamp": "2026-11-22T10:00:00Z"}
DATASET = "aws.elb_logs"


class Book:
    """What came to rest."""

    def __init__(self) -> None:
        self.accepted = 0
        self.refused: list[Refusal] = []
        self.held_bytes = 0

    def documents_rested(self, delivery: Delivery, part: Part, accepted: int, duplicates: int, held_bytes: int) -> None:
        self.accepted += accepted
        self.held_bytes -= held_bytes

    def documents_refused(
        self, delivery: Delivery, part: Part, refused: Sequence[tuple[int, Refusal]], held_bytes: int
    ) -> None:
        self.refused += [why for _, why in refused]
        self.held_bytes -= held_bytes

    def is_wanted(self, receipt: int) -> bool:
        return True

    def documents_given_back(self, delivery: Delivery, part: Part, held_bytes: int) -> None:
        self.held_bytes -= held_bytes

    def documents_grew(self, delivery: Delivery, held_bytes: int) -> None:
        self.held_bytes += held_bytes


@pytest.fixture
def server(opensearch_url: str) -> Server:
    return Server(opensearch_url)


@pytest.fixture
def index() -> str:
    return f"healed{uuid4().hex[:10]}"


async def deliver(server: Server, index: str, documents: Sequence[dict[str, Any]]) -> Book:
    """Carry documents to where they come to rest."""
    loop = asyncio.get_running_loop()
    settings = OpenSearchSettings.model_validate({"urls": [server.url], "batch_seconds": 0.05})
    sink = OpenSearchSink("main", settings, Cluster(settings))
    backoff, book = Backoff(0.05, 0.2), Book()
    throttle, fields = Throttle(2, 4, backoff), known_paths(formats().values())
    delivery = Delivery(sink, throttle, backoff, book, Telemetry(), clock=loop.time, random=Random(1), fields=fields)
    framed = documents_of([(f"{index}-2026.11.22", f"{number}", TIME | each) for number, each in enumerate(documents)])
    book.held_bytes = len(framed.data)
    delivery.add(framed, 1)
    task = asyncio.create_task(delivery.run())
    async with asyncio.timeout(30):
        while not delivery.is_idle:  # noqa: ASYNC110 - there is no event for it: the pipeline hears of each part
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await sink.close()
    return book


async def documents(server: Server, index: str) -> dict[str, dict[str, Any]]:
    await server.post(f"/{index}/_refresh")
    hits = (await server.get(f"/{index}/_search?size=1000"))["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


FAULTY: list[dict[str, Any]] = [
    {"http": {"response": {"status_code": "none", "bytes": 5}}},
    {"source": {"ip": "nowhere", "port": 1}},
    {"source": "a text where an object is"},
    {"source.ip": ["10.0.0.1", "10.0.0.x"]},
    {"tls": {"cipher": {"name": "an object where a text is"}}},
    {"url": {"path": {"deep": ["er"]}}},
    {"event": {"start": "yesterday"}},
    {"http.response.bytes": 1e30},
    {"unmapped": "already taken"},
    {"unmapped": {"large": "x" * 40_000}},
    {"a..b": 1},
    {"": {"nothing": 1}},
    {"log": {"offset": {"a": 1}}},
]


async def test_what_does_not_fit_the_mapping_goes_in_healed(server: Server, index: str) -> None:
    """Each kind of fault is healed, none is a dead letter, the neighbours are as they were, and nothing stays held."""
    assert (await set_up(server, sinks__opensearch__index=index)).exit_code == 0
    good = [{"http": {"response": {"status_code": 200}}}] * 3
    book = await deliver(server, index, [*good, *FAULTY])
    assert (book.refused, book.accepted, book.held_bytes) == ([], 3 + len(FAULTY), 0)
    found = await documents(server, index)
    assert [found[f"{number}"] for number in range(3)] == [TIME | good[0]] * 3
    assert all(found[f"{number}"]["tags"] == [HEALED_TAG] for number in range(3, 3 + len(FAULTY)))
    assert found["3"]["unmapped"] == {"http.response.status_code": "none"}
    assert found["3"]["http"]["response"] == {"bytes": 5}
    assert await server.count(index, f"tags:{HEALED_TAG}") == len(FAULTY)
    assert await server.count(index, "unmapped.source.ip:nowhere") == 1
    assert await server.count(index, "unmapped.event.start:yesterday") == 1


async def test_s5_too_many_fields_are_moved_and_the_mapping_stays(server: Server, index: str) -> None:
    """A document of two thousand new fields is taken, with all of them in one; what the formats know stays in its place."""
    assert (await set_up(server, sinks__opensearch__index=index, setup__fields_max="1000")).exit_code == 0
    many = {f"field{number}": number for number in range(2000)} | {"url": {"path": "/known"}}
    book = await deliver(server, index, [{"source": {"port": 1}}, many])
    assert (book.refused, book.accepted, book.held_bytes) == ([], 2, 0)
    found = (await documents(server, index))["1"]
    assert (found["url"], len(found["unmapped"]), found["unmapped"]["field7"]) == ({"path": "/known"}, 2000, "7")
    mapping = await server.get(f"/{index}-2026.11.22/_mapping")
    assert "field7" not in mapping[f"{index}-2026.11.22"]["mappings"]["properties"]
    assert await server.count(index, "unmapped.field7:7") == 1


async def test_s5_hostile_events_are_taken_as_they_are(server: Server, index: str) -> None:
    """Whatever members applications' events have, a server takes each as it stands, and no field is added to the mapping."""
    assert (await set_up(server, sinks__opensearch__index=index)).exit_code == 0
    await server.put(f"/{index}-2026.11.22", {})
    mapping = await server.get(f"/{index}-2026.11.22/_mapping")
    data = b"".join(line + b"\n" for line in HOSTILE)
    parser = open_parser(formats()["events"], Source("logs", "events", "etag", 0.0), Framing("application", action=False))
    made = parser.parse(Block(bytearray(data + bytes(PAD)), len(data), 0))
    book = await deliver(server, index, [orjson.loads(made.body(place)) for place in range(len(made))])
    assert (book.refused, book.accepted, book.held_bytes) == ([], len(made), 0)
    assert [each for each in (await documents(server, index)).values() if "unmapped" in each] == []
    assert await server.count(index, f"tags:{HEALED_TAG}") == 0
    assert await server.get(f"/{index}-2026.11.22/_mapping") == mapping


async def test_an_immense_term_is_cut(server: Server, index: str) -> None:
    """In an index of somebody's own, without ignore_above, a value longer than a term is cut and can be found."""
    await server.put(f"/{index}-2026.11.22", {"mappings": {"properties": {"k": {"type": "keyword"}}}})
    book = await deliver(server, index, [{"k": "x" * 40_000}, {"k": "ü" * 20_000}])
    assert (book.refused, book.accepted) == ([], 2)
    found = await documents(server, f"{index}-2026.11.22")
    assert (len(found["0"]["k"]), len(found["1"]["k"])) == (30_000, 15_000)
    assert await server.count(f"{index}-2026.11.22", f"tags:{HEALED_TAG}") == 2


async def test_what_cannot_be_healed_is_refused_with_the_servers_reason(server: Server, index: str) -> None:
    """An event without its own time has no place, and a second fault is one too many: dead letters, with the reason."""
    await set_up(server, sinks__opensearch__index=index)
    book = await deliver(server, index, [{"@timestamp": "never"}, {"source": {"ip": "x", "port": "y"}}])
    assert (book.accepted, book.held_bytes) == (0, 0)
    assert sorted(refusal.reason for refusal in book.refused) == ["mapper_parsing_exception"] * 2
    assert any("failed to parse date field [never]" in refusal.detail for refusal in book.refused)
    assert any("field [source." in refusal.detail for refusal in book.refused)
