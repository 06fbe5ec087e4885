"""The HTTP port: health in a word, metrics for Prometheus, the same as JSON."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ingestd.config import HttpSettings
from ingestd.model import Outcome
from ingestd.shell.http import serve
from ingestd.shell.telemetry import Telemetry


@pytest.mark.parametrize(("path", "reason"), [("livez", None), ("readyz", None), ("livez", "stuck"), ("readyz", "draining")])
async def test_health_is_200_or_503_with_the_reason(path: str, reason: str | None) -> None:
    """Nothing but the one asked for decides."""
    reasons = {"livez": None, "readyz": None, path: reason}
    settings = HttpSettings(host="127.0.0.1", port=0)
    async with (
        serve(settings, Telemetry(), why_dead=lambda: reasons["livez"], why_not_ready=lambda: reasons["readyz"]) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/{path}") as answer,
    ):
        assert answer.status == (503 if reason else 200)
        assert (await answer.text()).strip() == (reason or "ok")


async def test_metrics_and_stats_say_the_same() -> None:
    """One place counts; both read it."""
    telemetry = Telemetry()
    telemetry.lines("alb", Outcome.ACCEPTED, 41)
    telemetry.lines("alb", Outcome.ACCEPTED, 1)
    telemetry.gauge("permits", "sink", lambda: {"main": 4})
    settings = HttpSettings(host="127.0.0.1", port=0)
    async with (
        serve(settings, telemetry, why_dead=lambda: None, why_not_ready=lambda: None) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        async with session.get("/metrics") as answer:
            families = text_string_to_metric_families(await answer.text())
            samples = {(sample.name, *sample.labels.values()): sample.value for each in families for sample in each.samples}
        async with session.get("/stats") as answer:
            stats = await answer.json()
    assert samples["ingestd_lines_total", "alb", "accepted"] == 42
    assert samples["ingestd_permits", "main"] == 4
    assert stats["counters"]["lines"] == {"alb,accepted": 42}
    assert stats["gauges"]["permits"] == {"main": 4}


async def test_who_does_not_read_an_answer_keeps_nobody_from_ending() -> None:
    """The port closes all the same, and soon: a stalled reader must not cost the rest of the time for a stop."""
    telemetry = Telemetry()
    telemetry.notes["much"] = lambda: "x" * (32 << 20)
    async with asyncio.timeout(20):
        async with serve(
            HttpSettings(host="127.0.0.1", port=0), telemetry, why_dead=lambda: None, why_not_ready=lambda: None
        ) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /stats HTTP/1.1\r\nHost: here\r\n\r\n")
            await reader.readline()
        writer.close()
