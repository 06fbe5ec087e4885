"""`ingestd top` against a service's own port: what it shows, with a password and without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from ingestd.commands.top import command, shown
from ingestd.shell.telemetry import Telemetry
from tests.shell.test_page import LOCKED, OPEN, served, telemetry


def worked(paused: bool = False) -> Telemetry:
    """As the page's, with what the signals add."""
    made = telemetry(paused)
    made.gauge("drain_seconds", "", lambda: {"": 420.0})
    made.notes["limited_by"] = lambda: "cpu"
    source = {"bucket": "logs", "prefix": "alb/\x1b[31m", "format": "alb", "objects": 9, "pause_seconds": 300.0}
    made.notes["sources"] = lambda: [source | {"ago_seconds": 7300.0, "is_silent": True, "newest_event_seconds": 7500.0}]
    told = {"text": "nothing comes from \x1b[31m", "page": "a-source-is-silent", "is_urgent": paused}
    made.notes["troubles"] = lambda: [told]
    return made


async def top(url: str, *, environ: Mapping[str, str] | None = None) -> Result:
    def run() -> Result:
        return CliRunner().invoke(command, [url, "--once"], env={"COLUMNS": "120", **(environ or {})})

    return await asyncio.to_thread(run)


async def test_it_shows_what_the_page_shows() -> None:
    """State, backlog, limit, sinks, formats and silent sources; control characters of a key are escaped."""
    async with served(what=worked()) as url:
        result = await top(url)
    assert result.exit_code == 0, result.output
    for wanted in (
        "ready",
        "7 min",
        "cpu",
        "main",
        "open",
        "125,000",
        "silent source",
        "2 h",
        "nothing comes from",
        "runbook.md#a-source",
    ):
        assert wanted in result.output
    assert "\x1b[31m" not in result.output


async def test_a_paused_sink_is_seen() -> None:
    """In its row, and in the state."""
    async with served(what=worked(paused=True)) as url:
        output = (await top(url)).output
    assert "paused" in output
    assert "in trouble" in output


@pytest.mark.parametrize("given", ["url", "settings", "none"])
async def test_a_password_is_given_by_url_or_settings(given: str) -> None:
    """And is in no error."""
    environ = {"INGESTD_HTTP__USERNAME": "ops", "INGESTD_HTTP__PASSWORD": "hidden"} if given == "settings" else {}
    async with served(LOCKED, worked()) as url:
        result = await top(url.replace("//", "//ops:hidden@") if given == "url" else url, environ=environ)
    assert result.exit_code == (1 if given == "none" else 0)
    assert "hidden" not in result.output


async def test_nobody_there() -> None:
    """An error that names the address, no traceback."""
    async with served(OPEN) as url:
        pass
    result = await top(url)
    assert result.exit_code == 1
    assert f"no answer from {url}/stats: connection refused" in result.output


def test_rates_are_between_two_looks() -> None:
    """By the service's own clock."""
    counters: dict[str, dict[str, int]] = {"dead_letters": {}, "retries": {}, "lines": {}}
    before = {"at": 10.0, "not_ready": None, "gauges": {}, "counters": counters | {"lines_read": {"alb": 100}}}
    now = before | {"at": 12.0, "counters": counters | {"lines_read": {"alb": 500}}}
    console = Console(width=120)
    with console.capture() as captured:
        console.print(shown(now, before))
    assert "200.0" in captured.get()
