"""`ingestd bench`: what this machine carries."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Callable
from typing import Any, Literal

import click
import orjson
from rich.console import Console
from rich.table import Table

from ingestd.bench.chain import Chain, run_chain
from ingestd.bench.firehose import FirehoseFigures, compare
from ingestd.bench.stages import GZIP_LEVEL, Stages, corpus, measure
from ingestd.config import LogSettings, Settings
from ingestd.fastpath.parser import unavailable
from ingestd.formats.registry import formats
from ingestd.formats.ruled import ruled_formats
from ingestd.shell import logs

__all__ = ["command"]

LINES = 60_000
ROUNDS = 7
CHAIN_FORMAT = "alb"
CHAIN_LINES = 20_000  # of one object
CHAIN_OBJECTS = 60
FIREHOSE_ROUNDS = 9
FIREHOSE_CALLS = 30


@click.command(name="bench")
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
@click.option("--format", "names", multiple=True, help="Only this format; may be given again. The default is all of them.")
@click.option("--no-chain", is_flag=True, help="Only the stages and Firehose.")
def command(as_json: bool, names: tuple[str, ...], no_chain: bool) -> None:
    """Measure each stage, the Firehose sink, and the chain from S3 GET to bulk POST over loopback, in CPU time.

    Takes a minute; no network.
    """
    logs.configure(LogSettings(level="error"))
    console = Console(stderr=True)
    known = ruled_formats(Settings())  # as the service reads them: secrets are masked
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"no format is named {', '.join(unknown)}; there are: {', '.join(known)}")
    console.print("loading the fast path; the first time, it is compiled, which takes a minute of one core")
    if (reason := unavailable()) is not None:
        console.print(f"it cannot run here, these are the figures of the reference: {reason}", markup=False)
    stages = {}
    for name in names or known:
        console.print(f"measuring {name}")
        stages[name] = measure(known[name], LINES, ROUNDS)
    console.print("measuring Firehose beside the SDK")
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        firehose = runner.run(compare(FIREHOSE_ROUNDS, FIREHOSE_CALLS))
    chains = {} if no_chain else _chains(console)
    if as_json:
        click.echo(orjson.dumps(_figures(stages, chains, firehose)))
    else:
        _show(Console(), stages, chains, firehose)


def _chains(console: Console) -> dict[str, Chain]:
    """The chain with bodies as they are and with gzip bodies."""
    raw = corpus(formats()[CHAIN_FORMAT], CHAIN_LINES)
    packed = gzip.compress(raw, GZIP_LEVEL)
    ways: tuple[tuple[str, Literal["always", "never"], int], ...] = (
        ("plain", "never", CHAIN_OBJECTS),
        ("gzip", "always", CHAIN_OBJECTS),
    )
    chains = {}
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        for name, compress, objects in ways:
            console.print(f"measuring the chain, {name}")
            chains[name] = runner.run(run_chain(packed, len(raw), CHAIN_LINES, objects=objects, compress=compress))
    return chains


def _figures(stages: dict[str, Stages], chains: dict[str, Chain], firehose: FirehoseFigures) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "formats": {name: _format_figures(each) for name, each in stages.items()},
        "firehose": {
            "ratio": round(firehose.ratio, 2),
            "records_s": round(firehose.records / firehose.sink_seconds),
            "stock_records_s": round(firehose.records / firehose.stock_seconds),
        },
    }
    if chains:
        plain, packed = chains["plain"], chains["gzip"]
        figures["chain"] = {
            "cpu_s_per_gb": round(packed.cpu_seconds / packed.raw_bytes * 1e9, 2),
            "cpu_s_per_gb_plain": round(plain.cpu_seconds / plain.raw_bytes * 1e9, 2),
            "lines_s": round(packed.lines / packed.cpu_seconds),
            "lines_s_plain": round(plain.lines / plain.cpu_seconds),
        }
    return figures


def _format_figures(each: Stages) -> dict[str, float]:
    return {
        "parse_mb_s": round(each.raw_bytes / each.parse_seconds / 1e6, 1),
        "inflate_mb_s": round(each.raw_bytes / each.inflate_seconds / 1e6, 1),
        "compress_mb_s": round(each.document_bytes / each.compress_seconds / 1e6, 1),
        "ratio": round(each.parse_seconds / each.inflate_seconds, 3),
        "lines_s": round(each.lines / each.parse_seconds),
        "fallback_share": round(each.fallback_lines / each.lines, 5),
        "expansion": round(each.document_bytes / each.raw_bytes, 2),
    }


def _show(console: Console, stages: dict[str, Stages], chains: dict[str, Chain], firehose: FirehoseFigures) -> None:
    table = Table("format", "parse MB/s", "lines/s", "inflate MB/s", "parse ÷ inflate", "compress MB/s", "to the reference")
    for name, each in stages.items():
        row = _format_figures(each)
        table.add_row(
            name,
            f"{row['parse_mb_s']:,.0f}",
            f"{row['lines_s']:,}",
            f"{row['inflate_mb_s']:,.0f}",
            f"{row['ratio']:.2f}",
            f"{row['compress_mb_s']:,.0f}",
            f"{row['fallback_share']:.2%}",
        )
    console.print("one core, CPU time; MB of raw log (compress: of documents)")
    console.print(table)
    figures = _figures(stages, chains, firehose)
    put = figures["firehose"]
    console.print(
        f"Firehose: {put['records_s']:,} records of 1.2 KB a second; the SDK's put_record_batch: {put['stock_records_s']:,}"
        f" ({put['ratio']} times)"
    )
    if chains:
        chain = figures["chain"]
        carried, plain = f"{chain['lines_s']:,}", f"{chain['lines_s_plain']:,}"
        console.print(
            f"whole chain, S3 GET to bulk POST: {chain['cpu_s_per_gb']} CPU-seconds a raw GB with gzip bodies, "
            f"{chain['cpu_s_per_gb_plain']} without\n"
            f"one task of 1 vCPU carries {carried} lines of {CHAIN_FORMAT} a second, {plain} without gzip"
        )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
