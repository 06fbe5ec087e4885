"""`ingestd audit`: did every object and every line arrive?"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ingestd.audit import Audit, Dead, Row
from ingestd.commands.arguments import leaves, moment, place, settings_from
from ingestd.commands.dlq import print_table
from ingestd.config import LogSettings, OpenSearchSettings, Settings
from ingestd.config.sources import FILE_VARIABLE
from ingestd.core.announcement import announcement
from ingestd.core.span import ObjectFilter
from ingestd.core.visible import visible
from ingestd.errors import IngestdError, Poison
from ingestd.fastpath.parser import unavailable
from ingestd.setup.api import Api
from ingestd.shell import logs
from ingestd.shell.clients import Clients, open_clients
from ingestd.shell.letterbox import Letterbox
from ingestd.shell.listing import Listed, listed
from ingestd.shell.secrets import with_secrets
from ingestd.shell.sending import send
from ingestd.shell.workers import Workers

__all__ = ["command"]

GAPS_SHOWN = 100


@click.command(name="audit")
@click.argument("where", type=place, metavar="s3://BUCKET/PREFIX")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
@click.option("--since", type=moment, metavar="TIME", help="Objects of this day or time and later.")
@click.option("--until", type=moment, metavar="TIME", help="Objects before this day or time.")
@click.option(
    "--sample", type=click.IntRange(0), metavar="N", help="Read only N objects, and those of which the index has nothing."
)
@click.option("--enqueue", "is_enqueued", is_flag=True, help="Announce objects that are not whole on the queue again.")
def command(
    where: tuple[str, str],
    config: Path | None,
    since: float | None,
    until: float | None,
    sample: int | None,
    is_enqueued: bool,
) -> None:
    """Count the lines of each object, and what the index and the dead letters have of it; show what is missing.

    Each object is read, as the service reads it. Exit status 1 if there are gaps. It takes permission to search.
    """
    settings = settings_from(config)
    if is_enqueued and settings.queue.url is None:
        raise click.ClickException("queue.url is not set: there is no queue to announce anything on")
    if is_enqueued and not settings.queue.dangerously_any_bucket and where[0] not in settings.queue.buckets:
        raise click.UsageError(f"queue.buckets does not have {where[0]}: the service would refuse these notices")
    if not any(isinstance(sink, OpenSearchSettings) for sink in settings.sinks.values()):
        raise click.ClickException(
            "the settings have no OpenSearch or Elasticsearch: a stream cannot be asked what it was given"
        )
    logs.configure(LogSettings(level="error"))
    try:
        gaps = asyncio.run(_audit(where, settings, ObjectFilter(since, until), sample, is_enqueued=is_enqueued))
    except* IngestdError as group:
        raise click.ClickException("; ".join(str(error) for error in leaves(group))) from None
    sys.exit(1 if gaps else 0)


async def _audit(
    where: tuple[str, str], settings: Settings, selection: ObjectFilter, sample: int | None, *, is_enqueued: bool
) -> int:
    """How many objects are not whole."""
    bucket, prefix = where
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    async with AsyncExitStack() as stack:
        clients = await stack.enter_async_context(open_clients(settings))
        settings = await with_secrets(settings, clients.session)
        workers = Workers(settings.threads)
        stack.callback(workers.close)
        await workers.run(unavailable)
        objects = await _objects(clients, settings, bucket, prefix, selection)
        dead = await _dead(clients, settings, bucket, selection)
        clusters = {
            name: clients.cluster(sink) for name, sink in settings.sinks.items() if isinstance(sink, OpenSearchSettings)
        }
        for cluster in clusters.values():
            stack.push_async_callback(cluster.close)
        asked = {name: Api(cluster) for name, cluster in clusters.items()}
        rows = await _rows(Audit(bucket, settings, clients, workers, dead, asked), objects, sample, console)
        gaps = [row for row in rows if row.is_gap]
        _say(console, rows, gaps)
        if gaps and is_enqueued:
            each = (row.found for row in gaps)
            bodies = [announcement(bucket, found.key, etag=found.etag, size=found.size) for found in each]
            await send(clients.sqs, settings.queue.url or "", bodies)
            console.print(f"{len(bodies):,} objects announced")
    return len(gaps)


async def _objects(clients: Clients, settings: Settings, bucket: str, prefix: str, selection: ObjectFilter) -> list[Listed]:
    ours = settings.dead_letters.prefix if settings.dead_letters.bucket == bucket else None
    owner = settings.queue.owners[0] if len(settings.queue.owners) == 1 else None
    return [
        found
        async for found in listed(clients.s3, bucket, prefix, owner=owner)
        if selection.takes(found.key, found.modified_at) and not (ours and found.key.startswith(ours))
    ]


async def _dead(clients: Clients, settings: Settings, bucket: str, selection: ObjectFilter) -> Mapping[str, Dead]:
    """The dead letters of objects of the bucket, from that day until now: what fails may fail late."""
    dead: defaultdict[str, Dead] = defaultdict(Dead)
    if settings.dead_letters.bucket:
        letterbox = Letterbox(clients.s3, settings.dead_letters)
        async for found in letterbox.objects(ObjectFilter(since=selection.since)):
            try:
                letters = await letterbox.read(found.key)
            except Poison:
                continue  # it is no dead letter of ours, and stands for nothing
            for letter in letters:
                if letter.place.bucket == bucket:
                    dead[letter.place.key].add(letter)
    return dead


async def _rows(audit: Audit, objects: Sequence[Listed], sample: int | None, console: Console) -> list[Row]:
    chosen = None
    if sample is not None:
        picked = Random().sample(range(len(objects)), min(sample, len(objects)))  # noqa: S311 - a sample keeps no secret
        chosen = {objects[number].key for number in picked}
    rows = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("auditing", total=len(objects))
        async for row in audit.rows(objects, chosen):
            rows.append(row)
            progress.advance(bar)
    return rows


def _say(console: Console, rows: Sequence[Row], gaps: Sequence[Row]) -> None:
    read = [row for row in rows if row.documents is not None]
    lines = sum(row.held + len(row.rejects or ()) for row in read)
    dead = sum(len(row.dead.lines) + len(row.dead.documents) for row in rows)
    console.print(
        f"{len(rows):,} objects, {len(read):,} of them read: {lines:,} lines, {dead:,} dead letters, "
        f"{sum(row.missing for row in gaps):,} lines missing in {len(gaps):,} objects"
    )
    if not gaps:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("object", "documents", "indexed", "rejects", "dead", "missing", ""):
        table.add_column(name, justify="left" if name in ("object", "") else "right", overflow="fold")
    for row in gaps[:GAPS_SHOWN]:
        indexed = ", ".join(f"{count:,}" for count in row.indexed.values())
        known = ["?", "?"] if row.rejects is None else [str(row.held), str(len(row.rejects))]
        count = str(len(row.dead.lines) + len(row.dead.documents))
        missing = str(row.missing) if row.documents is not None else "?"
        table.add_row(visible(row.found.key), known[0], indexed, known[1], count, missing, row.unread)
    print_table(table)
    if len(gaps) > GAPS_SHOWN:
        click.echo(f"... and {len(gaps) - GAPS_SHOWN:,} more")
