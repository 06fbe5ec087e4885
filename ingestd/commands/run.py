"""`ingestd run`: the service."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path

import click
import structlog

from ingestd.commands.settings import certificates, read_settings, tables
from ingestd.config import Settings
from ingestd.config.mistakes import ConfigError
from ingestd.errors import Fatal
from ingestd.service import Service
from ingestd.shell import logs
from ingestd.shell.supervisor import command_line, environments, supervise

log = structlog.get_logger()


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="The TOML file with the settings.")
def command(config: Path | None) -> None:
    """Run the service until SIGTERM or SIGINT, then finish what has begun and give the rest back.

    SIGHUP reads the settings anew; what takes a restart, or is wrong, is refused whole, and the log says why.
    """
    try:
        settings = _read(config)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    logs.write_aside()
    logs.configure(settings.log)
    if settings.processes > 1:
        arguments = ["run", *(["--config", str(config)] if config else [])]
        environs = environments(settings, os.environ, len(os.sched_getaffinity(0)))
        sys.exit(asyncio.run(supervise(command_line(arguments), environs)))
    sys.exit(_run(settings, config))


def _read(config: Path | None) -> Settings:
    return read_settings(config, tables, certificates, service=True).settings


def _run(settings: Settings, config: Path | None) -> int:
    if sys.platform != "win32":
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    else:
        runner = asyncio.Runner()
    with runner:
        try:
            runner.run(_serve(settings, config))
        except ConfigError as error:  # only the service opens what [enrich] names
            click.echo(str(error), err=True)
            return 2
        except Fatal as error:
            log.critical("cannot go on", error=str(error))
            return 1
        finally:
            gc.freeze()  # the process ends: looking at each of its objects for the last time is most of what that takes
    return 0


async def _serve(settings: Settings, config: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    read = partial(_read, config)
    service = Service(settings, reread=read)
    loop.add_signal_handler(signal.SIGHUP, lambda: service.reload(read))
    await service.run(stop)
