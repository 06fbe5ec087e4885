"""The command line lists its commands and imports only what is used."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from ingestd import __version__
from ingestd.cli import COMMANDS, main


def test_help_lists_commands() -> None:
    """Help names every command with its purpose."""
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


def test_version() -> None:
    """The version is the package's."""
    assert CliRunner().invoke(main, ["--version"]).output == f"ingestd, version {__version__}\n"


def test_unknown_command() -> None:
    """A command that there is not is a usage error."""
    result = CliRunner().invoke(main, ["harse"])
    assert result.exit_code == 2
    assert "harse" in result.output


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"]])
def test_commands_are_imported_when_used(arguments: list[str]) -> None:
    """Help, and a command that sends nothing, import no client library."""
    code = f"import sys; from ingestd.cli import main; main({arguments!r}, standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"aiobotocore", "opensearchpy", "numba", "moto"} & set(done.stdout.split())
