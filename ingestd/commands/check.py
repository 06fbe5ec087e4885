"""`ingestd check`: is the configuration right, and what does it come to? Exit 2 if it is not; nothing is connected to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, SecretStr

from ingestd.config_loading import Resolved, resolve
from ingestd.config_mistakes import MASK, ConfigError
from ingestd.config_sources import FILE_VARIABLE, Keys
from ingestd.formats.own import own_formats
from ingestd.formats.registry import formats

__all__ = ["command", "described"]

ORIGIN_COLUMN = 60


@click.command(name="check")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
def command(config: Path | None) -> None:
    """Check the configuration and print what it comes to, secrets masked.

    Whatever is not the default is followed by where it comes from. All mistakes are told at once, with exit status 2.
    """
    try:
        resolved = resolve(config, os.environ, formats=formats().keys())
        own_formats(resolved.settings.format)
    except ConfigError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    for line in described(resolved):
        click.echo(line)


def described(resolved: Resolved) -> Iterator[str]:
    """The settings as TOML, a line each; settings without a value are left out."""
    settings = resolved.settings
    scalars = {name for name, value in settings if not _holds_tables(value)}
    yield from _lines(resolved, settings, (), scalars)
    for name, value in settings:
        if name in scalars:
            continue
        if isinstance(value, BaseModel):
            yield from _section(resolved, value, (name,), f"[{name}]")
        elif isinstance(value, dict):
            for key, sink in value.items():
                yield from _section(resolved, sink, (name, key), f"[{name}.{key}]")
        else:
            for index, table in enumerate(value):
                yield from _table(resolved, table, (name, str(index)), f"[[{name}]]")


def _holds_tables(value: object) -> bool:
    return isinstance(value, BaseModel | dict | tuple)


def _table(resolved: Resolved, table: BaseModel, keys: Keys, title: str) -> Iterator[str]:
    """One of a list of tables, and the tables in it."""
    yield ""
    yield title
    tables = {name for name, value in table if name == "columns"}
    yield from _lines(resolved, table, keys, set(type(table).model_fields) - tables)
    for name in tables:
        for index, below in enumerate(getattr(table, name)):
            yield from _section(resolved, below, (*keys, name, str(index)), f"{title[:-2]}.{name}]]")


def _section(resolved: Resolved, section: BaseModel, keys: Keys, title: str) -> Iterator[str]:
    yield ""
    yield title
    yield from _lines(resolved, section, keys, set(type(section).model_fields))


def _lines(resolved: Resolved, section: BaseModel, keys: Keys, names: set[str]) -> Iterator[str]:
    for name, value in sorted(section, key=lambda item: item[0] != "kind"):
        if name not in names or value is None:
            continue
        line = f"{name} = {_toml(value)}"
        origin = _origin(resolved, (*keys, name), section.model_fields_set)
        yield f"{line:<{ORIGIN_COLUMN}} # {origin}" if origin else line


def _origin(resolved: Resolved, keys: Keys, given: set[str]) -> str | None:
    """Who said a value; of a list of tables only the whole is known to have been said."""
    return resolved.origins.get(keys) or (resolved.origins.get(keys[:1]) if keys[-1] in given else None)


def _toml(value: Any) -> str:
    if isinstance(value, SecretStr):
        return f'"{MASK}"'
    return json.dumps(value)
