"""`ingestd setup`: makes a cluster ready for logs, and says what it does. A second run finds nothing to do."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from aiobotocore.session import get_session

from ingestd.commands.settings import read_settings, tables
from ingestd.config import OpenSearchSettings, Settings
from ingestd.config.mistakes import ConfigError
from ingestd.config.sources import FILE_VARIABLE
from ingestd.errors import IngestdError
from ingestd.formats.lookups import lookups_of
from ingestd.formats.own import known_formats
from ingestd.setup import dashboards
from ingestd.setup.api import Api
from ingestd.setup.plan import Resource, Skipped, Step, plan
from ingestd.setup.roles import is_open
from ingestd.setup.server import recognise
from ingestd.setup.wanted import Target, targets, wanted
from ingestd.shell.secrets import with_secrets
from ingestd.sinks.cluster import Cluster

__all__ = ["command"]

MARKS = {"create": "+", "update": "~", "none": "="}
ANONYMOUS = {
    "auth": "none",
    "username": None,
    "password": None,
    "api_key": None,
    "client_cert_file": None,
    "client_key_file": None,
}


@click.command(name="setup")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--security", is_flag=True, help="Also make roles and role mappings, and see that nobody gets in without.")
def command(config: Path | None, dry_run: bool, security: bool) -> None:
    """Put index templates, retention, roles and dashboards into each cluster of the settings.

    What is there and as it should be is left alone; nothing is deleted. It takes an administrator's credentials, which the
    service should not have: give them by INGESTD_SINKS__NAME__USERNAME and the like. Exit status 1 if something that was asked
    for could not be made.
    """
    try:
        settings = read_settings(config, tables).settings
        known = known_formats(settings.format, settings.events.timestamp_paths, lookups_of(settings.enrich))
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    try:
        found = targets(settings, known)
        if not found:
            raise click.ClickException("the settings have no OpenSearch or Elasticsearch: give one, as in [sinks.opensearch]")
        is_whole = asyncio.run(_set_up(settings, found, dry_run=dry_run, security=security))
    except IngestdError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(0 if is_whole else 1)


async def _set_up(settings: Settings, found: Sequence[Target], *, dry_run: bool, security: bool) -> bool:
    """Each cluster in turn; whether all that was asked for is there."""
    session = get_session()
    resolved = await with_secrets(settings, session)
    is_whole = True
    for target in found:
        sink = resolved.sinks[target.sinks[0]]
        assert isinstance(sink, OpenSearchSettings)

        async def credentials() -> object:
            holder = await session.get_credentials()
            return None if holder is None else await holder.get_frozen_credentials()

        cluster = Cluster(sink, credentials)
        try:
            is_whole &= await _set_up_cluster(Api(cluster), target, settings, sink, dry_run=dry_run, security=security)
        finally:
            await cluster.close()
        await _set_up_dashboards(settings, sink, target, dry_run=dry_run)
    return is_whole


async def _set_up_cluster(
    api: Api, target: Target, settings: Settings, sink: OpenSearchSettings, *, dry_run: bool, security: bool
) -> bool:
    server = await recognise(api, is_aoss=sink.auth == "sigv4" and sink.service == "aoss")
    click.echo(f"{', '.join(target.sinks)}: {server} at {', '.join(sink.urls)}")
    things = list(wanted(target, settings, server, security=security))
    await _make(api, things, dry_run=dry_run)
    if not security:
        return True
    is_closed = not await _anyone_may_read(sink)
    if not is_closed:
        click.echo("  ! anyone who reaches this server can read what is in it, without a password", err=True)
    return is_closed and server.can("security")


async def _set_up_dashboards(settings: Settings, sink: OpenSearchSettings, target: Target, *, dry_run: bool) -> None:
    url = settings.setup.dashboards_url
    if url is None:
        _show_skipped(Skipped("dashboards", "", "setup.dashboards_url is not set; import config/opensearch/dashboards.ndjson"))
        return
    cluster = Cluster(sink.model_copy(update={"urls": (url,)}))
    try:
        click.echo(f"dashboards at {url}")
        await _make(Api(cluster, dashboards.HEADERS), dashboards.resources(target.indices, target.everything), dry_run=dry_run)
    finally:
        await cluster.close()


async def _anyone_may_read(sink: OpenSearchSettings) -> bool:
    stranger = Cluster(sink.model_copy(update=ANONYMOUS))
    try:
        return await is_open(Api(stranger))
    except IngestdError:
        return False  # it did not so much as answer
    finally:
        await stranger.close()


async def _make(api: Api, things: Sequence[Resource | Skipped], *, dry_run: bool) -> None:
    """Show each thing, and make it unless that is only to be shown."""
    for thing in things:
        if isinstance(thing, Skipped):
            _show_skipped(thing)
    steps = await plan(api, [thing for thing in things if isinstance(thing, Resource)])
    for step in steps:
        _show(step, in_full=dry_run)
        if step.change != "none" and not dry_run:
            await step.take(api)
    counts = Counter(step.change for step in steps)
    done = "to " if dry_run else ""
    click.echo(
        f"  {counts['create']} {done}create{'' if dry_run else 'd'}, {counts['update']} {done}update{'' if dry_run else 'd'}, "
        f"{counts['none']} as they should be, {len(things) - len(steps)} skipped"
    )


def _show(step: Step, *, in_full: bool) -> None:
    click.echo(f"  {MARKS[step.change]} {step.resource.kind} {step.resource.name}")
    if in_full:
        for line in step.diff():
            click.echo(f"      {line}")


def _show_skipped(thing: Skipped) -> None:
    click.echo(f"  - {' '.join(filter(None, (thing.kind, thing.name)))}: skipped, {thing.reason}")
