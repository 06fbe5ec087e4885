"""What several commands are told in the same words: settings, a place in a bucket, a day or time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from ingestd.commands.settings import read_settings, tables
from ingestd.config import Settings
from ingestd.config.mistakes import ConfigError
from ingestd.errors import IngestdError
from ingestd.fastpath.enriching import Enriching
from ingestd.fastpath.enrichment import Enrichment

__all__ = ["enrichment_from", "leaves", "moment", "place", "settings_from"]


def settings_from(config: Path | None) -> Settings:
    """The settings of a file and the environment, which need not be those of a whole service; exit 2 if they are wrong."""
    try:
        return read_settings(config, tables).settings
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


def enrichment_from(settings: Settings) -> Enrichment:
    """What `[enrich]` asks for, open; exit 2 if it cannot be."""
    enriching = Enriching(settings.enrich)
    try:
        enriching.read()
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    return enriching.enrichment


def moment(value: str) -> float:
    """A day or a time of ISO 8601, UTC unless it says another zone, as epoch seconds."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day or time as 2026-11-22 or 2026-11-22T14:00") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def place(value: str) -> tuple[str, str]:
    """Bucket and prefix of s3://bucket/prefix."""
    bucket, _, prefix = value.removeprefix("s3://").partition("/")
    if not value.startswith("s3://") or not bucket:
        raise click.BadParameter(f"{value!r} is not as s3://bucket/prefix")
    return bucket, prefix


def leaves(group: BaseExceptionGroup[IngestdError]) -> Iterator[IngestdError]:
    """The errors themselves, however deep they lie."""
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from leaves(each)
        else:
            yield each
