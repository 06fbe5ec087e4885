"""Several processes as one: started with their parts, signals passed on, ended together."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from ingestd.config import HttpSettings, InletSettings, Settings
from ingestd.config.loading import load
from ingestd.config.mistakes import ConfigError
from ingestd.shell.supervisor import environments, supervise

PATIENCE_SECONDS = 60
# Says what it hears in a file of its own, ends with 0 on SIGTERM, or at once with the status it is told; one that is "deaf"
# hears nothing, as a process that is still starting.
CHILD = """
import os, signal, sys, time
log = open(os.environ["CHILD_LOG"], "a", buffering=1)
def heard(number, _):
    log.write(signal.Signals(number).name + "\\n")
    if number == signal.SIGTERM:
        sys.exit(0)
status = os.environ["CHILD_STATUS"]
if status != "deaf":
    signal.signal(signal.SIGTERM, heard)
    signal.signal(signal.SIGHUP, heard)
log.write("began\\n")
if status.isdigit():
    sys.exit(int(status))
while True:
    time.sleep(0.05)
"""


def children(folder: Path, *statuses: str) -> list[dict[str, str]]:
    return [
        {**os.environ, "CHILD_LOG": str(folder / str(number)), "CHILD_STATUS": status} for number, status in enumerate(statuses)
    ]


def said(folder: Path) -> list[list[str]]:
    return [path.read_text().split() for path in sorted(folder.iterdir())]


async def heard(folder: Path, word: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(word in words for words in said(folder)) < count:  # noqa: ASYNC110 - other processes: nothing to wait for
            await asyncio.sleep(0.02)


async def test_signals_reach_each_process_and_all_end(tmp_path: Path) -> None:
    """SIGHUP is heard by all and ends none; SIGTERM ends all, with 0."""
    task = asyncio.create_task(supervise([sys.executable, "-c", CHILD], children(tmp_path, "", "")))
    await heard(tmp_path, "began", 2)
    os.kill(os.getpid(), signal.SIGHUP)
    await heard(tmp_path, "SIGHUP", 2)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await task == 0
    assert said(tmp_path) == [["began", "SIGHUP", "SIGTERM"]] * 2


@pytest.mark.parametrize("other", ["", "deaf"])
@pytest.mark.parametrize("status", ["0", "3"])
async def test_one_that_ends_by_itself_ends_all(status: str, other: str, tmp_path: Path) -> None:
    """Half a service is nobody's service; the exit status is that of the one that began, wherever the others were."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await supervise([sys.executable, "-c", CHILD], children(tmp_path, other, status)) == int(status)


@pytest.mark.parametrize(
    ("http", "inlet", "wrong"),
    [(65_534, None, "http.port"), (8080, 65_535, "inlet.port"), (8080, 8082, "inlet.port"), (8080, 8083, ""), (0, 0, "")],
)
def test_there_are_ports_for_all(http: int, inlet: int | None, wrong: str) -> None:
    """Those of three processes exist, and are not each other's."""
    environ = {"INGESTD_PROCESSES": "3", "INGESTD_HTTP__PORT": str(http)}
    environ |= {} if inlet is None else {"INGESTD_INLET__PORT": str(inlet)}
    try:
        load(None, environ, service=False)
    except ConfigError as error:
        found = {mistake.path for mistake in error.mistakes}
    else:
        found = set()
    assert (wrong in found) if wrong else not {"http.port", "inlet.port"} & found


def test_each_has_its_port_and_its_part_of_the_processors() -> None:
    """And is one process; a free port stays a free port, threads that are set are meant for each."""
    settings = Settings(processes=3, http=HttpSettings(port=8080))
    found = [load(None, each, service=False) for each in environments(settings, {}, cores=8)]
    assert [(each.processes, each.threads, each.http.port) for each in found] == [(1, 2, 8080), (1, 2, 8081), (1, 2, 8082)]
    inlet = Settings(processes=2, inlet=InletSettings(port=9000))
    assert [each["INGESTD_INLET__PORT"] for each in environments(inlet, {}, cores=1)] == ["9000", "9001"]
    few = environments(Settings(processes=2, threads=5, http=HttpSettings(port=0)), {}, cores=1)
    assert [(each["INGESTD_THREADS"], each["INGESTD_HTTP__PORT"]) for each in few] == [("5", "0")] * 2
