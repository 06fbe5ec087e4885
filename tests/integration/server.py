"""A real OpenSearch server for tests, from Maven artefacts by opensearch/run.sh: prepared once, started on free ports.

Nothing is left behind: a server is stopped when its `with` ends, however it ends, and has its data in a folder of the test's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

__all__ = ["prepare", "started"]

RUN = Path(__file__).parent / "opensearch" / "run.sh"
START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 30.0
POLL_SECONDS = 0.2
ENVIRONMENT = {"OS_HEAP": "512m"}


def prepare() -> None:
    """Fetch and lay out the server, if that has not been done. Without Java or Maven: skip, but in CI fail."""
    done = subprocess.run([RUN, "prepare"], env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    missing = "no JDK" in done.stderr or shutil.which("mvn") is None
    reason = f"no OpenSearch to test with: {done.stderr.strip() or 'mvn is missing'}"
    if missing and os.environ.get("CI") != "true":
        pytest.skip(reason)
    pytest.fail(reason)


@contextlib.contextmanager
def started(data: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """A running server with its data in `data`; gives its URL."""
    name = f"node-{uuid4().hex}"
    port = _free_port()
    arguments = [f"{key}={value}" for key, value in {**settings, "node.name": name}.items()]
    data.mkdir(parents=True, exist_ok=True)
    log = data / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [RUN, str(port), str(data), *arguments],
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is ours: the server ends when we end it
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, name, log)
        yield url
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, name: str, log: Path) -> None:
    """Until this very server answers: another's may have taken the port."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, KeyError), urllib.request.urlopen(url, timeout=5.0) as answer:
            if orjson.loads(answer.read())["name"] == name:
                return
        time.sleep(POLL_SECONDS)
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS_MAX)
            return
