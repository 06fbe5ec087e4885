"""`ingestd dlq`: what could not be delivered, by class, and one of them as it is."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ingestd.commands.arguments import leaves, moment, settings_from
from ingestd.config import Settings
from ingestd.config.sources import FILE_VARIABLE
from ingestd.core.identity import instant
from ingestd.core.span import ObjectFilter
from ingestd.core.tally import Class, Tally
from ingestd.core.visible import visible
from ingestd.errors import IngestdError, Poison
from ingestd.model import DeadLetter
from ingestd.shell.clients import open_clients
from ingestd.shell.letterbox import Letterbox
from ingestd.sinks.deadletter import encode

__all__ = ["command", "print_table", "table"]

SHOWN_CHARS = 4096
FILE_COLUMNS = 160  # a table's width where there is no terminal that has one
PLACE = re.compile(r"(?:s3://)?(?P<bucket>[^/]+)/(?P<key>.+?)(?:@(?P<offset>[0-9]+))?")


@click.command(name="dlq")
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings.")
@click.option("--reason", metavar="WORD", help="Only of this reason.")
@click.option("--since", type=moment, metavar="DAY", help="Only of this day (UTC) and later.")
@click.option("--until", type=moment, metavar="DAY", help="Only of days before this one.")
@click.option("--show", "shown", metavar="N|PLACE", help="Show the latest of class N, or all of s3://BUCKET/KEY[@OFFSET].")
@click.option("--json", "is_json", is_flag=True, help="JSON on stdout: the classes, or the letters as they are kept.")
def command(
    config: Path | None, reason: str | None, since: float | None, until: float | None, shown: str | None, is_json: bool
) -> None:
    """List the dead letters by kind and reason, or show one. Nothing is changed; `ingestd redrive` brings them back in."""
    settings = settings_from(config)
    try:
        tally, found = asyncio.run(_read(settings, ObjectFilter(since, until), reason, _place(shown)))
    except* IngestdError as group:
        raise click.ClickException("; ".join(str(error) for error in leaves(group))) from None
    if shown is None:
        _list(tally, is_json=is_json)
        return
    letters = found or _of_class(tally, shown)
    if not letters:
        raise click.ClickException(f"no dead letter is {shown!r}")
    for letter in letters:
        click.echo(encode(letter).decode() if is_json else _described(letter), nl=not is_json)


async def _read(
    settings: Settings, selection: ObjectFilter, reason: str | None, wanted: re.Match[str] | None
) -> tuple[Tally, list[DeadLetter]]:
    """All of them counted, and those of a place."""
    tally, found = Tally(), []
    async with open_clients(settings) as clients:
        async for letter in _letters(Letterbox(clients.s3, settings.dead_letters), selection, reason):
            tally.add(letter)
            if wanted and _is_at(letter, wanted):
                found.append(letter)
    return tally, found


async def _letters(letterbox: Letterbox, selection: ObjectFilter, reason: str | None) -> AsyncIterator[DeadLetter]:
    console = Console(stderr=True)
    objects = [found async for found in letterbox.objects(selection, reason)]
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for found in progress.track(objects, description="reading"):
            try:
                letters = await letterbox.read(found.key)
            except Poison as poison:
                console.print(f"{visible(found.key)}: {poison}", markup=False, highlight=False, soft_wrap=True)
                continue
            for letter in letters:
                yield letter


def _place(shown: str | None) -> re.Match[str] | None:
    return PLACE.fullmatch(shown) if shown is not None and not shown.isdigit() else None


def _is_at(letter: DeadLetter, wanted: re.Match[str]) -> bool:
    at = letter.place
    if (at.bucket, at.key) != (wanted["bucket"], wanted["key"]):
        return False
    return wanted["offset"] is None or at.offset == int(wanted["offset"])


def _of_class(tally: Tally, shown: str) -> list[DeadLetter]:
    classes = tally.classes()
    return [classes[int(shown) - 1].latest] if shown.isdigit() and 0 < int(shown) <= len(classes) else []


def _list(tally: Tally, *, is_json: bool) -> None:
    classes = tally.classes()
    if is_json:
        click.echo(orjson.dumps([_told(each) for each in classes]))
    elif not classes:
        click.echo("no dead letters")
    else:
        print_table(table(classes))


def _told(found: Class) -> dict[str, object]:
    names = ("kind", "reason", "letters", "bytes", "attempts_max", "first_at")
    return {name: getattr(found, name) for name in names} | {"latest_at": found.latest.at}


def table(classes: list[Class]) -> Table:
    """Classes for people, numbered as `--show` takes them."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "kind", "reason", "letters", "bytes", "attempts", "first", "latest"):
        shown.add_column(name, justify="right" if name in ("", "letters", "bytes", "attempts") else "left")
    for number, each in enumerate(classes, 1):
        facts = (number, each.kind, visible(each.reason), f"{each.letters:,}", f"{each.bytes:,}", each.attempts_max)
        shown.add_row(*map(str, facts), _day_and_time(each.first_at), _day_and_time(each.latest.at))
    return shown


def print_table(shown: Table) -> None:
    """On stdout, whole also where that is no terminal."""
    Console(width=None if sys.stdout.isatty() else FILE_COLUMNS).print(shown)


def _day_and_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def _described(letter: DeadLetter) -> str:
    """A letter on a terminal, whatever its bytes are."""
    facts: dict[str, object] = {
        "kind": letter.kind,
        "reason": letter.reason,
        "detail": letter.detail,
        **{name: value for name, value in asdict(letter.place).items() if value not in ("", None, ())},
        "at": instant(letter.at),
        "attempts": letter.receive_count,
        "length": letter.length
        if letter.length == len(letter.raw)
        else f"{letter.length}, of which {len(letter.raw)} are kept",
    }
    if letter.place.modified_at is not None:
        facts["modified_at"] = instant(letter.place.modified_at)
    lines = [f"{name:>11}  {visible(str(value), SHOWN_CHARS)}" for name, value in facts.items()]
    return "\n".join([*lines, f"{'bytes':>11}  {visible(letter.raw, SHOWN_CHARS)}", ""])
