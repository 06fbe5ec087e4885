"""What a sink is to the pipeline: settings, limits, and one call that sends a batch and says what became of each item."""

from __future__ import annotations

from typing import Protocol

from ingestd.config import EventSettings
from ingestd.model import Batch, BatchLimits, Framing, Verdict

__all__ = ["Sink"]


class Sink(Protocol):
    """One place where documents go. It never retries: who waits, and how long, is decided above it, from the verdict."""

    @property
    def name(self) -> str:
        """The sink's name in the settings; the label `sink`."""
        ...

    @property
    def kind(self) -> str: ...

    @property
    def limits(self) -> BatchLimits: ...

    def framing(self, dataset: str, events: EventSettings) -> Framing:
        """How documents of `dataset` are to be encoded for this sink."""
        ...

    async def send(self, batch: Batch) -> Verdict:
        """Send once. Never raises for what the other side does or fails to do; cancelled, nothing is known of the batch."""
        ...

    async def check(self) -> None:
        """Try the connection and the credentials, writing nothing. Raises Retryable (may pass) or Fatal (will not)."""
        ...

    async def close(self) -> None: ...
