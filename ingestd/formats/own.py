"""Formats that a user describes in the configuration: `[[format]]` to a table, read by what reads all others.

What is wrong with them is told at once, as with all settings; it is asked for here, since only tables know what a table must
be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ingestd.config import FormatSettings
from ingestd.config.mistakes import ConfigError
from ingestd.formats import events
from ingestd.formats.lookups import Lookup, enriched
from ingestd.formats.own_mistakes import format_mistakes
from ingestd.formats.own_table import table_of
from ingestd.formats.registry import formats
from ingestd.formats.table import Table

__all__ = ["known_formats", "own_formats"]


def known_formats(
    settings: Sequence[FormatSettings], timestamp_paths: Sequence[str] = (), lookups: Sequence[Lookup] = ()
) -> Mapping[str, Table]:
    """All formats by name, the user's own first, so that they win where others fit as well. Raises ConfigError.

    `timestamp_paths`: where events of applications have their time, if not where the format itself says. `lookups`: what their
    documents say beyond their lines.
    """
    known = {**own_formats(settings), **formats()}
    if timestamp_paths:
        known[events.FORMAT.name] = replace(events.FORMAT, columns=events.dated_by(timestamp_paths))
    if lookups:
        known = {name: enriched(table, lookups) for name, table in known.items()}
    return MappingProxyType(known)


def own_formats(settings: Sequence[FormatSettings]) -> Mapping[str, Table]:
    """The user's own formats by name. Raises ConfigError with every mistake."""
    mistakes = [mistake for place, form in enumerate(settings) for mistake in format_mistakes(f"format.{place}", form)]
    if mistakes:
        raise ConfigError(mistakes)
    return {form.name: table_of(form) for form in settings}
