"""The Firehose sink over a client on loopback."""

from __future__ import annotations

from typing import Any

from ingestd.config import FirehoseSettings
from ingestd.sinks.firehose import FirehoseSink
from ingestd.sinks.stream import Stream
from tests.fakes.aws import loopback_credentials

__all__ = ["sink_of"]


def sink_of(client: Any, **settings: Any) -> FirehoseSink:
    """A sink named `main`; `settings` are a FirehoseSettings' own."""
    chosen = FirehoseSettings(**settings)
    return FirehoseSink("main", chosen, client, Stream(chosen.stream, client, loopback_credentials))
