"""The command line: a list of commands. Each is a module of ingestd/commands, imported only when it is used."""

from __future__ import annotations

import importlib

import click

from ingestd import __version__

__all__ = ["main"]

COMMANDS = {
    "run": "The service.",
    "demo": "The whole job on this machine: an embedded AWS, sample logs, live progress.",
    "check": "Validate the settings and show what they come to.",
    "setup": "Templates, retention, roles and dashboards into OpenSearch or Elasticsearch.",
    "backfill": "What is in a bucket already, delivered or announced.",
    "dlq": "Dead letters by class, or one of them.",
    "redrive": "Dead letters back in.",
    "audit": "Did every object and every line arrive?",
    "parse": "Log objects to documents, as NDJSON on stdout.",
    "generate": "Sample logs on stdout.",
    "top": "What a service does now, in the terminal.",
    "bench": "What this machine carries, stage by stage.",
    "warm": "Compile what is compiled, into the cache.",
    "health": "Is the service on this machine alive?",
}


class Commands(click.Group):
    """Knows the commands by name and purpose, so that help and one command need not import the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ingestd.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="ingestd")
def main() -> None:
    """Takes the logs that AWS writes to OpenSearch, Elasticsearch or Amazon Data Firehose."""
