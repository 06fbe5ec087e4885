"""What is seen of a running service from outside: memory, descriptors, and what its `/stats` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Any

import aiohttp

__all__ = ["MIB", "Sample", "of_process", "sample", "slope_mib"]

MIB = 1 << 20
SLOPE_SECONDS = 600
SAMPLES_MIN = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. `tasks` and what follows are None while the service does not answer (it starts, or is overwhelmed)."""

    at: float
    resident_bytes: int
    descriptors: int
    threads: int
    tasks: int | None = None
    in_flight_bytes: int | None = None
    lines_read: int | None = None
    lines_rested: int | None = None


async def sample(session: aiohttp.ClientSession, at: float, pid: int, port: int) -> Sample | None:
    """Look at a process; None if it is gone."""
    seen = of_process(at, pid)
    stats = await _stats(session, port) if seen else None
    if seen is None or stats is None:
        return seen
    gauges, counters = stats["gauges"], stats["counters"]
    return Sample(
        at,
        seen.resident_bytes,
        seen.descriptors,
        seen.threads,
        int(gauges["tasks"][""]),
        int(gauges["in_flight_bytes"][""]),
        sum(counters["lines_read"].values()),
        sum(counters["lines"].values()),
    )


def of_process(at: float, pid: int) -> Sample | None:
    """What the kernel tells; None if the process is gone."""
    try:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        return Sample(at, int(status["VmRSS"].split()[0]) << 10, descriptors, int(status["Threads"]))
    except (OSError, KeyError):  # a zombie has no memory
        return None


async def _stats(session: aiohttp.ClientSession, port: int) -> dict[str, Any] | None:
    try:
        async with session.get(f"http://127.0.0.1:{port}/stats") as answer:
            found: dict[str, Any] = await answer.json()
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    return found if "tasks" in found["gauges"] else None


def slope_mib(samples: Sequence[Sample]) -> float | None:
    """By how many MiB memory grows in ten minutes, by least squares; None: too little was seen."""
    if len(samples) < SAMPLES_MIN:
        return None
    fit = linear_regression([each.at for each in samples], [each.resident_bytes / MIB for each in samples])
    return fit.slope * SLOPE_SECONDS
