"""`ingestd demo`: the whole job on this machine."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import click
from rich.console import Console

from ingestd.config import LogSettings
from ingestd.demo import report
from ingestd.demo.progress import Progress
from ingestd.demo.run import Options, open_demo
from ingestd.errors import IngestdError
from ingestd.fastpath.parser import unavailable
from ingestd.shell import logs

__all__ = ["command"]

LINES = 200_000
NEEDED = ("moto", "flask", "werkzeug")  # what `ingestd[demo]` installs, and the service does without


@click.command(name="demo")
@click.option("--lines", type=click.IntRange(min=1), default=LINES, show_default=True, help="Log lines to put.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other logs.")
@click.option("--json", "as_json", is_flag=True, help="End with the summary as one line of JSON.")
@click.option("--opensearch", metavar="URL", help="Deliver to this cluster, into new indices named ingestd-demo-*.")
@click.option("--keep", is_flag=True, help="Keep those indices; without --opensearch: keep the embedded AWS until Ctrl-C.")
def command(lines: int, seed: int, as_json: bool, opensearch: str | None, keep: bool) -> None:
    """Put sample logs into an embedded AWS, deliver them by the real service, and check the books.

    Nothing leaves this machine, except to the cluster that --opensearch names; your AWS credentials are not looked at. The
    exit status is 1 if a single line is not accounted for.
    """
    if any(importlib.util.find_spec(module) is None for module in NEEDED):
        raise click.ClickException("the demo needs an AWS to embed, moto: pip install 'ingestd[demo]'")
    logs.configure(LogSettings(level="error"))
    console = Console()
    _warm_up(console)
    errors: list[str] = []
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            reconciles = runner.run(_demo(Options(lines, seed, opensearch), console, as_json=as_json, keep=keep))
        except* IngestdError as group:
            errors = [str(error) for error in _leaves(group)]
    if errors:
        raise click.ClickException("; ".join(errors))
    sys.exit(0 if reconciles else 1)


def _warm_up(console: Console) -> None:
    """Before the clock starts: the first run on a machine would be a measurement of the compiler."""
    console.print("loading the fast path; the first time, it is compiled, which takes a minute of one core")
    if (reason := unavailable()) is not None:
        console.print(f"it cannot run here, so lines are read slowly: {reason}", markup=False, highlight=False, soft_wrap=True)


async def _demo(options: Options, console: Console, *, as_json: bool, keep: bool) -> bool:
    """Whether the books close."""
    console.print("starting an embedded AWS on this machine")
    async with open_demo(options) as demo:
        title = demo.destination.title
        console.print(f"delivering {options.lines:,} lines to {title}", markup=False, highlight=False, soft_wrap=True)
        with Progress(console, options.lines) as progress:
            summary = await demo.run(progress)
        report.show(console, summary, title)
        if options.opensearch is None:
            kept = f"the embedded AWS stays at {demo.cloud.endpoint_url} until Ctrl-C" if keep else ""
        elif keep or not summary.reconciles:
            kept = f"kept: {title}"
        else:
            kept = ""
            await demo.destination.remove()
        if kept:
            console.print(kept, markup=False, highlight=False, soft_wrap=True)
        if as_json:
            click.echo(report.as_json(summary))
        if keep and options.opensearch is None:
            with suppress(asyncio.CancelledError):  # Ctrl-C, which is what ends this
                await asyncio.Event().wait()
    return summary.reconciles


def _leaves(group: BaseExceptionGroup[IngestdError]) -> Iterator[IngestdError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop that the service itself runs on."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
