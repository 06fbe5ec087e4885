"""Memory of one service at full speed, for minutes: `make memory`.

S3, SQS and the cluster are `ingestd bench`'s endpoint, a process of its own, which is never the limit and makes no faults; the
service is given more than it can take. What must hold (P5): at most 300 MiB beside the budget, and no growth.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import sys
from typing import Any

import aiohttp

from ingestd.bench.chain import serving
from ingestd.fastpath.parser import unavailable
from ingestd.formats.registry import formats
from ingestd.generate import lines
from tests.bench.scale import started
from tests.soak.services import free_port
from tests.soak.watch import MIB, Sample, sample, slope_mib

BUDGET_BYTES = 256 << 20  # the default, and so stated
RESIDENT_BYTES_MAX = BUDGET_BYTES + (300 << 20)
SLOPE_MIB_MAX = 1.0  # in ten minutes
LINES = 5000  # an object, as a busy load balancer writes
BACKLOG_OBJECTS = 400
WARM_SHARE = 0.3
PATIENCE_SECONDS = 60.0  # with an answer, on a machine that others use too


async def measure(seconds: float) -> dict[str, Any]:
    """Feed a service for so long, and look at it once a second."""
    body = gzip.compress(b"".join(line + b"\n" for line in lines(formats()["alb"], LINES, 1, strange=0)), 6)
    port, loop = free_port(), asyncio.get_running_loop()
    more = {"INGESTD_QUEUE__MESSAGES_IN_FLIGHT_MAX": "200", "INGESTD_QUEUE__RECEIVERS": "2", "INGESTD_THREADS": "0"}
    with serving(body) as url:
        service = started(url, port, None, **more)
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as session:
                while not (first := await sample(session, loop.time(), service.pid, port)) or first.tasks is None:  # noqa: ASYNC110 - starting takes seconds
                    await asyncio.sleep(1.0)
                seen = await _fed(session, url, service.pid, port, loop.time() + seconds)
        finally:
            service.terminate()
            await asyncio.to_thread(service.wait)
    return told(seen)


async def _fed(session: aiohttp.ClientSession, url: str, pid: int, port: int, until: float) -> list[Sample]:
    loop, seen = asyncio.get_running_loop(), []
    while loop.time() < until:
        async with session.get(f"{url}/_seen") as answer:
            left = (await answer.json())["messages"]
        if left < BACKLOG_OBJECTS:
            await session.get(f"{url}/_announce", params={"objects": str(BACKLOG_OBJECTS)})
        await asyncio.sleep(1.0)
        found = await sample(session, loop.time(), pid, port)
        assert found is not None, "the service is gone"
        seen.append(found)
    return seen


def told(seen: list[Sample]) -> dict[str, Any]:
    """The figures, of the time in which lines were read."""
    busy = [each for each in seen if each.lines_read]
    begin, end = busy[0].at, busy[-1].at
    slope = slope_mib([each for each in busy if each.at >= begin + (end - begin) * WARM_SHARE])
    most = max(each.resident_bytes for each in seen)
    held = max(each.in_flight_bytes or 0 for each in busy)
    read = (busy[-1].lines_read or 0) - (busy[0].lines_read or 0)
    return {
        "seconds": round(end - begin),
        "lines_per_second": round(read / (end - begin)),
        "resident_mib_max": round(most / MIB, 1),
        "in_flight_mib_max": round(held / MIB, 1),
        "beside_the_budget_mib": round((most - BUDGET_BYTES) / MIB, 1),
        "slope_mib_in_10_minutes": None if slope is None else round(slope, 2),
        "holds": most <= RESIDENT_BYTES_MAX and slope is not None and slope <= SLOPE_MIB_MAX,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=900.0)
    options = parser.parse_args()
    unavailable()
    result = asyncio.run(measure(options.seconds))
    print(json.dumps(result))
    sys.exit(0 if result["holds"] else 1)


if __name__ == "__main__":
    main()
