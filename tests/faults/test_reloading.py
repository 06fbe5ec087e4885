"""SIGHUP to the real process: it takes what can change while it runs, and refuses the rest whole."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp
import tomli_w

from ingestd.bench.chain import BUCKET, NOBODY, serving
from tests.canaries import AWS_SECRET
from tests.integration.service import PATIENCE_SECONDS, RunningService
from tests.soak.services import free_port

BUDGET_BYTES = 128 << 20


def settings(url: str, port: int) -> dict[str, Any]:
    return {
        "aws": {"region": NOBODY["region_name"], "endpoint_url": url},
        "queue": {"url": f"{url}/123456789012/bench", "buckets": [BUCKET], "wait_seconds": 1},
        "sinks": {"main": {"kind": "opensearch", "url": url}},
        "http": {"host": "127.0.0.1", "port": port},
    }


async def stats_when(session: aiohttp.ClientSession, service: RunningService, outcome: str | None) -> dict[str, Any]:
    """What the service says of itself as soon as it is up and its last reload came to this."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            assert service.is_running, service.log.read_text()
            try:
                async with session.get("/stats") as answer:
                    told: dict[str, Any] = await answer.json()
                if told["not_ready"] is None and (outcome is None or (told["reload"] or {}).get("outcome") == outcome):
                    return told
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def test_a_changed_file_is_taken_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    """The budget changes; then a port, which takes a restart, is named, and nothing beside it is taken."""
    file, port = tmp_path / "ingestd.toml", free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("INGESTD_", "AWS_"))}
    environ |= {"AWS_ACCESS_KEY_ID": "reload", "AWS_SECRET_ACCESS_KEY": AWS_SECRET, "INGESTD_CONFIG": str(file)}
    with serving(b"") as url:
        wanted = settings(url, port)
        file.write_text(tomli_w.dumps(wanted))
        with RunningService.started(tmp_path, environ) as service:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                before = await stats_when(session, service, None)
                file.write_text(tomli_w.dumps(wanted | {"memory": {"budget_bytes": BUDGET_BYTES}}))
                service.process.send_signal(signal.SIGHUP)
                taken = await stats_when(session, service, "taken")
                file.write_text(tomli_w.dumps(wanted | {"http": {"host": "127.0.0.1", "port": port + 1}}))
                service.process.send_signal(signal.SIGHUP)
                refused = await stats_when(session, service, "refused")
            assert service.stop() == 0
    assert taken["reload"]["changed"] == ["memory.budget_bytes"]
    assert before["gauges"]["budget_bytes"][""] != BUDGET_BYTES == taken["gauges"]["budget_bytes"][""]
    assert "http.port" in refused["reload"]["why"]
    assert refused["gauges"]["budget_bytes"][""] == BUDGET_BYTES
