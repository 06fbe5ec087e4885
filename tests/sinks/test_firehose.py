"""The Firehose sink's own: its limits, its errors, and what it sends."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from random import Random

import orjson
import pytest

from ingestd.config import EventSettings
from ingestd.core.batch import again
from ingestd.errors import Fatal, Retryable
from ingestd.model import BatchLimits, Refusal, Verdict
from ingestd.sinks.firehose import FirehoseSink
from ingestd.sinks.packs import RECORD_BYTES_MAX
from tests.fakes.aws import loopback_client
from tests.fakes.documents import Row, batch_of
from tests.fakes.firehose import FakeFirehose, refusal
from tests.fakes.firehose_sink import sink_of
from tests.fakes.http import Items, Lost, Whole

STREAM = "logs"
# aiohttp under the SDK warns of bodies over 1 MiB; records of nearly that size are what these tests are about.
large = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")


@pytest.fixture
async def server() -> AsyncIterator[FakeFirehose]:
    async with FakeFirehose(STREAM) as server:
        yield server


@pytest.fixture
async def sink(server: FakeFirehose) -> AsyncIterator[FirehoseSink]:
    async with loopback_client("firehose", server.url) as client:
        yield sink_of(client, stream=STREAM)


@pytest.fixture
async def packer(server: FakeFirehose) -> AsyncIterator[FirehoseSink]:
    async with loopback_client("firehose", server.url) as client:
        yield sink_of(client, stream=STREAM, pack="lines")


def test_limits_are_those_of_the_service(sink: FirehoseSink, packer: FirehoseSink) -> None:
    """500 records and 4 MiB a call, 1,000 KiB a record; packs hold many documents, so that bytes end a batch."""
    assert sink.limits == BatchLimits(500, 4 << 20, 1.0)
    assert packer.limits == BatchLimits(65_536, 4 << 20, 1.0)


def test_framing_puts_the_id_into_the_document(sink: FirehoseSink) -> None:
    """Firehose knows no ids, so the document carries its own; there is no action line and no index."""
    framing = sink.framing("aws.alb", EventSettings())
    assert (framing.action, framing.id_field, framing.index, framing.period) == (False, True, "", "none")


async def test_a_record_is_a_document_and_a_newline(server: FakeFirehose, sink: FirehoseSink) -> None:
    """Each document becomes one record, ended by a newline, so that S3 destinations are NDJSON too."""
    await sink.send(batch_of([("", "", {"n": 1}), ("", "", {"n": 2}), ("", "", {"n": 3})], action=False))
    assert server.records == [b'{"n":1}\n', b'{"n":2}\n', b'{"n":3}\n']


@large
async def test_the_largest_record_passes_and_one_byte_more_is_refused(server: FakeFirehose, sink: FirehoseSink) -> None:
    """The limit on a record counts its newline; only what is over it is refused, without being sent."""
    fits, over = b"x" * (RECORD_BYTES_MAX - 1), b"y" * RECORD_BYTES_MAX
    verdict = await sink.send(batch_of([("", "", over), ("", "", fits), ("", "", {"n": 1})], action=False))
    assert verdict == Verdict(3, refused=(Refusal(0, "record_too_large"),))
    assert [len(record) for record in server.records] == [RECORD_BYTES_MAX, 8]


async def test_positions_hold_across_records_that_were_not_sent(server: FakeFirehose, sink: FirehoseSink) -> None:
    """A record that fails behind an oversize one is named by its place in the batch, not in the call."""
    rows: list[Row] = [("", "", {"n": 1}), ("", "", b"y" * RECORD_BYTES_MAX), ("", "", {"n": 2}), ("", "", {"n": 3})]
    server.script(Items({1: "ServiceUnavailableException"}))
    verdict = await sink.send(batch_of(rows, action=False))
    assert (verdict.items, verdict.retry, verdict.accepted, verdict.throttled) == (4, (2,), 2, True)
    assert verdict.refused == (Refusal(1, "record_too_large"),)


async def test_nothing_but_oversize_asks_nothing(server: FakeFirehose, sink: FirehoseSink) -> None:
    """A batch of which nothing can be sent is settled without a call."""
    verdict = await sink.send(batch_of([("", "", b"y" * RECORD_BYTES_MAX)], action=False))
    assert verdict == Verdict(1, refused=(Refusal(0, "record_too_large"),))
    assert not server.seen


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"text"', b"{}", b'{"RequestResponses":3}', b'{"RequestResponses":[3]}', b"\xff"]
)
async def test_no_answer_makes_send_raise(server: FakeFirehose, sink: FirehoseSink, body: bytes) -> None:
    """An answer of any other shape than Firehose's settles nothing, and raises nothing."""
    server.script(Whole(200, body, {"content-type": "application/x-amz-json-1.1"}))
    verdict = await sink.send(batch_of([("", "", {"n": 1})], action=False))
    assert (verdict.retry, verdict.reason) == ((0,), "bad_answer")


async def test_a_strange_description_is_fatal_for_check(server: FakeFirehose, sink: FirehoseSink) -> None:
    """What does not describe a stream is not Firehose."""
    server.script(Whole(200, b"{}", {"content-type": "application/x-amz-json-1.1"}))
    with pytest.raises(Fatal) as caught:
        await sink.check()
    assert caught.value.reason == "bad_answer"


async def test_an_unknown_stream_is_fatal_for_check(server: FakeFirehose, sink: FirehoseSink) -> None:
    """A stream that is not there does not appear by waiting."""
    server.script(refusal(400, "ResourceNotFoundException"))
    with pytest.raises(Fatal) as caught:
        await sink.check()
    assert caught.value.reason == "not_found"


async def test_a_stream_in_the_making_may_pass_later(server: FakeFirehose, sink: FirehoseSink) -> None:
    """A stream that is being created is no error of the settings."""
    server.status = "CREATING"
    with pytest.raises(Retryable):
        await sink.check()


async def test_a_pack_is_many_lines(server: FakeFirehose, packer: FirehoseSink) -> None:
    """With `pack = "lines"` documents go together in one record, each on its line."""
    verdict = await packer.send(batch_of([("", "", {"n": 1}), ("", "", {"n": 2}), ("", "", {"n": 3})], action=False))
    assert verdict == Verdict(3)
    assert server.records == [b'{"n":1}\n{"n":2}\n{"n":3}\n']


@large
async def test_of_packs_only_the_failed_are_sent_again(server: FakeFirehose, packer: FirehoseSink) -> None:
    """Each document of a failed record is to be sent again, and none of the others."""
    rows: list[Row] = [("", "", b"x" * (RECORD_BYTES_MAX // 2 - 1))] * 5
    server.script(Items({1: "ServiceUnavailableException"}))
    verdict = await packer.send(batch_of(rows, action=False))
    assert (verdict.items, verdict.retry, verdict.throttled) == (5, (2, 3), True)


@pytest.mark.parametrize(("documents", "split", "paused"), [(3, True, None), (1, False, "bad_request")])
async def test_a_pack_that_is_too_large_can_be_split(
    server: FakeFirehose, packer: FirehoseSink, documents: int, split: bool, paused: str | None
) -> None:
    """A refused call of one record is halved by its documents, as long as there are two."""
    server.script(refusal(400, "InvalidArgumentException"))
    verdict = await packer.send(batch_of([("", "", {"n": n}) for n in range(documents)], action=False))
    assert (verdict.retry, verdict.split, verdict.paused) == (tuple(range(documents)), split, paused)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99, 1.0])
async def test_only_what_failed_is_sent_again(server: FakeFirehose, sink: FirehoseSink, share: float) -> None:
    """R6: items fail at any rate, whole requests in between; each record arrives once, and no other is sent a second time."""
    random = Random(int(share * 100))
    batch = batch_of([("", "", {"n": n}) for n in range(200)], action=False)
    expected = list(range(200))
    for attempt in range(11):
        whole = (refusal(503, "ServiceUnavailableException"), refusal(500, "InternalFailure"), Lost(applied=False))
        fails = [place for place in range(len(batch)) if attempt < 10 and random.random() < share]
        server.script(whole[attempt % 3] if attempt % 2 else Items(dict.fromkeys(fails, "ServiceUnavailableException")))
        verdict = await sink.send(batch)
        sent = [orjson.loads(base64.b64decode(record["Data"]))["n"] for record in orjson.loads(server.seen[-1].body)["Records"]]
        assert sent == expected
        expected = [sent[place] for place in verdict.retry]
        batch = again(batch, verdict.retry)
        if not expected:
            break
    assert expected == []
    assert sorted(orjson.loads(record)["n"] for record in server.records) == list(range(200))
