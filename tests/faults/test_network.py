"""R11 and R17: connections that say nothing, are cut, break off or crawl, to each service in turn; the others go on."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from random import Random
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import pytest
from aiobotocore.session import get_session

from ingestd.bench.chain import NOBODY
from ingestd.config import AwsSettings, DeadLetterSettings
from ingestd.demo.cloud import ARRIVALS, DEAD_LETTERS, Cloud
from ingestd.errors import Retryable
from ingestd.model import DeadLetter, Place
from ingestd.shell.clients import client_options
from ingestd.sinks.deadletter import DeadLetterSink, decode
from tests.fakes.bulk import FakeBulk
from tests.fakes.cutting_proxy import cutting_proxy
from tests.fakes.faulty_proxy import FaultyProxy, Ill, faulty_proxy
from tests.fakes.firehose import FakeFirehose
from tests.faults.logs import assert_whole, put_logs
from tests.integration.service import RunningService, endpoints_apart, environment, settled

IMPATIENT = {
    "aws__connect_timeout_seconds": "1",
    "aws__read_timeout_seconds": "1",
    "retry__first_seconds": "0.1",
    "retry__ceiling_seconds": "0.5",
    "object__read_attempts_max": "100",
    "sinks__opensearch__batch_seconds": "0.1",
    "sinks__opensearch__timeout_seconds": "1",
}
BOTH = '[[route]]\nsinks = ["{}", "other"]\n'
LETTER = DeadLetter("message", "not_json", "", Place(message_id="m"), b"no notice", 9, 1793534400.0, 1)
ILLS = (Ill.BLACK_HOLE, Ill.RESET, Ill.HALF_OPEN, Ill.TRICKLE)


def port(url: str) -> int:
    found = urlsplit(url).port
    assert found is not None
    return found


def has(bulk: FakeBulk, documents: int) -> bool:
    return len(bulk.documents) == documents


def event_ids(records: Iterable[bytes]) -> list[str]:
    return [orjson.loads(record)["event"]["id"] for record in records]


async def seen(proxy: FaultyProxy, service: RunningService) -> None:
    """Wait until the client has left two connections of an ill service, or has been refused three."""
    given_up, connections = proxy.given_up, proxy.connections
    await service.until(lambda: proxy.given_up >= given_up + 2 or proxy.connections >= connections + 3)


async def test_r17_an_ill_sink_is_seen_and_another_one_gets_everything(cloud: Cloud, bulk: FakeBulk, tmp_path: Path) -> None:
    """A sink in each illness: what it did not answer is sent again when it is well; the other sink never waits for it."""
    async with FakeBulk() as other, faulty_proxy(bulk.port) as proxy:
        sinks = {"sinks__opensearch__urls": proxy.url, "sinks__other__kind": "opensearch", "sinks__other__urls": other.url}
        (tmp_path / "ingestd.toml").write_text(BOTH.format("opensearch"), encoding="utf-8")
        environ = environment(cloud, **IMPATIENT, **sinks) | {"INGESTD_CONFIG": str(tmp_path / "ingestd.toml")}
        wanted: set[str] = set()
        with RunningService.started(tmp_path, environ) as service:
            for ill in ILLS:
                proxy.ill = ill
                wanted |= await put_logs(cloud, 2, 300, ill.value)
                await seen(proxy, service)
                await service.until(partial(has, other, len(wanted)))
                assert await cloud.backlog() > 0, "a message is deleted that one sink has not settled"
                proxy.ill = Ill.WELL
                await settled(cloud, service)
            assert service.stop() == 0
        assert_whole(bulk, wanted)
        assert_whole(other, wanted)


async def test_r17_an_ill_stream_is_seen_and_another_sink_gets_everything(cloud: Cloud, bulk: FakeBulk, tmp_path: Path) -> None:
    """A Firehose stream in each illness: what it did not answer for is sent again when it is well, and that once."""
    async with FakeFirehose("logs") as stream, faulty_proxy(stream.port) as proxy:
        (tmp_path / "ingestd.toml").write_text(BOTH.format("stream"), encoding="utf-8")
        quick = {name: value for name, value in IMPATIENT.items() if not name.startswith("sinks__")}
        sinks = {"sinks__stream__kind": "firehose", "sinks__stream__stream": "logs", "sinks__stream__batch_seconds": "0.1"}
        others = {"sinks__other__kind": "opensearch", "sinks__other__urls": bulk.url}
        environ = endpoints_apart(environment(cloud, **quick, **sinks, **others), cloud.endpoint_url, FIREHOSE=proxy.url)
        environ["INGESTD_CONFIG"] = str(tmp_path / "ingestd.toml")
        wanted: set[str] = set()
        with RunningService.started(tmp_path, environ) as service:
            for ill in ILLS:
                proxy.ill = ill
                wanted |= await put_logs(cloud, 2, 300, ill.value)
                await seen(proxy, service)
                await service.until(partial(has, bulk, len(wanted)))
                assert await cloud.backlog() > 0, "a message is deleted that one sink has not settled"
                proxy.ill, begin = Ill.WELL, len(stream.records)
                await settled(cloud, service)
                assert set(Counter(event_ids(stream.records[begin:])).values()) == {1}
            assert service.stop() == 0
        assert set(event_ids(stream.records)) == wanted
        assert_whole(bulk, wanted)


@pytest.mark.parametrize("which", ["S3", "SQS"])
async def test_r17_an_ill_service_of_aws_is_seen_and_read_from_again(
    cloud: Cloud, bulk: FakeBulk, tmp_path: Path, which: str
) -> None:
    """S3 or SQS in each illness: its connections are given up in time, and when it is well again all arrives, once."""
    async with faulty_proxy(port(cloud.endpoint_url)) as proxy:
        environ = endpoints_apart(
            environment(cloud, **IMPATIENT, sinks__opensearch__urls=bulk.url), cloud.endpoint_url, **{which: proxy.url}
        )
        wanted: set[str] = set()
        with RunningService.started(tmp_path, environ) as service:
            await service.until(lambda: b'"ready"' in service.log.read_bytes())
            for ill in ILLS:
                proxy.ill = ill
                wanted |= await put_logs(cloud, 2, 3000, f"{which}-{ill.value}")
                await seen(proxy, service)
                proxy.ill = Ill.WELL
                await settled(cloud, service)
            assert service.stop() == 0
        assert_whole(bulk, wanted)


async def test_r17_an_ill_s3_does_not_keep_dead_letters_for_ever(cloud: Cloud) -> None:
    """Written in each illness, none of which lets a write wait without end, and when S3 is well again: all are there."""
    patience = AwsSettings(read_timeout_seconds=1, connect_timeout_seconds=1)
    async with faulty_proxy(port(cloud.endpoint_url)) as proxy:
        client = get_session().create_client("s3", **client_options(patience, 4) | dict(NOBODY) | {"endpoint_url": proxy.url})
        async with client as s3:
            settings = DeadLetterSettings(bucket=ARRIVALS, prefix=DEAD_LETTERS, batch_seconds=0.01)
            sink = DeadLetterSink(settings, s3, lambda: uuid4().hex, timeout_seconds=patience.call_seconds_max)
            for ill in ILLS[:3]:  # what crawls is written, slowly
                proxy.ill = ill
                with pytest.raises(Retryable):
                    await sink.put([LETTER])
            proxy.ill = Ill.WELL
            await sink.put([LETTER])
    written = [decode(line) async for body in cloud.contents(DEAD_LETTERS) for line in gzip.decompress(body).splitlines()]
    assert LETTER in written


async def test_r11_bodies_cut_at_any_place_are_read_to_their_end(cloud: Cloud, bulk: FakeBulk, tmp_path: Path) -> None:
    """Connections to S3 and SQS that break after a random number of bytes, dozens of them: nothing lost, nothing doubled."""
    random = Random(11)
    async with cutting_proxy(port(cloud.endpoint_url)) as proxy:
        proxy.cuts = [random.randrange(1, 60_000) for _ in range(60)]
        environ = environment(
            cloud, **IMPATIENT, aws__endpoint_url=f"http://127.0.0.1:{proxy.port}", sinks__opensearch__urls=bulk.url
        )
        wanted = await put_logs(cloud, 6, 3000)
        with RunningService.started(tmp_path, environ) as service:
            await settled(cloud, service)
            assert service.stop() == 0
        assert proxy.connections > 20
        assert_whole(bulk, wanted)
