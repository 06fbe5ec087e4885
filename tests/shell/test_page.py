"""The page at `/`: what it is made of, who may see it, and, where a Chromium is there, what it shows."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from ingestd.config import HttpSettings
from ingestd.model import Outcome
from ingestd.shell.http import serve
from ingestd.shell.telemetry import Telemetry

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=12000",
)
OPEN = HttpSettings(host="127.0.0.1", port=0)
LOCKED = HttpSettings(host="127.0.0.1", port=0, username="ops", password=SecretStr("hidden"))
PATHS = ("/", "/page.css", "/page.js", "/stats", "/history")
NEVER_LOCKED = ("/livez", "/readyz", "/metrics")
BROWSER_SECONDS = 60


def telemetry(paused: bool = False) -> Telemetry:
    """As of a service that has worked for a while."""
    made = Telemetry()
    made.count("lines_read", 125_000, "alb")
    made.count("lines_read", 40_000, "cloudfront")
    made.lines("alb", Outcome.ACCEPTED, 124_990)
    made.lines("alb", Outcome.DEAD_LETTERED, 10)
    made.count("bytes", 90_000_000, "decoded")
    made.count("dead_letters", 10, "too_few_columns")
    made.count("documents", 164_990, "main", "accepted")
    made.count("requests", 400, "main", "answered")
    made.count("retries", 12, "main", "throttled")
    made.count("objects", 61, "read")
    made.message_ended("deleted")
    made.end_to_end_seconds.observe(3.0)
    made.stage_seconds.labels("sink_opensearch").observe(0.05)
    gauges = {"in_flight_bytes": 64e6, "budget_bytes": 256e6, "messages_in_flight": 17, "leases": 17}
    for name, value in gauges.items():
        made.gauge(name, "", lambda value=value: {"": value})  # type: ignore[misc]  # a default argument, bound here
    for name, value in {"permits": 4.0, "retry_bytes": 0.0, "sink_paused": float(paused)}.items():
        made.gauge(name, "sink", lambda value=value: {"main": value})  # type: ignore[misc]  # the same
    return made


@asynccontextmanager
async def served(settings: HttpSettings = OPEN, what: Telemetry | None = None) -> AsyncIterator[str]:
    async with serve(settings, what or telemetry(), why_dead=lambda: None, why_not_ready=lambda: None) as port:
        yield f"http://127.0.0.1:{port}"


def basic(given: str) -> str:
    return "Basic " + base64.b64encode(given.encode()).decode()


class Sources(HTMLParser):
    """What a page would load, and what it does in place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.in_place: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads |= {value for name, value in attrs if name in ("src", "href") and value}
        self.in_place += [name for name in given if name == "style" or name.startswith("on")]
        if (tag == "script" and "src" not in given) or tag == "style":
            self.in_place.append(tag)
        self.ids |= {given["id"] or ""} if "id" in given else set()


async def test_it_loads_nothing_but_its_own() -> None:
    """Two files of its own, nothing in place, and a policy that would stop anything else."""
    async with served() as url, aiohttp.ClientSession(url) as session:
        async with session.get("/") as answer:
            policy = answer.headers["content-security-policy"]
            page = Sources(await answer.text())
        scripts = [await (await session.get(path)).text() for path in ("/page.js", "/page.css")]
    assert page.loads == {"/page.css", "/page.js"}
    assert page.in_place == []
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r"innerHTML|eval\(|https?://(?!www\.w3\.org/2000/svg)|@import|url\(", "".join(scripts))


async def test_its_script_finds_all_that_it_writes_to() -> None:
    """Each element that is asked for by name is in the page."""
    async with served() as url, aiohttp.ClientSession(url) as session:
        page = Sources(await (await session.get("/")).text())
        script = await (await session.get("/page.js")).text()
    asked = set(re.findall(r'(?:at|say|table|counts)\("([a-z-]+)"', script))
    assert asked
    assert asked <= page.ids


async def test_what_it_reads_has_what_it_needs() -> None:
    """The counters, the gauges, the state, how long things take, and the last hour."""
    async with served() as url, aiohttp.ClientSession(url) as session:
        stats = await (await session.get("/stats")).json()
        history = await (await session.get("/history")).json()
    assert stats["not_ready"] is None
    assert stats["timings"]["end_to_end"] == {"count": 1, "seconds": 3}
    assert stats["timings"]["sink_opensearch"] == {"count": 1, "seconds": 0.05}
    assert [reading[1:] for reading in history] == [[165_000, 90_000_000, 10]]


@pytest.mark.parametrize("path", [*PATHS, *NEVER_LOCKED])
async def test_with_a_password_only_who_has_it_sees_it(path: str) -> None:
    """The page and what it reads; health and metrics are asked for by machines."""
    async with served(LOCKED) as url, aiohttp.ClientSession(url) as session:
        statuses = [
            (await session.get(path, headers={"authorization": basic(given)} if given else {})).status
            for given in ("", "ops:wrong", "ops:hidden")
        ]
        broken = (await session.get(path, headers={"authorization": "Basic ?"})).status
    if path in NEVER_LOCKED:
        assert [*statuses, broken] == [200, 200, 200, 200]
    else:
        assert [*statuses, broken] == [401, 401, 200, 401]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_a_browser_shows_signals_a_silent_source_and_where_a_dead_letter_is_from(tmp_path: Path) -> None:
    """What limits, how long the backlog takes, and, as text, the names of what has stopped and of what was not understood."""
    what = telemetry()
    what.gauge("drain_seconds", "", lambda: {"": 420.0})
    what.gauge("limited_by", "stage", lambda: {"cpu": 0.8})
    what.notes["limited_by"] = lambda: "cpu"
    source = {"bucket": "logs", "prefix": "<b>alb</b>/", "format": "alb", "objects": 9, "pause_seconds": 300.0}
    what.notes["sources"] = lambda: [source | {"ago_seconds": 7300.0, "is_silent": True, "newest_event_seconds": 7500.0}]
    place = {"where": "logs/<i>.gz", "spot": "byte 120", "ago_seconds": 7300.0}
    what.notes["dead_places"] = lambda: {"too_few_columns": place}
    async with served(what=what) as url:
        document = await seen(url, tmp_path)
    assert "Nothing is wrong." in document
    assert "<td>too_few_columns</td><td>10</td><td>2 h ago</td><td>logs/&lt;i&gt;.gz</td><td>byte 120</td>" in document
    assert (text_of(document, "limit"), text_of(document, "drain"), text_of(document, "silent")) == (
        "the CPU",
        "7 min",
        "1 of 1",
    )
    assert "logs/&lt;b&gt;alb&lt;/b&gt;/" in document


async def test_it_can_be_off() -> None:
    """Then there is no page; the numbers stay."""
    async with served(OPEN.model_copy(update={"page": False})) as url, aiohttp.ClientSession(url) as session:
        assert (await session.get("/")).status == 404
        assert (await session.get("/stats")).status == 200


async def seen(url: str, profile: Path) -> str:
    """The document as Chromium has it after some seconds of its own time."""
    assert CHROMIUM
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={profile}",
        "--dump-dom",
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), BROWSER_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode()


def text_of(document: str, name: str) -> str:
    found = re.search(rf'id="{name}"[^>]*>([^<]*)<', document)
    assert found, name
    return found[1]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_a_browser_shows_the_numbers_and_they_move(tmp_path: Path) -> None:
    """Under load lines a second are above 0, and the tables hold what was counted."""
    what = telemetry()

    async def load() -> None:
        while True:
            what.count("lines_read", 1000, "alb")
            what.event_settled_after(300.0)
            what.settled_after(3.0)
            await asyncio.sleep(0.01)

    async with served(what=what) as url:
        work = asyncio.create_task(load())
        document = await seen(url, tmp_path)
        work.cancel()
    assert text_of(document, "state") == "ready"
    assert text_of(document, "budget") == "25 %"
    assert (text_of(document, "event-late"), text_of(document, "late")) == ("5 min", "of it 3.0 s here")
    assert re.match(r"[1-9]", text_of(document, "lines"))
    assert "too_few_columns" in document
    assert "cloudfront" in document


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("is_urgent", [True, False])
async def test_a_browser_shows_what_is_wrong(tmp_path: Path, is_urgent: bool) -> None:
    """In a sentence at the top, with its heading of the runbook; the state says so only if it is urgent."""
    what = telemetry()
    trouble = {"text": "nothing comes from <b>", "page": "a-source-is-silent", "is_urgent": is_urgent}
    what.notes["troubles"] = lambda: [trouble]
    what.notes["service"] = lambda: {"host": "task-1", "version": "1.2.3", "state": "ready", "up_seconds": 7300.0}
    async with served(what=what) as url:
        document = await seen(url, tmp_path)
    assert "nothing comes from &lt;b&gt;</span><small>docs/runbook.md#a-source-is-silent" in document
    assert text_of(document, "state") == ("in trouble" if is_urgent else "ready")
    assert text_of(document, "who") == "task-1 · 1.2.3 · up 2 h"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_a_browser_shows_a_paused_sink_at_once(tmp_path: Path) -> None:
    """In the state at the top, in its row, and in what the backlog takes, which nobody knows then."""
    what = telemetry(paused=True)
    what.gauge("drain_seconds", "", lambda: {"": 420.0})
    async with served(what=what) as url:
        document = await seen(url, tmp_path)
    assert text_of(document, "state") == "sink paused: main"
    assert re.search(r'<tr class="bad"><td>main</td><td>paused</td>', document)
    assert text_of(document, "limit-share") == "it is paused"
    assert text_of(document, "drain") != "7 min"
