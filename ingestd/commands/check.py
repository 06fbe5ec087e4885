"""`ingestd check`: is the configuration right, and what does it come to? With `--connect` also: may we do what we have to?"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, SecretStr

from ingestd.commands.settings import certificates, enrichment, read_settings, tables
from ingestd.config import LogSettings, Settings
from ingestd.config.loading import Resolved
from ingestd.config.mistakes import MASK, ConfigError
from ingestd.config.sources import FILE_VARIABLE, Keys
from ingestd.errors import Fatal
from ingestd.shell import logs

__all__ = ["command", "described"]

ORIGIN_COLUMN = 60


@click.command(name="check")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
@click.option("--connect", is_flag=True, help="Instead of printing it, try each connection and each permission.")
def command(config: Path | None, connect: bool) -> None:
    """Check the configuration and print what it comes to, secrets masked; nothing is connected to without --connect.

    Whatever is not the default is followed by where it comes from. All mistakes are told at once, with exit status 2. With
    --connect, exit status 1 if anything does not work; nothing is taken from the queue and nothing is written.
    """
    try:
        found = read_settings(config, tables, certificates, enrichment, service=True)
    except ConfigError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    if connect:
        try:
            sys.exit(0 if asyncio.run(_connect(found.settings)) else 1)
        except Fatal as error:
            raise click.ClickException(str(error)) from None
    for line in described(found):
        click.echo(line)


async def _connect(settings: Settings) -> bool:
    """Try everything and say it; whether nothing was refused."""
    from ingestd.probe import probes  # what is connected with is imported only then
    from ingestd.shell.clients import open_clients

    logs.configure(LogSettings(level="error"))
    refused = False
    async with open_clients(settings) as clients:
        async for probe in probes(settings, clients):
            detail = f" ({probe.detail})" if probe.detail and probe.result != "ok" else ""
            click.echo(f"{probe.result:<8}{probe.what}{detail}")
            if probe.result == "denied" and probe.statement:
                click.echo(f"{'':8}add to the role's policy: {probe.statement}")
            refused |= probe.result in ("denied", "failed")
    return not refused


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
