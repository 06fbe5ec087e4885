"""R8 with real processes: a sink that takes longer than a lease, and two services that are given the same messages."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiohttp
from aiohttp import web

from ingestd.demo.cloud import Cloud
from tests.fakes.bulk import FakeBulk
from tests.fakes.faulty_proxy import Ill, faulty_proxy
from tests.fakes.http import Items, Lost, Silence
from tests.faults.logs import assert_whole, put_logs
from tests.integration.gate import Gate
from tests.integration.queue_gate import QueueGate
from tests.integration.service import PATIENCE_SECONDS, RunningService, environment, settled

OBJECTS, LINES = 6, 200
SETTINGS = {"queue__visibility_seconds": "30", "queue__receivers": "1", "sinks__opensearch__batch_seconds": "0.1"}


class SlowBulk(FakeBulk):
    """Takes requests, and does nothing about them until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_begin = asyncio.Event()

    async def handle(self, request: web.Request, body: bytes, step: Items | Lost | None) -> web.Response:
        await self.may_begin.wait()
        return await super().handle(request, body, step)


async def reads(service: RunningService, name: str, value: float) -> None:
    """Wait until a metric of the process is this."""
    async with asyncio.timeout(PATIENCE_SECONDS), aiohttp.ClientSession() as http:
        found = None
        while found != value:
            await asyncio.sleep(0.2)
            (port,) = re.findall(r'"http_port": ?(\d+)', service.log.read_text())
            async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                lines = re.findall(rf"^{name} (\S+)$", await answer.text(), re.MULTILINE)
            found = sum(map(float, lines))


async def test_r08_who_loses_its_leases_stops_and_the_other_delivers(cloud: Cloud, tmp_path: Path) -> None:
    """Two processes have the same messages, and a sink that answers neither for longer than a lease.

    One cannot reach the queue: its leases end by its own clock, it sends nothing from then on, and later it works on. The
    other renews its own, over and over, and delivers. Each document is asked for once.
    """
    async with (
        SlowBulk() as bulk,
        Gate(bulk.url) as silent,
        QueueGate(cloud) as one,
        QueueGate(cloud) as two,
        faulty_proxy(one.port) as line,
    ):
        silent.script(*[Silence()] * 1000)
        wanted = await put_logs(cloud, OBJECTS, LINES)
        first = {
            "aws__endpoint_url": line.url,
            "sinks__opensearch__urls": silent.url,
            "sinks__opensearch__timeout_seconds": "5",
        }
        second = {
            "aws__endpoint_url": two.url,
            "sinks__opensearch__urls": bulk.url,
            "sinks__opensearch__timeout_seconds": "600",
        }
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        with RunningService.started(folders[0], environment(cloud, **SETTINGS, **first)) as loser:
            await loser.until(lambda: len(one.held) >= OBJECTS and silent.seen != [])
            line.ill = Ill.BLACK_HOLE
            held = len(await one.let_go())
            with RunningService.started(folders[1], environment(cloud, **SETTINGS, **second)) as other:
                await other.until(lambda: len(two.held) == held)
                await reads(loser, "ingestd_lease_lost_total", held)
                await reads(loser, "ingestd_in_flight_bytes", 0)
                silent.forget_script()
                await other.until(lambda: min(two.renewed[receipt] for receipt in two.held) >= 2)
                bulk.may_begin.set()
                await settled(cloud, other)
                line.ill = Ill.WELL
                wanted |= await put_logs(cloud, OBJECTS, LINES, "later")
                await settled(cloud, loser)
                assert other.stop() == 0
            assert loser.stop() == 0
        assert_whole(bulk, wanted)
        assert set(bulk.sent.values()) == {1}
