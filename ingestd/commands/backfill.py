"""`ingestd backfill`: what is in a bucket already, by the service's own pipeline, or as notices for the fleet."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ingestd.backfill.checkpoint import Checkpoint, FileStore, S3Store
from ingestd.backfill.order import Estimate, Order
from ingestd.backfill.run import deliver, enqueue, estimate
from ingestd.commands.arguments import leaves, moment, place, settings_from
from ingestd.config import LogSettings, Settings
from ingestd.config.sources import FILE_VARIABLE
from ingestd.core.durations import spoken
from ingestd.core.span import ObjectFilter
from ingestd.errors import IngestdError
from ingestd.fastpath.parser import unavailable
from ingestd.formats.own import known_formats
from ingestd.shell import logs
from ingestd.shell.clients import Clients, open_clients
from ingestd.shell.telemetry import Stats
from ingestd.shell.workers import Workers

__all__ = ["command"]

LEFT_SHOWN = 10


@click.command(name="backfill")
@click.argument("where", type=place, metavar="s3://BUCKET/PREFIX")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
@click.option(
    "--since", type=moment, metavar="TIME", help="Objects of this day or time and later, by the date in the key or the upload."
)
@click.option("--until", type=moment, metavar="TIME", help="Objects before this day or time.")
@click.option("--key", metavar="REGEX", help="Only keys in which this regular expression is found.")
@click.option("--format", "form", metavar="NAME", help="Believe that all are of this format.")
@click.option("--dry-run", is_flag=True, help="Count, read a few objects to know how fast, and end there.")
@click.option(
    "--enqueue", "is_enqueued", is_flag=True, help="Announce the objects on the queue, and let the service read them."
)
@click.option(
    "--checkpoint", metavar="FILE|s3://…", help="Where to note what is settled; the default is a file in this directory."
)
def command(
    where: tuple[str, str],
    config: Path | None,
    since: float | None,
    until: float | None,
    key: str | None,
    form: str | None,
    dry_run: bool,
    is_enqueued: bool,
    checkpoint: str | None,
) -> None:
    """Deliver the objects that are in a bucket already.

    They get the same ids as if they had just been announced, so overlap with the service, or with a run before, changes
    nothing. A run that was broken off goes on where it was when it is started again. Exit status 1 if anything is left.
    """
    settings = _settings(config, enqueue=is_enqueued)
    if form is not None and form not in known_formats(settings.format):
        raise click.BadParameter(f"{form!r} is none of {', '.join(known_formats(settings.format))}", param_hint="--format")
    if form is not None and is_enqueued:
        raise click.UsageError("--format is for reading here; what is enqueued takes the routes of the service that reads it")
    if is_enqueued and not settings.queue.dangerously_any_bucket and where[0] not in settings.queue.buckets:
        raise click.UsageError(f"queue.buckets does not have {where[0]}: the service would refuse these notices")
    logs.configure(LogSettings(level="error"))
    order = Order(*where, ObjectFilter(since, until, key, _not_logs(settings, where[0], checkpoint)), form, is_enqueued)
    try:
        is_whole = asyncio.run(_backfill(order, settings, checkpoint, dry_run=dry_run))
    except* IngestdError as group:
        raise click.ClickException("; ".join(str(error) for error in leaves(group))) from None
    sys.exit(0 if is_whole else 1)


def _settings(config: Path | None, *, enqueue: bool) -> Settings:
    settings = settings_from(config)
    if enqueue and settings.queue.url is None:
        raise click.ClickException("queue.url is not set: there is no queue to announce anything on")
    if not enqueue and not settings.sinks:
        raise click.ClickException("the settings have no sink: give one, as in [sinks.opensearch]")
    return settings


def _not_logs(settings: Settings, bucket: str, checkpoint: str | None) -> tuple[str, ...]:
    """Keys of the bucket that are ours."""
    letters = (settings.dead_letters.prefix,) if settings.dead_letters.bucket == bucket else ()
    ours = (checkpoint or "").removeprefix(f"s3://{bucket}/")
    return (*letters, ours) if ours and checkpoint != ours else letters


async def _backfill(order: Order, settings: Settings, noted: str | None, *, dry_run: bool) -> bool:
    """Whether nothing is left."""
    console = Console(stderr=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_clients(settings) as clients:
        checkpoint = _checkpoint(order, noted, clients)
        await checkpoint.load()
        if checkpoint.is_resumed:
            console.print(f"going on: {checkpoint.objects:,} objects were settled before", highlight=False)
        workers = Workers(settings.threads)
        try:
            if dry_run or not order.enqueue:
                await workers.run(unavailable)  # compiled before a clock runs
            found = await estimate(order, settings, clients, workers, checkpoint, measured=dry_run)
            console.print(_told(found), highlight=False)
            if dry_run:
                return True
            with _progress(console, found, checkpoint) as show:
                if order.enqueue:
                    sent = await enqueue(order, settings, clients, checkpoint, stop, show)
                    console.print(f"{sent:,} objects announced", highlight=False)
                    return not stop.is_set()
                ended = await deliver(order, settings, clients, workers, checkpoint, stop, show)
        finally:
            workers.close()
    console.print(_ended(ended.stats), highlight=False)
    _say_what_is_left(console, checkpoint)
    return ended.is_whole


def _checkpoint(order: Order, noted: str | None, clients: Clients) -> Checkpoint:
    if noted is not None and noted.startswith("s3://"):
        bucket, _, key = noted.removeprefix("s3://").partition("/")
        return Checkpoint(S3Store(clients.s3, bucket, key), order.name)
    return Checkpoint(FileStore(Path(noted or order.file_name)), order.name)


def _told(found: Estimate) -> str:
    text = f"{found.objects:,} objects, {decimal(found.bytes)} as they are stored"
    if found.seconds is None or found.bytes_s is None:
        return text
    return (
        f"{text}: {spoken(found.seconds)} at {decimal(round(found.bytes_s))}/s, which is what this machine reads and "
        "parses of a few of them; the sink may be slower"
    )


@contextmanager
def _progress(console: Console, found: Estimate, checkpoint: Checkpoint) -> Iterator[Any]:
    """Gives what draws the bar anew. The rate and the time left are those of stored bytes."""
    before, size_before = checkpoint.objects, checkpoint.bytes
    columns = (
        TextColumn("{task.fields[objects]:,} of {task.fields[of]:,} objects"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=found.bytes, objects=0, of=found.objects)

        def show() -> None:
            done = checkpoint.bytes - size_before
            progress.update(task, completed=min(done, found.bytes), objects=checkpoint.objects - before)

        yield show


def _ended(stats: Stats) -> str:
    outcomes = ("accepted", "duplicate", "dead_lettered", "dropped", "skipped")
    parts = [f"{stats.outcome('lines', each):,} {each.replace('_', '-')}" for each in outcomes]
    return f"{stats.total('lines_read'):,} lines: {', '.join(parts)}"


def _say_what_is_left(console: Console, checkpoint: Checkpoint) -> None:
    for key, why in list(checkpoint.left.items())[:LEFT_SHOWN]:
        console.print(f"left: {key!r}, {why}", highlight=False, markup=False)
    if checkpoint.left:
        console.print(f"{len(checkpoint.left):,} objects are left; the same command tries them again", highlight=False)
