"""`ingestd warm`: compiles the fast path into its cache; for the image, so that a container starts at once."""

from __future__ import annotations

import sys

import click

from ingestd.fastpath.parser import unavailable


@click.command()
def command() -> None:
    """Compile the fast path into NUMBA_CACHE_DIR (or beside the code), and show that it works."""
    if (reason := unavailable()) is not None:
        click.echo(f"the fast path cannot run here: {reason}", err=True)
        sys.exit(1)
    click.echo("the fast path is compiled and works")
