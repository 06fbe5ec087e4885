"""The demo as a user runs it: the real service on the embedded AWS, and an exit status that means something."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import StringIO

import orjson
import pytest
from click.testing import CliRunner
from rich.console import Console

import ingestd.demo.run
from ingestd.commands import demo
from ingestd.config import Settings
from ingestd.demo.progress import Progress
from ingestd.demo.run import Options, open_demo
from ingestd.demo.summary import Summary
from ingestd.errors import Fatal
from ingestd.shell import logs
from ingestd.shell.telemetry import Telemetry

CLOSED = Summary(
    lines=12,
    documents=9,
    duplicates=0,
    dead_letters=1,
    headers=2,
    objects=4,
    decoded_bytes=4_000_000,
    poison_put=1,
    poison_objects=1,
    poison_documents=0,
    seconds=2.0,
)


def test_every_line_is_accounted_for() -> None:
    """A few thousand lines through the real service: the last line of output is the summary, and its books close."""
    arguments = [sys.executable, "-m", "ingestd", "demo", "--lines", "3000", "--seed", "5", "--json"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    summary = orjson.loads(done.stdout.splitlines()[-1])
    assert summary["problems"] == []
    assert summary["lines"] > 3000
    assert summary["lines"] == summary["documents"] + summary["dead_letters"] + summary["headers"]
    assert (summary["duplicates"], summary["poison_objects"]) == (0, 1)
    assert summary["seconds"] > 0
    assert summary["dead_letters"] > 0


class Idle:
    """A service that does nothing."""

    def __init__(self, settings: Settings) -> None:
        assert settings.aws.endpoint_url is not None
        assert settings.aws.endpoint_url.startswith("http://127.0.0.1:")
        self.telemetry = Telemetry()

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()


async def test_a_service_that_does_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing moves any more the demo ends by itself, and its books say how much is missing and what the queue holds."""
    monkeypatch.setattr(ingestd.demo.run, "Service", Idle)
    async with open_demo(Options(lines=100, seed=1)) as opened:
        opened.stall_seconds = 0.0
        with Progress(Console(file=StringIO()), 100) as progress:
            summary = await opened.run(progress)
    assert summary.documents == 0
    assert summary.problems[0].startswith("100 lines are missing")
    assert f"the queue still holds {summary.objects + 1} messages" in summary.problems


class Staged:
    """A demo whose outcome is known beforehand."""

    def __init__(self, outcome: Summary | Exception) -> None:
        self.outcome = outcome
        self.removed = False
        self.title = "a stage"
        self.endpoint_url = "http://127.0.0.1:1"
        self.destination = self.cloud = self

    async def run(self, progress: object) -> Summary:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def remove(self) -> None:
        self.removed = True

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncIterator[Staged]:
        yield self


def run(monkeypatch: pytest.MonkeyPatch, outcome: Summary | Exception, *arguments: str) -> tuple[int, list[str], bool]:
    """Exit status, lines of output, and whether what was written was removed."""
    staged = Staged(outcome)
    monkeypatch.setattr(demo, "open_demo", staged.open)
    monkeypatch.setattr(logs, "configure", lambda settings: None)
    result = CliRunner().invoke(demo.command, arguments)
    return result.exit_code, result.output.splitlines(), staged.removed


def test_closed_books_end_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit status is 0 and the last line says so; with --json it is the summary with its sums and rates."""
    status, output, _ = run(monkeypatch, CLOSED)
    assert (status, output[-1]) == (0, "reconciles: each line that was put has exactly one outcome")
    status, output, _ = run(monkeypatch, CLOSED, "--json")
    summary = orjson.loads(output[-1])
    assert status == 0
    assert {name: summary[name] for name in ("lines", "documents", "duplicates", "dead_letters", "headers", "seconds")} == {
        "lines": 12,
        "documents": 9,
        "duplicates": 0,
        "dead_letters": 1,
        "headers": 2,
        "seconds": 2.0,
    }
    assert (summary["reconciles"], summary["lines_per_second"], summary["megabytes_per_second"]) == (True, 6, 2.0)


def test_open_books_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit status is 1 and each problem is said."""
    status, output, _ = run(monkeypatch, replace(CLOSED, documents=8, problems=("1 lines are missing", "something else")))
    assert status == 1
    assert output[-2:] == ["does not reconcile: 1 lines are missing", "does not reconcile: something else"]


@pytest.mark.parametrize(
    ("options", "problems", "removed"),
    [((), (), True), (("--keep",), (), False), ((), ("1 lines are missing",), False)],
)
def test_indices_are_removed_unless_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], problems: tuple[str, ...], removed: bool
) -> None:
    """A cluster is left as it was found, except with --keep and where there is something to look into."""
    outcome = replace(CLOSED, problems=problems)
    _, output, was_removed = run(monkeypatch, outcome, "--opensearch", "http://127.0.0.1:9200", *options)
    assert was_removed == removed
    assert ("kept: a stage" in output) != removed


def test_what_the_service_cannot_do_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that ends the service ends the demo with its message, without a traceback."""
    error = ExceptionGroup("unhandled", [ExceptionGroup("unhandled", [Fatal("the sink is gone", reason="gone")])])
    status, output, _ = run(monkeypatch, error)
    assert (status, output[-1]) == (1, "Error: the sink is gone")


def test_without_moto_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service runs without moto; the demo names the extra that brings it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    status, output, _ = run(monkeypatch, CLOSED)
    assert (status, output[-1]) == (1, "Error: the demo needs an AWS to embed, moto: pip install 'ingestd[demo]'")
