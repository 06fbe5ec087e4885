"""How long from an object's creation until its lines can be found, and what ingestd costs beside the cluster.

The whole way on this machine: the embedded AWS, the real service, a real OpenSearch with what `ingestd setup` makes. First an
object now and then (light load: p99 at most 5 s), then as many as there are, for the CPU time of both (at most a tenth).
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from ingestd.demo.cloud import LOGS, Cloud, embedded_cloud
from ingestd.formats.registry import formats
from ingestd.generate import chunks
from tests.integration.asking import Server, set_up
from tests.integration.server import prepare, started
from tests.integration.service import RunningService, environment, settled

INDEX = "bench-aws.elb_logs"
LIGHT_LINES = 50
HEAVY_LINES = 20_000
POLL_SECONDS = 0.05
SECONDS_P99_MAX = 5.0
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def body(lines: int, seed: int) -> bytes:
    return gzip.compress(b"".join(chunks(formats()["alb"], lines, seed)), 1)


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processor, by itself."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


async def keys(server: Server) -> set[str]:
    """The objects of which a search finds lines."""
    top = {"size": 0, "aggs": {"keys": {"terms": {"field": "aws.s3.object.key", "size": 10_000}}}}
    status, said = await server.ask("POST", f"/{INDEX}*/_search", top)
    buckets = said.get("aggregations", {}).get("keys", {}).get("buckets", []) if status == 200 else []
    return {bucket["key"] for bucket in buckets}


async def light(cloud: Cloud, server: Server, objects: int, random: Random) -> list[float]:
    """Seconds from the creation of each object until it was found, ascending."""
    created: dict[str, float] = {}
    found: dict[str, float] = {}

    async def put() -> None:
        for number in range(objects):
            await asyncio.sleep(random.uniform(0.05, 0.6))
            key = f"light/{number}.log.gz"
            created[key] = time.monotonic()
            await cloud.s3.put_object(Bucket=LOGS, Key=key, Body=body(LIGHT_LINES, number))

    putting = asyncio.create_task(put())
    while len(found) < objects:
        now = time.monotonic()
        for key in (await keys(server)) & created.keys() - found.keys():
            found[key] = now
        await asyncio.sleep(POLL_SECONDS)
    await putting
    return sorted(found[key] - created[key] for key in created)


async def heavy(cloud: Cloud, server: Server, lines: int, service: RunningService, node_pid: int) -> dict[str, float]:
    """CPU seconds of ingestd and of OpenSearch while `lines` lines go all the way."""
    before = cpu_seconds(service.process.pid), cpu_seconds(node_pid)
    begin = time.monotonic()
    for number in range(-(-lines // HEAVY_LINES)):
        await cloud.s3.put_object(Bucket=LOGS, Key=f"heavy/{number}.log.gz", Body=body(HEAVY_LINES, number))
    await settled(cloud, service, 600)
    seconds = time.monotonic() - begin
    await server.post(f"/{INDEX}/_refresh")
    ours, theirs = cpu_seconds(service.process.pid) - before[0], cpu_seconds(node_pid) - before[1]
    return {"seconds": seconds, "ingestd_cpu_s": ours, "opensearch_cpu_s": theirs, "share": ours / theirs}


async def measure(objects: int, lines: int, folder: Path) -> dict[str, Any]:
    with started(folder / "node", {}) as node:
        server = Server(node.url)
        made = await set_up(server, sinks__opensearch__index="bench-{dataset}")
        assert made.exit_code == 0, made.output
        async with embedded_cloud() as cloud:
            sink = {"sinks__opensearch__url": node.url, "sinks__opensearch__index": "bench-{dataset}"}
            with RunningService.started(folder, environment(cloud, **sink, queue__wait_seconds="20")) as service:
                await service.until(lambda: b'"ready"' in service.log.read_bytes())
                await cloud.s3.put_object(Bucket=LOGS, Key="warm.log.gz", Body=body(LIGHT_LINES, 0))
                await settled(cloud, service)
                seconds = await light(cloud, server, objects, Random(1))
                shares = await heavy(cloud, server, lines, service, node.pid)
                assert service.stop() == 0
    shown = {name: round(seconds[min(int(objects * share), objects - 1)], 3) for name, share in SHARES.items()}
    return {
        "created_to_searchable": {"objects": objects} | shown,
        "cpu": {"lines": lines} | {name: round(value, 3) for name, value in shares.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--lines", type=int, default=200_000)
    options = parser.parse_args()
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(options.objects, options.lines, Path(folder)))
    print(json.dumps(result))
    sys.exit(0 if result["created_to_searchable"]["p99"] <= SECONDS_P99_MAX else 1)


if __name__ == "__main__":
    main()
