"""What befalls the whole of a service for a while, and the processes: an ill network, and death."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from time import monotonic

from tests.fakes.faulty_proxy import FaultyProxy, Ill

__all__ = ["Episode", "storms"]

CALM_SECONDS, ILL_SECONDS = (8.0, 30.0), (2.0, 12.0)
ILLS = (Ill.BLACK_HOLE, Ill.RESET, Ill.HALF_OPEN, Ill.TRICKLE)


@dataclass(frozen=True, slots=True)
class Episode:
    """From when until when (seconds of the run) which service was how ill."""

    begin: float
    end: float
    service: str
    ill: str


async def storms(proxies: Mapping[str, FaultyProxy], random: Random, began: float, episodes: list[Episode]) -> None:
    """One service after another is ill for a while, until cancelled; then all are well."""
    try:
        while True:
            await asyncio.sleep(random.uniform(*CALM_SECONDS))
            service, ill = random.choice(list(proxies)), random.choice(ILLS)
            begin = monotonic() - began
            proxies[service].ill = ill
            await asyncio.sleep(random.uniform(*ILL_SECONDS))
            proxies[service].ill = Ill.WELL
            episodes.append(Episode(begin, monotonic() - began, service, ill.value))
    finally:
        for proxy in proxies.values():
            proxy.ill = Ill.WELL
