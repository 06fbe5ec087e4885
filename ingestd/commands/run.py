"""`ingestd run`: the service."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import structlog

from ingestd.config import Settings
from ingestd.config_loading import load
from ingestd.config_mistakes import ConfigError
from ingestd.errors import Fatal
from ingestd.formats import registry
from ingestd.formats.own import own_formats
from ingestd.service import Service
from ingestd.shell import logs

log = structlog.get_logger()


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="The TOML file with the settings.")
def command(config: Path | None) -> None:
    """Run the service until SIGTERM or SIGINT, then finish what has begun and give the rest back."""
    read = partial(load, config, os.environ, formats=registry.formats())
    try:
        settings = read()
        own_formats(settings.format)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    logs.configure(settings.log)
    sys.exit(_run(settings, read))


def _run(settings: Settings, read: Callable[[], Settings]) -> int:
    if sys.platform != "win32":
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    else:
        runner = asyncio.Runner()
    with runner:
        try:
            runner.run(_serve(settings, read))
        except Fatal as error:
            log.critical("cannot go on", error=str(error))
            return 1
    return 0


async def _serve(settings: Settings, read: Callable[[], Settings]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Service(settings, reload=read).run(stop)
