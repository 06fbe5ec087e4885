"""A death of the service at a moment that a gate sees: what it was told then is known, and nobody was answered."""

from __future__ import annotations

import asyncio

from tests.integration.service import RunningService

__all__ = ["Killer"]


class Killer:
    """Kills a service as a machine dies, when a moment has come for the so-manieth time."""

    def __init__(self) -> None:
        self.killed_at: set[str] = set()
        self.is_done = asyncio.Event()
        self._service: RunningService | None = None
        self._moment = ""
        self._left = 0

    def arm(self, service: RunningService, moment: str, times: int) -> None:
        self.is_done.clear()
        self._service, self._moment, self._left = service, moment, times

    def __call__(self, moment: str) -> bool:
        if self._service is None or moment != self._moment or self.is_done.is_set():
            return False
        self._left -= 1
        if self._left:
            return False
        self._service.kill()
        self.killed_at.add(moment)
        self.is_done.set()
        return True
