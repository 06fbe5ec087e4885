"""The settings of a command, asked about by all who know something of them before anything is connected to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from ingestd.config import OpenSearchSettings, Settings
from ingestd.config.loading import Resolved, resolve
from ingestd.config.mistakes import ConfigError, Mistake
from ingestd.errors import Fatal
from ingestd.fastpath.enriching import Enriching
from ingestd.formats.registry import formats
from ingestd.formats.ruled import ruled_formats
from ingestd.sinks.certificates import inlet_tls, sink_tls

__all__ = ["certificates", "enrichment", "read_settings", "tables"]

Look = Callable[[Settings], Iterator[Mistake]]


def tables(settings: Settings) -> Iterator[Mistake]:
    """What only the formats' tables know: their own forms, and the fields that rules speak of."""
    try:
        ruled_formats(settings)
    except ConfigError as error:
        yield from error.mistakes


def certificates(settings: Settings) -> Iterator[Mistake]:
    """What of the files for TLS cannot be used; the port of an inlet that is off needs none."""
    asked: dict[str, Callable[[], object]] = {
        f"sinks.{name}": partial(sink_tls, sink)
        for name, sink in settings.sinks.items()
        if isinstance(sink, OpenSearchSettings)
    }
    if settings.inlet.port is not None:
        asked["inlet"] = partial(inlet_tls, settings.inlet)
    for path, made in asked.items():
        try:
            made()
        except Fatal as error:
            yield Mistake(f"{path}.{error.reason}", repr(error.fields["path"]), f"a usable file ({error.fields['why']})")


def enrichment(settings: Settings) -> Iterator[Mistake]:
    """What of [enrich] cannot be opened; for a moment it takes the memory that those files take."""
    try:
        Enriching(settings.enrich).read()
    except ConfigError as error:
        yield from error.mistakes


def read_settings(config: Path | None, *looks: Look, service: bool = False) -> Resolved:
    """The settings of a file and the environment, after these looks at them. Raises ConfigError with every mistake.

    `service`: they are to be those of a whole service.
    """

    def beyond(settings: Settings) -> Iterator[Mistake]:
        for look in looks:
            yield from look(settings)

    return resolve(config, os.environ, formats=formats().keys(), service=service, beyond=beyond)
