"""A backfill against fakes: what it delivers, what it does after a kill, and what it does beside live delivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import get_session

from ingestd.backfill.checkpoint import Checkpoint, FileStore, S3Store
from ingestd.backfill.order import Order
from ingestd.backfill.run import Ended, deliver, enqueue, estimate
from ingestd.config import DeadLetterSettings, OpenSearchSettings, QueueSettings, RouteSettings, Settings
from ingestd.core.notice import Allowed, read_notice
from ingestd.core.span import ObjectFilter
from ingestd.errors import Fatal
from ingestd.shell.clients import Clients
from ingestd.shell.workers import Workers
from tests.fakes.bulk import FakeBulk
from tests.fakes.s3 import FakeS3, refusal
from tests.test_service import ALB, LetterS3, log

OBJECTS, LINES = 30, 20
ORDER = Order("logs", "alb/", ObjectFilter())


@dataclass
class Sqs:
    """Takes what is announced; the first answers are as scripted."""

    bodies: list[str] = field(default_factory=list)
    fails: int = 0

    async def send_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 - the SDK's name
        if self.fails:
            self.fails -= 1
            return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in Entries]}
        self.bodies += [entry["MessageBody"] for entry in Entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


@dataclass
class World:
    s3: LetterS3
    sqs: Sqs
    bulk: FakeBulk
    clients: Clients
    settings: Settings
    workers: Workers
    folder: Path

    def checkpoint(self, order: Order = ORDER) -> Checkpoint:
        return Checkpoint(FileStore(self.folder / "checkpoint.json"), order.name)

    async def run(self, order: Order = ORDER, stop: asyncio.Event | None = None) -> Ended:
        checkpoint = self.checkpoint(order)
        await checkpoint.load()
        async with asyncio.timeout(60):
            return await deliver(
                order, self.settings, self.clients, self.workers, checkpoint, stop or asyncio.Event(), lambda: None
            )

    @property
    def stored(self) -> list[int]:
        return sorted(set(self.bulk.stored.values()))


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    s3 = LetterS3(page=7)
    for number in range(OBJECTS):
        s3.put("logs", f"alb/2026/11/{number % 3 + 21}/{number:03}.log", log(ALB, LINES))
    s3.put("logs", "other/a.log", log(ALB, 5))
    async with FakeBulk() as bulk:
        settings = Settings(
            queue=QueueSettings(url="http://127.0.0.1:1/123456789012/q", buckets=("logs",), messages_in_flight_max=5),
            sinks={"main": OpenSearchSettings(urls=(bulk.url,), batch_seconds=0.05)},
            dead_letters=DeadLetterSettings(bucket="dead", batch_seconds=0.05),
        )
        session = get_session()
        session.set_credentials("test", "test")
        sqs, workers = Sqs(), Workers(2)
        yield World(s3, sqs, bulk, Clients(s3, sqs, {}, session), settings, workers, folder)
        workers.close()


def found_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_all_that_is_meant_is_delivered_once(tmp_path: Path) -> None:
    """By prefix and day; the checkpoint is gone when nothing is left."""
    order = Order("logs", "alb/", ObjectFilter(since=1795305600.0))  # 2026-11-22
    async with world(tmp_path) as around:
        ended = await around.run(order)
        assert ended.is_whole
        assert ended.stats.counters["lines"] == {"alb,accepted": 20 * LINES}
        assert around.stored == [1]
    assert not found_in(tmp_path)


@pytest.mark.parametrize("moment", [1, 4, 9])
async def test_a_kill_loses_nothing_and_doubles_nothing(moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropped as it stands after some requests; the second run does the rest, and what was under way meets itself."""
    monkeypatch.setattr("ingestd.backfill.run.SAVE_SECONDS", 0.02)
    async with world(tmp_path) as around:
        task = asyncio.create_task(around.run())
        async with asyncio.timeout(30):
            while len(around.bulk.documents) < moment * 2 * LINES and not task.done():  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.005)
        monkeypatch.setattr(Checkpoint, "save", refuse)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        monkeypatch.undo()
        ended = await around.run()
        assert ended.is_whole
        assert len(around.bulk.documents) == OBJECTS * LINES
        assert around.stored == [1]


async def refuse(_: Checkpoint) -> None:
    raise OSError("the process is dead")


async def test_what_was_delivered_live_is_only_found_to_be_there(tmp_path: Path) -> None:
    """The same ids and indices: the second time, each line is a duplicate."""
    async with world(tmp_path) as around:
        await around.run()
        ended = await around.run()
        assert ended.stats.counters["lines"] == {"alb,duplicate": OBJECTS * LINES}
        assert around.stored == [1]


async def test_a_stop_is_taken_up_where_it_was(tmp_path: Path) -> None:
    """What was settled is neither fetched nor sent again."""
    async with world(tmp_path) as around:
        stop = asyncio.Event()
        around.s3.requests.clear()
        task = asyncio.create_task(around.run(stop=stop))
        async with asyncio.timeout(30):
            while not around.bulk.documents:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.005)
        stop.set()
        first = await task
        settled = first.stats.outcome("lines", "accepted")
        ended = await around.run()
        assert ended.is_whole
        assert settled + ended.stats.outcome("lines", "accepted") == OBJECTS * LINES
        assert ended.stats.outcome("lines", "duplicate") == 0


async def test_what_cannot_be_read_is_left_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three receipts, and the others are settled; the next run begins with it."""
    monkeypatch.setattr("ingestd.settlement.GIVE_BACK_SECONDS", 0)
    order = Order("logs", "other/", ObjectFilter())
    async with world(tmp_path) as around:
        get, refused = around.s3.get_object, 0

        async def denied(**request: Any) -> Any:
            nonlocal refused
            refused += 1
            raise refusal("AccessDenied", 403)

        monkeypatch.setattr(around.s3, "get_object", denied)
        assert not (await around.run(order)).is_whole
        assert refused == 3
        monkeypatch.setattr(around.s3, "get_object", get)
        assert (await around.run(order)).is_whole
        assert len(around.bulk.documents) == 5


async def test_a_checkpoint_of_another_backfill_is_refused(tmp_path: Path) -> None:
    """So is what is none at all."""
    async with world(tmp_path) as around:
        first = around.checkpoint()
        first.settled("alb/1", 3)
        await first.save()
        with pytest.raises(Fatal, match="another backfill"):
            await around.checkpoint(Order("logs", "nlb/", ObjectFilter())).load()
        (tmp_path / "checkpoint.json").write_text("[]")
        with pytest.raises(Fatal, match="no checkpoint"):
            await around.checkpoint().load()


async def test_an_estimate_counts_and_measures_and_sends_nothing(tmp_path: Path) -> None:
    """Objects and bytes of what is meant, and a rate of some of them."""
    async with world(tmp_path) as around:
        found = await estimate(ORDER, around.settings, around.clients, around.workers, None, measured=True)
        sizes = [len(versions[-1].body) for key, versions in around.s3.buckets["logs"].items() if key.startswith("alb/")]
        assert (found.objects, found.bytes) == (OBJECTS, sum(sizes))
        assert found.seconds
        assert around.bulk.documents == {}


async def test_what_is_enqueued_is_announced_as_s3_would(tmp_path: Path) -> None:
    """Each object once, also when the queue fails in between; the notice names what the listing had."""
    async with world(tmp_path) as around:
        around.sqs.fails = 2
        sent = await enqueue(ORDER, around.settings, around.clients, around.checkpoint(), asyncio.Event(), lambda: None)
        refs = [ref for body in around.sqs.bodies for ref in read_notice(body, Allowed(("logs",))).objects]
        known = around.s3.buckets["logs"]
        assert sent == len(refs) == OBJECTS
        assert {ref.key: ref.etag for ref in refs} == {key: known[key][-1].etag for key in known if key.startswith("alb/")}


def test_a_format_that_is_told_is_believed() -> None:
    """Of each route that does not drop; the bucket is the one that may be named."""
    routes = (RouteSettings(key="x", drop=True), RouteSettings())
    settings = Settings(route=routes, queue=QueueSettings(buckets=("some", "more")))
    changed = Order("logs", "", ObjectFilter(), format="alb").settings(settings)
    assert [(each.drop, each.format) for each in changed.route] == [(True, "auto"), (False, "alb")]
    assert changed.queue.buckets == ("logs",)


async def test_a_checkpoint_in_s3(tmp_path: Path) -> None:
    """As one in a file: none at first, then what was settled."""
    s3 = FakeS3()

    async def put_object(*, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - the SDK's names
        s3.put(Bucket, Key, Body)

    s3.put_object = put_object  # type: ignore[attr-defined]  # what this test adds
    s3.buckets["notes"] = {}
    store = S3Store(Whole(s3), "notes", "b.json")
    first = Checkpoint(store, {"bucket": "logs"})
    await first.load()
    assert not first.is_resumed
    first.mark.begin("a")
    first.settled("a", 7)
    await first.save()
    second = Checkpoint(store, {"bucket": "logs"})
    await second.load()
    assert (second.mark.after, second.objects, second.bytes) == ("a", 1, 7)


class Whole:
    """A client whose bodies can be read in one go, as the SDK's can."""

    def __init__(self, s3: FakeS3) -> None:
        self._s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    async def get_object(self, **request: Any) -> Any:
        answer = dict(await self._s3.get_object(**request))
        body = answer["Body"].body

        class Body:
            async def read(self) -> bytes:
                return bytes(body)

        return answer | {"Body": Body()}
