"""`ingestd redrive`: dead letters back in, by the service's own pipeline."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from ingestd.commands.arguments import leaves, moment, settings_from
from ingestd.commands.dlq import print_table, table
from ingestd.config import LogSettings, Settings
from ingestd.config.sources import FILE_VARIABLE
from ingestd.core.span import ObjectFilter
from ingestd.core.tally import Tally
from ingestd.core.visible import visible
from ingestd.errors import IngestdError, Poison
from ingestd.fastpath.parser import unavailable
from ingestd.redrive import Ended, redrive
from ingestd.shell import logs
from ingestd.shell.clients import Clients, open_clients
from ingestd.shell.letterbox import Letterbox
from ingestd.shell.listing import Listed
from ingestd.shell.workers import Workers

__all__ = ["command"]

LEFT_SHOWN = 10


@click.command(name="redrive")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
@click.option("--reason", metavar="WORD", help="Only of this reason.")
@click.option("--since", type=moment, metavar="DAY", help="Only of this day (UTC) and later.")
@click.option("--until", type=moment, metavar="DAY", help="Only of days before this one.")
@click.option("--to-sink", metavar="NAME", help="Send everything to this sink, whatever routes say.")
@click.option("--dry-run", "--list", "is_dry", is_flag=True, help="Show what would be brought back in, and change nothing.")
def command(
    config: Path | None, reason: str | None, since: float | None, until: float | None, to_sink: str | None, is_dry: bool
) -> None:
    """Bring dead letters back in once their cause is mended.

    Lines and documents are read from their object once more, by the formats and routes of now, and get the ids that they always
    had; objects are read whole, what came by the inlet, or is of an object that is gone, is taken from the dead letter, and
    messages are sent to the queue. What fails again is a dead letter anew, with one attempt more; only then the old one is
    removed. A run that was broken off is simply begun again. Exit status 1 if anything is left.
    """
    settings = settings_from(config)
    if not settings.sinks and not is_dry:
        raise click.ClickException("the settings have no sink: give one, as in [sinks.opensearch]")
    if to_sink is not None and to_sink not in settings.sinks:
        raise click.BadParameter(f"{to_sink!r} is none of {', '.join(settings.sinks)}", param_hint="--to-sink")
    logs.configure(LogSettings(level="error"))
    try:
        is_whole = asyncio.run(_redrive(settings, ObjectFilter(since, until), reason, to_sink, is_dry=is_dry))
    except* IngestdError as group:
        raise click.ClickException("; ".join(str(error) for error in leaves(group))) from None
    sys.exit(0 if is_whole else 1)


async def _redrive(
    settings: Settings, selection: ObjectFilter, reason: str | None, to_sink: str | None, *, is_dry: bool
) -> bool:
    """Whether nothing is left."""
    console, stop = Console(stderr=True), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_clients(settings) as clients:
        letterbox = Letterbox(clients.s3, settings.dead_letters)
        objects = [found async for found in letterbox.objects(selection, reason)]
        size = sum(found.size for found in objects)
        console.print(
            f"{len(objects):,} objects of dead letters, {decimal(size)} as they are stored", highlight=False, soft_wrap=True
        )
        if is_dry:
            await _list(letterbox, objects)
            return True
        ended = await _run(settings, clients, objects, to_sink, stop, console, size) if objects else None
    if ended is not None:
        _say(console, ended)
    return ended is None or ended.is_whole


async def _run(
    settings: Settings,
    clients: Clients,
    objects: list[Listed],
    to_sink: str | None,
    stop: asyncio.Event,
    console: Console,
    size: int,
) -> Ended:
    workers = Workers(settings.threads)
    try:
        await workers.run(unavailable)  # compiled before anything is taken
        with Progress(BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console) as progress:
            bar = progress.add_task("", total=size)
            return await redrive(
                settings,
                clients,
                workers,
                objects,
                to_sink=to_sink,
                stop=stop,
                show=lambda settled_bytes: progress.update(bar, completed=settled_bytes),
            )
    finally:
        workers.close()


async def _list(letterbox: Letterbox, objects: list[Listed]) -> None:
    tally = Tally()
    for found in objects:
        try:
            for letter in await letterbox.read(found.key):
                tally.add(letter)
        except Poison as poison:
            click.echo(f"{visible(found.key)}: {poison}", err=True)
    print_table(table(tally.classes()))


def _say(console: Console, ended: Ended) -> None:
    outcomes = ("accepted", "duplicate", "dead_lettered", "dropped", "skipped")
    parts = [f"{ended.stats.outcome('lines', each):,} {each.replace('_', '-')}" for each in outcomes]
    console.print(
        f"{ended.stats.total('lines_read'):,} lines: {', '.join(parts)}; {ended.stats.total('dead_letters'):,} dead letters "
        f"written anew, {ended.sent:,} messages sent",
        highlight=False,
        soft_wrap=True,
    )
    for key, why in list(ended.left.items())[:LEFT_SHOWN]:
        console.print(f"left: {visible(key)}, {why}", markup=False, highlight=False, soft_wrap=True)
    if not ended.is_whole:
        console.print(
            f"{len(ended.left):,} objects of dead letters are left, or it was broken off; begin again", highlight=False
        )
