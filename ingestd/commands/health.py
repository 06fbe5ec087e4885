"""`ingestd health`: asks the service on this machine whether it is alive; for a container's health check."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

import click

from ingestd.commands.unanswered import unanswered
from ingestd.config.loading import load
from ingestd.config.mistakes import ConfigError

TIMEOUT_SECONDS = 4.0


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="The TOML file with the settings.")
@click.option("--ready", is_flag=True, help="Ask whether it is ready, not only alive.")
def command(config: Path | None, ready: bool) -> None:
    """Exit 0 if the service on this machine is alive (or ready), each of its processes, 1 if not."""
    try:
        settings = load(config, os.environ, service=False)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    path = "readyz" if ready else "livez"
    for number in range(settings.processes):
        url = f"http://127.0.0.1:{settings.http.port + number}/{path}"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
                click.echo(answer.read().decode().strip())
        except urllib.error.HTTPError as error:
            with error:
                why = error.read().decode(errors="replace").strip()
        except (OSError, HTTPException) as error:
            why = f"no answer from {url}: {unanswered(error)}"
        else:
            continue
        click.echo(f"not {'ready' if ready else 'alive'}: {why}", err=True)
        sys.exit(1)
