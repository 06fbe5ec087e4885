"""The last hour, for the page's chart: a reading every quarter of a minute, the oldest forgotten."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from ingestd.shell.telemetry import Telemetry

__all__ = ["History"]

EVERY_SECONDS = 15.0
READINGS = 241  # an hour and its both ends


class History:
    """Readings of (seconds, lines read, bytes decoded, dead letters), each since the start."""

    def __init__(self, telemetry: Telemetry, clock: Callable[[], float]) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._readings: deque[tuple[float, int, int, int]] = deque(maxlen=READINGS)

    def take(self) -> None:
        """One reading."""
        stats = self._telemetry.snapshot()
        counts = stats.total("lines_read"), stats.total("bytes", "decoded"), stats.total("dead_letters")
        self._readings.append((self._clock(), *counts))

    def readings(self) -> list[tuple[float, int, int, int]]:
        """All of them, the oldest first."""
        return list(self._readings)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            self.take()
            await asyncio.sleep(EVERY_SECONDS)
