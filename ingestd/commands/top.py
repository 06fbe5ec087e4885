"""`ingestd top`: the live page in a terminal."""

from __future__ import annotations

import base64
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import click
import orjson
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ingestd.commands.unanswered import unanswered
from ingestd.config import HttpSettings
from ingestd.config.loading import load
from ingestd.config.mistakes import ConfigError
from ingestd.config.sources import FILE_VARIABLE
from ingestd.core.durations import spoken

__all__ = ["command", "shown"]

POLL_SECONDS = 2.0
TIMEOUT_SECONDS = 4.0
SOURCES_MAX = 10

Stats = Mapping[str, Any]


@click.command(name="top")
@click.argument("url", required=False)
@click.option("--config", type=click.Path(path_type=Path), envvar=FILE_VARIABLE, help="The TOML file of settings, for [http].")
@click.option("--once", is_flag=True, help="Show it once, and end.")
def command(url: str | None, config: Path | None, once: bool) -> None:
    """What a service does now, from its /stats; the one on this machine if no URL is given.

    Where the page has a password, it is taken from the settings ([http]), or stands in the URL: http://name:password@host:8080.
    """
    try:
        settings = load(config, os.environ, service=False).http
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    request = _request(url or f"http://127.0.0.1:{settings.port}", settings)
    console = Console()
    try:
        before = _read(request)
        if once:
            console.print(shown(before, before))
            return
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                now = _read(request)
                live.update(shown(now, before), refresh=True)
                before = now
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return
    except urllib.error.HTTPError as error:
        error.close()
        raise click.ClickException(f"{request.full_url} answers {error.code} {error.reason}") from None
    except (OSError, ValueError) as error:
        raise click.ClickException(f"no answer from {request.full_url}: {unanswered(error)}") from None


def _request(url: str, settings: HttpSettings) -> urllib.request.Request:
    """With the name and password of the URL, or of the settings; they are not in what is shown."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{url!r} is not as http://host:8080", param_hint="URL")
    username, password = parts.username or settings.username, parts.password
    if password is None and settings.password is not None:
        password = settings.password.get_secret_value()
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    request = urllib.request.Request(urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/stats", "", "")))  # noqa: S310 - http or https, as was just seen
    if username is not None:
        request.add_header("authorization", "Basic " + base64.b64encode(f"{username}:{password or ''}".encode()).decode())
    return request


def _read(request: urllib.request.Request) -> Stats:
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the same
        stats: Stats = orjson.loads(answer.read())
    return stats


def shown(now: Stats, before: Stats) -> Group:
    """A look at `now`; rates are since `before`, the same twice for none."""
    is_urgent = any(trouble["is_urgent"] for trouble in now.get("troubles", ()))
    fault = now["not_ready"] or ("in trouble" if is_urgent else None)
    state = Text(f" {fault} ", "white on red") if fault else Text(" ready ", "black on green")
    return Group(Text("ingestd ", "bold") + state, *_troubles(now), _facts(now, before), *_tables(now, before))


def _troubles(now: Stats) -> Iterator[Text]:
    """What is wrong, the urgent first, each with its heading of docs/runbook.md."""
    for trouble in now.get("troubles", ()):
        text = Text(_safe(trouble["text"]), "bold red" if trouble["is_urgent"] else "yellow")
        yield text + Text(f"  docs/runbook.md#{trouble['page']}", "dim")


def _safe(text: str) -> str:
    """Fit for a terminal: a bucket's keys are chosen by others."""
    return text.encode("unicode_escape").decode()


def _facts(now: Stats, before: Stats) -> Table:
    def one(name: str) -> float | None:
        value: float | None = now["gauges"].get(name, {}).get("")
        return value

    budget, taken, dollars = one("budget_bytes"), one("in_flight_bytes"), now.get("dollars_per_gb")
    is_paused = any(now["gauges"].get("sink_paused", {}).values())
    table = Table.grid(padding=(0, 3))
    rows = [
        ("lines/s", _rate(now, before, "lines_read"), "limited by", str(now.get("limited_by", "-"))),
        (
            "MB/s",
            _rate(now, before, "bytes", "decoded", 1e6),
            "backlog takes",
            spoken(None if is_paused else one("drain_seconds")),
        ),
        ("on the queue", _count(one("queue_messages")), "oldest message", spoken(one("oldest_message_seconds"))),
        (
            "in flight",
            f"{taken / budget:.0%}" if budget and taken is not None else "-",
            "latest object",
            spoken(one("lag_seconds")),
        ),
        ("messages held", _count(one("messages_in_flight")), "a GB costs", f"${dollars:.2g}" if dollars else "-"),
        (
            "dead letters",
            _count(sum(now["counters"]["dead_letters"].values())),
            "silent sources",
            _count(one("sources_silent")),
        ),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def _tables(now: Stats, before: Stats) -> Iterator[Table]:
    gauges, counters = now["gauges"], now["counters"]
    sinks = Table("sink", "state", "permits", "documents/s", "sent again", title_justify="left")
    for name, permits in sorted(gauges.get("permits", {}).items()):
        is_paused = bool(gauges["sink_paused"].get(name))
        again = sum(value for key, value in counters["retries"].items() if key.split(",")[0] == name)
        rate = _rate(now, before, "documents", f"{name},accepted")
        sinks.add_row(
            name, "paused" if is_paused else "open", _count(permits), rate, _count(again), style="red" if is_paused else ""
        )
    yield sinks
    formats = Table("format", "lines/s", "lines", "dead letters")
    for name, lines in sorted(counters["lines_read"].items()):
        dead = counters["lines"].get(f"{name},dead_lettered", 0)
        formats.add_row(name, _rate(now, before, "lines_read", name), _count(lines), _count(dead))
    yield formats
    for is_silent, rows in groupby(now.get("sources", ())[:SOURCES_MAX], key=lambda row: bool(row["is_silent"])):
        table = Table(
            "silent source" if is_silent else "source",
            "format",
            "last",
            "newest event",
            "longest pause",
            style="red" if is_silent else "",
        )
        for row in rows:
            place = Text(_safe(f"{row['bucket']}/{row['prefix']}"))
            table.add_row(
                place,
                row["format"],
                *(spoken(row.get(name)) for name in ("ago_seconds", "newest_event_seconds", "pause_seconds")),
            )
        yield table


def _rate(now: Stats, before: Stats, counter: str, label: str | None = None, unit: float = 1.0) -> str:
    def total(stats: Stats) -> float:
        rows: Mapping[str, float] = stats["counters"].get(counter, {})
        return sum(rows.values()) if label is None else rows.get(label, 0)

    seconds = now["at"] - before["at"]
    return f"{(total(now) - total(before)) / seconds / unit:,.1f}" if seconds > 0 else "-"


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
