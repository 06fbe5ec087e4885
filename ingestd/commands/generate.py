"""`ingestd generate`: sample logs, the same ones for the same options."""

from __future__ import annotations

import gzip
from datetime import datetime

import click

from ingestd.commands.output import standard_output
from ingestd.formats.registry import formats
from ingestd.generate import DAY, STRANGE_SHARE, chunks
from ingestd.generate_events import envelopes

__all__ = ["command"]

COMPRESS_LEVEL = 6


@click.command(name="generate")
@click.option("--format", "name", type=click.Choice(list(formats())), required=True, help="What kind of log.")
@click.option("--lines", "count", type=click.IntRange(min=0), required=True, help="How many, without what stands at its top.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other lines.")
@click.option(
    "--strange",
    type=click.FloatRange(0, 1),
    default=STRANGE_SHARE,
    show_default=True,
    help="Share of lines that are odd as real logs are; a few of these cannot become documents.",
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), default=f"{DAY}", show_default=True, help="The day of the events.")
@click.option(
    "--envelope", "is_enveloped", is_flag=True, help="As events that CloudWatch Logs sends, in envelopes one behind the other."
)
@click.option("--gzip", "compress", is_flag=True, help="Compress, as AWS does.")
def command(name: str, count: int, seed: int, strange: float, day: datetime, is_enveloped: bool, compress: bool) -> None:
    """Write a log of many plausible lines, a share of them strange, to stdout."""
    wanted = formats()[name], count, seed, strange, day.date()
    pieces = (envelope.data for envelope in envelopes(*wanted)) if is_enveloped else chunks(*wanted)
    with standard_output() as out:
        if compress:
            with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=COMPRESS_LEVEL, mtime=0) as packed:
                packed.writelines(pieces)
        else:
            out.writelines(pieces)
